export { type DesiredDns, dnsRecords, type NamedAddress, type OutsideZones } from './desired/dns-records.js';
