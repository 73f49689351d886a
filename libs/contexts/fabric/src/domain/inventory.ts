/** A whole fabric as plain data: what an operator writes down once, and what demo and tests load. Names refer to names. */
import type { AddressFamily, BgpRole, Platform, ReplicationMode } from '#engines/intent';

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
  };
  readonly sites: readonly { readonly slug: string; readonly name: string }[];
  readonly devices: readonly InventoryDevice[];
  readonly links: readonly { readonly prefix: string; readonly ends: readonly [InventoryLinkEnd, InventoryLinkEnd] }[];
  readonly sessions: readonly {
    readonly ends: readonly [InventorySessionEnd, InventorySessionEnd];
    readonly families: readonly AddressFamily[];
    readonly keepaliveSeconds: number;
    readonly holdSeconds: number;
  }[];
  readonly vlanDomains: readonly {
    readonly slug: string;
    readonly kind: 'SITE' | 'VTEP' | 'MLAG_PAIR' | 'OVS_BRIDGE' | 'LIBVIRT_NETWORK';
    readonly devices: readonly string[];
  }[];
}

/** Platforms that Trame pushes to by itself, so far. */
export type ManagedPlatform = Extract<Platform, 'DEBIAN_FRR' | 'ARISTA_EOS'>;

export interface InventoryDevice {
  readonly slug: string;
  readonly hostname: string;
  readonly site: string;
  readonly platform: ManagedPlatform;
  readonly managementAddress: string;
  readonly managementPort: number;
  readonly username: string;
  /** Private key (SSH) or password (eAPI); sealed before it is stored. */
  readonly secret: string;
  readonly sshHostKeys?: readonly string[];
  readonly tlsSpkiSha256?: readonly string[];
  readonly vtep?: { readonly address: string; readonly routerId: string; readonly asn: number };
  readonly ports: readonly { readonly name: string; readonly description?: string; readonly mtu?: number; readonly isEdge?: boolean }[];
}
export interface InventoryLinkEnd {
  readonly device: string;
  readonly port: string;
  readonly address: string;
}
export interface InventorySessionEnd {
  readonly device: string;
  readonly address: string;
  readonly role: BgpRole;
}
