import type { SyncTargetId } from '#engines/kernel';
import type { Secret } from '#platform';
import type { InventoryConnectorKind } from '../domain/connector.js';
import type { ForeignInventory } from '../ports/index.js';

export const FOREIGN_INVENTORIES = Symbol('ForeignInventories');

/** How a system with an inventory is reached. */
export interface ForeignEndpoint {
  /** Slug of the connector: for the log and for errors. */
  readonly name: string;
  readonly url: string;
  readonly secret: Secret;
  /** SHA-256 of public keys in base64; empty: the certificates of the machine decide. */
  readonly tlsSpkiSha256: readonly string[];
  /** As a person wrote them; the adapter says what it lacks. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** How a process speaks to one kind of system. @throws DomainError INVALID_VALUE for settings that it cannot work with. */
export type ForeignInventoryFactory = (endpoint: ForeignEndpoint) => ForeignInventory;
/** Kinds without one are not kept by this process. */
export type ForeignInventories = Readonly<Partial<Record<InventoryConnectorKind, ForeignInventoryFactory>>>;

/** What the secret of a connector is bound to. */
export const connectorSecretContext = (id: SyncTargetId): string => `sync-target/${id}/secret`;
