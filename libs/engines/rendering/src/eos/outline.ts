/** What the owned EOS lines have to say, stated again from the numbers of the intent. */
import type { AddressFamily, BgpIntent, BgpNeighborIntent, DeviceIntent, EdgePortIntent, L2VniIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { outline, type OutlineEntry } from '../outline.js';
import { vrfPrefixes } from '../vrf-prefixes.js';
import { nextHopMapName, setsNextHop } from './next-hop-map.js';
import { LOOPBACK } from './source-interface.js';

const NEIGHBOR_KEYS = ['remote-as', 'update-source', 'description', 'timers', 'send-community extended', 'maximum-routes 0'];
const FAMILIES = ['4', '6'] as const;
const ip = (address: string): string => (address.includes(':') ? 'ipv6 address' : 'ip address');

export function eosOutline(intent: DeviceIntent): OutlineEntry[] {
  const { vtep, bgp } = intent;
  return [
    ...intent.l2vnis.flatMap(({ vlan }) => section(`vlan ${vlan}`, ['name'])),
    ...outline(
      [],
      intent.vrfs.map(({ name }) => `vrf instance ${name}`),
    ),
    ...intent.underlayPorts.flatMap(({ port, address, mtu, description }) =>
      section(`interface ${port}`, [
        'no switchport',
        ...(address === null ? [] : [ip(address)]),
        ...(mtu === null ? [] : ['mtu']),
        ...label(description),
      ]),
    ),
    ...intent.edgePorts.flatMap(edgePort),
    ...(vtep ? section(`interface ${LOOPBACK}`, [ip(vtep.address)]) : []),
    ...intent.l2vnis.filter(({ gateways }) => gateways.length > 0).flatMap(svi),
    ...(vtep ? section('interface Vxlan1', vxlanKeys(intent)) : []),
    ...outline([], intent.vrfs.length > 0 ? [`ip virtual-router mac-address ${intent.anycastGatewayMac}`] : []),
    ...(bgp ? outline([], ['ip routing', ...intent.vrfs.map(({ name }) => `ip routing vrf ${name}`)]) : []),
    ...outline([], ipv6Routing(intent)),
    ...(bgp ? nextHopMaps(bgp) : []),
    ...(bgp ? bgpOutline(intent, bgp) : []),
  ];
}

function ipv6Routing(intent: DeviceIntent): string[] {
  const vrfs = new Set(intent.l2vnis.filter(({ gateways }) => gateways.some(({ address }) => address.includes(':'))).map(({ vrf }) => vrf));
  const underlay = intent.underlayPorts.some(({ address }) => address?.includes(':')) ? ['ipv6 unicast-routing'] : [];
  return [...underlay, ...[...vrfs].map((vrf) => `ipv6 unicast-routing vrf ${vrf}`)];
}

function nextHopMaps(bgp: BgpIntent): OutlineEntry[] {
  return FAMILIES.filter((family) => bgp.neighbors.some((neighbor) => setsNextHop(neighbor, family))).flatMap((family) =>
    section(`route-map ${nextHopMapName(family)} permit 10`, [`set ${family === '4' ? 'ip' : 'ipv6'} next-hop peer-address`]),
  );
}

function edgePort({ port, members }: EdgePortIntent): OutlineEntry[] {
  const hasTagged = members.some(({ tagging }) => tagging === 'TAGGED');
  const hasUntagged = members.some(({ tagging }) => tagging === 'UNTAGGED');
  if (!hasTagged) return section(`interface ${port}`, ['switchport access vlan']);
  const keys = ['switchport trunk allowed vlan', 'switchport mode trunk'];
  return section(`interface ${port}`, hasUntagged ? [...keys, 'switchport trunk native vlan'] : keys);
}

function svi(network: L2VniIntent): OutlineEntry[] {
  const addresses = network.gateways.map(({ address }) => `${ip(address)} virtual`);
  const enable = network.gateways.some(({ address }) => address.includes(':')) ? ['ipv6 enable'] : [];
  return section(`interface Vlan${network.vlan}`, ['mtu', `vrf ${network.vrf}`, ...enable, ...addresses, ...label(network.networkName)]);
}

function vxlanKeys(intent: DeviceIntent): string[] {
  return [
    'vxlan source-interface',
    'vxlan udp-port',
    ...(intent.vtep?.address.includes(':') ? ['vxlan encapsulation ipv6'] : []),
    ...intent.l2vnis.map(({ vlan, vni }) => `vxlan vlan ${vlan} vni ${vni}`),
    ...intent.vrfs.map(({ name, l3vni }) => `vxlan vrf ${name} vni ${l3vni}`),
  ];
}

function bgpOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  const top = `router bgp ${bgp.asn}`;
  return [
    ...section(top, [`router-id ${bgp.routerId}`, 'no bgp default ipv4-unicast']),
    ...bgp.neighbors.flatMap(({ address, routeReflectorClient }) =>
      outline(
        [top],
        [...NEIGHBOR_KEYS, ...(routeReflectorClient ? ['route-reflector-client'] : [])].map((key) => `neighbor ${address} ${key}`),
      ),
    ),
    ...intent.l2vnis.flatMap((network) =>
      nested(top, `vlan ${network.vlan}`, [`rd ${network.rd}`, 'redistribute learned', ...macVrfTargets(network)]),
    ),
    ...addressFamily(bgp, 'evpn', 'L2VPN_EVPN', () => [], crossesAs(bgp) ? ['bgp next-hop-unchanged'] : []),
    ...FAMILIES.flatMap((family) =>
      addressFamily(
        bgp,
        `ipv${family}`,
        `IPV${family}_UNICAST`,
        (neighbor) => (setsNextHop(neighbor, family) ? [`neighbor ${neighbor.address} route-map ${nextHopMapName(family)} out`] : []),
        bgp.originate.filter((prefix) => prefix.includes(':') === (family === '6')).map((prefix) => `network ${prefix}`),
      ),
    ),
    ...intent.vrfs.flatMap((vrf) => {
      const prefixes = vrfPrefixes(intent, vrf);
      return nested(top, `vrf ${vrf.name}`, [
        `rd ${vrf.rd}`,
        `router-id ${bgp.routerId}`,
        ...vrf.importTargets.map((target) => `route-target import evpn ${target}`),
        ...vrf.exportTargets.map((target) => `route-target export evpn ${target}`),
        ...[...prefixes['4'], ...prefixes['6']].map((prefix) => `network ${prefix}`),
      ]);
    }),
  ];
}

