/**
 * FabricSnapshot: everything the compiler may know, read in one REPEATABLE READ transaction.
 * Plain data; references are ids; lists come in any order (the compiler sorts).
 */
import type {
  Asn,
  AttachmentId,
  Cidr,
  DeviceId,
  EviId,
  FabricId,
  Ip,
  Label,
  Mac,
  NetworkId,
  PortName,
  RouteDistinguisher,
  RouteTarget,
  Slug,
  VlanId,
  Vni,
  VrfId,
} from '#engines/kernel';
import type {
  AdoptedFacts,
  BfdFacts,
  ComwareFacts,
  HostFacts,
  LagFacts,
  LibvirtFacts,
  MlagFacts,
  OpenBsdFacts,
  OpenNebulaFacts,
  OpenVswitchFacts,
  ProxmoxFacts,
  SoftwareFacts,
  SwitchFacts,
  UnderlayFacts,
} from './facts/index.js';

export * from './facts/index.js';

/** DEBIAN_FRR is any Debian host with ifupdown2: FRR where it routes, Open vSwitch and libvirt where it has them. EXTERNAL is exported only. */
export type Platform = 'DEBIAN_FRR' | 'ARISTA_EOS' | 'OPENBSD' | 'HP_COMWARE' | 'OPENNEBULA' | 'PROXMOX' | 'EXTERNAL';
export type ReplicationMode = 'INGRESS_EVPN' | 'INGRESS_STATIC' | 'MULTICAST';
export type GatewayMode = 'ANYCAST_VTEP' | 'CENTRAL_VRRP' | 'EXTERNAL_FIREWALL' | 'NONE';
export type Tagging = 'UNTAGGED' | 'TAGGED' | 'BRIDGE_ONLY';
export type BgpRole = 'PEER' | 'ROUTE_REFLECTOR' | 'ROUTE_REFLECTOR_CLIENT' | 'ROUTE_SERVER' | 'ROUTE_SERVER_CLIENT';
export type AddressFamily = 'IPV4_UNICAST' | 'IPV6_UNICAST' | 'L2VPN_EVPN';

export interface FabricSnapshot {
  readonly fabric: FabricFacts;
  /** Orders intents: `fabric.revision` at the moment of reading. */
  readonly revision: number;
  readonly devices: readonly DeviceFacts[];
  readonly links: readonly LinkFacts[];
  readonly sessions: readonly BgpSessionFacts[];
  readonly vrfs: readonly VrfFacts[];
  readonly networks: readonly NetworkFacts[];
  readonly attachments: readonly AttachmentFacts[];
  readonly vlanMappings: readonly VlanMappingFacts[];
  readonly routeDistinguishers: readonly RdFacts[];
  readonly lags?: readonly LagFacts[];
  readonly mlags?: readonly MlagFacts[];
}

export interface FabricFacts {
  readonly id: FabricId;
  readonly slug: Slug;
  /** 2-byte number in front of every route target of the fabric (architecture: RT = rtAdministrator:VNI). */
  readonly rtAdministrator: number;
  readonly vtepUdpPort: number;
  readonly replication: ReplicationMode;
  readonly underlayFamily: 4 | 6;
  /** IP MTU of the underlay, bytes. */
  readonly underlayMtu: number;
  readonly anycastGatewayMac: Mac;
  /** Absent: BGP, without BFD. */
  readonly underlay?: UnderlayFacts;
  /** LOW16 = 239.0.0.0/16 and the VNI (RFC 2365); EXPLICIT = every network has its group. Absent: LOW16. */
  readonly multicastScheme?: 'LOW16' | 'EXPLICIT';
}

export interface DeviceFacts {
  readonly id: DeviceId;
  readonly slug: Slug;
  readonly hostname: string;
  readonly platform: Platform;
  readonly vtep: { readonly address: Ip; readonly routerId: Ip; readonly asn: Asn } | null;
  readonly ports: readonly PortFacts[];
  /** Subjects that a device has or has not; absent = has not. */
  readonly software?: SoftwareFacts;
  readonly host?: HostFacts;
  readonly openvswitch?: OpenVswitchFacts;
  readonly libvirt?: LibvirtFacts;
  readonly switch?: SwitchFacts;
  readonly openbsd?: OpenBsdFacts;
  readonly comware?: ComwareFacts;
  readonly opennebula?: OpenNebulaFacts;
  readonly proxmox?: ProxmoxFacts;
  /** How the device said it before it was ours; rendering honours it. Absent: as Trame writes it. */
  readonly adopted?: AdoptedFacts;
  /** Path by which people and Trame reach the device; nothing that Trame renders may touch it. */
  readonly management?: { readonly port: PortName; readonly address: Ip };
}

export interface PortFacts {
  readonly name: PortName;
  readonly description: Label | null;
  /** Bytes of IP MTU, null where the port keeps the platform's default. */
  readonly mtu: number | null;
  /** Provider port that is shut when another MAC appears on it: networks that come out here may only have guests of the list. */
  readonly allowedMacs?: readonly Mac[];
}

