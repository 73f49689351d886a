import { Injectable } from '@nestjs/common';
import { canonicalJson, type SyncRunId } from '#engines/kernel';
import { equalValues, type FieldValue, type SyncAction } from '#engines/reconcile';
import { crashPoint } from '#platform';
import type { InventoryKind } from '../inventory/kinds.js';
import type { ForeignWrite, WriteOutcome } from '../ports/index.js';
import { type ChangeOutcome, type PlannedChange, SyncChangeStore } from '../store/sync-change.store.js';
import { SyncDueStore } from '../store/sync-due.store.js';
import { SyncRunStore } from '../store/sync-run.store.js';
import { SyncLinkStore } from '../store/sync-link.store.js';
import { LateCreates } from './late-creates.js';
import { LookupPlanner } from './lookup-planner.js';
import { OutcomeKeeper, type Written } from './outcome-keeper.js';
import { isOfTheirs, Patience } from './patience.js';
import { Progress } from './progress.js';
import { BATCH, kindsOf, type RunContext, SCOPE } from './run-context.js';

const COMING: readonly SyncAction[] = ['UNLINK', 'ACCEPT_GONE', 'RELINK', 'ADOPT', 'CREATE', 'UPDATE'];

/** Of a line that was not even sent. */
export const NOT_ASKED = 'those before it were not answered';

interface How {
  readonly isSeenAgain: boolean;
  readonly isGuardedToo: boolean;
}

/** Carries out the lines of a run and nothing else, in the order of dependencies. Each batch is written there, then here, before the next is sent. */
@Injectable()
export class ChangeApplier {
  private readonly prepared = new WeakSet<RunContext>();
  private readonly told = new WeakMap<RunContext, { readonly progress: Progress; done: number; readonly total: number }>();

  constructor(
    private readonly changes: SyncChangeStore,
    private readonly lookups: LookupPlanner,
    private readonly outcomes: OutcomeKeeper,
    private readonly late: LateCreates,
    private readonly links: SyncLinkStore,
    private readonly dues: SyncDueStore,
    private readonly runs: SyncRunStore,
  ) {}

  /**
   * @param isSeenAgain time has passed since it was planned: each line is made anew first, and one that would be another now is not carried out.
   * @param isGuardedToo lines that change a guarded field as well.
   * @throws DomainError when the other system answers nothing any more; what is not done is as it was, and doing it again is safe.
   */
  async apply(context: RunContext, runId: SyncRunId, how: How): Promise<void> {
    const kinds = kindsOf(context);
    const [total, run] = await context.held.inTransaction(
      SCOPE,
      async (tx) => [await this.changes.lastSeq(tx, runId), await this.runs.byId(tx, runId)] as const,
    );
    const patience = new Patience(run?.trigger === 'RETRY');
    this.told.set(context, { progress: new Progress(this.runs, context), done: 0, total });
    for (const kind of kinds) for (const action of COMING) await this.all(context, runId, kind, action, how, patience);
    for (const action of ['DEPRECATE', 'DELETE'] as const)
      for (const kind of kinds.toReversed()) await this.all(context, runId, kind, action, how, patience);
    patience.end();
  }

  private async all(
    context: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    action: SyncAction,
    how: How,
    patience: Patience,
  ): Promise<void> {
    const { isSeenAgain, isGuardedToo } = how;
    for (let after = 0; ; ) {
      context.signal.throwIfAborted();
      const batch = await context.held.inTransaction(SCOPE, (tx) =>
        this.changes.next(tx, runId, { kind, action, isGuardedToo }, after, action === 'CREATE' ? patience.creates : BATCH),
      );
      if (batch.length === 0) return;
      await this.isStillMeant(context);
      after = batch.at(-1)?.seq ?? after;
      const valid = isSeenAgain ? await this.seenAgain(context, runId, kind, batch) : batch;
      const stale = await this.patiently(context, runId, kind, valid, patience);
      if (stale === 'GIVEN_UP') {
        await context.held.inTransaction(SCOPE, (tx) => this.changes.leaveOut(tx, runId, kind, action, NOT_ASKED));
        return patience.gaveUp();
      }
      if (!isSeenAgain) await this.mergeAgain(context, runId, kind, stale, patience);
      await this.tell(context, kind, batch.length);
    }
  }

