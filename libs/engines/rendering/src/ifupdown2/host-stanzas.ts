/** Interfaces that a host has beside the fabric's own: bonds, VLANs, bridges, and what they are made of. */
import type { HostBondFacts, HostBridgeFacts, HostFacts, HostInterfaceFacts, HostVlanFacts } from '#engines/intent';
import { Ip } from '#engines/kernel';
import type { Part } from '../text.js';
import { type Family, familyOf, natLines, portsOf, type Translation, wayBack } from './nat.js';
import { type Stanza, stanza } from './stanza.js';

/**
 * Taps of guests come and go behind our back (Proxmox, libvirt). A port that matches stays enslaved at `ifreload`, and
 * `ifquery --check` shows it in brackets instead of calling the bridge drifted.
 */
export const GUEST_PORTS = '^(tap|veth|fwpr|fwln|vnet)';

/** Where the host is no gateway it only bridges: no address of its own, and no way through it. */
export const BRIDGE_ONLY = ['ipv6-addrgen off', 'ip-forward off', 'ip6-forward off'];
/** ifupdown2 lets a VLAN-aware bridge forward as soon as a VLAN of it has an address, whatever the bridge says. */
const NO_ADDRESS = 'ipv6-addrgen off';

export function hostStanzas(host: HostFacts): Stanza[] {
  return [
    ...host.ports.map((port) => stanza(port.name, null, addressing(port))),
    ...host.bonds.map((bond) => stanza(bond.name, null, bondOptions(bond), addressing(bond))),
    ...host.vlans.map((vlan) => stanza(vlan.name, null, vlanOptions(vlan), addressing(vlan))),
    ...host.bridges.map((bridge) => stanza(bridge.name, null, bridgeOptions(bridge), addressing(bridge), translation(host, bridge))),
  ];
}

/** Interfaces that bonds and bridges of the host take: each comes up before what is made of it. */
export const hostMembers = (host: HostFacts): string[] => [
  ...host.bonds.flatMap(({ members }) => members),
  ...host.bridges.flatMap(({ ports }) => ports),
];

function addressing({ addresses, gateway, mtu }: HostInterfaceFacts): Part {
  return [
    ...addresses.map(({ address, prefixLength }) => `address ${address}/${prefixLength}`),
    gateway !== null && `gateway ${gateway}`,
    mtu !== null && `mtu ${mtu}`,
  ];
}

function bondOptions({ members, mode, miimon, updelay, lacpRate, hashPolicy, primary, minLinks }: HostBondFacts): Part {
  return [
    `bond-slaves ${members.join(' ')}`,
    `bond-mode ${mode}`,
    `bond-miimon ${miimon}`, // said even when it is 0: the driver's own default is not to look at the carrier
    updelay !== null && `bond-updelay ${updelay}`,
    lacpRate && `bond-lacp-rate ${lacpRate}`,
    hashPolicy && `bond-xmit-hash-policy ${hashPolicy}`,
    primary && `bond-primary ${primary}`,
    mode === '802.3ad' && `bond-min-links ${minLinks ?? 1}`, // 0 means the same as 1 to the driver, and ifupdown2 warns of it
  ];
}

const vlanOptions = ({ parent, vlan, protocol }: HostVlanFacts): Part => [
  `vlan-raw-device ${parent}`,
  `vlan-id ${vlan}`,
  protocol !== '802.1q' && `vlan-protocol ${protocol}`,
];

function bridgeOptions(bridge: HostBridgeFacts): Part {
  const { ports, hasStp, isVlanAware, vlans } = bridge;
  return [
    `bridge-ports ${ports.length === 0 ? 'none' : ports.join(' ')}`,
    `bridge-stp ${hasStp ? 'on' : 'off'}`,
    `bridge-fd ${hasStp ? 15 : 0}`, // IEEE 802.1D-2004 table 17-1; without spanning tree there is nothing to wait for
    isVlanAware && 'bridge-vlan-aware yes',
    isVlanAware &&
      vlans.length > 0 &&
      `bridge-vids ${vlans.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(' ')}`,
    `bridge-ports-condone-regex ${GUEST_PORTS}`,
    bridge.addresses.length === 0 && (isVlanAware ? NO_ADDRESS : BRIDGE_ONLY),
    isRouted(bridge) && familiesOf(bridge).map((family) => (family === 4 ? 'ip-forward on' : 'ip6-forward on')),
  ];
}

/** Guests have the host as gateway: it has an address there, and its own way out is elsewhere. */
const isRouted = ({ addresses, gateway }: HostInterfaceFacts): boolean => addresses.length > 0 && gateway === null;

const familiesOf = ({ addresses }: HostInterfaceFacts): Family[] =>
  ([4, 6] as const).filter((family) => addresses.some(({ address }) => Ip.family(address) === family));

/** Null where nobody asks for it, and guests do not have the host as gateway: there was none before, either. */
function translationOf(host: HostFacts, bridge: HostBridgeFacts): Translation | null {
  const rules = host.nat.filter((rule) => rule.bridge === bridge.name);
  if (rules.length === 0 && !isRouted(bridge)) return null;
  const wanted = new Set([...familiesOf(bridge), ...rules.map(familyOf)]);
  return { owner: bridge.name, rules, directions: ['out', 'in'], families: ([4, 6] as const).filter((family) => wanted.has(family)) };
}

function translation(host: HostFacts, bridge: HostBridgeFacts): Part {
  const found = translationOf(host, bridge);
  return found && [wayBack(portsOf(found.rules)), natLines(found)];
}
