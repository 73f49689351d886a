/** What the owned EOS lines have to say, stated again from the numbers of the intent. */
import type { DeviceIntent, VrfIntent } from '#engines/intent';
import { outline, type OutlineEntry, section } from '../outline.js';
import type { Line } from '../piece.js';
import { remembered } from '../remembered.js';
import { loopbackListName, loopbackPrefixes } from './loopback-filter.js';
import { nextHopMapName, setsNextHop } from './next-hop-map.js';
import { hasRouterIdLoopback, wordOf } from './names.js';
import { bgpOutline } from './outline-bgp.js';
import { linkKeys } from './outline-link.js';
import { portsPiece } from './own-pieces.js';
import { hasV6 } from './svi.js';
import { type Common, type Kind, networksByVlan } from './groups.js';
import { vrfLine } from './vrf-pieces.js';
import { when } from './when.js';

const ip = (address: string): string => (address.includes(':') ? 'ipv6 address' : 'ip address');

const isThere = (): boolean => true;
const isRouted = ({ gateways }: Common): boolean => gateways.length > 0;
const isRelayed = (networks: readonly Common[]): boolean =>
  networks.some(({ gateways }) => gateways.some(({ dhcpRelay }) => dhcpRelay !== null));

export function eosOutline(intent: DeviceIntent): OutlineEntry[] {
  const { bgp, mlag, switch: facts } = intent;
  const all = networksByVlan(intent.l2vnis);
  const networks = (kind: Kind, isWanted: (network: Common) => boolean): readonly Line[] => all.piece(kind, isWanted);
  const relays = all.ask(isRelayed).includes(true);
  return [
    ...outline(
      [],
      [
        ...when(relays, 'ip dhcp relay information option'),
        ...when(facts, `vlan internal order ascending range ${facts?.internalVlans.first} ${facts?.internalVlans.last}`),
        ...when(mlag, `no spanning-tree vlan-id ${mlag?.vlan}`),
        ...when(intent.vrfs.length > 0, `ip virtual-router mac-address ${intent.anycastGatewayMac}`),
        ...vrfLines(intent.vrfs),
        ...when(bgp, isUnnumbered(intent) ? 'ip routing ipv6 interfaces' : 'ip routing'),
        ...ipv6Routing(intent),
      ],
    ),
    ...outline([], [...networks('vlan', isThere), ...vrfLine.instance(intent.vrfs)]),
    ...outline([], portsPiece(intent)),
    ...loopbacks(intent),
    ...outline([], networks('svi', isRouted)),
    ...(intent.vtep
      ? section('interface Vxlan1', [...vxlanKeys(intent), ...networks('vxlan', isThere), ...vrfLine.vxlan(intent.vrfs)])
      : []),
    ...outline([], bgp ? vrfLine.routing(intent.vrfs) : []),
    ...pair(intent),
    ...nextHopMaps(intent),
    ...loopbackLists(intent),
    ...(bgp ? bgpOutline(intent, bgp) : []),
    ...interior(intent),
  ];
}

const vrfLines = remembered<readonly VrfIntent[], readonly string[]>((vrfs) =>
  vrfs.flatMap(({ name, loopbacks: own, staticRoutes }) => {
    const source = own.find(({ address }) => !address.includes(':'));
    return [
      ...when(source, `ip address virtual source-nat vrf ${name} address ${source?.address}`),
      ...staticRoutes.map(({ prefix, nextHop }) => `${prefix.includes(':') ? 'ipv6' : 'ip'} route vrf ${name} ${prefix} ${nextHop}`),
    ];
  }),
);

const isUnnumbered = ({ underlayPorts }: DeviceIntent): boolean => underlayPorts.some(({ address }) => address === null);

function ipv6Routing(intent: DeviceIntent): string[] {
  const isUnderlayV6 = intent.underlayPorts.some(({ address }) => address === null || isV6(address));
  return [...when(isUnderlayV6, 'ipv6 unicast-routing'), ...v6Vrfs(intent).map((vrf) => `ipv6 unicast-routing vrf ${vrf}`)];
}

const isV6 = (address: string): boolean => address.includes(':');
const routedV6 = (networks: readonly Common[]): (string | null)[] => networks.filter(hasV6).map(({ vrf }) => vrf);
const askedV6 = (networks: readonly Common[]): (string | null)[] =>
  networks.flatMap(({ vrf, gateways }) =>
    gateways.flatMap(({ dhcpRelay }) => (dhcpRelay?.servers.some(isV6) ? [dhcpRelay.vrf ?? vrf] : [])),
  );

/** VRFs with an IPv6 address in anything that the intent says of them, not in what is announced. */
function v6Vrfs({ vrfs, l2vnis }: DeviceIntent): string[] {
  const networks = networksByVlan(l2vnis);
  const known = new Set([...networks.ask(routedV6), ...networks.ask(askedV6), [...ownV6(vrfs)]].flat());
  return vrfs.flatMap(({ name }) => (known.has(name) ? name : []));
}

