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
  HostFacts,
  LibvirtFacts,
  OpenVswitchFacts,
  Platform,
  ReplicationMode,
  SoftwareFacts,
  Tagging,
} from './snapshot.js';

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
  readonly l2vnis: readonly L2VniIntent[];
  readonly vrfs: readonly VrfIntent[];
  readonly edgePorts: readonly EdgePortIntent[];
  readonly anycastGatewayMac: Mac;
  readonly software: SoftwareFacts;
  /** Subjects of one device alone: checked and sorted, otherwise as they were said. Null = the device has none. */
  readonly host: HostFacts | null;
  readonly openvswitch: OpenVswitchFacts | null;
  readonly libvirt: LibvirtFacts | null;
}

export interface VtepIntent {
  readonly address: Ip;
  readonly udpPort: number;
  readonly replication: ReplicationMode;
}

export interface UnderlayPortIntent {
  readonly port: PortName;
  readonly address: Ip;
  readonly prefixLength: number;
  readonly mtu: number | null;
  readonly description: Label | null;
}

export interface BgpIntent {
  readonly asn: Asn;
  readonly routerId: Ip;
  readonly neighbors: readonly BgpNeighborIntent[];
  /** Prefixes that this device originates into the underlay: its loopback, never "connected" (a leak of management). */
  readonly originate: readonly Cidr[];
}

export interface BgpNeighborIntent {
  readonly address: Ip;
  readonly remoteAsn: Asn;
  readonly updateSource: Ip;
  readonly description: Slug;
  readonly families: readonly AddressFamily[];
  /** True where this device reflects routes to that neighbor. */
  readonly routeReflectorClient: boolean;
  /** Underlay routes only; the EVPN next hop is the VTEP and must not change. */
  readonly nextHopSelf: boolean;
  readonly keepaliveSeconds: number;
  readonly holdSeconds: number;
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
  readonly gateways: readonly GatewayIntent[];
  /** VTEPs that share this EVI, this device excluded: what verification expects to see. */
  readonly remoteVteps: readonly Ip[];
}

export interface GatewayIntent {
  readonly address: Ip;
  readonly prefixLength: number;
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
}

/** A port towards guests; on a host a port of the network's bridge, on a switch access or trunk. */
export interface EdgePortIntent {
  readonly port: PortName;
  readonly members: readonly { readonly vni: Vni; readonly vlan: VlanId | null; readonly tagging: Tagging }[];
}
