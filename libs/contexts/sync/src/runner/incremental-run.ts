import { Injectable } from '@nestjs/common';
import type { InventoryKind } from '../inventory/kinds.js';
import { type JournalEntry, SyncJournal } from '../inventory/sync-journal.js';
import { SyncChangeStore } from '../store/sync-change.store.js';
import { SyncDueStore, type Target } from '../store/sync-due.store.js';
import { type SyncHint, SyncHintStore } from '../store/sync-hint.store.js';
import { SyncLinkStore } from '../store/sync-link.store.js';
import { SyncRunStore } from '../store/sync-run.store.js';
import { LookupPlanner } from './lookup-planner.js';
import { kindsOf, SCOPE } from './run-context.js';
import { RunKeeper } from './run-keeper.js';
import { contextOf, type Work } from './work.js';

/** Objects of one run. */
const AT_ONCE = 500;

/** What changed here and what is said to have changed there. */
export interface Told {
  readonly journal: readonly JournalEntry[];
  readonly hints: readonly SyncHint[];
}

/** Some objects, because something changed: the same verdicts as in a complete run, on these alone. Where nothing is to be done there is no run. */
@Injectable()
export class IncrementalRun {
  constructor(
    private readonly lookups: LookupPlanner,
    private readonly keeper: RunKeeper,
    private readonly runs: SyncRunStore,
    private readonly dues: SyncDueStore,
    private readonly hints: SyncHintStore,
    private readonly journal: SyncJournal,
    private readonly changes: SyncChangeStore,
    private readonly links: SyncLinkStore,
  ) {}

  /** Out of the database alone. */
  async told({ held }: Pick<Work, 'held'>, target: Target): Promise<Told> {
    return held.inTransaction(SCOPE, async (tx) => ({
      journal: await this.journal.journalAfter(tx, target.journal, AT_ONCE),
      hints: await this.hints.next(tx, target.id, AT_ONCE),
    }));
  }

  /** Their feed becomes hints. A gap in it is closed by a complete run. */
  async readFeed({ target, foreign, held, signal }: Work): Promise<void> {
    for (let cursor = target.feedCursor; ; ) {
      const feed = await foreign.changedSince?.(cursor, signal);
      if (!feed) return;
      await held.inTransaction(SCOPE, async (tx) => {
        if (feed.changed.length > 0) await this.hints.put(tx, target.id, feed.changed);
        if (feed.isGap) await this.dues.wantScan(tx, target.id);
        await this.dues.readFeed(tx, target.id, feed.next);
      });
      if (!feed.isMore) return;
      // A feed that stands still and says that there is more would be read for ever: a complete run sees what it does not tell.
      if (feed.next === cursor) return held.inTransaction(SCOPE, (tx) => this.dues.wantScan(tx, target.id));
      cursor = feed.next;
    }
  }

  /** @returns whether there may be more. */
  async run(work: Work, { journal, hints }: Told): Promise<boolean> {
    const { held, target } = work;
    const trigger = journal.length > 0 ? 'CHANGE' : 'HINT';
    const context = contextOf(work, { changes: this.changes, links: this.links }, null, (tx) =>
      this.runs.insert(tx, { targetId: target.id, trigger, phase: 'PLANNING' }),
    );
    let unseen = 0;
    for (const kind of kindsOf(context)) {
      const suspects = {
        localIds: idsOf(journal, kind),
        remoteIds: hints.filter((hint) => hint.kind === kind).map(({ remoteId }) => remoteId),
      };
      if (suspects.localIds.length + suspects.remoteIds.length === 0) continue;
      const known = await held.inTransaction(SCOPE, (tx) => this.links.count(tx, target.id, kind));
      context.sink.expect(kind, known, null);
      unseen += await this.lookups.planSeen(context, kind, suspects);
    }
    const { runId } = context.sink;
    if (runId) await this.keeper.settle(context, runId, { isDryRun: false, maxDeleteRatio: null, isPartOfMany: true });
    await held.inTransaction(SCOPE, async (tx) => {
      const last = journal.at(-1);
      if (last) await this.dues.readJournal(tx, target.id, last.cursor);
      await this.hints.done(tx, target.id, hints);
      if (unseen > 0) await this.dues.wantScan(tx, target.id);
    });
    return journal.length === AT_ONCE || hints.length === AT_ONCE;
  }
}

const idsOf = (journal: readonly JournalEntry[], kind: InventoryKind): string[] => [
  ...new Set(journal.filter((entry) => entry.kind === kind).map(({ id }) => id)),
];
