import { Injectable } from '@nestjs/common';
import type { SyncRunId } from '#engines/kernel';
import { checkSyncBrakes, type Stop, type StopCode, stopText, SYNC_LIMITS } from '#engines/reconcile';
import { crashPoint } from '#platform';
import type { RunCounts, SyncState } from '../domain/sync-run.js';
import type { InventoryKind } from '../inventory/kinds.js';
import { SyncChangeStore, type Tally } from '../store/sync-change.store.js';
import { SyncDueStore } from '../store/sync-due.store.js';
import { SyncRecheckStore } from '../store/sync-recheck.store.js';
import { SyncRunStore } from '../store/sync-run.store.js';
import { SyncScanStore } from '../store/sync-scan.store.js';
import { ChangeApplier, NOT_ASKED } from './change-applier.js';
import { isOfTheirs } from './patience.js';
import { measureOfOurs } from './plan-sink.js';
import { type RunContext, SCOPE } from './run-context.js';
import { RunEnding } from './run-ending.js';
import { isLeft, notesOf, sum } from './run-notes.js';
import { wordsOf } from './words-of.js';

/** So often in a row a connector may fail before a person is asked again for what was approved. */
const PATIENCE = 5;

export interface PlanWish {
  readonly isDryRun: boolean;
  readonly maxDeleteRatio: number | null;
  /** A few objects: what nobody has to approve does not wait for what somebody has to. */
  readonly isPartOfMany: boolean;
}

/** From a plan to the end of its run: brakes, then what is written, then what came of it. */
@Injectable()
export class RunKeeper {
  constructor(
    private readonly runs: SyncRunStore,
    private readonly changes: SyncChangeStore,
    private readonly dues: SyncDueStore,
    private readonly rechecks: SyncRecheckStore,
    private readonly scans: SyncScanStore,
    private readonly applier: ChangeApplier,
    private readonly ending: RunEnding,
  ) {}

  /** @throws what went wrong while it was carried out; it is kept with the run. */
  async settle(context: RunContext, runId: SyncRunId, wish: PlanWish): Promise<SyncState> {
    const { sink, held, target } = context;
    const limits = wish.maxDeleteRatio === null ? SYNC_LIMITS : { ...SYNC_LIMITS, maxDeleteRatio: wish.maxDeleteRatio };
    const stops = checkSyncBrakes(sink.kinds, limits);
    const guards = stops.map(stopText);
    await held.inTransaction(SCOPE, async (tx) => {
      await this.runs.planned(tx, runId, { digest: sink.digest, counts: sink.counts, guards, measure: measureOf(stops, sink.seen) });
      // A set that shrank stays what a later one is measured by, until a person says that it is right.
      if (!wish.isPartOfMany && !wish.isDryRun && !stops.some(isOfScan)) await this.dues.saw(tx, target.id, sink.seen);
    });
    crashPoint('inventory.planned');
    const isOnlyShown = wish.isDryRun || target.mode === 'OBSERVE';
    const mayGoOn = stops.length === 0 || (wish.isPartOfMany && stops.every(isOfGuard));
    if (isOnlyShown || !mayGoOn) {
      const state = stops.length > 0 ? 'BLOCKED_BY_GUARD' : 'SUCCEEDED';
      return (
        await held.inTransaction(SCOPE, async (tx) => {
          const tally = await this.changes.tally(tx, runId);
          const isMistakable = !wish.isDryRun && stops.length === 0;
          const notes = notesOf(context, tally, { isComplete: !wish.isPartOfMany, isShown: isMistakable });
          return this.ending.end(tx, target, runId, state, sink.counts, notes);
        })
      )();
    }
    return this.carryOut(context, runId, { isSeenAgain: false, isGuardedToo: stops.length === 0, isComplete: !wish.isPartOfMany });
  }

  /** What is stored, and nothing else. @param how `isComplete`: it has just looked at everything. @throws what went wrong; it is kept with the run. */
  async carryOut(
    context: RunContext,
    runId: SyncRunId,
    how: { isSeenAgain: boolean; isGuardedToo: boolean; isComplete: boolean },
  ): Promise<SyncState> {
    const { held, target } = context;
    const run = await held.inTransaction(SCOPE, async (tx) => {
      await this.runs.setPhase(tx, runId, 'APPLYING');
      return this.runs.byId(tx, runId);
    });
    try {
      await this.applier.apply(context, runId, how);
    } catch (error) {
      if (!context.signal.aborted) await this.interrupted(context, runId, error);
      throw error;
    }
    crashPoint('inventory.applied');
    const told = await held.inTransaction(SCOPE, async (tx) => {
      await this.rechecks.learn(tx, target.id, runId);
      if (how.isComplete) await this.rechecks.learnAll(tx, target.id, runId);
      const tally = await this.changes.tally(tx, runId);
      const counts = countsOf(tally, run?.counts ?? context.sink.counts);
      // Of what was missing there only a complete run makes anything again: what a person approved does not wait a day for it, and is not asked a second time.
      const isApproved = typeof run?.approvedBy === 'string';
      const meant = isApproved || run?.trigger === 'ADOPTION' ? await this.rechecks.mean(tx, target.id, runId) : 0;
      if (meant > 0 || (isApproved && sum(tally, ({ state }) => state === 'SKIPPED') > 0)) await this.scans.want(tx, target.id);
      const left = sum(tally, isLeft);
      const state = !how.isGuardedToo ? 'BLOCKED_BY_GUARD' : left > 0 ? 'PARTIAL' : 'SUCCEEDED';
      return this.ending.end(tx, target, runId, state, counts, notesOf(context, tally, { isComplete: how.isComplete, isShown: false }));
    });
    return told();
  }