/** A routed point-to-point link of the underlay; unnumbered when it has no prefix, and then its ends have no addresses. */
export interface LinkFacts {
  readonly prefix: Cidr | null;
  readonly ends: readonly [LinkEnd, LinkEnd];
}
export interface LinkEnd {
  readonly deviceId: DeviceId;
  readonly port: PortName;
  readonly address: Ip | null;
}

/** One record for both ends: ASN, addresses, timers and families cannot disagree. */
export interface BgpSessionFacts {
  readonly ends: readonly [BgpSessionEnd, BgpSessionEnd];
  readonly families: readonly AddressFamily[];
  readonly keepaliveSeconds: number;
  readonly holdSeconds: number;
  /** Overrides the BFD of the underlay for this session. */
  readonly bfd?: BfdFacts;
  /** Hops that an eBGP session may cross, 2…255; absent = directly connected, or iBGP. */
  readonly multihop?: number;
  /** Name of a secret; 1 to 64 of letters, digits, dot, dash and underscore; the text says `@secret:name@` and is completed at the push. */
  readonly passwordSecret?: string;
  /** REMOTE: between gateways of EVPN domains (EOS only). */
  readonly domain?: 'LOCAL' | 'REMOTE';
}
export interface BgpSessionEnd {
  readonly deviceId: DeviceId;
  /** With `port` the session is unnumbered (RFC 5549) and the address is that device's router id. */
  readonly address: Ip;
  readonly port?: PortName;
  readonly role: BgpRole;
}

export interface VrfFacts {
  readonly id: VrfId;
  /** Kernel and EOS name, ≤ 15 octets, unique in the fabric. */
  readonly deviceName: string;
  readonly l3vni: Vni;
  readonly eviId: EviId;
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
  /** Devices where traffic leaves the VRF for the world; the primary is preferred by all others. */
  readonly exitNodes?: readonly ExitNodeFacts[];
  /** VRFs whose routes this one imports: one directed edge each. */
  readonly importsFrom?: readonly VrfId[];
  readonly staticRoutes?: readonly { readonly prefix: Cidr; readonly nextHop: Ip; readonly deviceIds: readonly DeviceId[] }[];
  /** A /32 per device in the VRF: source of DHCP relay and of pings. */
  readonly loopbacks?: readonly { readonly deviceId: DeviceId; readonly number: number; readonly address: Ip }[];
}

export interface ExitNodeFacts {
  readonly deviceId: DeviceId;
  readonly isPrimary: boolean;
  /** The host itself may reach the VRF's networks. */
  readonly hasLocalRouting: boolean;
  /** MASQUERADE hides the VRF's subnets behind the address of the port where they leave. */
  readonly snat: 'NONE' | 'MASQUERADE';
  /** Next hops on ports of the device, at most one per family: the VRF has them in its own table and never asks the main one. */
  readonly gateways: readonly { readonly port: PortName; readonly address: Ip }[];
}

export interface NetworkFacts {
  readonly id: NetworkId;
  readonly slug: Slug;
  readonly name: Label;
  readonly vrfId: VrfId | null;
  readonly vni: Vni;
  readonly eviId: EviId;
  /** MTU the guest may use, bytes. */
  readonly mtu: number;
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
  readonly subnets: readonly SubnetFacts[];
  /** Absent: as the fabric. */
  readonly replication?: ReplicationMode;
  /** MULTICAST with scheme EXPLICIT. */
  readonly multicastGroup?: Ip;
  /** Name of a VLAN-aware bundle that all its VTEPs, EOS without exception, put it into. */
  readonly bundle?: string;
  /** Route target in the other EVPN domains. */
  readonly remoteTarget?: RouteTarget;
  /** Storage, cluster, management: changed only with a person's approval. */
  readonly isProtected?: boolean;
  /** MACs of known guests; needed where a port has a list of allowed ones. */
  readonly guestMacs?: readonly Mac[];
}

export interface SubnetFacts {
  readonly cidr: Cidr;
  readonly gatewayMode: GatewayMode;
  readonly gatewayAddress: Ip | null;
  readonly dhcpRelay?: { readonly servers: readonly Ip[]; readonly vrfId: VrfId | null };
  readonly snat?: boolean;
}

/** Network ↔ place where it comes out. `port` and `vlan` are null for BRIDGE_ONLY. */
export interface AttachmentFacts {
  readonly id: AttachmentId;
  readonly networkId: NetworkId;
  readonly deviceId: DeviceId;
  readonly port: PortName | null;
  readonly tagging: Tagging;
}

/** VLAN ids are local to a domain; the reader of the snapshot expands a domain to its member devices. */
export interface VlanMappingFacts {
  readonly deviceId: DeviceId;
  readonly networkId: NetworkId;
  readonly vlan: VlanId;
}

/** RFC 7432 §7.9: one RD per EVI per VTEP. */
export interface RdFacts {
  readonly deviceId: DeviceId;
  readonly eviId: EviId;
  readonly rd: RouteDistinguisher;
}
