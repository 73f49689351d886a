import type { StationAddress } from '#contexts/addressing';
import type { Station } from './domain/station.js';

/** As clients of NetBox see it: what they wrote, or what they would have written. */
export const descriptionOf = ({ description, mac, role }: Pick<StationAddress, 'description' | 'mac' | 'role'>): string =>
  description ?? (mac !== null ? `mac:${mac}` : role === 'GATEWAY' ? 'gateway' : '');

export const isStationOf = (found: StationAddress, { mac, dnsName, description }: Station): boolean =>
  found.mac === mac && found.dnsName === dnsName && descriptionOf(found) === (description ?? '');
