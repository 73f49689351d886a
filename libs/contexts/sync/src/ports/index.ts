export type { DnsZones } from './dns-zones.js';
export type { RrsetValue } from './rrset.js';
