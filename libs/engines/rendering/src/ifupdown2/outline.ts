/** What interfaces.d/trame has to say, stated again from the numbers of the intent. */
import type {
  DeviceIntent,
  HostBondFacts,
  HostBridgeFacts,
  HostFacts,
  HostInterfaceFacts,
  HostNatFacts,
  L2VniIntent,
  VrfExitIntent,
  VrfIntent,
} from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { outline, type OutlineEntry } from '../outline.js';
import { hostPorts } from './host-ports.js';

const BRIDGE = ['bridge-ports', 'bridge-stp', 'bridge-fd', 'mtu'];
const BRIDGE_ONLY = ['ipv6-addrgen off', 'ip-forward off', 'ip6-forward off'];

/** Name, method where there is one, and the keys of what it says. */
type Said = readonly [name: string, keys: readonly (string | false)[], method?: string];

export function ifupdown2Outline(intent: DeviceIntent): OutlineEntry[] {
  const said: Said[] = [
    ...vtep(intent),
    ...intent.underlayPorts.map(
      ({ port, address, mtu }): Said => [
        port,
        [address !== null && 'address', mtu !== null && `mtu ${mtu}`, through(intent, port, address ?? intent.vtep?.address ?? '')],
      ],
    ),
    ...(intent.host ? hostSays(intent.host) : []),
    ...hostPorts(intent).map(({ name, tag }): Said => [name, tag ? ['vlan-raw-device', 'vlan-id'] : []]),
    ...intent.vrfs.flatMap((vrf) => vrfSays(intent, vrf)),
    ...intent.l2vnis.filter(({ vni }) => !isOnDemand(intent, vni)).flatMap((network) => networkSays(intent, network)),
  ];
  if (said.length === 0) said.push(['lo', [], ' inet loopback']);
  const stanzas = new Map<string, { method: string; keys: string[] }>();
  for (const [name, keys, method = ''] of said) {
    const found = stanzas.get(name) ?? { method, keys: [] };
    for (const key of keys) if (key !== false && !(isWholeLine(key) && found.keys.includes(key))) found.keys.push(key);
    stanzas.set(name, found);
  }
  return [...stanzas].flatMap(([name, { method, keys }]) => [
    ...outline([], [`auto ${name}`, `iface ${name}${method}`]),
    ...outline([`iface ${name}${method}`], keys),
  ]);
}

/** What two subjects may say of one interface alike; it is written once. */
const isWholeLine = (key: string): boolean => /^mtu \d+$|^ip6?-forward on$|\/forwarding$/.test(key);

const through = ({ underlayPorts: [, second], host }: DeviceIntent, port: string, address: string): string | false =>
  second !== undefined && !host?.bridges.some(({ name }) => name === port) && (address.includes(':') ? 'ip6-forward on' : 'ip-forward on');

const isOnDemand = ({ libvirt }: DeviceIntent, vni: number): boolean =>
  (libvirt?.onDemand?.networks ?? []).some((network) => network.vni === vni);

function vtep({ vtep: own, vtepDevice }: DeviceIntent): Said[] {
  if (!own || vtepDevice?.kind === 'LOOPBACK') return own ? [['lo', ['address'], ' inet loopback']] : [];
  return vtepDevice?.kind === 'DUMMY' ? [[vtepDevice.name, ['link-type dummy', 'address']]] : [];
}

function vrfSays(intent: DeviceIntent, vrf: VrfIntent): Said[] {
  const { name, exit } = vrf;
  const { mainPort = '', vrfPort = '', mainAddresses = [], vrfAddresses = [] } = exit?.transit ?? {};
  const made = [`pre-up ip link show dev ${mainPort}`, `post-down ip link del ${mainPort}`];
  const cable: Said[] = [
    [mainPort, [...made, ...mainAddresses.map(() => 'address')]],
    [
      vrfPort,
      [
        ...made,
        `vrf ${name}`,
        ...vrfAddresses.map(() => 'address'),
        vrfAddresses.some(({ address }) => !address.includes(':')) && 'ip-forward on',
        vrfAddresses.some(({ address }) => address.includes(':')) && 'ip6-forward on',
      ],
    ],
  ];
  return [
    [
      name,
      [
        ...vrf.loopbacks.map(() => 'address'),
        'vrf-table auto',
        `post-up ip route replace vrf ${name}`,
        `post-up ip -6 route replace vrf ${name}`,
        ...(exit ? exitSays(name, exit) : []),
      ],
    ],
    [vrf.vxlanName, tunnelSays(intent, { vxlanName: vrf.vxlanName, replication: 'INGRESS_EVPN', remoteVteps: [], suppresses: false })],
    [vrf.bridgeName, [...BRIDGE, 'hwaddress', `vrf ${name}`]],
    ...(exit?.transit ? cable : []),
  ];
}

