/** What libvirt of a host has to know: every name and every tag is there, nothing is left to choose. */
import type { DeviceName, Ip, Vni } from '#engines/kernel';
import type { LibvirtPortgroupFacts } from './snapshot.js';

export interface LibvirtIntent {
  /** By name. */
  readonly networks: readonly LibvirtNetworkIntent[];
  /** Null: bridges and tunnels stand from boot. */
  readonly onDemand: OnDemandIntent | null;
}

export interface LibvirtNetworkIntent {
  readonly name: string;
  /** Lower-case, stable: `net-define` of a name that libvirt knows under another UUID is refused (libvirt 9.0). */
  readonly uuid: string;
  readonly bridge: DeviceName;
  readonly isOpenVswitch: boolean;
  /** By name; tags ascending. */
  readonly portgroups: readonly LibvirtPortgroupFacts[];
}

/** What the qemu hook needs to build a network, without asking anybody. */
export interface OnDemandIntent {
  readonly removeAfterSeconds: number;
  readonly bridgePrefix: string;
  /** By VNI. */
  readonly networks: readonly OnDemandNetworkIntent[];
}

export interface OnDemandNetworkIntent {
  readonly vni: Vni;
  readonly bridge: DeviceName;
  readonly tunnel: DeviceName;
  readonly mtu: number;
  readonly udpPort: number;
  readonly local: Ip;
  readonly flooding: FloodingIntent;
  /** libvirt networks that lead to the bridge. */
  readonly libvirtNetworks: readonly string[];
}

/** How frames to everybody find the other VTEPs: told by EVPN, by a list, or by a group on a port of the underlay. */
export type FloodingIntent =
  | { readonly kind: 'EVPN' }
  | { readonly kind: 'STATIC'; readonly peers: readonly Ip[] }
  | { readonly kind: 'MULTICAST'; readonly group: Ip; readonly port: DeviceName };
