/** A network of a host: its tunnel, and the bridge that guests are on. */
import type { DeviceIntent, L2VniIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import type { Part } from '../text.js';
import { BRIDGE_ONLY, GUEST_PORTS } from './host-stanzas.js';
import { type Stanza, stanza } from './stanza.js';
import { networkTunnel, type TunnelEnd, type Tunnelled, vxlanStanza } from './vxlan-stanza.js';

export interface HostNetwork
  extends Tunnelled,
    Pick<L2VniIntent, 'networkName' | 'gateways' | 'vrf' | 'bridgeName'>,
    Pick<DeviceIntent, 'anycastGatewayMac'> {
  /** Over which groups of the underlay are sent to. */
  readonly multicastPort: string | null;
}

/** @param members ports of its bridge, beside the tunnel */
export function networkStanzas(network: HostNetwork, vtep: TunnelEnd, members: readonly string[]): Stanza[] {
  const label = deviceLabel(network.networkName);
  return [
    vxlanStanza(networkTunnel(network, vtep, network.multicastPort)),
    stanza(
      network.bridgeName,
      null,
      label !== '' && `alias ${label}`,
      participation(network),
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
function participation({ bridgeName, gateways, vrf, anycastGatewayMac }: HostNetwork): Part {
  if (gateways.length === 0) return BRIDGE_ONLY;
  const v6 = gateways.filter(({ address }) => address.includes(':'));
  return [
    ...gateways.map(({ address, prefixLength }) => `address ${address}/${prefixLength}`),
    // ifupdown2 sets the MAC after the addresses, with the link down, and the kernel forgets the IPv6 ones. Without duplicate
    // address detection, because the other VTEPs do have the same address.
    ...v6.map(({ address, prefixLength }) => `post-up ip -6 address replace ${address}/${prefixLength} dev ${bridgeName} nodad`),
    `hwaddress ${anycastGatewayMac}`, // the same on every VTEP, or a guest keeps a stale gateway after a live migration (RFC 9135 §4.1)
    'arp-accept on', // a guest that has moved says so by a gratuitous ARP
    v6.length === 0 && 'ipv6-addrgen off',
    'ip-forward on',
    'ip6-forward on', // ifupdown2 switches both families on for a bridge with an address
    vrf && `vrf ${vrf}`,
  ];
}
