/** What interfaces.d/trame has to say, stated again from the numbers of the intent. */
import type { DeviceIntent, HostBondFacts, HostBridgeFacts, HostFacts, HostInterfaceFacts, HostNatFacts } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';
import { apartFrom } from './apart.js';
import { networkPieces } from './network-pieces.js';
import { BRIDGE_ONLY, chain, forwarding, type Said, stanzaOutline, vrfSays } from './outline-stanzas.js';
import { portPieces } from './port-pieces.js';
import { vrfPieces } from './vrf-pieces.js';

export function ifupdown2Outline(intent: DeviceIntent): OutlineEntry[] {
  const { together, apart, hasOwnVrfs } = apartFrom(intent);
  const pieces = [...vrfPieces(intent), ...networkPieces(intent)];
  const isThere = new Set(apart.map(({ name }) => name));
  const said: Said[] = [
    ...vtep(intent),
    ...intent.underlayPorts.map(
      ({ port, address, mtu }): Said => [
        port,
        [address !== null && 'address', mtu !== null && `mtu ${mtu}`, through(intent, port, address ?? intent.vtep?.address ?? '')],
      ],
    ),
    ...(intent.host ? hostSays(intent.host).filter(([name, keys]) => keys.length > 0 || !isThere.has(name)) : []),
    ...together.map(({ name, tag }): Said => [name, tag ? ['vlan-raw-device', 'vlan-id'] : []]),
    ...(hasOwnVrfs ? [] : intent.vrfs.flatMap((vrf) => vrfSays(vrf, intent.vtep?.address.includes(':') ? 6 : 4))),
  ];
  if (said.length + apart.length + pieces.length === 0) said.push(['lo', [], ' inet loopback']);
  return [...stanzaOutline(said), ...outline([], [...portPieces(apart), ...pieces])];
}

const through = ({ underlayPorts: [, second], host }: DeviceIntent, port: string, address: string): string | false =>
  second !== undefined && !host?.bridges.some(({ name }) => name === port) && (address.includes(':') ? 'ip6-forward on' : 'ip-forward on');

function vtep({ vtep: own, vtepDevice }: DeviceIntent): Said[] {
  if (!own || vtepDevice?.kind === 'LOOPBACK') return own ? [['lo', ['address'], ' inet loopback']] : [];
  return vtepDevice?.kind === 'DUMMY' ? [[vtepDevice.name, ['link-type dummy', 'address']]] : [];
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
