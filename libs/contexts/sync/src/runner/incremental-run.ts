import { Injectable } from '@nestjs/common';
import type { SyncRunId } from '#engines/kernel';
import type { SyncTrigger } from '../domain/sync-run.js';
import type { InventoryKind } from '../inventory/kinds.js';
import { type JournalEntry, SyncJournal } from '../inventory/sync-journal.js';
import { SyncChangeStore } from '../store/sync-change.store.js';
import { SyncDueStore, type Target } from '../store/sync-due.store.js';
import { type SyncHint, SyncHintStore } from '../store/sync-hint.store.js';
import { SyncLinkStore } from '../store/sync-link.store.js';
import { type Recheck, SyncRecheckStore } from '../store/sync-recheck.store.js';
import { SyncRunStore } from '../store/sync-run.store.js';
import { SyncScanStore } from '../store/sync-scan.store.js';
import { LookupPlanner, type Suspects } from './lookup-planner.js';
import { isOfTheirs, Patience } from './patience.js';
import { BATCH, inBatches, kindsOf, type RunContext, SCOPE } from './run-context.js';
import { RunKeeper } from './run-keeper.js';
import { wordsOf } from './words-of.js';
import { contextOf, type Work } from './work.js';

/** Objects of one run. */
const AT_ONCE = 500;
/** So often the connector may fail before what cannot be read is put aside: until then it is more likely that nobody is there. */
const PATIENCE = 3;

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
    private readonly rechecks: SyncRecheckStore,
    private readonly scans: SyncScanStore,
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
        if (feed.isGap) await this.scans.want(tx, target.id);
        await this.dues.readFeed(tx, target.id, feed.next);
      });
      if (!feed.isMore) return;
      // A feed that stands still and says that there is more would be read for ever: a complete run sees what it does not tell.
      if (feed.next === cursor) return held.inTransaction(SCOPE, (tx) => this.scans.want(tx, target.id));
      cursor = feed.next;
    }
  }

  /** @returns whether there may be more. */
  async run(work: Work, { journal, hints }: Told): Promise<boolean> {
    const { held, target } = work;
    const suspects = (kind: InventoryKind): Suspects => ({
      localIds: idsOf(journal, kind),
      remoteIds: hints.filter((hint) => hint.kind === kind).map(({ remoteId }) => remoteId),
    });
    const { unseen, unread } = await this.look(work, journal.length > 0 ? 'CHANGE' : 'HINT', suspects);
    await held.inTransaction(SCOPE, async (tx) => {
      const last = journal.at(-1);
      if (last) await this.dues.readJournal(tx, target.id, last.cursor);
      await this.hints.done(tx, target.id, hints);
      for (const { kind, error } of unread) {
        const objects = suspects(kind).localIds.map((localId) => ({ kind, localId }));
        await this.rechecks.keep(tx, target.id, objects, wordsOf(error));
      }
      const isLeft = unseen.length > 0 || unread.some(({ kind }) => suspects(kind).remoteIds.length > 0);
      if (isLeft) await this.scans.want(tx, target.id);
    });
    return journal.length === AT_ONCE || hints.length === AT_ONCE;
  }

  /**
   * What was refused or not answered is tried again, and what goes away goes when its grace period is over. What is not shown there is for a complete run;
   * it keeps its time, which is later each time, so that no complete run follows the other where one cannot do it either.
   */
  async retry(work: Work): Promise<void> {
    const { held, target } = work;
    const objects = await held.inTransaction(SCOPE, (tx) => this.rechecks.take(tx, target.id, BATCH));
    if (objects.length === 0) return;
    const suspects = (kind: InventoryKind): Suspects => ({
      localIds: objects.filter((object) => object.kind === kind).map(({ localId }) => localId),
      remoteIds: [],
    });
    const { runId, unread, alone, unseen } = await this.look(work, 'RETRY', suspects);
    await held.inTransaction(SCOPE, async (tx) => {
      const unreadKinds = new Set(unread.map(({ kind }) => kind));
      const left = new Set([...alone, ...unseen].map(nameOf));
      const judged = objects.filter((object) => !unreadKinds.has(object.kind) && !left.has(nameOf(object)));
      await this.rechecks.retried(tx, target.id, runId, judged);
      for (const [words, of] of byWords(alone)) await this.rechecks.keep(tx, target.id, of, words);
      if (unseen.length > 0) await this.scans.want(tx, target.id);
      if (runId) await this.rechecks.forgetRepeated(tx, runId, objects);
    });
  }

  /** A kind that cannot be read holds up no other. @throws where none can be, unless that has been so for a while: then each object waits for its own time. */
  private async look(work: Work, trigger: SyncTrigger, suspectsOf: (kind: InventoryKind) => Suspects): Promise<Looked> {
    const { held, target, signal } = work;
    const context = contextOf(work, { changes: this.changes, links: this.links }, null, (tx) =>
      this.runs.insert(tx, { targetId: target.id, trigger, phase: 'PLANNING' }),
    );
    const unread: { kind: InventoryKind; error: unknown }[] = [];
    const alone: Unread[] = [];
    const unseen: Recheck[] = [];
    let isRead = false;
    for (const kind of kindsOf(context)) {
      const suspects = suspectsOf(kind);
      if (suspects.localIds.length + suspects.remoteIds.length === 0) continue;
      const known = await held.inTransaction(SCOPE, (tx) => this.links.count(tx, target.id, kind));
      context.sink.expect(kind, known, null);
      try {
        const hidden =
          trigger === 'RETRY'
            ? await this.planEach(context, kind, suspects.localIds, alone)
            : await this.lookups.planSeen(context, kind, suspects);
        unseen.push(...hidden.map((localId) => ({ kind, localId })));
        isRead = true;
      } catch (error) {
        if (signal.aborted || !isOfTheirs(error)) throw error;
        unread.push({ kind, error });
      }
    }
    const { runId } = context.sink;
    const [first] = unread;
    if (first && !isRead && (target.failures < PATIENCE || trigger === 'RETRY')) {
      if (runId) await this.keeper.fail(work, runId, first.error);
      throw first.error;
    }
    if (runId) await this.keeper.settle(context, runId, { isDryRun: false, maxDeleteRatio: null, isPartOfMany: true });
    return { runId, unseen, unread, alone };
  }

  /**
   * What cannot be read together is read one by one, and judged together all the same: the brakes count what all of them would do.
   * @param alone gets those that cannot be read. @returns those that were not judged. @throws where so many cannot be read that it is not about them.
   */
  private async planEach(context: RunContext, kind: InventoryKind, localIds: readonly string[], alone: Unread[]): Promise<string[]> {
    const { foreign, signal } = context;
    const patience = new Patience();
    const unseen: string[] = [];
    const known = new Set<string>();
    const plan = async (some: readonly string[]): Promise<void> => {
      unseen.push(...(await this.lookups.planSeen(context, kind, { localIds: some, remoteIds: [] }, known)));
      patience.worked();
    };
    for (const batch of inBatches(localIds, BATCH)) {
      try {
        await plan(batch);
        continue;
      } catch (error) {
        if (signal.aborted || !isOfTheirs(error) || localIds.length === 1) throw error;
      }
      await foreign.probe(signal);
      for (const localId of batch)
        try {
          await plan([localId]);
        } catch (error) {
          if (signal.aborted || !isOfTheirs(error)) throw error;
          alone.push({ kind, localId, error });
          if (!patience.failed(error)) throw error;
        }
    }
    return unseen;
  }
}

/** By itself, too. */
interface Unread extends Recheck {
  readonly error: unknown;
}

interface Looked {
  readonly runId: SyncRunId | null;
  /** Of ours, linked, and not shown there. */
  readonly unseen: readonly Recheck[];
  readonly unread: readonly { readonly kind: InventoryKind; readonly error: unknown }[];
  readonly alone: readonly Unread[];
}

const nameOf = ({ kind, localId }: Recheck): string => `${kind} ${localId}`;

/** Most often they are the same for all of them. */
function byWords(objects: readonly Unread[]): ReadonlyMap<string, readonly Unread[]> {
  const all = new Map<string, Unread[]>();
  for (const object of objects) {
    const words = wordsOf(object.error);
    const known = all.get(words);
    if (known) known.push(object);
    else all.set(words, [object]);
  }
  return all;
}

const idsOf = (journal: readonly JournalEntry[], kind: InventoryKind): string[] => [
  ...new Set(journal.filter((entry) => entry.kind === kind).map(({ id }) => id)),
];
