/** /etc/network/interfaces.d/trame for ifupdown2 3.0: our own file; the management stanza lives elsewhere and is never touched. */
import type { DeviceIntent, L2VniIntent, UnderlayPortIntent, VtepDeviceIntent, VtepIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { paragraphs, type Part } from '../text.js';
import { type HostPort, hostPorts } from './host-ports.js';
import { BRIDGE_ONLY, GUEST_PORTS, hostMembers, hostStanzas } from './host-stanzas.js';
import { bareMembers, printStanzas, type Stanza, stanza } from './stanza.js';
import { vrfStanzas } from './vrf-stanzas.js';
import { networkTunnel, vxlanStanza } from './vxlan-stanza.js';

export function renderIfupdown2(intent: DeviceIntent): string[] {
  const { vtep, vtepDevice, host } = intent;
  const ports = hostPorts(intent);
  const own = [...underlayStanzas(intent), ...(host ? hostStanzas(host) : []), ...ports.map(edgePort)];
  const stanzas = [
    ...(vtep && vtepDevice ? vtepStanza(vtep, vtepDevice) : []),
    ...bareMembers(own, host ? hostMembers(host) : []),
    ...own,
    ...(vtep ? intent.vrfs.flatMap((vrf) => vrfStanzas(vrf, vtep)) : []),
    ...(vtep ? standing(intent).flatMap((network) => networkStanzas(intent, network, vtep, ports)) : []),
  ];
  // ifup refuses a file without any interface (3.0.0), and lo is one that every host has.
  const said = stanzas.length > 0 ? stanzas : [stanza('lo', 'inet loopback')];
  return paragraphs('', [['# Owned by Trame: changes made here by hand are undone.'], ...printStanzas(said)]);
}

/** Networks that stand from boot: those that the qemu hook makes on demand are none of ifupdown2's. */
function standing({ l2vnis, libvirt }: DeviceIntent): readonly L2VniIntent[] {
  const onDemand = new Set(libvirt?.onDemand?.networks.map(({ vni }) => vni));
  return l2vnis.filter(({ vni }) => !onDemand.has(vni));
}

/** A second stanza for lo adds to the one of the distribution. It is where no kernel module is needed; a dummy is made once. */
function vtepStanza({ address }: VtepIntent, { name, kind }: VtepDeviceIntent): Stanza[] {
  const line = `address ${address}/${address.includes(':') ? 128 : 32}`;
  if (kind === 'PRESENT') return [];
  return [kind === 'LOOPBACK' ? stanza(name, 'inet loopback', line) : stanza(name, null, 'link-type dummy', line)];
}

/**
 * With more than one link others may come through: between its ports the host is a router of the underlay. One link is a way in and out, and
 * the kernel forwards nothing by itself. IPv6 waits for the operator's switch all the same (`net.ipv6.conf.all.forwarding`).
 */
function underlayStanzas({ underlayPorts, vtep, host }: DeviceIntent): Stanza[] {
  const bridges = new Set<string>(host?.bridges.map(({ name }) => name)); // ifupdown2 lets a bridge with an address forward, whatever is said of it
  const forwards = ({ port }: UnderlayPortIntent): boolean => underlayPorts.length > 1 && !bridges.has(port);
  const is6 = ({ address }: UnderlayPortIntent): boolean => (address ?? vtep?.address)?.includes(':') === true;
  return underlayPorts.map((link) =>
    stanza(
      link.port,
      null,
      link.address !== null && `address ${link.address}/${link.prefixLength}`,
      link.mtu !== null && `mtu ${link.mtu}`,
      forwards(link) && (is6(link) ? 'ip6-forward on' : 'ip-forward on'),
    ),
  );
}

function edgePort({ name, tag }: HostPort): Stanza {
  return stanza(name, null, tag && [`vlan-raw-device ${tag.device}`, `vlan-id ${tag.vlan}`]);
}

function networkStanzas(intent: DeviceIntent, network: L2VniIntent, vtep: VtepIntent, ports: readonly HostPort[]): Stanza[] {
  const members = ports.filter((port) => port.vni === network.vni).map((port) => port.name);
  const label = deviceLabel(network.networkName);
  return [
    vxlanStanza(networkTunnel(network, vtep, intent.vtepDevice)),
    stanza(
      network.bridgeName,
      null,
      label !== '' && `alias ${label}`,
      participation(network, intent.anycastGatewayMac),
      `bridge-ports ${[network.vxlanName, ...members].join(' ')}`,
      'bridge-stp off',
      'bridge-fd 0',
      `bridge-ports-condone-regex ${GUEST_PORTS}`,
      // Said although ifupdown2 calls it needless: without it ifupdown2 sets 1500 on the bridge itself (3.0.0), and guests that take
      // their MTU from the bridge would send packets that no VXLAN tunnel carries.
      `mtu ${network.mtu}`,
    ),
  ];
}

/** Where the host is no gateway it only bridges: no address of its own, and no way through it into the underlay. */
function participation({ bridgeName, gateways, vrf }: L2VniIntent, gatewayMac: string): Part {
  if (gateways.length === 0) return BRIDGE_ONLY;
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
