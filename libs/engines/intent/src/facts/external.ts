/** Devices that we write for but do not route with: firewalls, switches of other makes, cloud front ends. */
import type { Ip, NetworkId, VlanId } from '#engines/kernel';

/** OpenBSD as gateway of networks (hostname.if(5), since 5.5): PF stays the operator's. */
export interface OpenBsdFacts {
  readonly tunnelAddress: Ip;
  readonly gateways: readonly {
    readonly networkId: NetworkId;
    readonly addresses: readonly { readonly address: Ip; readonly prefixLength: number }[];
  }[];
}

/** OpenNebula front end: which virtual networks it offers. */
export interface OpenNebulaFacts {
  readonly physicalDevice: string;
  readonly networks: readonly { readonly networkId: NetworkId; readonly driver: 'vxlan' | '802.1Q' | 'bridge' | 'ovswitch' }[];
}

/** Ports of a switch that Trame does not push to: VLANs are derived from attachments. */
export interface ComwareFacts {
  readonly defaultVlan: VlanId;
}
