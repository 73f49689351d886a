/** What frr.conf has to say, stated again from the numbers of the intent. */
import type { BgpIntent, BgpNeighborIntent, DeviceIntent, VrfIntent } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';
import { vrfPrefixes } from '../vrf-prefixes.js';
import { bfdOutline, igpOutline } from './outline-igp.js';
import { policyOutline } from './outline-policy.js';

type Version = '4' | '6';
const VERSIONS: readonly Version[] = ['4', '6'];
const is = (version: Version, text: string): boolean => text.includes(':') === (version === '6');

export function frrOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  return [
    ...outline([], ['frr defaults datacenter', 'hostname', 'log syslog informational', 'service integrated-vtysh-config']),
    ...intent.vrfs.flatMap(vrfOutline),
    ...igpOutline(intent),
    ...bgpOutline(intent, bgp),
    ...intent.vrfs.flatMap((vrf) => vrfBgpOutline(intent, bgp, vrf)),
    ...policyOutline(intent, bgp),
    ...bfdOutline(intent),
  ];
}

function vrfOutline({ name, l3vni, exit, staticRoutes }: VrfIntent): OutlineEntry[] {
  const ways = (exit?.gateways ?? []).map(({ port, address }) =>
    is('4', address)
      ? `ip route 0.0.0.0/0 ${address} ${port} nexthop-vrf default`
      : `ipv6 route ::/0 ${address} ${port} nexthop-vrf default`,
  );
  const routes = staticRoutes.map(({ prefix, nextHop }) => `${is('4', prefix) ? 'ip' : 'ipv6'} route ${prefix} ${nextHop}`);
  const { transit = null, prefixes = [] } = exit ?? {};
  const inside = transit
    ? prefixes.map((prefix) => {
        const far = transit.vrfAddresses.find(({ address }) => is('4', address) === is('4', prefix));
        return `${is('4', prefix) ? 'ip' : 'ipv6'} route ${prefix} ${far?.address} ${transit.mainPort}`;
      })
    : [];
  return [...outline([], [`vrf ${name}`, 'exit-vrf', ...inside]), ...outline([`vrf ${name}`], [`vni ${l3vni}`, ...ways, ...routes])];
}

function bgpOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  const top = `router bgp ${bgp.asn}`;
  const evpn = bgp.neighbors.filter(({ families }) => families.includes('L2VPN_EVPN'));
  const others = new Set(bgp.neighbors.filter(({ remoteAsn }) => remoteAsn !== bgp.asn).map(({ remoteAsn }) => remoteAsn));
  const announced = intent.l2vnis.filter(({ replication }) => replication === 'INGRESS_EVPN');
  return [
    ...outline([], [top, 'exit']),
    ...outline([top], [`bgp router-id ${bgp.routerId}`, 'no bgp default ipv4-unicast']),
    ...outline([top], others.size > 1 ? ['bgp bestpath as-path multipath-relax'] : []),
    ...outline(
      [top],
      bgp.neighbors.flatMap((neighbor) => sessionKeys(intent, bgp, neighbor)),
    ),
    ...VERSIONS.flatMap((version) => unicastOutline(intent, bgp, top, version)),
    ...(evpn.length === 0
      ? []
      : [
          ...family(top, 'l2vpn evpn', [
            'advertise-all-vni',
            automatic(intent),
            ...announced.flatMap(({ vni }) => [`vni ${vni}`, 'exit-vni']),
          ]),
          ...outline(
            [top, 'address-family l2vpn evpn'],
            evpn.flatMap((neighbor) => serving(neighbor)),
          ),
          ...announced.flatMap((network) => outline([top, 'address-family l2vpn evpn', `vni ${network.vni}`], targets(network))),
        ]),
  ];
}

const named = ({ port, address }: BgpNeighborIntent): string => (port === null ? address : port);
const release = ({ software }: DeviceIntent): number => {
  const [major = 0, minor = 0] = (software.frr ?? '').split('.').map((part) => Number.parseInt(part, 10) || 0);
  return major * 100 + minor;
};
const automatic = (intent: DeviceIntent): string =>
  release(intent) >= 1008 ? 'auto-route-target both rfc8365-compatible' : 'autort rfc8365-compatible';

