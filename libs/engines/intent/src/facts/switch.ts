/** What an Arista switch is beside the fabric's own networks. */
import type { Ip, NetworkId, PortName, VlanId } from '#engines/kernel';

export interface SwitchFacts {
  /** `vlan internal order ascending range …`: EOS takes VLANs of it for routed ports and L3 VNIs, so no network may have one. */
  readonly internalVlans: { readonly first: VlanId; readonly last: VlanId };
  /** Per network with VARP in place of `ip address virtual`: the address that this switch alone has in the subnet. */
  readonly varpAddresses: readonly { readonly networkId: NetworkId; readonly address: Ip; readonly prefixLength: number }[];
  /** Ports that are no plain access or trunk port. */
  readonly tunnelPorts: readonly { readonly port: PortName; readonly vlan: VlanId }[];
  readonly translations: readonly { readonly port: PortName; readonly from: VlanId; readonly to: VlanId }[];
  /** `domain identifier A:B`, on a gateway between EVPN domains (EOS only). */
  readonly domain: { readonly id: string; readonly remoteId: string | null } | null;
}
