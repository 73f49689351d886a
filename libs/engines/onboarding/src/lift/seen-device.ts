/** What one device says about the fabric, in the same words whatever its dialect. Nothing here was compared with another device yet. */
import type { AddressFamily, HostAddress, Platform, SoftwareFacts } from '#engines/intent';
import type { Asn, Ip, RouteDistinguisher, RouteTarget, VlanId } from '#engines/kernel';

export interface SeenDevice {
  /** Name that the caller gave. */
  readonly name: string;
  readonly hostname: string;
  readonly platform: Platform;
  readonly software: SoftwareFacts;
  readonly asn: Asn | null;
  readonly routerId: Ip | null;
  readonly vtep: SeenVtep | null;
  readonly udpPort: number | null;
  readonly ports: readonly SeenPort[];
  readonly neighbors: readonly SeenNeighbor[];
  readonly networks: readonly SeenNetwork[];
  /** Routed through the fabric: with an L3 VNI. */
  readonly vrfs: readonly SeenVrf[];
  readonly management: { readonly port: string; readonly address: Ip } | null;
}

export interface SeenVtep {
  readonly address: Ip;
  /** Interface that has the address: `Loopback1`, `lo`, `lo1`. */
  readonly port: string;
  /** The interface itself was not shown: the router id was taken. */
  readonly isAssumed: boolean;
}

export interface SeenVrf {
  readonly name: string;
  readonly l3vni: number;
  readonly rd: RouteDistinguisher | null;
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
}

/** A gateway with the same addresses on every VTEP. */
export interface SeenGateway {
  readonly vrf: string;
  readonly addresses: readonly HostAddress[];
  readonly mtu: number | null;
}

/** A routed interface, or one that may be a link. */
export interface SeenPort {
  readonly name: string;
  readonly addresses: readonly HostAddress[];
  readonly mtu: number | null;
  readonly description: string | null;
}

export interface SeenNeighbor {
  readonly address: Ip;
  readonly remoteAsn: Asn;
  /** Address, or port; null where nothing is said. */
  readonly source: { readonly address: Ip } | { readonly port: string } | null;
  readonly families: readonly AddressFamily[];
  readonly keepaliveSeconds: number;
  readonly holdSeconds: number;
  readonly reflects: boolean;
  /** `ebgp-multihop`, whatever the AS numbers are. */
  readonly multihop: number | null;
  readonly extendedNextHop: boolean;
}

export interface SeenNetwork {
  readonly vni: number;
  /** On a switch. */
  readonly vlan: VlanId | null;
  readonly name: string | null;
  /** Bytes; null where nothing is said. */
  readonly mtu: number | null;
  readonly rd: RouteDistinguisher | null;
  /** Empty where the device makes them up. */
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
  readonly places: readonly { readonly port: string; readonly vlan: VlanId | null }[];
  readonly gateway: SeenGateway | null;
  /** On a host. */
  readonly interfaces: { readonly bridge: string; readonly vxlan: string } | null;
}
