/** What the owned EOS lines have to say, stated again from the numbers of the intent. */
import type { BgpIntent, DeviceIntent, EdgePortIntent, L2VniIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { outline, type OutlineEntry } from '../outline.js';
import { vrfPrefixes } from '../vrf-prefixes.js';
import { LOOPBACK } from './source-interface.js';

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
        `${ip(address)} ${address}`.replace(/ [^ ]+$/, ''),
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
    ...(bgp ? bgpOutline(intent, bgp) : []),
  ];
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
  return section(`interface Vlan${network.vlan}`, ['mtu', `vrf ${network.vrf}`, ...addresses, ...label(network.networkName)]);
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
  const active = (name: string): string[] =>
    bgp.neighbors.filter(({ families }) => families.some((family) => family === name)).map(({ address }) => `neighbor ${address} activate`);
  const own = (isV6: boolean): string[] =>
    bgp.originate.filter((prefix) => prefix.includes(':') === isV6).map((prefix) => `network ${prefix}`);
  const family = (name: string, neighbors: readonly string[], rest: readonly string[]): OutlineEntry[] =>
    neighbors.length === 0 ? [] : nested(top, `address-family ${name}`, [...neighbors, ...rest]);
  return [
    ...section(top, [`router-id ${bgp.routerId}`, 'no bgp default ipv4-unicast']),
    ...bgp.neighbors.flatMap(({ address, nextHopSelf, routeReflectorClient }) =>
      outline(
        [top],
        [
          ...['remote-as', 'update-source', 'description', 'timers', 'send-community extended'],
          ...(nextHopSelf ? ['next-hop-self'] : []),
          ...(routeReflectorClient ? ['route-reflector-client'] : []),
        ].map((key) => `neighbor ${address} ${key}`),
      ),
    ),
    ...intent.l2vnis.flatMap((network) =>
      nested(top, `vlan ${network.vlan}`, [`rd ${network.rd}`, 'redistribute learned', ...macVrfTargets(network)]),
    ),
    ...family('evpn', active('L2VPN_EVPN'), []),
    ...family('ipv4', active('IPV4_UNICAST'), own(false)),
    ...family('ipv6', active('IPV6_UNICAST'), own(true)),
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

function macVrfTargets({ importTargets, exportTargets }: L2VniIntent): string[] {
  return [...new Set([...importTargets, ...exportTargets])].map((target) => {
    const direction = !exportTargets.includes(target as never) ? 'import' : !importTargets.includes(target as never) ? 'export' : 'both';
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
