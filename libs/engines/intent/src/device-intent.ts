/**
 * DeviceIntent: what one device has to do, all choices made, nothing of its dialect.
 * Every list is sorted: equal intents are equal bytes.
 */
import type {
  Asn,
  Cidr,
  DeviceId,
  DeviceName,
  EviId,
  Ip,
  Label,
  Mac,
  PortName,
  RouteDistinguisher,
  RouteTarget,
  Slug,
  VlanId,
  Vni,
} from '#engines/kernel';
import type {
  AddressFamily,
  AdoptedFacts,
  BfdFacts,
  HostFacts,
  OpenVswitchFacts,
  Platform,
  ProxmoxFacts,
  ReplicationMode,
  SoftwareFacts,
  Tagging,
  UnderlayProtocol,
} from './snapshot.js';
import type { VtepDeviceIntent } from './host-intent.js';
import type { ComwareIntent, OpenBsdIntent } from './external-intent.js';
import type { LibvirtIntent } from './libvirt-intent.js';
import type { OpenNebulaIntent } from './opennebula-intent.js';
import type { LagIntent, MlagIntent, SwitchIntent } from './switch-intent.js';

export * from './host-intent.js';
export * from './external-intent.js';
export * from './libvirt-intent.js';
export * from './opennebula-intent.js';
export * from './switch-intent.js';

export interface FabricIntent {
  readonly revision: number;
  /** By device slug, natural order. */
  readonly devices: readonly DeviceIntent[];
}

export interface DeviceIntent {
  readonly deviceId: DeviceId;
  readonly slug: Slug;
  readonly hostname: string;
  readonly platform: Platform;
  readonly vtep: VtepIntent | null;
  readonly underlayPorts: readonly UnderlayPortIntent[];
  readonly bgp: BgpIntent | null;
  /** Null where BGP itself carries the loopbacks. */
  readonly igp: IgpIntent | null;
  readonly l2vnis: readonly L2VniIntent[];
  readonly vrfs: readonly VrfIntent[];
  readonly edgePorts: readonly EdgePortIntent[];
  /** Ends of aggregated links, by name. */
  readonly lags: readonly LagIntent[];
  readonly anycastGatewayMac: Mac;
  readonly software: SoftwareFacts;
  /** Subjects of one device alone: checked and sorted, otherwise as they were said. Null = the device has none. */
  readonly host: HostFacts | null;
  readonly vtepDevice: VtepDeviceIntent | null;
  readonly openvswitch: OpenVswitchFacts | null;
  readonly libvirt: LibvirtIntent | null;
  readonly opennebula: OpenNebulaIntent | null;
  readonly openbsd: OpenBsdIntent | null;
  readonly comware: ComwareIntent | null;
  /** Present on a cluster of Proxmox VE; its nodes by name. */
  readonly proxmox?: ProxmoxFacts;
  /** Present where the device ran before it was ours. */
  readonly adopted?: AdoptedFacts;
  readonly mlag: MlagIntent | null;
  readonly switch: SwitchIntent | null;
}

export interface VtepIntent {
  readonly address: Ip;
  readonly udpPort: number;
  readonly replication: ReplicationMode;
}

export interface UnderlayPortIntent {
  readonly port: PortName;
  /** Null: unnumbered below BGP, link-local addresses only. Unnumbered below another protocol: the VTEP's own, with the length of a host. */
  readonly address: Ip | null;
  readonly prefixLength: number;
  readonly mtu: number | null;
  readonly description: Label | null;
}

/** OSPFv2, IS-IS or OpenFabric on the links: the VTEP address is announced passively, every port is a point-to-point link. */
export interface IgpIntent {
  readonly protocol: Exclude<UnderlayProtocol, 'BGP'>;
  /** OSPF: dotted, `0.0.0.0`. IS-IS and OpenFabric: `49.0001`. */
  readonly area: string;
  /** Network entity title made of area and router id, `49.0001.1720.1600.1051.00`; null for OSPF. */
  readonly net: string | null;
  readonly ports: readonly PortName[];
  readonly bfd: BfdFacts | null;
}

export interface BgpIntent {
  readonly asn: Asn;
  readonly routerId: Ip;
  readonly neighbors: readonly BgpNeighborIntent[];
  /** Prefixes that this device originates into the underlay: its loopback, never "connected" (a leak of management). */
  readonly originate: readonly Cidr[];
  /** Where all loopbacks of the fabric lie: routes of the underlay are taken and given only if they are hosts of these. Empty: all. */
  readonly loopbacks: readonly Cidr[];
}

export interface BgpNeighborIntent {
  readonly address: Ip;
  /** Unnumbered (RFC 8950): the peer is whoever answers on this port, `address` is its router id, and `updateSource` says nothing. */
  readonly port: PortName | null;
  readonly remoteAsn: Asn;
  readonly updateSource: Ip;
  readonly description: Slug;
  readonly families: readonly AddressFamily[];
  /** True where this device reflects routes to that neighbor. */
  readonly routeReflectorClient: boolean;
  /** True where this device is the route server (RFC 7947) of that neighbor. */
  readonly routeServerClient: boolean;
  /** True where that neighbor is our route server: its AS is not the first one of the paths that it passes on. */
  readonly isRouteServer: boolean;
  /** Underlay routes only; the EVPN next hop is the VTEP and must not change. */
  readonly nextHopSelf: boolean;
  readonly keepaliveSeconds: number;
  readonly holdSeconds: number;
  readonly bfd: BfdFacts | null;
  /** Hops that the session may cross; null = directly connected, or inside one AS. */
  readonly multihop: number | null;
  /** Name of a secret; the rendered text says `@secret:name@`. */
  readonly passwordSecret: string | null;
  /** REMOTE: a gateway of another EVPN domain (EOS only). */
  readonly domain: 'LOCAL' | 'REMOTE';
}

