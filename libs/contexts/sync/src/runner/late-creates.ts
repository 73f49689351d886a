import { Injectable } from '@nestjs/common';
import type { SyncRunId } from '#engines/kernel';
import type { InventoryKind } from '../inventory/kinds.js';
import { type ChangeOutcome, type PlannedChange, SyncChangeStore } from '../store/sync-change.store.js';
import { SyncRecheckStore } from '../store/sync-recheck.store.js';
import { mayComeYet } from './patience.js';
import { type RunContext, SCOPE } from './run-context.js';
import { wordsOf } from './words-of.js';

const SENT = 'it was sent a moment ago and not answered: it may be there any moment, and is looked for first';

/** Objects that were sent to be made and not answered: the other system may be at it still, long after somebody looked for them. */
@Injectable()
export class LateCreates {
  constructor(
    private readonly changes: SyncChangeStore,
    private readonly rechecks: SyncRecheckStore,
  ) {}

  /** It is not known what came of these; they are looked for later. */
  async leave(
    { held, target }: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    changes: readonly PlannedChange[],
    failure: unknown,
  ): Promise<void> {
    const error = `it is not known what came of it: ${wordsOf(failure)}`;
    const late = mayComeYet(failure) ? changes.filter(isCreate) : [];
    await held.inTransaction(SCOPE, async (tx) => {
      await this.rechecks.mayCome(tx, target.id, kind, late.map(idOf));
      await this.changes.settle(tx, runId, changes.map(left(error)));
    });
  }

  /** Whatever kind of run it is: what was sent a moment ago is not sent again. */
  async without(
    { held, target }: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    batch: readonly PlannedChange[],
  ): Promise<readonly PlannedChange[]> {
    const made = batch.filter(isCreate);
    if (made.length === 0) return batch;
    return held.inTransaction(SCOPE, async (tx) => {
      const awaited = await this.rechecks.awaited(tx, target.id, kind, made.map(idOf));
      const late = made.filter(({ localId }) => awaited.has(localId));
      await this.changes.settle(tx, runId, late.map(left(SENT)));
      return batch.filter((change) => !late.includes(change));
    });
  }
}

export const isCreate = ({ action }: PlannedChange): boolean => action === 'CREATE';
const idOf = ({ localId }: PlannedChange): string => localId;
const left =
  (error: string) =>
  ({ seq, remoteId }: PlannedChange): ChangeOutcome => ({ seq, remoteId, state: 'SKIPPED', error });
