/** What frr.conf has to say, stated again from the numbers of the intent. */
import type { BgpIntent, BgpNeighborIntent, DeviceIntent } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';
import { bfdOutline, igpOutline } from './outline-igp.js';
import { macVrfPieces } from './network-pieces.js';
import { policyOutline } from './outline-policy.js';
import { automatic, family, insideRoutes, is, release, type Version, VERSIONS } from './outline-vrf.js';
import { vrfBgpPieces, vrfBlockPieces } from './vrf-pieces.js';

export function frrOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  return [
    ...outline([], ['frr defaults datacenter', 'hostname', 'log syslog informational', 'service integrated-vtysh-config']),
    ...outline([], intent.vrfs.flatMap(insideRoutes)),
    ...outline([], vrfBlockPieces(intent.vrfs)),
    ...igpOutline(intent),
    ...bgpOutline(intent, bgp),
    ...outline([], vrfBgpPieces(intent, bgp)),
    ...policyOutline(intent, bgp),
    ...bfdOutline(intent),
  ];
}

function bgpOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  const top = `router bgp ${bgp.asn}`;
  const evpn = bgp.neighbors.filter(({ families }) => families.includes('L2VPN_EVPN'));
  const others = new Set(bgp.neighbors.filter(({ remoteAsn }) => remoteAsn !== bgp.asn).map(({ remoteAsn }) => remoteAsn));
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
          ...family(top, 'l2vpn evpn', ['advertise-all-vni', automatic(intent)]),
          ...outline(
            [top, 'address-family l2vpn evpn'],
            evpn.flatMap((neighbor) => serving(neighbor)),
          ),
          ...outline([top, 'address-family l2vpn evpn'], macVrfPieces(intent.l2vnis)),
        ]),
  ];
}

const named = ({ port, address }: BgpNeighborIntent): string => (port === null ? address : port);
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
