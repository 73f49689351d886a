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

export type Platform = 'DEBIAN_FRR' | 'ARISTA_EOS';
export type ReplicationMode = 'INGRESS_EVPN' | 'INGRESS_STATIC' | 'MULTICAST';
export type GatewayMode = 'ANYCAST_VTEP' | 'CENTRAL_VRRP' | 'EXTERNAL_FIREWALL' | 'NONE';
export type Tagging = 'UNTAGGED' | 'TAGGED' | 'BRIDGE_ONLY';
export type BgpRole = 'PEER' | 'ROUTE_REFLECTOR' | 'ROUTE_REFLECTOR_CLIENT';
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
}

export interface DeviceFacts {
  readonly id: DeviceId;
  readonly slug: Slug;
  readonly hostname: string;
  readonly platform: Platform;
  readonly vtep: { readonly address: Ip; readonly routerId: Ip; readonly asn: Asn } | null;
  readonly ports: readonly PortFacts[];
}

export interface PortFacts {
  readonly name: PortName;
  readonly description: Label | null;
  /** Bytes of IP MTU, null where the port keeps the platform's default. */
  readonly mtu: number | null;
}

/** A routed point-to-point link of the underlay. */
export interface LinkFacts {
  readonly prefix: Cidr;
  readonly ends: readonly [LinkEnd, LinkEnd];
}
export interface LinkEnd {
  readonly deviceId: DeviceId;
  readonly port: PortName;
  readonly address: Ip;
}

/** One record for both ends: ASN, addresses, timers and families cannot disagree. */
export interface BgpSessionFacts {
  readonly ends: readonly [BgpSessionEnd, BgpSessionEnd];
  readonly families: readonly AddressFamily[];
  readonly keepaliveSeconds: number;
  readonly holdSeconds: number;
}
export interface BgpSessionEnd {
  readonly deviceId: DeviceId;
  readonly address: Ip;
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
}

export interface SubnetFacts {
  readonly cidr: Cidr;
  readonly gatewayMode: GatewayMode;
  readonly gatewayAddress: Ip | null;
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
