/** Prefix lists and route maps, stated again: each list with its numbers, each map with every line. */
import type { BgpIntent, DeviceIntent } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';
import { vrfPrefixes } from '../vrf-prefixes.js';

export function policyOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  return [...version(intent, bgp, false), ...version(intent, bgp, true)];
}

function version(intent: DeviceIntent, bgp: BgpIntent, isSix: boolean): OutlineEntry[] {
  const mine = <T extends string>(all: readonly T[]): T[] => all.filter((one) => one.includes(':') === isSix);
  const [ip, bits, suffix] = isSix ? (['ipv6', 128, '-V6'] as const) : (['ip', 32, ''] as const);
  const found: OutlineEntry[] = [];
  const list = (name: string, entries: readonly string[]): void => {
    found.push(
      ...outline(
        [],
        entries.map((entry, i) => `${ip} prefix-list ${name}${suffix} seq ${(i + 1) * 10} permit ${entry}`),
      ),
    );
  };
  const map = (name: string, sequence: number, body: readonly string[]): void => {
    const head = `route-map ${name}${suffix} permit ${sequence}`;
    found.push(...outline([], [head, 'exit']), ...outline([head], body));
  };
  const match = (name: string): string => `match ${ip} address prefix-list ${name}${suffix}`;
  const bounded = (prefix: string, bound: 'ge' | 'le'): string => (prefix.endsWith(`/${bits}`) ? prefix : `${prefix} ${bound} ${bits}`);

  const loopbacks = mine(bgp.loopbacks);
  if (loopbacks.length > 0 && bgp.neighbors.some(({ families }) => families.includes(isSix ? 'IPV6_UNICAST' : 'IPV4_UNICAST'))) {
    list(
      'TRAME-LOOPBACKS',
      loopbacks.map((prefix) => bounded(prefix, 'ge')),
    );
    map('TRAME-UNDERLAY', 10, [match('TRAME-LOOPBACKS')]);
  }
  const leaves = ({ gateways }: { readonly gateways: readonly { readonly address: string }[] }): boolean =>
    mine(gateways.map(({ address }) => address)).length > 0;
  const back = intent.vrfs.flatMap(({ exit }) => (exit && !exit.transit && leaves(exit) ? [exit] : []));
  if (back.length > 0) {
    list(
      'TRAME-WAY-BACK',
      mine([...new Set(back.flatMap(({ prefixes }) => prefixes))]).map((prefix) => bounded(prefix, 'le')),
    );
    map('TRAME-WAY-BACK', 10, [match('TRAME-WAY-BACK'), 'set community no-advertise']);
  }
  const isForeign = bgp.neighbors.filter(({ families }) => families.includes('L2VPN_EVPN')).every(({ remoteAsn }) => remoteAsn !== bgp.asn);
  let hasDefault = false;
  for (const vrf of intent.vrfs) {
    const isWorse = vrf.exit !== null && !vrf.exit.isPreferred && leaves(vrf.exit);
    const isLeaking = vrf.leaksFrom.length > 0;
    const own = vrfPrefixes(intent, vrf)[isSix ? '6' : '4'];
    if (own.length === 0) continue;
    if (isWorse && !hasDefault) list('TRAME-DEFAULT', [isSix ? '::/0' : '0.0.0.0/0']);
    hasDefault ||= isWorse;
    if (isWorse) {
      const prepend = isForeign ? [`set as-path prepend ${bgp.asn}`] : [];
      map(`TRAME-ANNOUNCE-${vrf.name}`, 10, [match('TRAME-DEFAULT'), ...prepend, 'set metric 200']);
    }
    if (isLeaking) list(`TRAME-OWN-${vrf.name}`, own);
    if (isWorse || isLeaking) map(`TRAME-ANNOUNCE-${vrf.name}`, 20, isLeaking ? [match(`TRAME-OWN-${vrf.name}`)] : []);
  }
  return found;
}
