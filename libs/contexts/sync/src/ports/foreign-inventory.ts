import type { Fields } from '#engines/reconcile';
import type { InventoryKind } from '../inventory/kinds.js';

/** What the probe found: the release, and which fields of which kinds there are. */
export interface ForeignCapabilities {
  /** As the system says it: `4.6.8`. */
  readonly version: string;
  readonly kinds: ReadonlyMap<InventoryKind, readonly string[]>;
  /** Kinds that there would be, and what the connector's settings lack for them, in words. */
  readonly lacking?: ReadonlyMap<InventoryKind, string>;
  /** What a person should know of it, in sentences: a release with known holes. */
  readonly warnings?: readonly string[];
  /** One request at a time and nobody beside it (phpIPAM). */
  readonly isSingleWriter: boolean;
}

/** An object as the other system holds it, in the words of the inventory. References carry `~` and the foreign id; an empty text is null. */
export interface ForeignObject {
  /** Ascending order of a scan is that of `order`, then of this text. */
  readonly remoteId: string;
  /** Numeric foreign id; links are walked beside it. */
  readonly order: number;
  /** For a precondition: ETag, last_updated, editDate; null where the system has none. */
  readonly version: string | null;
  /** The id of ours that the mark in the object names; null: no mark. */
  readonly mark: string | null;
  readonly fields: Fields;
  /** What a person sees: `10.0.0.0/24 (VRF acme)`. */
  readonly label: string;
}

export interface ForeignPage {
  readonly objects: readonly ForeignObject[];
  /** Where to go on; null after the last page. */
  readonly next: string | null;
  /** Of all pages, where the system says it. */
  readonly total: number | null;
}

/** References are foreign ids (`~12`). */
export type ForeignWrite =
  | { readonly verb: 'CREATE'; readonly mark: string; readonly fields: Fields }
  | { readonly verb: 'UPDATE'; readonly remoteId: string; readonly version: string | null; readonly fields: Fields }
  /** Writes our mark into an object that was there before us, or in place of `replaces`, an earlier mark of ours; of one with any other mark it is refused. */
  | { readonly verb: 'MARK'; readonly remoteId: string; readonly version: string | null; readonly mark: string; readonly replaces?: string }
  /** First phase of deleting: shown as going away, still there. */
  | { readonly verb: 'DEPRECATE'; readonly remoteId: string; readonly version: string | null }
  | { readonly verb: 'DELETE'; readonly remoteId: string; readonly version: string | null; readonly mark: string };

export type WriteOutcome =
  /** As it is there now, read from the answer or again. Of DELETE null. */
  | { readonly done: ForeignObject | null }
  /** Somebody changed it since it was read: merge again. */
  | { readonly stale: true }
  /** It is not there any more. */
  | { readonly gone: true }
  /** The system understood and said no, in its words. Writing it again is of no use until something changes. */
  | { readonly refused: string };

/** What the system says was changed there, newest last. Hints: the objects are read again. */
export interface ForeignChanges {
  readonly changed: readonly { readonly kind: InventoryKind; readonly remoteId: string; readonly isDelete: boolean }[];
  /** Where to go on. */
  readonly next: string;
  /** There may be more right now. */
  readonly isMore: boolean;
  /** What was between the cursor and now cannot be told (pruned, restored from a backup): only a scan finds it. */
  readonly isGap: boolean;
}

/**
 * A system with an inventory of its own. Everything throws a `DomainError` when it is not known what is there: an error is never an empty
 * page. Facts of the error: `retriable`; of a write for which nobody waits any more, and which may be done yet, `isTimeout`, and `underWay`
 * with the indices of what is meant of a list that is sent one by one (absent: all of it).
 */
export interface ForeignInventory {
  readonly name: string;
  probe(signal: AbortSignal): Promise<ForeignCapabilities>;
  /** Makes there what marks need (a custom field, tags). Called before the first write of a run, never where nothing may be written. */
  prepare?(signal: AbortSignal): Promise<void>;
  /** Changes of others since a cursor; own writes are left out where they can be told. @param cursor null: only where the end is now. */
  changedSince?(cursor: string | null, signal: AbortSignal): Promise<ForeignChanges>;
  /** One page in ascending order of ids, foreign objects included. @param after `next` of the page before; null: from the beginning. */
  scan(kind: InventoryKind, after: string | null, signal: AbortSignal): Promise<ForeignPage>;
  /** Those of these that are there. */
  get(kind: InventoryKind, remoteIds: readonly string[], signal: AbortSignal): Promise<readonly ForeignObject[]>;
  /**
   * Of these, those of which the system itself can show that they were deleted. What a scan does not show and this does not name may only be
   * hidden: a permission that was narrowed. Absent, or nothing: no proof, either way.
   */
  provenGone?(kind: InventoryKind, remoteIds: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Those that carry one of these marks: asked before a create is sent again. */
  findMarked(kind: InventoryKind, marks: readonly string[], signal: AbortSignal): Promise<readonly ForeignObject[]>;
  /** Those that have the natural key of one of these: see `naturalKey`. */
  findAlike(kind: InventoryKind, alike: readonly Fields[], signal: AbortSignal): Promise<readonly ForeignObject[]>;
  /**
   * In order, one outcome each. Idempotent: an answer that was lost is looked up by mark before anything is sent again.
   * @throws DomainError when the outcome of some is not known; those before it are done, and asking again is safe.
   */
  write(kind: InventoryKind, writes: readonly ForeignWrite[], signal: AbortSignal): Promise<readonly WriteOutcome[]>;
}
