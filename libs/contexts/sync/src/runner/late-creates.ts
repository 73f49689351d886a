import { Injectable } from '@nestjs/common';
import type { SyncRunId } from '#engines/kernel';
import type { InventoryKind } from '../inventory/kinds.js';
import { type ChangeOutcome, type PlannedChange, SyncChangeStore } from '../store/sync-change.store.js';
import { SyncRecheckStore } from '../store/sync-recheck.store.js';
import { isOfTheirs, mayComeYet, underWay } from './patience.js';
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

  /**
   * What is to be made is noted before it is sent: whoever dies meanwhile, or cannot even look afterwards, leaves it to nobody to send it again at once.
   * The note goes with what came of it (`OutcomeKeeper`), and with an error that says that nothing is under way.
   * @param changes what `send` sends, in its order.
   */
  async sending<T>(context: RunContext, kind: InventoryKind, changes: readonly PlannedChange[], send: () => Promise<T>): Promise<T> {
    const { held, target, signal } = context;
    const made = changes.filter(isCreate).map(idOf);
    if (made.length === 0) return send();
    await held.inTransaction(SCOPE, (tx) => this.rechecks.sent(tx, target.id, kind, made));
    try {
      return await send();
    } catch (error) {
      if (signal.aborted || !isOfTheirs(error)) throw error;
      const open = new Set((mayComeYet(error) ? underWay(error, changes) : []).filter(isCreate).map(idOf));
      await held.inTransaction(SCOPE, async (tx) => {
        const known = made.filter((id) => !open.has(id));
        await this.rechecks.isKnown(tx, target.id, kind, known);
        await this.rechecks.mayCome(tx, target.id, kind, [...open]);
      });
      throw error;
    }
  }

  /** It is not known what came of these; they are looked for later. */
  async leave({ held }: RunContext, runId: SyncRunId, changes: readonly PlannedChange[], failure: unknown): Promise<void> {
    const error = `it is not known what came of it: ${wordsOf(failure)}`;
    await held.inTransaction(SCOPE, (tx) => this.changes.settle(tx, runId, changes.map(left(error))));
  }

  /** Whatever kind of run it is: what was sent a moment ago is not sent again. */
  async without(
    context: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    batch: readonly PlannedChange[],
  ): Promise<readonly PlannedChange[]> {
    const late = await this.awaited(context, kind, batch);
    if (late.length === 0) return batch;
    await context.held.inTransaction(SCOPE, (tx) => this.changes.settle(tx, runId, late.map(left(SENT))));
    return batch.filter((change) => !late.includes(change));
  }

  /** The same after a failure: of what may come some is there already. What cannot be seen may be there in a minute: the next time it is looked for first. */
  async withoutUnseen(
    context: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    batch: readonly PlannedChange[],
    failure: unknown,
  ): Promise<readonly PlannedChange[]> {
    const awaited = mayComeYet(failure) ? await this.awaited(context, kind, batch) : [];
    if (awaited.length === 0) return batch;
    const found = await context.foreign.findMarked(kind, awaited.map(idOf), context.signal);
    const there = new Set(found.map(({ mark }) => mark));
    const late = awaited.filter(({ localId }) => !there.has(localId));
    await this.leave(context, runId, late, failure);
    return batch.filter((change) => !late.includes(change));
  }

  private async awaited({ held, target }: RunContext, kind: InventoryKind, batch: readonly PlannedChange[]): Promise<PlannedChange[]> {
    const made = batch.filter(isCreate);
    if (made.length === 0) return [];
    const ids = await held.inTransaction(SCOPE, (tx) => this.rechecks.awaited(tx, target.id, kind, made.map(idOf)));
    return made.filter(({ localId }) => ids.has(localId));
  }
}

const isCreate = ({ action }: PlannedChange): boolean => action === 'CREATE';
const idOf = ({ localId }: PlannedChange): string => localId;
const left =
  (error: string) =>
  ({ seq, remoteId }: PlannedChange): ChangeOutcome => ({ seq, remoteId, state: 'SKIPPED', error });
