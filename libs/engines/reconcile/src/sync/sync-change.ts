import { digest } from '#engines/kernel';
import type { Fields } from './values.js';

/** In the order in which a run carries them out: mappings, then what we take over, what is written there, and what goes away. */
export const SYNC_ACTIONS = [
  /** The mapping goes: the mark is gone or another's. Nothing is written there. */
  'UNLINK',
  /** The mapping goes: neither side has it. */
  'FORGET',
  /** The mapping comes back by its mark. */
  'RELINK',
  /** Same natural key, no mark: a person decides. Nothing is written. */
  'PROPOSE',
  /** Decided: our mark is written into it and it is mapped; its fields follow as UPDATE and PULL. */
  'ADOPT',
  /** Our mark is written again. */
  'MARK',
  'PULL',
  'CREATE',
  /** Somebody removed it there. */
  'RECREATE',
  'UPDATE',
  /** Both changed one field: a person decides, the others go on. */
  'CONFLICT',
  /** The place is held by another owner. Nothing is written. */
  'FOREIGN',
  /** Somebody removed it there, and it stays away (ACCEPT) or waits for a person (HOLD). */
  'GONE',
  /** First phase of deleting. */
  'DEPRECATE',
  'DELETE',
] as const;
export type SyncAction = (typeof SYNC_ACTIONS)[number];

/** One line of a plan: a value, stored and shown before anything is written. */
export interface SyncChange {
  /** Place in the run, from 1. */
  readonly seq: number;
  readonly action: SyncAction;
  readonly kind: string;
  readonly localId: string | null;
  readonly remoteId: string | null;
  /** What a person sees: `10.0.0.0/24 (VRF acme)`. */
  readonly label: string;
  /** Of UPDATE and PULL only the fields that change, on the side that is written; null: it was not there. */
  readonly before: Fields | null;
  /** null: it will not be there. */
  readonly after: Fields | null;
  /** Why, in a sentence or a code; null: the action says it. */
  readonly reason: string | null;
  /** Fields in which a change that somebody made on the side that is written is lost: `pushedBack`, `pulledOver`. */
  readonly overwrites: readonly string[];
  /** Guarded fields that it changes on an object that both had before. */
  readonly guarded: readonly string[];
}

/**
 * Where a change stands in a run: what has the smaller rank is done first. Kinds in the order in which they are created, DEPRECATE and DELETE
 * in the reverse one, behind all others. Inside a rank any order will do.
 * @param kinds in the order in which they are created. @returns NaN for a kind that is not among them.
 */
export function rankOf(kinds: readonly string[], { action, kind }: Pick<SyncChange, 'action' | 'kind'>): number {
  const at = kinds.indexOf(kind);
  if (at < 0) return Number.NaN;
  const isGoing = action === 'DEPRECATE' || action === 'DELETE';
  const phase = isGoing ? (action === 'DEPRECATE' ? 2 : 3) : action === 'UNLINK' || action === 'FORGET' ? 0 : 1;
  const place = isGoing ? kinds.length - 1 - at : at;
  return (phase * kinds.length + place) * SYNC_ACTIONS.length + SYNC_ACTIONS.indexOf(action);
}

/**
 * Digest of a plan, page by page in the order of `seq`: what was approved is what is applied. Equal changes in equal order give the same
 * digest however they are cut into pages; neither `seq` itself nor a label is part of it.
 * @param before of the pages before; null: this is the first.
 */
export function digestChanges(before: string | null, changes: readonly SyncChange[]): string {
  return changes.reduce((sum, { seq: _seq, label: _label, ...change }) => digest({ sum, change }), before ?? digest('sync'));
}
