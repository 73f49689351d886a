/** A whole fabric as plain data: what an operator writes down once, and what demo and tests load. Names refer to names. */
import type {
  AddressFamily,
  BgpRole,
  BgpSessionFacts,
  DeviceFacts,
  FabricFacts,
  LagFacts,
  MlagFacts,
  Platform,
  PortFacts,
  ReplicationMode,
} from '#engines/intent';

export interface FabricInventory {
  readonly fabric: {
    readonly slug: string;
    readonly name: string;
    readonly asnScheme: 'IBGP' | 'EBGP_PER_DEVICE';
    readonly rtAdministrator: number;
    readonly vtepPool: string;
    readonly vtepUdpPort?: number;
    readonly replication?: ReplicationMode;
    readonly underlayFamily?: 4 | 6;
    readonly underlayMtu?: number;
    readonly anycastGatewayMac: string;
  } & Pick<FabricFacts, 'underlay' | 'multicastScheme'>;
  readonly sites: readonly { readonly slug: string; readonly name: string }[];
  readonly devices: readonly InventoryDevice[];
  readonly links: readonly { readonly prefix: string; readonly ends: readonly [InventoryLinkEnd, InventoryLinkEnd] }[];
  readonly sessions: readonly ({
    readonly ends: readonly [InventorySessionEnd, InventorySessionEnd];
    readonly families: readonly AddressFamily[];
    readonly keepaliveSeconds: number;
    readonly holdSeconds: number;
  } & Pick<BgpSessionFacts, 'bfd' | 'multihop' | 'passwordSecret' | 'domain'>)[];
  readonly vlanDomains: readonly {
    readonly slug: string;
    readonly kind: 'SITE' | 'VTEP' | 'MLAG_PAIR' | 'OVS_BRIDGE' | 'LIBVIRT_NETWORK';
    readonly devices: readonly string[];
  }[];
  readonly lags?: readonly Named<LagFacts, 'ends'>[];
  readonly mlags?: readonly Named<MlagFacts, 'members'>[];
}

/** A record of several devices, which are named here where the snapshot has their ids. */
type Named<T, K extends keyof T> = Omit<T, K> & {
  readonly [P in K]: T[P] extends readonly (infer End)[] ? readonly (Omit<End, 'deviceId'> & { readonly device: string })[] : never;
};

/** Subjects that a device has beside its ports and its VTEP, as the snapshot has them. */
export type DeviceSubjects = Pick<
  DeviceFacts,
  'software' | 'host' | 'openvswitch' | 'libvirt' | 'switch' | 'openbsd' | 'comware' | 'opennebula' | 'proxmox' | 'management' | 'adopted'
>;

export interface InventoryDevice extends DeviceSubjects {
  readonly slug: string;
  readonly hostname: string;
  readonly site: string;
  readonly platform: Platform;
  readonly managementAddress: string;
  readonly managementPort: number;
  readonly username: string;
  /** A person, or another tool, configures it, though Trame could: it is never connected to. */
  readonly external?: boolean;
  /** OBSERVE: never written to. Default: SECTION, and OBSERVE where something was adopted. */
  readonly managed?: 'OBSERVE' | 'SECTION';
  /** Private key (SSH) or password (eAPI); sealed before it is stored. Only where Trame pushes by itself. */
  readonly secret?: string;
  readonly sshHostKeys?: readonly string[];
  readonly tlsSpkiSha256?: readonly string[];
  /** Of the chassis, where it is known: a box with another one is refused. Switches only. */
  readonly serialNumber?: string;
  readonly systemMac?: string;
  readonly vtep?: { readonly address: string; readonly routerId: string; readonly asn: number };
  readonly ports: readonly {
    readonly name: string;
    readonly description?: string;
    readonly mtu?: number;
    readonly isEdge?: boolean;
    readonly allowedMacs?: PortFacts['allowedMacs'];
  }[];
}
export interface InventoryLinkEnd {
  readonly device: string;
  readonly port: string;
  readonly address: string;
}
export interface InventorySessionEnd {
  readonly device: string;
  readonly address: string;
  /** Unnumbered: the session is with whoever is on this port. */
  readonly port?: string;
  readonly role: BgpRole;
}