export interface L2VniIntent {
  readonly networkSlug: Slug;
  readonly networkName: Label;
  readonly vni: Vni;
  readonly eviId: EviId;
  readonly rd: RouteDistinguisher;
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
  readonly mtu: number;
  /** On switches the VLAN of this VNI in the device's VLAN domain; null on hosts that bridge directly. */
  readonly vlan: VlanId | null;
  /** Host interface names, ≤ 15 octets for every VNI: `vnet<vni>` and `vxlan<vni>`. */
  readonly bridgeName: DeviceName;
  readonly vxlanName: DeviceName;
  /** Device name of the VRF that routes this network here, if any. */
  readonly vrf: DeviceName | null;
  readonly gateways: readonly NetworkGatewayIntent[];
  /** INGRESS_STATIC: frames to everybody go to `remoteVteps`; MULTICAST: to the group. Neither is announced by EVPN. */
  readonly replication: ReplicationMode;
  readonly multicastGroup: Ip | null;
  /** Of a VLAN-aware bundle. */
  readonly bundle: string | null;
  /** Route target in the other EVPN domains, on a gateway between them. */
  readonly remoteTarget: RouteTarget | null;
  /** VTEPs that share this EVI, this device excluded: what verification expects to see. */
  readonly remoteVteps: readonly Ip[];
}

export interface GatewayIntent {
  readonly address: Ip;
  readonly prefixLength: number;
}

export interface NetworkGatewayIntent extends GatewayIntent {
  /** VARP: the address that this device alone has in the subnet, beside the shared one. */
  readonly ownAddress: Ip | null;
  readonly dhcpRelay: DhcpRelayIntent | null;
}

export interface DhcpRelayIntent {
  readonly servers: readonly Ip[];
  /** VRF of the servers; null = that of the network. */
  readonly vrf: DeviceName | null;
  /** Loopback of this device in the VRF of the servers: a gateway address is on every VTEP, and the answer would go to any of them. */
  readonly sourceLoopback: number | null;
}

export interface VrfIntent {
  readonly name: DeviceName;
  readonly l3vni: Vni;
  readonly eviId: EviId;
  readonly rd: RouteDistinguisher;
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
  /** Largest IP packet that fits through the underlay between any two VTEPs, bytes. */
  readonly mtu: number;
  /** `vrfbr<l3vni>` and `vrfvx<l3vni>`, ≤ 15 octets. */
  readonly bridgeName: DeviceName;
  readonly vxlanName: DeviceName;
  /** Unique per VTEP and stable: derived from the VTEP address in a locally administered range (02:…). */
  readonly routerMac: Mac;
  /** Announced in the VRF like its subnets. */
  readonly staticRoutes: readonly { readonly prefix: Cidr; readonly nextHop: Ip }[];
  /** A /32 or /128 of this device in the VRF, announced too. */
  readonly loopbacks: readonly { readonly number: number; readonly address: Ip }[];
  /** VRFs whose routes this one has as well. They are all on this device, so that what is leaked leaves with their L3 VNI. */
  readonly leaksFrom: readonly VrfLeakIntent[];
  /** Null where this device is not an exit node of the VRF. */
  readonly exit: VrfExitIntent | null;
}

export interface VrfLeakIntent {
  readonly name: DeviceName;
  /** What that VRF exports, for devices that leak by importing it. */
  readonly targets: readonly RouteTarget[];
  /** Families that it has routes of, anywhere in the fabric. */
  readonly families: readonly (4 | 6)[];
}

/** The way out of a VRF on this device. The VRF's default route names it; a look-up that misses never goes on in the main table. */
export interface VrfExitIntent {
  /** False: another exit node is primary, and this one's default route is announced as the worse one. */
  readonly isPreferred: boolean;
  readonly gateways: readonly { readonly port: PortName; readonly address: Ip }[];
  /** Subnets of the VRF in the whole fabric: what the main table needs for the way back, and what is hidden where `snat` says so. */
  readonly prefixes: readonly Cidr[];
  readonly snat: 'NONE' | 'MASQUERADE';
  /** A cable inside the device between main table and VRF, where the device itself may reach the VRF; otherwise null. */
  readonly transit: VrfTransitIntent | null;
}

/** `xvrf<l3vni>` in the main table, `xvrfp<l3vni>` in the VRF. IPv4 is a /31 of 100.64.0.0/15 by EVI id; IPv6 is fe80::…/64. */
export interface VrfTransitIntent {
  readonly mainPort: DeviceName;
  readonly vrfPort: DeviceName;
  readonly mainAddresses: readonly GatewayIntent[];
  readonly vrfAddresses: readonly GatewayIntent[];
}

/** A port towards guests; on a host a port of the network's bridge, on a switch access or trunk. */
export interface EdgePortIntent {
  readonly port: PortName;
  readonly members: readonly { readonly vni: Vni; readonly vlan: VlanId | null; readonly tagging: Tagging }[];
}