function exitSays(name: string, { gateways, prefixes, snat }: VrfExitIntent): string[] {
  return (['4', '6'] as const).flatMap((family) => {
    const is6 = family === '6';
    const ports = gateways.filter(({ address }) => address.includes(':') === is6).map(({ port }) => port);
    if (ports.length === 0) return [];
    const hasRules = snat === 'MASQUERADE' && prefixes.some((prefix) => prefix.includes(':') === is6);
    return [...(is6 ? [] : ports.map(forwarding)), ...chain(family, 'out', name, hasRules)];
  });
}

const forwarding = (port: string): string => `post-up echo 1 | tee /proc/sys/net/ipv4/conf/${port}/forwarding`;

/** A chain in use is filled, hooked and taken away at the end; the others are taken away at once. */
function chain(family: '4' | '6', direction: 'out' | 'in', owner: string, isUsed: boolean): string[] {
  const tool = family === '4' ? 'iptables' : 'ip6tables';
  const name = `TRAME-${owner}-${direction}`;
  const hook = direction === 'out' ? 'POSTROUTING' : 'PREROUTING';
  const gone = `${tool} -w -t nat -D ${hook} -j ${name}`;
  if (!isUsed) return [`post-up ${gone}`];
  return [`post-up ( echo '*nat'; echo ':${name} - [0:0]';`, `post-up ${tool} -w -t nat -C ${hook} -j ${name}`, `post-down ${gone}`];
}

interface TunnelSaid extends Pick<L2VniIntent, 'vxlanName' | 'replication' | 'remoteVteps'> {
  readonly suppresses: boolean;
}

function tunnelSays(intent: DeviceIntent, { vxlanName, replication, remoteVteps, suppresses }: TunnelSaid): string[] {
  const isEvpn = replication === 'INGRESS_EVPN';
  const learned = isEvpn ? 'off' : 'on';
  const port = [`bridge-learning ${learned}`, ...(suppresses ? [`bridge-arp-nd-suppress ${isEvpn ? 'on' : 'off'}`] : [])];
  const isStatic = replication === 'INGRESS_STATIC';
  if (intent.vtep?.address.includes(':')) {
    const append = `post-up bridge fdb append 00:00:00:00:00:00 dev ${vxlanName} dst`;
    return [
      ...port,
      `pre-up ip -d link show dev ${vxlanName}`,
      'mtu',
      ...(isStatic ? [`post-up for peer in $(bridge fdb show dev ${vxlanName}`, ...remoteVteps.map((peer) => `${append} ${peer}`)] : []),
      `post-down ip link del ${vxlanName}`,
    ];
  }
  return [
    ...port,
    'vxlan-id',
    'vxlan-local-tunnelip',
    'vxlan-port',
    'mtu',
    `vxlan-learning ${learned}`,
    ...(isStatic ? remoteVteps.map((peer) => `vxlan-remoteip ${peer}`) : []),
    ...(replication === 'MULTICAST' ? ['vxlan-mcastgrp', 'vxlan-physdev', 'vxlan-ttl 255'] : []),
  ];
}

