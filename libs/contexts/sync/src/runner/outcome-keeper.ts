import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { isDomainError, type SyncRunId, type SyncTargetId } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { LocalInventory } from '../inventory/local-inventory.js';
import type { InventoryKind } from '../inventory/kinds.js';
import type { ForeignObject, WriteOutcome } from '../ports/index.js';
import { type ChangeOutcome, type PlannedChange, SyncChangeStore } from '../store/sync-change.store.js';
import { SyncConflictStore, WHOLE_OBJECT } from '../store/sync-conflict.store.js';
import { SyncDueStore } from '../store/sync-due.store.js';
import { SyncHintStore } from '../store/sync-hint.store.js';
import { type Link, type LinkRow, SyncLinkStore } from '../store/sync-link.store.js';
import { SyncRecheckStore } from '../store/sync-recheck.store.js';
import { SyncUnlinkedStore } from '../store/sync-unlinked.store.js';
import { measureOfOurs } from './plan-sink.js';
import { LOCAL_INVENTORY, type RunContext } from './run-context.js';

/** A line and what the other system said. `unwritten`: there was nothing to write there. */
export interface Written {
  readonly change: PlannedChange;
  readonly outcome: WriteOutcome | 'unwritten';
  /** It is ours now, and no more: what the line writes and takes over is still to be done, and the line with it. */
  readonly isMarkOnly?: boolean;
  /** Fields of what was made that say other than was sent: it was there already, made by a call of which the answer was lost. */
  readonly unlike?: readonly string[];
}

/** Effects of one batch, gathered for a few statements. */
interface Batch {
  readonly links: LinkRow[];
  readonly dropped: string[];
  readonly gone: string[];
  readonly settled: ChangeOutcome[];
  /** Lines of which the mark is written, and the rest is not yet. */
  readonly marked: number[];
  readonly hinted: { readonly localId: string; readonly remoteId: string }[];
}

const GONE = 'it is gone there: it is looked at again';
const MOVED = 'somebody changed it since it was read: it is looked at again';

/** What came of a batch becomes true here in one transaction: links, what both agree on, what is taken over, the lines of the run, the audit. */
@Injectable()
export class OutcomeKeeper {
  constructor(
    private readonly links: SyncLinkStore,
    private readonly unlinked: SyncUnlinkedStore,
    private readonly changes: SyncChangeStore,
    private readonly conflicts: SyncConflictStore,
    private readonly hints: SyncHintStore,
    private readonly dues: SyncDueStore,
    private readonly rechecks: SyncRecheckStore,
    private readonly audit: AuditService,
    @Inject(LOCAL_INVENTORY) private readonly local: LocalInventory,
  ) {}

  async keep(tx: Tx, { target }: RunContext, runId: SyncRunId, kind: InventoryKind, written: readonly Written[]): Promise<void> {
    const batch: Batch = { links: [], dropped: [], gone: [], settled: [], hinted: [], marked: [] };
    const known = await this.links.byLocal(
      tx,
      target.id,
      kind,
      written.map(({ change }) => change.localId),
    );
    const links = new Map(known.map((link) => [link.localId, link]));
    for (const [localId, link] of await this.inherited(tx, target.id, kind, written)) if (!links.has(localId)) links.set(localId, link);
    for (const each of written) await this.one(tx, runId, each, links.get(each.change.localId)?.base ?? {}, batch);
    await this.keepLinks(tx, target.id, kind, batch);
    const made = written.flatMap(({ change }) => (change.action === 'CREATE' ? [change.localId] : []));
    await this.rechecks.isKnown(tx, target.id, kind, made);
    await this.hint(tx, target.id, kind, batch.hinted);
    await this.conflicts.done(tx, target.id, kind, written.flatMap(decidedIn));
    await this.changes.settle(tx, runId, batch.settled);
    await this.dues.sawMore(tx, target.id, kind, madeBy(written, batch.settled));
    await this.dues.sawMore(tx, target.id, measureOfOurs(kind), joinedBy(written, batch.links, links));
    const lines = batch.settled.flatMap(({ state, seq }) => (state === 'APPLIED' ? [seq] : []));
    const marked = batch.marked.length > 0 ? { marked: batch.marked } : {};
    if (lines.length + batch.marked.length === 0) return;
    const detail = { connector: target.slug, kind, lines, ...marked };
    await this.audit.append(tx, { tenantId: null, action: 'sync.applied', subjectKind: 'syncRun', subjectId: runId, detail });
  }

