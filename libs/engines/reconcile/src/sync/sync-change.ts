import { digest } from '#engines/kernel';
import type { Fields } from './values.js';

/**
 * UNLINK: the mapping is dropped, theirs stays. RELINK: it has our mark, the mapping was lost. ADOPT: theirs is one of ours from now on and
 * gets our mark; of one that was kept for an object that we removed, the mark of its successor. ACCEPT_GONE: they removed it, and it is not made again. DEPRECATE: the first phase of deleting.
 */
export type SyncAction = 'UNLINK' | 'ACCEPT_GONE' | 'RELINK' | 'ADOPT' | 'CREATE' | 'UPDATE' | 'DEPRECATE' | 'DELETE';

/** One line of a plan: a value, stored and shown before anything is written. */
export interface SyncChange {
  /** Place in the plan, from 1. */
  readonly seq: number;
  readonly action: SyncAction;
  readonly kind: string;
  readonly localId: string;
  /** null before it is created. */
  readonly remoteId: string | null;
  /** What a person sees: `10.0.0.0/24 (VRF acme)`. */
  readonly label: string;
  /** What stands there, of the fields in `after`. */
  readonly before: Fields;
  /** What is to stand there, of the fields that change. */
  readonly after: Fields;
  /** What is taken over here. */
  readonly pull: Fields;
  /** What stood here, of the fields in `pull`: what is overwritten is kept, whichever side it was on. */
  readonly replaced: Fields;
  /** The object of ours, gone by now, that theirs was kept for until now and whose mark it carries; null: nobody's, or this one's. */
  readonly successorOf: string | null;
  /** Fields in which a change of one side is overwritten. */
  readonly overwritten: readonly string[];
}

/**
 * Digest of a plan, page by page: what was approved is what is written. Equal changes in equal order give the same digest however they are
 * cut into pages; neither `seq` itself nor a label is part of it.
 * @param before of the pages before; null: these are the first.
 */
export function digestChanges(before: string | null, changes: readonly SyncChange[]): string {
  return changes.reduce(
    (sum, { action, kind, localId, remoteId, before: from, after, pull, replaced, successorOf, overwritten }) =>
      digest({ sum, action, kind, localId, remoteId, from, after, pull, replaced, successorOf, overwritten }),
    before ?? digest('sync'),
  );
}
