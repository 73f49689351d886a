import type { StationAddress } from '#contexts/addressing';
import { type Station, writtenOf } from './domain/station.js';

/** What is written of an address. */
export type Written = Pick<StationAddress, 'mac' | 'dnsName' | 'description'>;

/** As clients of NetBox see it: what they wrote, or what they would have written. */
export const descriptionOf = ({ description, mac, role }: Pick<StationAddress, 'description' | 'mac' | 'role'>): string =>
  description ?? (mac !== null ? `mac:${mac}` : role === 'GATEWAY' ? 'gateway' : '');

export const isWritten = (found: StationAddress, { mac, dnsName, description }: Written): boolean =>
  found.mac === mac && found.dnsName === dnsName && (found.description === description || descriptionOf(found) === description);

/** Asked for again: what is not said stays as it is, and a MAC address says who asks and nothing of the text that somebody wrote. */
export const askedAgain = (found: Written, { mac, dnsName, description }: Station): Written => ({
  mac: mac ?? found.mac,
  dnsName: dnsName ?? found.dnsName,
  description: mac === null && description !== null ? description : found.description,
});

/**
 * Changed by a body: only what it says. Text beside the MAC address is one about the same station; another MAC address, or a description that is
 * emptied, is another station.
 */
export function changedBy(found: Written, body: Readonly<Record<string, unknown>>, station: Station): Written {
  const dnsName = body['dns_name'] === undefined ? found.dnsName : station.dnsName;
  const isSilent = body['description'] === undefined || (station.mac !== null && station.mac === found.mac);
  if (isSilent) return { mac: found.mac, dnsName, description: found.description };
  const isText = station.mac === null && station.description !== null;
  return { mac: isText ? found.mac : station.mac, dnsName, description: writtenOf(station) };
}