  private async tell(context: RunContext, kind: InventoryKind, count: number): Promise<void> {
    const told = this.told.get(context);
    if (!told) return;
    told.done += count;
    await told.progress.tell(kind, told.done, told.total);
  }

  /** What is not answered together is tried one by one, as long as somebody is there: a proxy that stops at one object stops at no other. */
  private async patiently(
    context: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    batch: readonly PlannedChange[],
    patience: Patience,
  ): Promise<readonly PlannedChange[] | 'GIVEN_UP'> {
    const open = await this.late.without(context, runId, kind, batch);
    let failure: unknown;
    try {
      return await this.batch(context, runId, kind, open, patience);
    } catch (error) {
      if (context.signal.aborted || !isOfTheirs(error)) throw error;
      failure = error;
    }
    await context.foreign.probe(context.signal);
    const rest = await this.late.withoutUnseen(context, runId, kind, open, failure);
    if (rest.length < open.length) {
      patience.slow();
      if (!patience.failed(failure)) return 'GIVEN_UP';
    }
    const stale: PlannedChange[] = [];
    for (const change of rest) {
      try {
        stale.push(...(await this.batch(context, runId, kind, [change], patience)));
      } catch (error) {
        if (context.signal.aborted || !isOfTheirs(error)) throw error;
        await this.late.leave(context, runId, [change], error);
        if (!patience.failed(error)) return 'GIVEN_UP';
      }
    }
    return stale;
  }

  /** Whoever switches a connector off, or sets it to OBSERVE, means the run that is under way, too. @throws what is kept with the run. */
  private async isStillMeant({ held, target }: RunContext): Promise<void> {
    const now = await held.inTransaction(SCOPE, (tx) => this.dues.target(tx, target.id));
    if (now?.mode !== 'WRITE')
      throw new Error(`the connector was ${now ? 'set to OBSERVE' : 'switched off'} meanwhile: what is not done is not written`);
  }

  /** @returns those that somebody changed since they were read. */
  private async batch(
    context: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    batch: readonly PlannedChange[],
    patience: Patience,
  ): Promise<PlannedChange[]> {
    if (batch.length === 0) return [];
    const { ready, waiting } = await this.translated(context, await this.stillOurs(context, runId, kind, batch));
    if (waiting.length > 0) await context.held.inTransaction(SCOPE, (tx) => this.changes.settle(tx, runId, waiting));
    const sent = ready.flatMap(({ change, write }) => (write ? [{ change, write }] : []));
    const answers = sent.length === 0 ? [] : await this.send(context, kind, sent);
    if (sent.length > 0) patience.worked();
    crashPoint('inventory.batch_written');
    let answered = 0;
    const written = ready.map(
      ({ change, write }): Written =>
        withUnlike({ change, outcome: write ? (answers[answered++] ?? { stale: true }) : 'unwritten' }, write),
    );
    await context.held.inTransaction(SCOPE, (tx) => this.outcomes.keep(tx, context, runId, kind, written.map(markOnly)));
    // Now that it is ours: what is to be written into it.
    const adopted = written.flatMap(({ change, outcome }) =>
      change.action === 'ADOPT' && outcome !== 'unwritten' && 'done' in outcome && outcome.done && hasEffects(change)
        ? [{ ...change, action: 'UPDATE' as const, remoteVersion: outcome.done.version }]
        : [],
    );
    const stale = written.flatMap(({ change, outcome }) => (outcome !== 'unwritten' && 'stale' in outcome ? [change] : []));
    return [...stale, ...(await this.batch(context, runId, kind, adopted, patience))];
  }

