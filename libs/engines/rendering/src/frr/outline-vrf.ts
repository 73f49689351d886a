/** What a VRF has to say in frr.conf, stated again from the numbers of the intent. */
import type { DeviceIntent, VrfIntent } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';
import type { VrfSpoken } from './vrf-bgp.js';

export type Version = '4' | '6';
export const VERSIONS: readonly Version[] = ['4', '6'];
export const is = (version: Version, text: string): boolean => text.includes(':') === (version === '6');

export const release = ({ software }: Pick<DeviceIntent, 'software'>): number => {
  const [major = 0, minor = 0] = (software.frr ?? '').split('.').map((part) => Number.parseInt(part, 10) || 0);
  return major * 100 + minor;
};
export const automatic = (intent: Pick<DeviceIntent, 'software'>): string =>
  release(intent) >= 1008 ? 'auto-route-target both rfc8365-compatible' : 'autort rfc8365-compatible';

export function family(top: string, name: string, keys: readonly string[]): OutlineEntry[] {
  return [...outline([top], [`address-family ${name}`, 'exit-address-family']), ...outline([top, `address-family ${name}`], keys)];
}

export function vrfOutline({
  name,
  l3vni,
  exit,
  staticRoutes,
}: Pick<VrfIntent, 'name' | 'l3vni' | 'exit' | 'staticRoutes'>): OutlineEntry[] {
  const ways = (exit?.gateways ?? []).map(({ port, address }) =>
    is('4', address)
      ? `ip route 0.0.0.0/0 ${address} ${port} nexthop-vrf default`
      : `ipv6 route ::/0 ${address} ${port} nexthop-vrf default`,
  );
  const routes = staticRoutes.map(({ prefix, nextHop }) => `${is('4', prefix) ? 'ip' : 'ipv6'} route ${prefix} ${nextHop}`);
  return [...outline([], [`vrf ${name}`, 'exit-vrf']), ...outline([`vrf ${name}`], [`vni ${l3vni}`, ...ways, ...routes])];
}

/** In the main table, over the cable into the VRF. */
export function insideRoutes({ exit }: VrfIntent): string[] {
  const { transit = null, prefixes = [] } = exit ?? {};
  return transit
    ? prefixes.map((prefix) => {
        const far = transit.vrfAddresses.find(({ address }) => is('4', address) === is('4', prefix));
        return `${is('4', prefix) ? 'ip' : 'ipv6'} route ${prefix} ${far?.address} ${transit.mainPort}`;
      })
    : [];
}

export function vrfBgpOutline(vrf: VrfSpoken): OutlineEntry[] {
  const top = `router bgp ${vrf.asn} vrf ${vrf.name}`;
  const { prefixes, frr } = vrf;
  return [
    ...outline([], [top, 'exit']),
    ...outline([top], [`bgp router-id ${vrf.routerId}`]),
    ...VERSIONS.flatMap((version) => {
      const leaks = vrf.leaksFrom.filter(({ families }) => families.some((known) => `${known}` === version));
      const isRoute = (prefix: string): boolean =>
        vrf.staticRoutes.some((route) => route.prefix === prefix) ||
        (vrf.exit !== null && prefix === (version === '4' ? '0.0.0.0/0' : '::/0'));
      const keys = [
        ...prefixes[version].flatMap((prefix) => (isRoute(prefix) ? [] : [`network ${prefix}`])),
        ...(prefixes[version].some(isRoute) ? ['redistribute static'] : []),
        ...leaks.map(({ name }) => `import vrf ${name}`),
      ];
      return keys.length > 0 ? family(top, `ipv${version} unicast`, keys) : [];
    }),
    ...family(top, 'l2vpn evpn', [
      automatic({ software: frr === undefined ? {} : { frr } }),
      ...VERSIONS.filter((version) => prefixes[version].length > 0).map(
        (version) => `advertise ipv${version} unicast${mapOf(vrf, version)}`,
      ),
      ...targetKeys(vrf),
    ]),
  ];
}

function mapOf({ name, exit, leaksFrom }: VrfSpoken, version: Version): string {
  const isWorse = exit !== null && !exit.isPreferred && exit.gateways.some(({ address }) => is(version, address));
  return isWorse || leaksFrom.length > 0 ? ` route-map TRAME-ANNOUNCE-${name}${version === '4' ? '' : '-V6'}` : '';
}

export function targetKeys({
  rd,
  importTargets,
  exportTargets,
}: {
  rd: string;
  importTargets: readonly string[];
  exportTargets: readonly string[];
}): string[] {
  return [
    `rd ${rd}`,
    ...importTargets.map((target) => `route-target import ${target}`),
    ...exportTargets.map((target) => `route-target export ${target}`),
  ];
}