  /**
   * What a person approved is not lost because the other system does not answer for a moment: it goes on when the connector is tried again. After a few
   * times it waits for a person as it did before, and nothing that was said of it holds any more.
   */
  private async interrupted(context: RunContext, runId: SyncRunId, error: unknown): Promise<void> {
    const { held, target } = context;
    const run = await held.inTransaction(SCOPE, (tx) => this.runs.byId(tx, runId));
    if (!run || run.approvedBy === null) return this.fail(context, runId, error);
    const goesOn = isOfTheirs(error) && target.failures < PATIENCE;
    const told = await held.inTransaction(SCOPE, async (tx) => {
      await this.changes.planAgain(tx, runId, NOT_ASKED);
      if (goesOn) return null;
      await this.rechecks.learn(tx, target.id, runId);
      await this.scans.isRight(tx, target.id, runId);
      const counts = countsOf(await this.changes.tally(tx, runId), run.counts);
      const ended = await this.ending.end(tx, target, runId, 'BLOCKED_BY_GUARD', counts, wordsOf(error));
      await this.runs.askAgain(tx, runId);
      return ended;
    });
    told?.();
  }

  /** It ends here; what it did stays, what it did not is for another run. */
  async fail(context: Pick<RunContext, 'held' | 'target'>, runId: SyncRunId, error: unknown): Promise<void> {
    await context.held.inTransaction(SCOPE, async (tx) => {
      const tally = await this.changes.tally(tx, runId);
      const run = await this.runs.byId(tx, runId);
      const isPartial = tally.some(({ state }) => state === 'APPLIED');
      await this.changes.leaveRest(tx, runId, `the run ended before: ${wordsOf(error)}`);
      if (run) await this.runs.cutShort(tx, run);
      if (run) await this.runs.end(tx, runId, isPartial ? 'PARTIAL' : 'FAILED', countsOf(tally, run.counts), wordsOf(error));
    });
  }
}

const OF_SCAN: ReadonlySet<StopCode> = new Set<StopCode>(['INCOMPLETE_SCAN', 'NO_ROWS', 'SHRUNK', 'OURS_SHRUNK', 'UNCOUNTED']);
const isOfScan = ({ code }: Pick<Stop, 'code'>): boolean => OF_SCAN.has(code);
const IS_MISSING: ReadonlySet<StopCode> = new Set<StopCode>(['NO_ROWS', 'SHRUNK', 'OURS_SHRUNK']);
/** What was seen of the kinds that were stopped because much is missing. One that was not read as a whole says nothing of that, whoever approves it. */
function measureOf(stops: readonly Stop[], seen: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const unread = new Set(stops.flatMap(({ code, kind }) => (isOfScan({ code }) && !IS_MISSING.has(code) ? [kind] : [])));
  const shrunk = stops.filter(({ code, kind }) => IS_MISSING.has(code) && !unread.has(kind));
  const kinds = shrunk.flatMap(({ kind }) => [kind, measureOfOurs(kind as InventoryKind)]);
  return Object.fromEntries(Object.entries(seen).filter(([kind]) => kinds.includes(kind)));
}
const isOfGuard = ({ code }: Stop): boolean => code === 'GUARDED';

/** What was done, beside what was read. */
function countsOf(tally: readonly Tally[], planned: RunCounts): RunCounts {
  const applied = tally.filter(({ state }) => state === 'APPLIED');
  return {
    ...planned,
    created: sum(applied, ({ action }) => action === 'CREATE'),
    updated: sum(
      applied,
      ({ action, hasEffects }) =>
        action === 'ADOPT' || action === 'DEPRECATE' || (action !== 'CREATE' && action !== 'DELETE' && hasEffects),
    ),
    deleted: sum(applied, ({ action }) => action === 'DELETE'),
    skipped: sum(tally, isLeft),
  };
}
