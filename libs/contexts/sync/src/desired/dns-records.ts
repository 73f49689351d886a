import { Cidr, compareNatural, Fqdn, Ip, reverseName } from '#engines/kernel';
import type { Item } from '#engines/reconcile';
import { type ClasslessZone, classlessZone } from '../dns/zone-name.js';
import type { RrsetValue } from '../ports/rrset.js';

/** One name of one address. An address may have several names and a name several addresses; aliases have no PTR. */
export interface NamedAddress {
  readonly address: Ip;
  readonly name: Fqdn;
  readonly ttlSeconds: number;
  readonly isAlias?: boolean;
}

/** A record that belongs in no zone of the list. */
export interface OutsideZones {
  readonly name: Fqdn;
  readonly address: Ip;
  readonly missing: 'FORWARD_ZONE' | 'REVERSE_ZONE';
}

/** A name that is not published in any zone, whatever zones there are. */
export interface Withheld {
  readonly address: Ip;
  /** What it would be called; with TOO_LONG no name. */
  readonly called: string;
  readonly reason: 'TOO_LONG' | 'OF_ANOTHER_TENANT';
}

export interface DesiredDns {
  /** Every zone of the list, those without records too: what is not desired there any more is to be deleted. */
  readonly zones: ReadonlyMap<Fqdn, readonly Item<RrsetValue>[]>;
  readonly outside: readonly OutsideZones[];
  readonly withheld: readonly Withheld[];
}

/**
 * A or AAAA (RFC 3596 §2.1) of each name in the longest zone that holds it, and one PTR per address in the longest reverse zone
 * (RFC 1035 §3.5, RFC 3596 §2.5). Of several names the PTR gets the first in natural order that is no alias. The lowest TTL of a set holds for the set.
 * Where the /24 of an address is not in the list, its PTR is in the classless zone that holds it (RFC 2317); where it is, it needs no CNAME.
 */
export function dnsRecords(names: readonly NamedAddress[], zones: readonly Fqdn[], withheld: readonly Withheld[] = []): DesiredDns {
  const longestFirst = [...new Set(zones)].sort((a, b) => b.length - a.length || compareNatural(a, b));
  const zoneOf = (owner: string): Fqdn | undefined => longestFirst.find((zone) => Fqdn.isWithin(owner, zone));
  const classless = longestFirst.flatMap((zone) => classlessZone(zone) ?? []).sort((a, b) => Cidr.length(b.cidr) - Cidr.length(a.cidr));
  const sets = new Map<Fqdn, Map<string, RrsetValue>>([...longestFirst].sort(compareNatural).map((zone) => [zone, new Map()]));
  const outside: OutsideZones[] = [];

  for (const { name, address, ttlSeconds } of distinct(names)) {
    const zone = zoneOf(name);
    if (zone) merge(sets.get(zone), `${name}/${Ip.family(address) === 4 ? 'a' : 'aaaa'}`, address, ttlSeconds);
    else outside.push({ name, address, missing: 'FORWARD_ZONE' });
  }
  for (const { name, address, ttlSeconds } of firstNames(names)) {
    const natural = reverseName(address);
    const child = classlessOf(address, natural, classless, sets);
    const owner = child ? `${natural.slice(0, natural.indexOf('.'))}.${child.zone}` : natural;
    const zone = child?.zone ?? zoneOf(natural);
    if (zone) merge(sets.get(zone), `${owner}/ptr`, `${name}.`, ttlSeconds);
    else outside.push({ name, address, missing: 'REVERSE_ZONE' });
  }
  return { zones: new Map([...sets].map(([zone, set]) => [zone, sortedItems(set)])), outside, withheld };
}

function classlessOf(
  address: Ip,
  natural: string,
  classless: readonly ClasslessZone[],
  zones: ReadonlyMap<string, unknown>,
): ClasslessZone | undefined {
  if (Ip.family(address) !== 4 || zones.has(natural.slice(natural.indexOf('.') + 1))) return undefined;
  return classless.find(({ cidr }) => Cidr.contains(cidr, address));
}

/** Sorted by name, then address; of equal pairs one, with the lowest TTL. */
function distinct(names: readonly NamedAddress[]): NamedAddress[] {
  const sorted = [...names].sort(
    (a, b) => compareNatural(a.name, b.name) || compareNatural(a.address, b.address) || a.ttlSeconds - b.ttlSeconds,
  );
  return sorted.filter((entry, i) => entry.name !== sorted[i - 1]?.name || entry.address !== sorted[i - 1]?.address);
}

function firstNames(names: readonly NamedAddress[]): NamedAddress[] {
  const first = new Map<Ip, NamedAddress>();
  for (const entry of distinct(names.filter(({ isAlias }) => !isAlias))) if (!first.has(entry.address)) first.set(entry.address, entry);
  return [...first.values()];
}

function merge(set: Map<string, RrsetValue> | undefined, key: string, content: string, ttl: number): void {
  const present = set?.get(key);
  const records = [...(present?.records ?? []), content].sort(compareNatural);
  set?.set(key, { ttl: Math.min(ttl, present?.ttl ?? ttl), records });
}

const sortedItems = (set: ReadonlyMap<string, RrsetValue>): Item<RrsetValue>[] =>
  [...set].map(([key, value]) => ({ key, value })).sort((a, b) => compareNatural(a.key, b.key));