  private async keepLinks(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, { dropped, gone, links }: Batch): Promise<void> {
    await this.links.drop(tx, targetId, kind, dropped);
    await this.links.markGone(tx, targetId, kind, gone);
    await this.links.put(tx, targetId, kind, links);
    await this.unlinked.drop(
      tx,
      targetId,
      kind,
      links.map(({ remoteId }) => remoteId),
    );
  }

  /** Once at once. What comes to nothing again is looked at later each time, as what is refused is. */
  private async hint(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, hinted: Batch['hinted']): Promise<void> {
    const ids = hinted.map(({ localId }) => localId);
    const waiting = await this.rechecks.tried(tx, targetId, kind, ids);
    const news = hinted.flatMap(({ localId, remoteId }) => (waiting.has(localId) ? [] : [{ kind, remoteId }]));
    await this.hints.put(tx, targetId, news);
  }

  /** What they take over, by who does: what both had there is known of the one before. */
  private async inherited(
    tx: Tx,
    targetId: SyncTargetId,
    kind: InventoryKind,
    written: readonly Written[],
  ): Promise<readonly (readonly [string, Link])[]> {
    const heirs = new Map(
      written.flatMap(({ change }) => (change.successorOf !== null && change.remoteId !== null ? [[change.remoteId, change.localId]] : [])),
    );
    const left = heirs.size === 0 ? [] : await this.links.byRemote(tx, targetId, kind, [...heirs.keys()]);
    return left.map((link) => [heirs.get(link.remoteId) ?? link.localId, link]);
  }

  private async one(
    tx: Tx,
    runId: SyncRunId,
    { change, outcome, isMarkOnly = false, unlike = [] }: Written,
    base: Fields,
    batch: Batch,
  ): Promise<void> {
    const { seq, localId, action } = change;
    const settle = (state: ChangeOutcome['state'], error: string | null = null, remoteId: string | null = null): void =>
      void batch.settled.push({ seq, state, remoteId, error });
    const isLeaving = action === 'DEPRECATE' || action === 'DELETE';
    if (outcome !== 'unwritten' && 'stale' in outcome) {
      if (change.remoteId !== null) batch.hinted.push({ localId, remoteId: change.remoteId });
      return settle('STALE', MOVED);
    }
    if (outcome !== 'unwritten' && 'gone' in outcome && !isLeaving) {
      if (change.remoteId !== null) batch.hinted.push({ localId, remoteId: change.remoteId });
      return settle('STALE', GONE);
    }
    if (
      action === 'UNLINK' ||
      (isLeaving && outcome !== 'unwritten' && ('gone' in outcome || ('done' in outcome && outcome.done === null)))
    ) {
      batch.dropped.push(localId);
      return settle('APPLIED');
    }
    if (action === 'ACCEPT_GONE') {
      batch.gone.push(localId);
      return settle('APPLIED');
    }
    const refused = outcome !== 'unwritten' && 'refused' in outcome ? outcome.refused : null;
    const now = outcome !== 'unwritten' && 'done' in outcome ? outcome.done : null;
    if (refused !== null && (action === 'CREATE' || isLeaving || action === 'ADOPT')) return settle('REFUSED', refused);
    const place = placeOf(change, now);
    if (!place) return settle('REFUSED', 'the answer did not say what was made');
    if (isMarkOnly) {
      batch.marked.push(seq);
      // Of what is taken over it stays the link of the one before until all is written: whoever goes on here if this one dies knows what that had.
      if (change.successorOf === null)
        batch.links.push({ ...place, localId, base: agreedOn(base, change, false, false), isDeprecated: false });
      return;
    }
    const notTaken = await this.take(tx, runId, change);
    const agreed = isLeaving ? base : agreedOn(base, change, refused === null, notTaken === null, unlike);
    batch.links.push({ ...place, localId, base: agreed, isDeprecated: action === 'DEPRECATE' });
    if (unlike.length > 0) batch.hinted.push({ localId, remoteId: place.remoteId });
    const error = refused ?? notTaken;
    settle(error === null ? 'APPLIED' : 'REFUSED', error, place.remoteId);
  }