  private async send(
    context: RunContext,
    kind: InventoryKind,
    sent: readonly { change: PlannedChange; write: ForeignWrite }[],
  ): Promise<readonly WriteOutcome[]> {
    await this.prepare(context);
    const writes = sent.map(({ write }) => write);
    const changes = sent.map(({ change }) => change);
    return this.late.sending(context, kind, changes, () => context.foreign.write(kind, writes, context.signal));
  }

  /** Of what is to go away there: it may have become that of another of ours since it was planned. */
  private async stillOurs(
    { held, target }: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    batch: readonly PlannedChange[],
  ): Promise<readonly PlannedChange[]> {
    const leaving = batch.filter(({ action }) => action === 'DEPRECATE' || action === 'DELETE');
    if (leaving.length === 0) return batch;
    return held.inTransaction(SCOPE, async (tx) => {
      const ids = leaving.map(({ localId }) => localId);
      const links = new Map((await this.links.byLocal(tx, target.id, kind, ids)).map(({ localId, remoteId }) => [localId, remoteId]));
      const lost = leaving.filter(({ localId, remoteId }) => links.get(localId) !== remoteId);
      await this.changes.settle(
        tx,
        runId,
        lost.map(({ seq, remoteId }) => ({
          seq,
          remoteId,
          state: 'STALE' as const,
          error: 'it is kept for another object of ours by now',
        })),
      );
      return batch.filter((change) => !lost.includes(change));
    });
  }

  /** Once, and only where something is written. */
  private async prepare(context: RunContext): Promise<void> {
    if (this.prepared.has(context)) return;
    await context.foreign.prepare?.(context.signal);
    this.prepared.add(context);
  }

  private async translated(
    context: RunContext,
    batch: readonly PlannedChange[],
  ): Promise<{ ready: { change: PlannedChange; write: ForeignWrite | null }[]; waiting: ChangeOutcome[] }> {
    const theirs = await context.held.inTransaction(SCOPE, (tx) =>
      context.references.toTheirs(
        tx,
        batch.map(({ after }) => after),
      ),
    );
    const all = batch.map((change, at) => ({ change, missing: theirs[at]?.missing ?? null, fields: theirs[at]?.fields ?? {} }));
    return {
      ready: all.flatMap(({ change, missing, fields }) => (missing ? [] : [{ change, write: writeOf({ ...change, after: fields }) }])),
      waiting: all.flatMap(({ change: { seq, remoteId }, missing }) =>
        missing
          ? [{ seq, remoteId, state: 'SKIPPED' as const, error: `waits for the ${missing.kind} ${missing.id}, which is not there yet` }]
          : [],
      ),
    };
  }

  /** Each line as it would be now: the same one is carried out; what is done already is done; anything else is for another run. */
  private async seenAgain(
    context: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    batch: readonly PlannedChange[],
  ): Promise<PlannedChange[]> {
    const now = await this.lookups.again(
      context,
      kind,
      batch.map(({ localId }) => localId),
    );
    const valid: PlannedChange[] = [];
    const settled: ChangeOutcome[] = [];
    for (const change of batch) {
      const { changes, isOpen } = now.get(change.localId) ?? { changes: [], isOpen: false };
      const fresh = changes.find(({ remoteId: id }) => id === change.remoteId) ?? changes[0] ?? null;
      const remoteId = fresh?.remoteId ?? change.remoteId;
      if (fresh && isSame(change, fresh)) valid.push({ ...change, remoteVersion: fresh.remoteVersion, base: fresh.base });
      // An answer was lost: it was made, and its link was not.
      else if (fresh && isLostAnswer(change, fresh)) valid.push({ ...fresh, seq: change.seq, state: 'PLANNED' });
      else if (!fresh && !isOpen && change.action !== 'UNLINK') settled.push({ seq: change.seq, remoteId, state: 'APPLIED', error: null });
      else settled.push({ seq: change.seq, remoteId, state: 'STALE', error: 'something changed since it was planned' });
    }
    await context.held.inTransaction(SCOPE, (tx) => this.changes.settle(tx, runId, settled));
    return valid;
  }

