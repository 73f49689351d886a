import { Injectable } from '@nestjs/common';
import { canonicalJson } from '#engines/kernel';
import type { Tx } from '#platform';
import type { SyncConflict } from '../domain/sync-run.js';
import type { InventoryKind } from '../inventory/kinds.js';
import { type PlannedChange, SyncChangeStore } from '../store/sync-change.store.js';
import { type SeenConflict, SyncConflictStore, WHOLE_OBJECT } from '../store/sync-conflict.store.js';
import { SyncLinkStore } from '../store/sync-link.store.js';
import { judgeObject, type Judgement, type Pair } from './judge-object.js';
import { type RunContext, rulesOf } from './run-context.js';

/** Judges objects of one kind and keeps what comes of it: lines of the plan, conflicts, and what both agree on by themselves. */
@Injectable()
export class ObjectPlanner {
  constructor(
    private readonly links: SyncLinkStore,
    private readonly changes: SyncChangeStore,
    private readonly conflicts: SyncConflictStore,
  ) {}

  /** In the transaction that read them. @returns the lines. */
  async keep(tx: Tx, context: RunContext, kind: InventoryKind, pairs: readonly Pair[]): Promise<PlannedChange[]> {
    const { judged, open } = await this.judge(tx, context, kind, pairs);
    await this.links.rebase(
      tx,
      context.target.id,
      kind,
      judged.flatMap(({ pair, judgement }) =>
        judgement.rebase && pair.link ? [{ localId: pair.link.localId, base: judgement.rebase }] : [],
      ),
    );
    const seen = judged.flatMap(({ judgement }) => judgement.conflicts);
    await this.keepConflicts(tx, context, kind, judged, seen, open);
    context.sink.read(
      pairs.length,
      judged.filter(({ judgement }) => judgement.changes.length === 0 && judgement.conflicts.length === 0).length,
      seen.length,
    );
    const lines = await context.sink.add(
      tx,
      judged.flatMap(({ judgement }) => judgement.changes),
    );
    await this.keepPlaces(tx, context, kind, lines);
    return lines;
  }

  /** What has a successor does not go away. */
  private async keepPlaces(tx: Tx, { sink }: RunContext, kind: InventoryKind, lines: readonly PlannedChange[]): Promise<void> {
    const taken = lines.flatMap(({ successorOf, remoteId }) => (successorOf !== null && remoteId !== null ? [remoteId] : []));
    if (taken.length > 0 && sink.runId) sink.stays(kind, await this.changes.stay(tx, sink.runId, kind, taken));
  }

  /** Keeps nothing. */
  async judge(
    tx: Tx,
    context: RunContext,
    kind: InventoryKind,
    pairs: readonly Pair[],
  ): Promise<{ judged: readonly { pair: Pair; judgement: Judgement }[]; open: readonly SyncConflict[] }> {
    const { adoption, onRemoteGone } = context.target;
    const rules = { kind, rules: rulesOf(context, kind), adoption, onRemoteGone };
    const open = await this.conflicts.open(tx, context.target.id, kind, [
      ...new Set(pairs.flatMap(({ link }) => (link ? [link.localId] : []))),
    ]);
    const byObject = new Map<string, SyncConflict[]>();
    for (const conflict of open) byObject.set(conflict.localId, [...(byObject.get(conflict.localId) ?? []), conflict]);
    const judged = pairs.map((pair) => ({ pair, judgement: judgeObject(pair, rules, byObject.get(pair.link?.localId ?? '') ?? []) }));
    return { judged, open };
  }

  /** What is still in conflict stays, what is new is told, and what is not any more is over; what was decided and is about to be done waits for that. */
  private async keepConflicts(
    tx: Tx,
    { target }: RunContext,
    kind: InventoryKind,
    judged: readonly { pair: Pair; judgement: Judgement }[],
    seen: readonly SeenConflict[],
    open: readonly SyncConflict[],
  ): Promise<void> {
    const known = new Map(open.map((conflict) => [keyOf(conflict), conflict]));
    const news = seen.filter((conflict) => {
      const before = known.get(keyOf(conflict));
      return before === undefined || valuesOf(before) !== valuesOf(conflict);
    });
    if (news.length > 0) await this.conflicts.put(tx, target.id, kind, news);
    const still = new Set(seen.map(keyOf));
    const todo = new Map(judged.map(({ pair, judgement }) => [pair.link?.localId, judgement.changes]));
    const isAboutToBeDone = ({ decision, localId, field }: SyncConflict): boolean =>
      decision !== null && (todo.get(localId) ?? []).some((change) => carriesOut(change, field));
    const over = open.filter((conflict) => !still.has(keyOf(conflict)) && !isAboutToBeDone(conflict));
    await this.conflicts.close(
      tx,
      over.map(({ id }) => id),
    );
  }
}

/** A line that takes the object away says nothing of its fields: what was decided of them is nobody's to do any more. */
const carriesOut = ({ after, pull }: Pick<PlannedChange, 'after' | 'pull'>, field: string): boolean =>
  field === WHOLE_OBJECT || Object.hasOwn(after, field) || Object.hasOwn(pull, field);

const keyOf = ({ localId, field }: { localId: string; field: string }): string => `${localId} ${field}`;
const valuesOf = ({ remoteId, ours, theirs }: Pick<SeenConflict, 'remoteId' | 'ours' | 'theirs'>): string =>
  canonicalJson({ remoteId, ours, theirs });