/** Without their networks. */
const ownV6 = remembered<readonly VrfIntent[], ReadonlySet<string>>((vrfs) => {
  const known = new Set<string>();
  for (const { name, loopbacks: own, staticRoutes, exit, leaksFrom } of vrfs) {
    const addresses = [...own, ...(exit?.gateways ?? [])].map(({ address }) => address);
    if ([...addresses, ...staticRoutes.map(({ prefix }) => prefix)].some(isV6)) known.add(name);
    for (const from of leaksFrom) if (from.families.includes(6)) known.add(name).add(from.name);
  }
  return known;
});

function loopbacks(intent: DeviceIntent): OutlineEntry[] {
  const { vtep, bgp, mlag, igp } = intent;
  const underlay = igp ? (igp.protocol === 'OSPF' ? [`ip ospf area ${igp.area}`] : ['isis enable', 'isis passive']) : [];
  return [
    ...(bgp && hasRouterIdLoopback(intent) ? section('interface Loopback0', [host(bgp.routerId), ...underlay]) : []),
    ...(vtep ? section('interface Loopback1', [host(vtep.address), ...underlay]) : []),
    ...(mlag?.sharedVtep ? section('interface Loopback2', [host(mlag.sharedVtep), ...underlay]) : []),
    ...ofVrfs(intent.vrfs),
  ];
}

const host = (address: string): string => `${ip(address)} ${address}/${address.includes(':') ? 128 : 32}`;

const ofVrfs = remembered<readonly VrfIntent[], readonly OutlineEntry[]>((vrfs) =>
  vrfs.flatMap(({ name, loopbacks: own }) =>
    own.flatMap(({ number, address }) => section(`interface Loopback${number}`, [`vrf ${name}`, host(address)])),
  ),
);

const isFloodedByList = ({ replication }: Common): boolean => replication === 'INGRESS_STATIC';
const isFloodedByGroup = ({ multicastGroup }: Common): boolean => multicastGroup !== null;

function vxlanKeys({ vtep, mlag, vrfs, l2vnis }: DeviceIntent): string[] {
  const networks = networksByVlan(l2vnis);
  return [
    'vxlan source-interface Loopback1',
    'vxlan udp-port',
    ...when(vtep?.address.includes(':'), 'vxlan encapsulation ipv6'),
    ...when(mlag && vrfs.length > 0, 'vxlan virtual-router encapsulation mac-address mlag-system-id'),
    ...when(mlag?.sharedVtep, 'vxlan mlag source-interface Loopback2'),
    ...networks
      .where(isFloodedByList)
      .flatMap(({ vlan, remoteVteps }) => when(remoteVteps.length > 0, `vxlan vlan ${vlan} flood vtep ${remoteVteps.join(' ')}`)),
    ...networks.where(isFloodedByGroup).map(({ vlan, multicastGroup }) => `vxlan vlan ${vlan} multicast group ${multicastGroup}`),
  ];
}

function pair({ mlag, igp }: DeviceIntent): OutlineEntry[] {
  if (!mlag) return [];
  return [
    ...section(`vlan ${mlag.vlan}`, ['name', 'trunk group']),
    ...section(`interface Vlan${mlag.vlan}`, [
      'description',
      'no autostate',
      `${ip(mlag.address)} ${mlag.address}/${mlag.prefixLength}`,
      ...linkKeys(igp),
    ]),
    ...section('mlag configuration', [
      `domain-id ${wordOf(mlag.domain)}`,
      `local-interface Vlan${mlag.vlan}`,
      `peer-address ${mlag.peerAddress}`,
      `peer-link ${mlag.peerLink}`,
    ]),
  ];
}

function nextHopMaps({ bgp }: DeviceIntent): OutlineEntry[] {
  if (!bgp) return [];
  return (['4', '6'] as const)
    .filter((family) => bgp.neighbors.some((neighbor) => setsNextHop(neighbor, family)))
    .flatMap((family) =>
      section(`route-map ${nextHopMapName(family)} permit 10`, [`set ${family === '4' ? 'ip' : 'ipv6'} next-hop peer-address`]),
    );
}

function loopbackLists({ bgp }: DeviceIntent): OutlineEntry[] {
  if (!bgp) return [];
  return (['4', '6'] as const).flatMap((family) => {
    const prefixes = loopbackPrefixes(bgp, family);
    if (prefixes.length === 0) return [];
    return section(
      `${family === '4' ? 'ip' : 'ipv6'} prefix-list ${loopbackListName(family)}`,
      prefixes.map((prefix, at) => `seq ${10 * (at + 1)} permit ${prefix}`),
    );
  });
}

function interior({ igp, bgp, vtep }: DeviceIntent): OutlineEntry[] {
  if (!igp) return [];
  if (igp.protocol === 'OSPF') return section('router ospf 1', [...when(bgp, `router-id ${bgp?.routerId}`), 'max-lsa']);
  return section('router isis TRAME', [
    `net ${igp.net}`,
    'is-type',
    `address-family ${vtep?.address.includes(':') ? 'ipv6' : 'ipv4'} unicast`,
  ]);
}
