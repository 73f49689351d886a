/** Virtual networks of an OpenNebula front end. */
import type { DeviceName, Ip, Label, Slug, VlanId, Vni } from '#engines/kernel';

export interface OpenNebulaIntent {
  /** By slug. */
  readonly networks: readonly VirtualNetworkIntent[];
  readonly dns: readonly Ip[];
}

export interface VirtualNetworkIntent {
  readonly slug: Slug;
  readonly name: Label;
  readonly mtu: number;
  readonly bridge: DeviceName;
  readonly carrier: CarrierIntent;
  /** By first address. */
  readonly ranges: readonly AddressRangeIntent[];
}

export type CarrierIntent =
  | {
      readonly driver: 'vxlan';
      readonly vni: Vni;
      readonly port: string;
      readonly udpPort: number;
      readonly flooding: 'EVPN' | { readonly base: Ip };
    }
  | { readonly driver: '802.1Q'; readonly vlan: VlanId; readonly port: string }
  | { readonly driver: 'ovswitch'; readonly vlan: VlanId }
  | { readonly driver: 'bridge' };

/** Addresses that OpenNebula may give away: those of a subnet without network, broadcast and gateway. */
export interface AddressRangeIntent {
  readonly first: Ip;
  readonly size: number;
  readonly network: Ip;
  readonly prefixLength: number;
  readonly gateway: Ip | null;
}