  /** Once in the same run: they are read and merged again. What would need a person, or goes away, waits for the next one. */
  private async mergeAgain(
    context: RunContext,
    runId: SyncRunId,
    kind: InventoryKind,
    stale: readonly PlannedChange[],
    patience: Patience,
  ): Promise<void> {
    if (stale.length === 0) return;
    const lines = await this.lookups.plan(context, kind, { localIds: stale.map(({ localId }) => localId), remoteIds: [] });
    const isHarmless = ({ state, action, guarded }: PlannedChange): boolean =>
      state === 'PLANNED' && guarded.length === 0 && action !== 'DELETE';
    await context.held.inTransaction(SCOPE, (tx) =>
      this.changes.settle(
        tx,
        runId,
        lines
          .filter((line) => line.state === 'PLANNED' && !isHarmless(line))
          .map(({ seq, remoteId }) => ({ seq, remoteId, state: 'SKIPPED' as const, error: 'waits for the next run' })),
      ),
    );
    await this.patiently(context, runId, kind, lines.filter(isHarmless), patience);
  }
}

const isEmpty = (fields: object): boolean => Object.keys(fields).length === 0;
const hasEffects = ({ after, pull }: PlannedChange): boolean => !isEmpty(after) || !isEmpty(pull);

/** Of an adoption the mark comes first, alone. */
const markOnly = (written: Written): Written => ({
  ...written,
  isMarkOnly: written.change.action === 'ADOPT' && hasEffects(written.change),
});

/** What was found made already may say what was meant then: that is no agreement on what is meant now. */
function withUnlike(written: Written, write: ForeignWrite | null): Written {
  const { outcome } = written;
  if (write?.verb !== 'CREATE' || outcome === 'unwritten' || !('done' in outcome) || !outcome.done) return written;
  const there = outcome.done.fields;
  const isUnlike = ([name, value]: readonly [string, FieldValue]): boolean =>
    there[name] !== undefined && !Array.isArray(value) && !equalValues(there[name], value);
  return { ...written, unlike: Object.entries(write.fields).flatMap((entry) => (isUnlike(entry) ? [entry[0]] : [])) };
}

function writeOf(change: PlannedChange): ForeignWrite | null {
  const { action, localId: mark, after: fields, remoteId, remoteVersion: version, successorOf } = change;
  if (action === 'CREATE') return { verb: 'CREATE', mark, fields };
  if (remoteId === null || action === 'UNLINK' || action === 'ACCEPT_GONE') return null;
  if (action === 'ADOPT') return { verb: 'MARK', remoteId, version, mark, ...(successorOf === null ? {} : { replaces: successorOf }) };
  if (action === 'DEPRECATE') return { verb: 'DEPRECATE', remoteId, version };
  if (action === 'DELETE') return { verb: 'DELETE', remoteId, version, mark };
  return isEmpty(fields) ? null : { verb: 'UPDATE', remoteId, version, fields };
}

type Fresh = Omit<PlannedChange, 'seq'>;
const isSame = (planned: PlannedChange, now: Fresh): boolean => {
  const said = ({ action, remoteId, before, after, pull, replaced, successorOf }: Fresh): string =>
    canonicalJson({ action, remoteId, before, after, pull, replaced, successorOf });
  // Somebody else may be in its place by now: then the same line is one that is not to be carried out.
  return now.state !== 'SKIPPED' && said(planned) === said(now);
};
const isLostAnswer = (planned: PlannedChange, now: Fresh): boolean => {
  const { action } = planned;
  const effects = ({ after, pull }: Pick<Fresh, 'after' | 'pull'>): string => canonicalJson({ after, pull });
  return (
    (action === 'CREATE' && now.action === 'RELINK' && isEmpty(now.after) && isEmpty(now.pull)) ||
    (action === 'DELETE' && now.action === 'UNLINK') ||
    // The mark was written, and nothing after it.
    (action === 'ADOPT' && now.action === 'UPDATE' && effects(planned) === effects(now))
  );
};