  /** @returns why not; null when it was, or there was nothing. What was half taken over is undone. */
  private async take(tx: Tx, runId: SyncRunId, { kind, localId, pull, label }: PlannedChange): Promise<string | null> {
    if (Object.keys(pull).length === 0) return null;
    await tx.run('SAVEPOINT take');
    try {
      await this.local.take(tx, kind, localId, pull);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      await tx.run('ROLLBACK TO SAVEPOINT take');
      return error.message;
    }
    await this.audit.append(tx, {
      tenantId: null,
      action: 'sync.taken_over',
      subjectKind: 'syncRun',
      subjectId: runId,
      detail: { kind, localId, label, fields: pull },
    });
    return null;
  }
}

/** How many more of ours a scan will see. */
function joinedBy(written: readonly Written[], links: readonly LinkRow[], before: ReadonlyMap<string, Link>): number {
  const relinked = new Set(written.flatMap(({ change }) => (change.action === 'RELINK' ? [change.localId] : [])));
  return links.filter(({ localId, remoteId }) => isNew(before.get(localId), remoteId, relinked.has(localId))).length;
}

/** Is it one more of ours that a scan will see? One that was linked and is in another place was missing, unless its mark was seen there: then it counted. */
function isNew(before: Link | undefined, remoteId: string, isFoundByMark: boolean): boolean {
  if (!before || before.state === 'GONE') return true;
  return before.remoteId !== remoteId && !isFoundByMark;
}

/** How many more there are now. */
function madeBy(written: readonly Written[], settled: readonly ChangeOutcome[]): number {
  const applied = new Set(settled.filter(({ state }) => state === 'APPLIED').map(({ seq }) => seq));
  const done = written.filter(({ change }) => applied.has(change.seq));
  return done.filter(({ change }) => change.action === 'CREATE').length - done.filter(({ change }) => change.action === 'DELETE').length;
}

/** Where it is there now. */
function placeOf(change: PlannedChange, now: ForeignObject | null): Pick<LinkRow, 'remoteId' | 'order' | 'version'> | undefined {
  if (now) return { remoteId: now.remoteId, order: now.order, version: now.version };
  if (change.remoteId === null || change.remoteOrder === null) return undefined;
  return { remoteId: change.remoteId, order: change.remoteOrder, version: change.remoteVersion };
}

/** What a person may have decided of it, and is done with it. */
function decidedIn({ change: { localId, after, pull }, isMarkOnly = false }: Written): { localId: string; field: string }[] {
  const effects = isMarkOnly ? [] : [...Object.keys(after), ...Object.keys(pull)];
  return [...effects, WHOLE_OBJECT].map((field) => ({ localId, field }));
}

/** A field of which one side did not do its part keeps what it had. */
function agreedOn(
  before: Fields,
  { base, after, pull }: PlannedChange,
  isPushed: boolean,
  isTaken: boolean,
  unlike: readonly string[] = [],
): Fields {
  const isOpen = (field: string): boolean =>
    (!isPushed && Object.hasOwn(after, field)) || (!isTaken && Object.hasOwn(pull, field)) || unlike.includes(field);
  const done = Object.entries(base).filter(([field]) => !isOpen(field));
  const open = Object.entries(before).filter(([field]) => isOpen(field));
  return Object.fromEntries([...done, ...open]);
}
