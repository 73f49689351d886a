import { DomainError, type FabricId, type TenantId } from '#engines/kernel';
import type { AddressSpaceId } from '#engines/kernel';
import type { FieldValue, Ref } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { ForeignInventory, ForeignObject } from '../../ports/foreign-inventory.js';
import type { InventoryKind } from '../kinds.js';

/** What an import reads of the other system; a transaction is never open meanwhile. */
export type ImportSource = Pick<ForeignInventory, 'scan' | 'get'>;

/** Who keeps what of theirs is what of ours. */
export interface ImportLinks {
  /** Ids of ours of those of these that are linked. */
  known(tx: Tx, kind: InventoryKind, remoteIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** In the transaction of what was taken. */
  link(tx: Tx, kind: InventoryKind, localId: string, object: ForeignObject): Promise<void>;
}

/** Prefixes of a VRF (by its name), of a tenant (by its slug) or in no VRF go into this space. The VRF goes before the tenant, the tenant before no VRF. */
export interface SpaceRule {
  readonly whose: 'VRF' | 'TENANT' | 'GLOBAL';
  /** Empty where it is GLOBAL. */
  readonly name: string;
  readonly spaceId: AddressSpaceId;
}

/** What an operator says of where things go. */
export interface ImportPlaces {
  /** Beginning of the keys of all that is taken: 1 to 64 printable characters, of one system always the same. */
  readonly source: string;
  readonly fabricId: FabricId;
  /** All prefixes that no rule names: of an address space an address is one thing, so one that is there in two VRFs is taken once. */
  readonly spaceId: AddressSpaceId;
  /** All of the fabric. */
  readonly elsewhere: readonly SpaceRule[];
  /** Who gets what has no tenant there; null: it is not taken. */
  readonly tenantId: TenantId | null;
  /**
   * Of a prefix that no pool has. MAKE: the smallest container around it becomes a range of the pool `imported-ipv4` or `imported-ipv6`, the prefix itself
   * where there is no container, or it groups others. REPORT: it is not taken.
   */
  readonly pools: 'MAKE' | 'REPORT';
}

/** One object while it is taken. */
export interface Taking {
  readonly tx: Tx;
  readonly places: ImportPlaces;
  readonly object: ForeignObject;
  /** Ids of ours by `kind remoteId`, of what this page refers to. */
  readonly linked: ReadonlyMap<string, string>;
  /** Others of theirs that were read with this page, by `kind remoteId`. */
  readonly beside: ReadonlyMap<string, ForeignObject>;
  /** What of it was not taken, though it was. */
  note(reason: string): void;
}

const isRef = (value: FieldValue | undefined): value is Ref => typeof value === 'object' && value !== null && 'kind' in value;

/** The foreign id that a field refers to; null: nothing. */
export const remoteRef = (value: FieldValue | undefined): string | null =>
  isRef(value) && value.id.startsWith('~') ? value.id.slice(1) : null;

/** All references of an object, in its sets too. */
export function refsOf({ fields }: ForeignObject): Ref[] {
  return Object.values(fields)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is Ref => isRef(value));
}

/** Id of ours that a field refers to; null: nothing. @throws DomainError NOT_FOUND: what it refers to is not taken. */
export function localRef({ object, linked }: Taking, field: string): string | null {
  const value = object.fields[field];
  if (!isRef(value)) return null;
  if (!value.id.startsWith('~')) return value.id;
  const id = linked.get(`${value.kind} ${value.id.slice(1)}`);
  if (id === undefined) throw refusal('NOT_FOUND', `its ${value.kind} there (${value.id.slice(1)}) is not taken`);
  return id;
}

export const textOf = ({ object }: Taking, field: string): string => {
  const value = object.fields[field];
  return typeof value === 'string' ? value : '';
};

export const keyOf = ({ places, object }: Taking, kind: InventoryKind, part = ''): string =>
  `adopted/${places.source}/${kind}/${object.remoteId}${part === '' ? '' : `/${part}`}`;

export const refusal = (code: 'NOT_FOUND' | 'INVALID_VALUE' | 'INVALID_STATE' | 'OUT_OF_RANGE', reason: string): DomainError =>
  new DomainError(code, reason, { accepted: reason });
