import { Fqdn, Ip, type IpAddressId, type TenantId } from '#engines/kernel';
import type { SubnetDns } from './subnet.js';

/** A name as it is kept, with what its subnet makes of it. */
export interface KeptName extends SubnetDns {
  readonly addressId: IpAddressId;
  readonly tenantId: TenantId;
  readonly address: Ip;
  readonly name: Fqdn;
  /** A further name of the address. */
  readonly isAlias: boolean;
}

/** An address with a name, as DNS wants it. */
export interface NamedAddress {
  readonly address: Ip;
  readonly name: Fqdn;
  /** It has no PTR: that is of the name of the address. */
  readonly isAlias: boolean;
  /** Null: that of the name server. */
  readonly ttlSeconds: number | null;
}

/** A name with a prefix, or an alias, that cannot be: TOO_LONG, more than 253 octets; OF_ANOTHER_TENANT, who has it already. */
export interface WithheldName {
  readonly address: Ip;
  readonly name: Fqdn;
  /** What it would be called; with TOO_LONG no name. */
  readonly called: string;
  readonly reason: 'TOO_LONG' | 'OF_ANOTHER_TENANT';
}

export interface PublishedNames {
  readonly names: readonly NamedAddress[];
  readonly withheld: readonly WithheldName[];
}

/**
 * What names are called on a name server: `<host>.<prefix>.<zone>` where the subnet has a prefix and the name is in its zone. A name outside the zone,
 * the zone itself and a name that has the prefix already stay as they are. A tenant's addresses may share a name (round
 * robin). Two tenants do not: the claims of migration 0041 (`dns_called` says there what `calledAs` says here) refuse whoever comes second. Where names are equal from
 * before, the tenant has it whose address is kept under that name, or else has it by a prefix, or else by an alias; among equals the older address.
 */
export function publishedNames(kept: readonly KeptName[]): PublishedNames {
  const names: NamedAddress[] = [];
  const owners = new Map<string, TenantId>();
  const moved: (KeptName & { readonly called: string })[] = [];
  for (const entry of kept) {
    const { tenantId, address, name, isAlias, dnsTtlSeconds } = entry;
    const called = calledAs(entry);
    if (isAlias || called !== name) {
      moved.push({ ...entry, called });
      continue;
    }
    owners.set(ownedAs(called, address), tenantId);
    names.push({ address, name, isAlias, ttlSeconds: dnsTtlSeconds });
  }
  const withheld: WithheldName[] = [];
  for (const { tenantId, address, name, isAlias, called, dnsTtlSeconds } of moved.sort(inOrderOfRight)) {
    const owner = owners.get(ownedAs(called, address)) ?? tenantId;
    owners.set(ownedAs(called, address), owner);
    if (called.length > 253) withheld.push({ address, name, called, reason: 'TOO_LONG' });
    else if (owner !== tenantId) withheld.push({ address, name, called, reason: 'OF_ANOTHER_TENANT' });
    else names.push({ address, name: Fqdn.parse(called), isAlias, ttlSeconds: dnsTtlSeconds });
  }
  return { names, withheld };
}

const inOrderOfRight = (a: KeptName, b: KeptName): number => Number(a.isAlias) - Number(b.isAlias) || (a.addressId < b.addressId ? -1 : 1);

function calledAs({ name, dnsZone: zone, dnsZonePrefix: prefix }: KeptName): string {
  if (zone === null || prefix === null || name === zone || !Fqdn.isWithin(name, zone) || Fqdn.isWithin(name, `${prefix}.${zone}`))
    return name;
  return `${name.slice(0, -zone.length)}${prefix}.${zone}`;
}

/** Two tenants may have the same name, one of IPv4 and one of IPv6. */
const ownedAs = (name: string, address: Ip): string => `${Ip.family(address)} ${name}`;
