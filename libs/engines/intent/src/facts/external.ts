/** Devices that we write for but do not route with: firewalls, switches of other makes, cloud front ends. */
import type { DeviceName, Ip, NetworkId, VlanId } from '#engines/kernel';

/** OpenBSD as gateway of networks (hostname.if(5), since 5.5): PF stays the operator's. */
export interface OpenBsdFacts {
  readonly tunnelAddress: Ip;
  /** Interface that sends to groups. Releases before 7.1 take the way of the routing table, and have no such word; absent: not said. */
  readonly parent?: DeviceName;
  readonly gateways: readonly {
    readonly networkId: NetworkId;
    readonly addresses: readonly { readonly address: Ip; readonly prefixLength: number }[];
  }[];
}

/** OpenNebula front end: which virtual networks it offers. Its hosts make bridge and tunnel themselves, by driver. */
export interface OpenNebulaFacts {
  /**
   * Port of the hosts below 802.1Q and groups. Networks of INGRESS_EVPN are on the interface that has the VTEP address, `lo` mostly; where hosts
   * of the fabric differ in that, it is the one that is named here.
   */
  readonly physicalDevice: string;
  readonly networks: readonly OpenNebulaNetworkFacts[];
  /** Resolvers that guests are told; absent: none. */
  readonly dns?: readonly Ip[];
}

export interface OpenNebulaNetworkFacts {
  readonly networkId: NetworkId;
  readonly driver: 'vxlan' | '802.1Q' | 'bridge' | 'ovswitch';
  /** Bridge of the hosts. Needed by `bridge` and `ovswitch`, which make none; absent for the others: derived from the VNI. */
  readonly bridge?: DeviceName;
}

/** Ports of a switch that Trame does not push to: VLANs are derived from attachments. */
export interface ComwareFacts {
  readonly defaultVlan: VlanId;
}
