import { invalidValue } from '#engines/kernel';
import type { SubnetDns } from './subnet.js';

const MAX_TTL_SECONDS = 604_800;

/** @throws INVALID_VALUE: a prefix without a zone, or a TTL that is none of 1 to 604,800 seconds (a week), as of a name server. */
export function checkSubnetDns({ dnsZone, dnsZonePrefix, dnsTtlSeconds }: SubnetDns): void {
  if (dnsZonePrefix !== null && dnsZone === null)
    throw invalidValue('dnsZonePrefix', dnsZonePrefix, 'a dnsZone beside it: names are published as <host>.<prefix>.<zone>');
  if (dnsZonePrefix !== null && `${dnsZonePrefix}.${dnsZone}`.length > 251)
    throw invalidValue('dnsZonePrefix', dnsZonePrefix, 'a prefix and a zone of 251 octets together, so that a name fits before them');
  if (dnsTtlSeconds !== null && !(Number.isInteger(dnsTtlSeconds) && dnsTtlSeconds >= 1 && dnsTtlSeconds <= MAX_TTL_SECONDS))
    throw invalidValue('dnsTtlSeconds', dnsTtlSeconds, `1 to ${MAX_TTL_SECONDS} seconds`);
}
