/** Stanzas of networks and VRFs, stated again from the numbers of the intent. */
import type { L2VniIntent, VrfExitIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { outline, type OutlineEntry } from '../outline.js';
import type { HostNetwork } from './network-stanzas.js';
import type { HostVrf } from './vrf-stanzas.js';

const BRIDGE = ['bridge-ports', 'bridge-stp', 'bridge-fd', 'mtu'];
export const BRIDGE_ONLY = ['ipv6-addrgen off', 'ip-forward off', 'ip6-forward off'];

/** Name, method where there is one, and the keys of what it says. */
export type Said = readonly [name: string, keys: readonly (string | false)[], method?: string];

/** What several subjects say of one interface stands in one stanza. */
export function stanzaOutline(said: readonly Said[]): OutlineEntry[] {
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

export function vrfSays(vrf: HostVrf, family: 4 | 6): Said[] {
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
    [vrf.vxlanName, tunnelSays(family, { vxlanName: vrf.vxlanName, replication: 'INGRESS_EVPN', remoteVteps: [], suppresses: false })],
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

export const forwarding = (port: string): string => `post-up echo 1 | tee /proc/sys/net/ipv4/conf/${port}/forwarding`;

/** A chain in use is filled, hooked and taken away at the end; the others are taken away at once. */
export function chain(family: '4' | '6', direction: 'out' | 'in', owner: string, isUsed: boolean): string[] {
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

function tunnelSays(family: 4 | 6, { vxlanName, replication, remoteVteps, suppresses }: TunnelSaid): string[] {
  const isEvpn = replication === 'INGRESS_EVPN';
  const learned = isEvpn ? 'off' : 'on';
  const port = [`bridge-learning ${learned}`, ...(suppresses ? [`bridge-arp-nd-suppress ${isEvpn ? 'on' : 'off'}`] : [])];
  const isStatic = replication === 'INGRESS_STATIC';
  if (family === 6) {
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

export function networkSays(network: HostNetwork, family: 4 | 6): Said[] {
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
    [network.vxlanName, tunnelSays(family, { ...network, suppresses: true })],
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