function sessionKeys(intent: DeviceIntent, bgp: BgpIntent, neighbor: BgpNeighborIntent): string[] {
  const { port, remoteAsn, multihop, bfd, passwordSecret, isRouteServer, keepaliveSeconds, holdSeconds } = neighbor;
  const own = [`${port === null ? '' : 'interface '}remote-as ${remoteAsn}`, 'description', `timers ${keepaliveSeconds} ${holdSeconds}`];
  if (bfd) own.push('bfd', `bfd profile trame-${bfd.transmitMs}-${bfd.receiveMs}-${bfd.multiplier}`);
  if (passwordSecret !== null) own.push(`password @secret:${passwordSecret.replace(/[^A-Za-z0-9._-]/g, '')}@`);
  if (port === null) own.push(`update-source ${neighbor.updateSource}`);
  if (port === null && multihop !== null && remoteAsn !== bgp.asn) own.push(`ebgp-multihop ${multihop}`);
  const keys = own.map((key) => `neighbor ${named(neighbor)} ${key}`);
  return isRouteServer && release(intent) >= 1000 ? [...keys, `no neighbor ${named(neighbor)} enforce-first-as`] : keys;
}

function serving(neighbor: BgpNeighborIntent): string[] {
  const { routeReflectorClient, routeServerClient } = neighbor;
  return [
    `neighbor ${named(neighbor)} activate`,
    ...(routeReflectorClient ? [`neighbor ${named(neighbor)} route-reflector-client`] : []),
    ...(routeServerClient ? [`neighbor ${named(neighbor)} route-server-client`] : []),
  ];
}

function unicastOutline(intent: DeviceIntent, bgp: BgpIntent, top: string, version: Version): OutlineEntry[] {
  const active = bgp.neighbors.filter(({ families }) => families.includes(version === '4' ? 'IPV4_UNICAST' : 'IPV6_UNICAST'));
  const back = intent.vrfs.filter(({ exit }) => exit && !exit.transit && exit.gateways.some(({ address }) => is(version, address)));
  if (active.length + back.length === 0) return [];
  const suffix = version === '4' ? '' : '-V6';
  const isFiltered = bgp.loopbacks.some((prefix) => is(version, prefix));
  return family(top, `ipv${version} unicast`, [
    ...(active.length > 0 ? bgp.originate.filter((prefix) => is(version, prefix)).map((prefix) => `network ${prefix}`) : []),
    ...active.flatMap((neighbor) => [
      ...serving(neighbor),
      ...(neighbor.nextHopSelf ? [`neighbor ${named(neighbor)} next-hop-self force`] : []),
      ...(isFiltered ? ['in', 'out'].map((way) => `neighbor ${named(neighbor)} route-map TRAME-UNDERLAY${suffix} ${way}`) : []),
      ...(neighbor.routeServerClient ? [`neighbor ${named(neighbor)} attribute-unchanged next-hop`] : []),
    ]),
    ...(back.length > 0 ? [`import vrf route-map TRAME-WAY-BACK${suffix}`] : []),
    ...back.map(({ name }) => `import vrf ${name}`),
  ]);
}

function family(top: string, name: string, keys: readonly string[]): OutlineEntry[] {
  return [...outline([top], [`address-family ${name}`, 'exit-address-family']), ...outline([top, `address-family ${name}`], keys)];
}

function vrfBgpOutline(intent: DeviceIntent, bgp: BgpIntent, vrf: VrfIntent): OutlineEntry[] {
  const top = `router bgp ${bgp.asn} vrf ${vrf.name}`;
  const prefixes = vrfPrefixes(intent, vrf);
  return [
    ...outline([], [top, 'exit']),
    ...outline([top], [`bgp router-id ${bgp.routerId}`]),
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
      automatic(intent),
      ...VERSIONS.filter((version) => prefixes[version].length > 0).map(
        (version) => `advertise ipv${version} unicast${mapOf(vrf, version)}`,
      ),
      ...targets(vrf),
    ]),
  ];
}

function mapOf({ name, exit, leaksFrom }: VrfIntent, version: Version): string {
  const isWorse = exit !== null && !exit.isPreferred && exit.gateways.some(({ address }) => is(version, address));
  return isWorse || leaksFrom.length > 0 ? ` route-map TRAME-ANNOUNCE-${name}${version === '4' ? '' : '-V6'}` : '';
}

function targets({
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
