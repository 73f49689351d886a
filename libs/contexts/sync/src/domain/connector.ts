import type { Authority } from '#engines/reconcile';
import type { FabricId, Slug, SyncTargetId } from '#engines/kernel';
import type { Secret } from '#platform';

export const CONNECTOR_KINDS = ['POWERDNS', 'NETBOX', 'PHPIPAM'] as const;
export type ConnectorKind = (typeof CONNECTOR_KINDS)[number];
/** Those with an inventory of their own, which the runner keeps; a name server is kept by the DNS runs. */
export const INVENTORY_CONNECTORS = ['NETBOX', 'PHPIPAM'] as const;
export type InventoryConnectorKind = (typeof INVENTORY_CONNECTORS)[number];

/** OBSERVE: everything is computed and shown, nothing is written there or taken over here. */
export type ConnectorMode = 'OBSERVE' | 'WRITE';
/** Of an object of theirs with the natural key of one of ours. PROPOSE: a person says whether the two are one. */
export type Adoption = 'PROPOSE' | 'AUTOMATIC';
/** What we keep there and somebody deleted. HOLD: a conflict for a person. */
export type OnRemoteGone = 'RECREATE' | 'ACCEPT' | 'HOLD';

/** By kind, then field: whose word counts, where it is not the rule of the inventory. */
export type FieldPolicy = Readonly<Record<string, Readonly<Record<string, Authority>>>>;

/** CLOSED: works. OPEN: failed again and again, waits. HALF_OPEN: the next try shows. */
export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

export interface ConnectorHealth {
  readonly ok: boolean;
  readonly message: string;
  readonly apiVersion: string | null;
  /** 0: nothing waits. Null: it is not known, nothing was ever read there. */
  readonly lagSeconds: number | null;
  readonly circuit: CircuitState;
  /** Complete runs that failed one after the other; null: the last one came to its end. Single changes go on meanwhile. */
  readonly failingScans: FailingScans | null;
}

export interface FailingScans {
  readonly count: number;
  readonly since: Date;
  /** Of the last one. */
  readonly error: string;
  /** A person may begin one before. */
  readonly nextAt: Date;
}

export interface Connector {
  readonly id: SyncTargetId;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Null unless it is a name server. */
  readonly fabricId: FabricId | null;
  readonly slug: Slug;
  readonly kind: ConnectorKind;
  readonly url: string;
  readonly enabled: boolean;
  readonly mode: ConnectorMode;
  readonly adoption: Adoption;
  readonly onRemoteGone: OnRemoteGone;
  readonly graceSeconds: number;
  readonly scanEverySeconds: number;
  readonly tlsPins: readonly string[];
  readonly authority: FieldPolicy;
  /** What the adapter asks for: the site, role and device type of NetBox. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly zones: readonly string[];
  readonly ttlSeconds: number;
  readonly lastFullScanAt: Date | null;
  readonly health: ConnectorHealth;
}

/** What a person may set; what is absent stays as it is, or as it is by default. */
export interface ConnectorSettings {
  readonly slug?: string;
  readonly url?: string;
  /** Write only. */
  readonly secret?: Secret;
  /** What a NetBox signs its webhooks with; write only. */
  readonly hookSecret?: Secret;
  readonly enabled?: boolean;
  readonly mode?: ConnectorMode;
  readonly adoption?: Adoption;
  readonly onRemoteGone?: OnRemoteGone;
  readonly graceSeconds?: number;
  readonly scanEverySeconds?: number;
  readonly tlsPins?: readonly string[];
  readonly authority?: FieldPolicy;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Of a name server. */
  readonly zones?: readonly string[];
  readonly ttlSeconds?: number;
}

export interface NewConnector extends ConnectorSettings {
  readonly kind: ConnectorKind;
  readonly slug: string;
  readonly url: string;
  readonly secret: Secret;
  /** Of a name server; absent: the only one there is. */
  readonly fabricId?: FabricId;
}
