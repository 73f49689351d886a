/** What an Arista switch is beside the fabric's own networks. */
import type { Ip, NetworkId, PortName, VlanId } from '#engines/kernel';

export interface SwitchFacts {
  /** `vlan internal order ascending range …`: EOS takes VLANs of it for routed ports and L3 VNIs, so no network may have one. */
  readonly internalVlans: { readonly first: VlanId; readonly last: VlanId };
  /**
   * Per subnet with VARP in place of `ip address virtual`: the address that this switch alone has in it. All anycast subnets of one
   * family of a network, or none: EOS has one of the two on an SVI.
   */
  readonly varpAddresses: readonly { readonly networkId: NetworkId; readonly address: Ip; readonly prefixLength: number }[];
  /** Ports whose one untagged network takes frames with all their tags (`switchport mode dot1q-tunnel`). */
  readonly tunnelPorts: readonly PortName[];
  /** On a tagged port a network has another VLAN on the wire than on the switch. */
  readonly translations: readonly { readonly port: PortName; readonly from: VlanId; readonly networkId: NetworkId }[];
  /** `domain identifier A:B`, on a gateway between EVPN domains (EOS only). */
  readonly domain: { readonly id: string; readonly remoteId: string | null } | null;
  /** Of a route reflector that shares its clients with another; absent = its router id (RFC 4456 §7). */
  readonly clusterId?: Ip;
  /** Peer groups even where there are few sessions. */
  readonly hasPeerGroups?: boolean;
}
