import { Injectable } from '@nestjs/common';
import type { SyncRunId } from '#engines/kernel';
import { type JournalCursor, SyncJournal } from '../inventory/sync-journal.js';
import { SyncChangeStore } from '../store/sync-change.store.js';
import { SyncConflictStore } from '../store/sync-conflict.store.js';
import { SyncDueStore } from '../store/sync-due.store.js';
import { SyncHintStore } from '../store/sync-hint.store.js';
import { SyncLinkStore } from '../store/sync-link.store.js';
import { type OpenRun, SyncRunStore } from '../store/sync-run.store.js';
import { SyncScanStore } from '../store/sync-scan.store.js';
import { kindsOf, type RunContext, SCOPE } from './run-context.js';
import { RunKeeper } from './run-keeper.js';
import { ScanPlanner } from './scan-planner.js';
import { wordsOf } from './words-of.js';
import { contextOf, type Work } from './work.js';

type Wanted = Pick<OpenRun, 'id' | 'isDryRun' | 'phase' | 'trigger' | 'maxDeleteRatio' | 'approvedBy' | 'guards'>;

type Plannable = Pick<Wanted, 'id' | 'isDryRun' | 'maxDeleteRatio'>;

/** Where everything stood before the first page was read: what happens from then on is told by journal, hints and feed. */
interface Beginning {
  readonly at: Date;
  readonly journal: JournalCursor;
  readonly hints: string;
  readonly feedCursor: string | null;
}

/** A complete run, and what an execution that died has left of one. */
@Injectable()
export class FullRun {
  private readonly stores: { changes: SyncChangeStore; links: SyncLinkStore };

  constructor(
    private readonly planner: ScanPlanner,
    private readonly keeper: RunKeeper,
    private readonly runs: SyncRunStore,
    private readonly dues: SyncDueStore,
    private readonly scans: SyncScanStore,
    private readonly hints: SyncHintStore,
    private readonly journal: SyncJournal,
    private readonly changes: SyncChangeStore,
    private readonly conflicts: SyncConflictStore,
    links: SyncLinkStore,
  ) {
    this.stores = { changes, links };
  }

  /** It is time for one. */
  async begin(work: Work): Promise<void> {
    const { target, held } = work;
    const id = await held.inTransaction(SCOPE, (tx) => this.runs.insert(tx, { targetId: target.id, trigger: 'TIMER', phase: 'PLANNING' }));
    await this.counted(work, { id, isDryRun: false, maxDeleteRatio: null });
  }

  /** One that a person asked for or approved, or that somebody died in: nobody else is at it, for we hold the lease. */
  async goOn(work: Work, run: Wanted): Promise<void> {
    if (run.phase === 'APPROVED' || run.phase === 'APPLYING') return this.carryOut(work, run);
    if (run.trigger !== 'TIMER' && run.trigger !== 'PERSON')
      return this.keeper.fail(work, run.id, new Error('the execution that made it died'));
    return this.counted(work, run);
  }

  /** Those that fail one after the other are further and further apart, and leave no more behind than one does. */
  private async counted(work: Work, run: Plannable): Promise<void> {
    const { held, target, signal } = work;
    try {
      await this.plan(work, run);
    } catch (error) {
      if (!signal.aborted && !run.isDryRun) await held.inTransaction(SCOPE, (tx) => this.scans.failed(tx, target.id, wordsOf(error)));
      throw error;
    }
  }

  private async plan(work: Work, { id, isDryRun, maxDeleteRatio }: Plannable): Promise<void> {
    const { held, target, foreign, signal } = work;
    const feed = await this.orFailed(work, id, async () => foreign.changedSince?.(null, signal));
    const beginning: Beginning = await held.inTransaction(SCOPE, async (tx) => {
      await this.runs.setPhase(tx, id, 'PLANNING');
      await this.changes.forget(tx, id);
      const [at, journal, hints] = [await this.dues.now(tx), await this.journal.end(tx), await this.hints.upTo(tx)];
      if (!isDryRun) await this.dues.scanning(tx, target, journal);
      return { at, journal, hints, feedCursor: feed?.next ?? null };
    });
    const context = this.context(work, id);
    await this.orFailed(work, id, () => this.planner.plan(context));
    await this.keeper.settle(context, id, { isDryRun, maxDeleteRatio, isPartOfMany: false });
    await held.inTransaction(SCOPE, async (tx) => {
      await this.runs.forgetShown(tx, target.id);
      if (isDryRun) return;
      await this.conflicts.closeOrphans(tx, target.id, id);
      await this.scans.succeeded(tx, target.id);
      await this.dues.scanned(tx, target.id, beginning);
      await this.hints.forgetUpTo(tx, target.id, beginning.hints);
    });
  }

  private async orFailed<T>(work: Work, id: SyncRunId, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (!work.signal.aborted) await this.keeper.fail(work, id, error);
      throw error;
    }
  }

  /** What was approved, or was under way: each line is looked at again before it is written. */
  private async carryOut(work: Work, { id, approvedBy, guards }: Wanted): Promise<void> {
    const last = await work.held.inTransaction(SCOPE, (tx) => this.changes.lastSeq(tx, id));
    const context = this.context(work, id, last);
    for (const kind of kindsOf(context)) context.sink.expect(kind, 0, null);
    // Of one that was stopped for some of its lines only the others were under way, unless a person has approved it since.
    const isGuardedToo = approvedBy !== null || guards.length === 0;
    await this.keeper.carryOut(context, id, { isSeenAgain: true, isGuardedToo, isComplete: false });
  }

  private context(work: Work, id: SyncRunId, after = 0): RunContext {
    return contextOf(work, this.stores, id, () => Promise.resolve(id), after);
  }
}