function addressFamily(
  bgp: BgpIntent,
  name: string,
  family: AddressFamily,
  extra: (neighbor: BgpNeighborIntent) => string[],
  rest: readonly string[],
): OutlineEntry[] {
  const active = bgp.neighbors.filter(({ families }) => families.includes(family));
  if (active.length === 0) return [];
  const keys = active.flatMap((neighbor) => [`neighbor ${neighbor.address} activate`, ...extra(neighbor)]);
  return nested(`router bgp ${bgp.asn}`, `address-family ${name}`, [...keys, ...rest]);
}

function crossesAs(bgp: BgpIntent): boolean {
  return bgp.neighbors.some(({ remoteAsn, families }) => remoteAsn !== bgp.asn && families.includes('L2VPN_EVPN'));
}

function macVrfTargets({ importTargets, exportTargets }: L2VniIntent): string[] {
  return [...new Set([...importTargets, ...exportTargets])].map((target) => {
    const direction = !exportTargets.includes(target) ? 'import' : !importTargets.includes(target) ? 'export' : 'both';
    return `route-target ${direction} ${target}`;
  });
}

/** A label can come out empty: then the device gets no description. */
const label = (text: string | null): string[] => (text !== null && deviceLabel(text) !== '' ? ['description'] : []);
const section = (head: string, keys: readonly string[]): OutlineEntry[] => [...outline([], [head]), ...outline([head], keys)];
const nested = (top: string, head: string, keys: readonly string[]): OutlineEntry[] => [
  ...outline([top], [head]),
  ...outline([top, head], keys),
];
