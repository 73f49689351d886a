import type { SyncConflictId, SyncRunId, SyncTargetId } from '#engines/kernel';
import type { FieldValue, SyncChange } from '#engines/reconcile';
import type { InventoryKind } from '../inventory/kinds.js';

/** RETRY: what was refused before, and what goes away when its grace period is over. */
export type SyncTrigger = 'CHANGE' | 'HINT' | 'TIMER' | 'PERSON' | 'ADOPTION' | 'RETRY';
export type SyncState = 'RUNNING' | 'SUCCEEDED' | 'PARTIAL' | 'FAILED' | 'BLOCKED_BY_GUARD';
/** APPROVED: what is stored is to be written, and nothing else. */
export type RunPhase = 'WANTED' | 'PLANNING' | 'APPROVED' | 'APPLYING' | 'ENDED';

export interface RunCounts {
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly conflicts: number;
  readonly skipped: number;
}

export interface SyncRun {
  readonly id: SyncRunId;
  readonly targetId: SyncTargetId;
  readonly trigger: SyncTrigger;
  readonly isDryRun: boolean;
  readonly state: SyncState;
  readonly phase: RunPhase;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly counts: RunCounts;
  /**
   * Which kind it is at, and how many are done of how many (null: nobody knows): of the objects of the kind while it reads, of all its lines while it
   * writes. Empty before and after.
   */
  readonly progress: { readonly kind?: InventoryKind; readonly done?: number; readonly total?: number | null };
  /** What a person approves; null while it is being made. */
  readonly digest: string | null;
  /** Why it was stopped. */
  readonly guards: readonly string[];
  /** False: what it did not carry out is forgotten; what it did is not. */
  readonly linesKept: boolean;
  readonly wantedBy: string;
  readonly approvedBy: string | null;
  readonly error: string | null;
}

/** PROPOSED: a person says whether the two are one; nothing is written for it. */
export type ChangeState = 'PROPOSED' | 'PLANNED' | 'APPLIED' | 'REFUSED' | 'SKIPPED' | 'STALE';

/** A line of a run's plan, and what came of it. */
export interface StoredChange extends SyncChange {
  readonly kind: InventoryKind;
  readonly state: ChangeState;
  /** Of the other system, word by word; or why it waits. */
  readonly error: string | null;
}

export interface SyncConflict {
  readonly id: SyncConflictId;
  readonly targetId: SyncTargetId;
  readonly kind: InventoryKind;
  readonly localId: string;
  readonly remoteId: string;
  /** `*`: the object is gone there. */
  readonly field: string;
  readonly label: string;
  readonly ours: FieldValue;
  readonly base: FieldValue;
  readonly theirs: FieldValue;
  readonly firstSeenAt: Date;
  /** When the two agreed again. */
  readonly resolvedAt: Date | null;
  /** What a person said. */
  readonly decision: 'US' | 'THEM' | null;
  readonly decidedBy: string | null;
}

/** A page by keyset: at most `first` rows behind `after`. */
export interface PageOf<Key> {
  readonly first: number;
  readonly after: Key | null;
}
