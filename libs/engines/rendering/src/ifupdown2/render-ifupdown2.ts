/** /etc/network/interfaces.d/trame for ifupdown2 3.0: our own file; the management stanza lives elsewhere and is never touched. */
import type { DeviceIntent, L2VniIntent, UnderlayPortIntent, VrfIntent, VtepIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { block, lines, type Part, paragraphs } from '../text.js';
import { type HostPort, hostPorts } from './host-ports.js';

const STEP = 4;

/**
 * Taps of guests come and go behind our back (Proxmox, libvirt). A port that matches stays enslaved at `ifreload`, and
 * `ifquery --check` shows it in brackets instead of calling the bridge drifted.
 */
const GUEST_PORTS = '^(tap|veth|fwpr|fwln|vnet)';

/** The metric that the kernel's VRF documentation recommends: worse than every real route. */
const LAST_RESORT = 4_278_198_272;

export function renderIfupdown2(intent: DeviceIntent): string[] {
  const { vtep } = intent;
  const ports = hostPorts(intent);
  return paragraphs('', [
    ['# Owned by Trame: changes made here by hand are undone.'],
    // A second stanza for lo adds to the one of the distribution; the address is on lo because it needs no extra kernel module.
    vtep ? stanza('lo', 'inet loopback', `address ${vtep.address}/${vtep.address.includes(':') ? 128 : 32}`) : [],
    ...intent.underlayPorts.map(underlayPort),
    ...ports.map(edgePort),
    ...(vtep ? intent.vrfs.flatMap((vrf) => vrfStanzas(vrf, vtep)) : []),
    ...(vtep ? intent.l2vnis.flatMap((network) => networkStanzas(network, vtep, ports, intent.anycastGatewayMac)) : []),
  ]);
}

function underlayPort({ port, address, prefixLength, mtu }: UnderlayPortIntent): string[] {
  return stanza(port, null, address !== null && `address ${address}/${prefixLength}`, mtu !== null && `mtu ${mtu}`);
}

function edgePort({ name, tag }: HostPort): string[] {
  return stanza(name, null, tag && [`vlan-raw-device ${tag.device}`, `vlan-id ${tag.vlan}`]);
}

function vrfStanzas(vrf: VrfIntent, vtep: VtepIntent): string[][] {
  return [
    stanza(
      vrf.name,
      null,
      'vrf-table auto',
      // A look-up that misses in the VRF's table would go on in the main table: into the underlay and the management network.
      `post-up ip route replace vrf ${vrf.name} unreachable default metric ${LAST_RESORT}`,
      `post-up ip -6 route replace vrf ${vrf.name} unreachable default metric ${LAST_RESORT}`,
    ),
    stanza(vrf.vxlanName, null, vxlan(vrf.l3vni, vtep), `mtu ${vrf.mtu}`),
    stanza(vrf.bridgeName, null, `hwaddress ${vrf.routerMac}`, bridge([vrf.vxlanName]), `mtu ${vrf.mtu}`, `vrf ${vrf.name}`),
  ];
}

function networkStanzas(network: L2VniIntent, vtep: VtepIntent, ports: readonly HostPort[], gatewayMac: string): string[][] {
  const members = ports.filter((port) => port.vni === network.vni).map((port) => port.name);
  const label = deviceLabel(network.networkName);
  return [
    stanza(network.vxlanName, null, vxlan(network.vni, vtep), 'bridge-arp-nd-suppress on', `mtu ${network.mtu}`),
    stanza(
      network.bridgeName,
      null,
      label !== '' && `alias ${label}`,
      participation(network, gatewayMac),
      bridge([network.vxlanName, ...members]),
      `bridge-ports-condone-regex ${GUEST_PORTS}`,
      `mtu ${network.mtu}`,
    ),
  ];
}

/** Where the host is no gateway it only bridges: no address of its own, and no way through it into the underlay. */
function participation({ bridgeName, gateways, vrf }: L2VniIntent, gatewayMac: string): Part {
  if (gateways.length === 0) return ['ipv6-addrgen off', 'ip-forward off', 'ip6-forward off'];
  const v6 = gateways.filter(({ address }) => address.includes(':'));
  return [
    ...gateways.map(({ address, prefixLength }) => `address ${address}/${prefixLength}`),
    // ifupdown2 sets the MAC after the addresses, with the link down, and the kernel forgets the IPv6 ones. Without duplicate
    // address detection, because the other VTEPs do have the same address.
    ...v6.map(({ address, prefixLength }) => `post-up ip -6 address replace ${address}/${prefixLength} dev ${bridgeName} nodad`),
    `hwaddress ${gatewayMac}`, // the same on every VTEP, or a guest keeps a stale gateway after a live migration (RFC 9135 §4.1)
    'arp-accept on', // a guest that has moved says so by a gratuitous ARP
    v6.length === 0 && 'ipv6-addrgen off',
    'ip-forward on',
    'ip6-forward on', // ifupdown2 switches both families on for a bridge with an address
    vrf && `vrf ${vrf}`,
  ];
}

/**
 * `mtu` is written although ifupdown2 calls it needless: without it ifupdown2 sets 1500 on the bridge itself (3.0.0), and guests that
 * take their MTU from the bridge would send packets that no VXLAN tunnel carries.
 */
function bridge(ports: readonly string[]): Part {
  return [`bridge-ports ${ports.join(' ')}`, 'bridge-stp off', 'bridge-fd 0'];
}

function vxlan(vni: number, vtep: VtepIntent): Part {
  return [
    `vxlan-id ${vni}`,
    `vxlan-local-tunnelip ${vtep.address}`,
    `vxlan-port ${vtep.udpPort}`,
    'vxlan-learning off', // the control plane fills the forwarding table
    'bridge-learning off',
  ];
}

function stanza(name: string, method: string | null, ...body: readonly Part[]): string[] {
  return lines(`auto ${name}`, block(STEP, method === null ? `iface ${name}` : `iface ${name} ${method}`, body));
}
