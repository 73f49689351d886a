import { Fqdn, Ip, type IpAddressId, type TenantId } from '#engines/kernel';
import type { SubnetDns } from './subnet.js';

/** A name as it is kept, with what its subnet makes of it. */
export interface KeptName extends SubnetDns {
  readonly addressId: IpAddressId;
  readonly tenantId: TenantId;
  readonly address: Ip;
  readonly name: Fqdn;
}

/** An address with a name, as DNS wants it. */
export interface NamedAddress {
  readonly address: Ip;
  readonly name: Fqdn;
  /** Null: that of the name server. */
  readonly ttlSeconds: number | null;
}

/** A name that only a prefix makes impossible: TOO_LONG, more than 253 octets; OF_ANOTHER_TENANT, who has it already. */
export interface WithheldName {
  readonly address: Ip;
  readonly name: Fqdn;
  readonly reason: 'TOO_LONG' | 'OF_ANOTHER_TENANT';
}

export interface PublishedNames {
  readonly names: readonly NamedAddress[];
  readonly withheld: readonly WithheldName[];
}

/**
 * What names are called on a name server: `<host>.<prefix>.<zone>` where the subnet has a prefix and the name is in its zone. A name outside the zone,
 * the zone itself and a name that has the prefix already stay as they are. No two kept names of two tenants are equal; where a prefix makes them so, the
 * tenant has it whose name is kept as that, or else whose address is older.
 */
export function publishedNames(kept: readonly KeptName[]): PublishedNames {
  const names: NamedAddress[] = [];
  const owners = new Map<string, TenantId>();
  const moved: (KeptName & { readonly called: string })[] = [];
  for (const entry of kept) {
    const { tenantId, address, name, dnsTtlSeconds } = entry;
    const called = calledAs(entry);
    if (called !== name) {
      moved.push({ ...entry, called });
      continue;
    }
    owners.set(ownedAs(called, address), tenantId);
    names.push({ address, name, ttlSeconds: dnsTtlSeconds });
  }
  const withheld: WithheldName[] = [];
  for (const { tenantId, address, name, called, dnsTtlSeconds } of moved.sort((a, b) => (a.addressId < b.addressId ? -1 : 1))) {
    const owner = owners.get(ownedAs(called, address)) ?? tenantId;
    owners.set(ownedAs(called, address), owner);
    if (called.length > 253) withheld.push({ address, name, reason: 'TOO_LONG' });
    else if (owner !== tenantId) withheld.push({ address, name, reason: 'OF_ANOTHER_TENANT' });
    else names.push({ address, name: Fqdn.parse(called), ttlSeconds: dnsTtlSeconds });
  }
  return { names, withheld };
}

function calledAs({ name, dnsZone: zone, dnsZonePrefix: prefix }: KeptName): string {
  if (zone === null || prefix === null || name === zone || !Fqdn.isWithin(name, zone) || Fqdn.isWithin(name, `${prefix}.${zone}`))
    return name;
  return `${name.slice(0, -zone.length)}${prefix}.${zone}`;
}

/** Two tenants may have the same name, one of IPv4 and one of IPv6. */
const ownedAs = (name: string, address: Ip): string => `${Ip.family(address)} ${name}`;