function networkSays(intent: DeviceIntent, network: L2VniIntent): Said[] {
  const { networkName, gateways, vrf, bridgeName } = network;
  const v6 = gateways.filter(({ address }) => address.includes(':'));
  const gateway = [
    'hwaddress',
    'arp-accept on',
    'ip-forward on',
    'ip6-forward on',
    ...gateways.map(() => 'address'),
    ...v6.map(({ address, prefixLength }) => `post-up ip -6 address replace ${address}/${prefixLength} dev ${bridgeName} nodad`),
    ...(v6.length > 0 ? [] : ['ipv6-addrgen off']),
    ...(vrf === null ? [] : [`vrf ${vrf}`]),
  ];
  return [
    [network.vxlanName, tunnelSays(intent, { ...network, suppresses: true })],
    [
      bridgeName,
      [
        ...BRIDGE,
        'bridge-ports-condone-regex',
        deviceLabel(networkName) !== '' && 'alias',
        ...(gateways.length === 0 ? BRIDGE_ONLY : gateway),
      ],
    ],
  ];
}

function hostSays(host: HostFacts): Said[] {
  const members = [...host.bonds.flatMap((bond) => bond.members), ...host.bridges.flatMap(({ ports }) => ports)];
  return [
    ...members.map((name): Said => [name, []]),
    ...host.ports.map((port): Said => [port.name, addressed(port)]),
    ...host.bonds.map((bond): Said => [bond.name, [...addressed(bond), ...bondSays(bond)]]),
    ...host.vlans.map(
      (vlan): Said => [
        vlan.name,
        [...addressed(vlan), 'vlan-raw-device', 'vlan-id', vlan.protocol === '802.1ad' && 'vlan-protocol 802.1ad'],
      ],
    ),
    ...host.bridges.map((bridge): Said => [bridge.name, [...addressed(bridge), ...bridgeSays(host, bridge)]]),
  ];
}

const addressed = ({ addresses, gateway, mtu }: HostInterfaceFacts): (string | false)[] => [
  ...addresses.map(() => 'address'),
  gateway !== null && 'gateway',
  mtu !== null && `mtu ${mtu}`,
];

const bondSays = ({ mode, updelay, lacpRate, hashPolicy, primary }: HostBondFacts): (string | false)[] => [
  'bond-slaves',
  `bond-mode ${mode}`,
  'bond-miimon',
  updelay !== null && 'bond-updelay',
  lacpRate !== null && 'bond-lacp-rate',
  hashPolicy !== null && 'bond-xmit-hash-policy',
  primary !== null && 'bond-primary',
  mode === '802.3ad' && 'bond-min-links',
];

function bridgeSays({ nat }: HostFacts, bridge: HostBridgeFacts): (string | false)[] {
  const { name, addresses, gateway, isVlanAware, vlans, hasStp } = bridge;
  const rules = nat.filter((rule) => rule.bridge === name);
  const isRouted = addresses.length > 0 && gateway === null;
  return [
    'bridge-ports',
    hasStp ? 'bridge-stp on' : 'bridge-stp off',
    'bridge-fd',
    'bridge-ports-condone-regex',
    isVlanAware && 'bridge-vlan-aware yes',
    isVlanAware && vlans.length > 0 && 'bridge-vids',
    ...(addresses.length === 0 ? BRIDGE_ONLY.slice(0, isVlanAware ? 1 : 3) : []),
    isRouted && addresses.some(({ address }) => !address.includes(':')) && 'ip-forward on',
    isRouted && addresses.some(({ address }) => address.includes(':')) && 'ip6-forward on',
    ...(isRouted || rules.length > 0 ? translationSays(bridge, rules) : []),
  ];
}

function translationSays({ name, addresses }: HostBridgeFacts, rules: readonly HostNatFacts[]): string[] {
  return (['4', '6'] as const).flatMap((family) => {
    const is = (text: string): boolean => text.includes(':') === (family === '6');
    const own = rules.filter((rule) => is(rule.kind === 'DNAT' ? rule.to : rule.source));
    if (own.length === 0 && !addresses.some(({ address }) => is(address))) return [];
    const inwards = own.filter(({ kind }) => kind === 'DNAT');
    return [
      ...(family === '4' ? own.map((rule) => forwarding(rule.kind === 'DNAT' ? rule.in : rule.out)) : []),
      ...chain(family, 'out', name, own.length > inwards.length),
      ...chain(family, 'in', name, inwards.length > 0),
    ];
  });
}
