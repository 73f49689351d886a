import { Inject, Injectable } from '@nestjs/common';
import type { Fields } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { LocalInventory, LocalObject } from '../inventory/local-inventory.js';
import { type InventoryKind, NATURAL_KEY } from '../inventory/kinds.js';
import type { ForeignObject } from '../ports/index.js';
import type { PlannedChange } from '../store/sync-change.store.js';
import { type Link, SyncLinkStore } from '../store/sync-link.store.js';
import { SyncRecheckStore } from '../store/sync-recheck.store.js';
import { SyncUnlinkedStore } from '../store/sync-unlinked.store.js';
import type { Pair, Theirs } from './judge-object.js';
import { ObjectPlanner } from './object-planner.js';
import { BATCH, inBatches, LOCAL_INVENTORY, naturalKeyOf, pick, planning, type RunContext, SCOPE } from './run-context.js';

/** What is to be looked at again: ours, theirs, or both. */
export interface Suspects {
  readonly localIds: readonly string[];
  readonly remoteIds: readonly string[];
}

export interface SeenAgain {
  /** More than one where a person has to choose. */
  readonly changes: readonly Omit<PlannedChange, 'seq'>[];
  readonly isOpen: boolean;
}

/** What was found there by asking for it. */
interface Finds {
  readonly links: readonly Link[];
  readonly theirs: ReadonlyMap<string, ForeignObject>;
  readonly ours: ReadonlyMap<string, LocalObject>;
  /** By id of ours. */
  readonly alike: ReadonlyMap<string, readonly ForeignObject[]>;
  /** Ids of theirs that are not there, of which the system could prove that they were deleted, and does not. */
  readonly unproven: ReadonlySet<string>;
}

/** Some objects, found by asking for each of them: what the journal and hints name, and what a scan misses. */
@Injectable()
export class LookupPlanner {
  constructor(
    private readonly objects: ObjectPlanner,
    private readonly links: SyncLinkStore,
    private readonly unlinked: SyncUnlinkedStore,
    private readonly rechecks: SyncRecheckStore,
    @Inject(LOCAL_INVENTORY) private readonly local: LocalInventory,
  ) {}

  /** @param isScanned what is found counts as seen by a scan: it was met in another place. @returns the lines that were added to the plan. */
  async plan(context: RunContext, kind: InventoryKind, suspects: Suspects, isScanned = false): Promise<PlannedChange[]> {
    const lines: PlannedChange[] = [];
    const known = new Set<string>();
    for (const batch of batchesOf(suspects)) lines.push(...(await this.planBatch(context, kind, batch, known, () => true, isScanned)));
    return lines;
  }

  /**
   * The same of what is seen there. Something of ours that is not shown may be gone, or hidden since somebody took a permission from us: made again
   * it would be there twice. Only a complete scan, with its brakes, tells; where one has said it already, another one says nothing new.
   * @param known ids of ours that were judged already; gets those that are now.
   * @returns those that were not judged, of which it is not known yet.
   */
  async planSeen(context: RunContext, kind: InventoryKind, suspects: Suspects, known = new Set<string>()): Promise<readonly string[]> {
    const unseen = new Set<string>();
    const isSeen = ({ link, theirs, alike }: Pair): boolean => {
      if (link === null || theirs !== null || alike.length > 0) return true;
      if (link.state !== 'GONE') unseen.add(link.localId);
      return false;
    };
    for (const batch of batchesOf(suspects)) await this.planBatch(context, kind, batch, known, isSeen);
    if (unseen.size === 0) return [];
    const asked = await context.held.inTransaction(SCOPE, (tx) => this.links.asked(tx, context.target.id, kind, [...unseen]));
    return [...unseen].filter((localId) => !asked.has(localId));
  }

  /** The lines that each of these would be now, and whether something of it is in conflict; keeps nothing. */
  async again(context: RunContext, kind: InventoryKind, localIds: readonly string[]): Promise<ReadonlyMap<string, SeenAgain>> {
    const finds = await this.find(context, kind, { localIds, remoteIds: [] });
    return context.held.inTransaction(SCOPE, async (tx) => {
      const pairs = await this.pairs(tx, context, kind, localIds, finds);
      const { judged } = await this.objects.judge(tx, context, kind, pairs);
      return new Map(judged.map(({ pair, judgement: { changes, conflicts } }) => [idOf(pair), { changes, isOpen: conflicts.length > 0 }]));
    });
  }

  /** @param known one may be named twice, as ours by the journal and as theirs by a hint: it is judged once. */
  private async planBatch(
    context: RunContext,
    kind: InventoryKind,
    suspects: Suspects,
    known: Set<string>,
    isJudged: (pair: Pair) => boolean,
    isScanned = false,
  ): Promise<PlannedChange[]> {
    const found = await this.find(context, kind, suspects);
    // Nothing but a complete scan makes anything a second time.
    const finds = isScanned ? { ...found, unproven: await this.unproven(context, kind, found) } : found;
    let judged: string[] = [];
    const lines = await planning(context, async (tx) => {
      const linked = new Set(finds.links.map(({ remoteId }) => remoteId));
      const strangers = suspects.remoteIds.filter((id) => !linked.has(id));
      const localIds = [...new Set([...suspects.localIds, ...finds.links.map(({ localId }) => localId)])];
      const pairs = (await this.pairs(tx, context, kind, localIds, finds)).filter((pair) => !known.has(idOf(pair)) && isJudged(pair));
      judged = pairs.map(idOf);
      if (isScanned) context.sink.sawOurs(kind, pairs.filter(isSeenOurs).length);
      // Theirs without a link is kept for the next complete run, unless it carries the mark of an object of ours: that one is looked at now.
      const seen = strangers.flatMap((id) => finds.theirs.get(id) ?? []);
      await context.references.learn(
        tx,
        seen.map(({ fields }) => fields),
      );
      await this.unlinked.put(
        tx,
        context.target.id,
        kind,
        seen.map((object) => ({ ...object, naturalKey: naturalKeyOf(context, kind, context.references.toOurs(object.fields)) })),
      );
      await this.unlinked.drop(tx, context.target.id, kind, [...strangers.filter((id) => !finds.theirs.has(id)), ...linked]);
      return this.objects.keep(tx, context, kind, pairs);
    });
    for (const id of judged) known.add(id);
    return lines;
  }

  private async find(context: RunContext, kind: InventoryKind, { localIds, remoteIds }: Suspects): Promise<Finds> {
    const { foreign, signal, held, target } = context;
    const first = await held.inTransaction(SCOPE, async (tx) => [
      ...(await this.links.byLocal(tx, target.id, kind, localIds)),
      ...(await this.links.byRemote(tx, target.id, kind, remoteIds)),
    ]);
    const asked = [...new Set([...first.map(({ remoteId }) => remoteId), ...remoteIds])];
    const theirs = new Map((await this.get(context, kind, asked)).map((object) => [object.remoteId, object]));
    const marked = [...theirs.values()].flatMap(({ mark }) => mark ?? []);
    for (const object of await this.originals(context, kind, first, marked)) theirs.set(object.remoteId, object);
    const wanted = [...new Set([...localIds, ...first.map(({ localId }) => localId), ...marked])];
    const { links, ours, keys } = await held.inTransaction(SCOPE, async (tx) => {
      const found = new Map((await this.local.byIds(tx, kind, wanted)).map((object) => [object.id, object]));
      const linksNow = unique(first, await this.links.byLocal(tx, target.id, kind, [...found.keys()]));
      const placed = new Set(linksNow.filter(({ remoteId }) => theirs.has(remoteId)).map(({ localId }) => localId));
      const placeless = [...found.values()].filter(({ id }) => !placed.has(id));
      return { links: linksNow, ours: found, keys: await this.keysOf(tx, context, kind, placeless) };
    });
    const alike = new Map<string, ForeignObject[]>();
    for (const batch of inBatches([...keys], BATCH)) {
      const marks = batch.map(([id]) => id);
      for (const object of await foreign.findMarked(kind, marks, signal)) if (object.mark !== null) add(alike, object.mark, object);
      const places = batch.flatMap(([id, key]) => (key ? [{ id, key }] : []));
      const there =
        places.length === 0
          ? []
          : await foreign.findAlike(
              kind,
              places.map(({ key }) => key),
              signal,
            );
      for (const object of there)
        for (const { id, key } of places)
          if (naturalKeyOf(context, kind, object.fields) === naturalKeyOf(context, kind, key)) add(alike, id, object);
    }
    return { links, ours, theirs, alike, unproven: new Set() };
  }

  /** A mark may be on a copy that somebody made: what is kept for the object of ours that it names is read, too, and where that is as it was it stays ours. */
  private async originals(
    context: RunContext,
    kind: InventoryKind,
    known: readonly Link[],
    marks: readonly string[],
  ): Promise<ForeignObject[]> {
    const ids = new Set(known.map(({ localId }) => localId));
    const strange = marks.filter((mark) => !ids.has(mark));
    if (strange.length === 0) return [];
    const links = await context.held.inTransaction(SCOPE, (tx) => this.links.byLocal(tx, context.target.id, kind, strange));
    return this.get(
      context,
      kind,
      links.map(({ remoteId }) => remoteId),
    );
  }

  /** What a person said of it already holds: it is not asked a second time, because an answer was lost. */
  private async unproven(context: RunContext, kind: InventoryKind, finds: Finds): Promise<ReadonlySet<string>> {
    const { foreign, signal, held, target } = context;
    const { links, ours, theirs, alike } = finds;
    const isMissing = ({ localId, remoteId, state }: Link): boolean =>
      state !== 'GONE' && !theirs.has(remoteId) && ours.has(localId) && !alike.has(localId);
    const unproven = new Set<string>();
    if (!foreign.provenGone) return unproven;
    const gone = links.filter(isMissing);
    const ids = gone.map(({ localId }) => localId);
    const meant = await held.inTransaction(SCOPE, (tx) => this.rechecks.meant(tx, target.id, kind, ids));
    const missing = gone.filter(({ localId }) => !meant.has(localId)).map(({ remoteId }) => remoteId);
    for (const batch of inBatches(missing, BATCH)) {
      const proven = await foreign.provenGone(kind, batch, signal);
      for (const id of batch) if (!proven.has(id)) unproven.add(id);
    }
    return unproven;
  }

  /** In ids of theirs; null where something it refers to is not there yet, so that it cannot be there either. */
  private async keysOf(
    tx: Tx,
    context: RunContext,
    kind: InventoryKind,
    objects: readonly LocalObject[],
  ): Promise<Map<string, Fields | null>> {
    const known = NATURAL_KEY[kind].filter((field) => context.capabilities.kinds.get(kind)?.includes(field));
    const keys = await context.references.toTheirs(
      tx,
      objects.map(({ fields }) => pick(fields, known)),
      context.sink.runId,
    );
    return new Map(objects.map(({ id }, at) => [id, keys[at]?.missing === null ? keys[at].fields : null]));
  }

  private async get({ foreign, signal }: RunContext, kind: InventoryKind, remoteIds: readonly string[]): Promise<ForeignObject[]> {
    const found: ForeignObject[] = [];
    for (const batch of inBatches(remoteIds, BATCH)) found.push(...(await foreign.get(kind, batch, signal)));
    return found;
  }

  private async pairs(tx: Tx, context: RunContext, kind: InventoryKind, localIds: readonly string[], finds: Finds): Promise<Pair[]> {
    const { links, theirs, ours, alike, unproven } = finds;
    const others = [...alike.values()].flat();
    await context.references.learn(
      tx,
      [...theirs.values(), ...others].map(({ fields }) => fields),
    );
    const elsewhere = await this.links.byRemote(tx, context.target.id, kind, [...new Set(others.map(({ remoteId }) => remoteId))]);
    const taken = new Map([...links, ...elsewhere].map((link) => [link.remoteId, link]));
    const holders = await this.local.byIds(tx, kind, [...new Set(elsewhere.map(({ localId }) => localId))]);
    const kept = new Set(holders.map(({ id }) => id));
    const seen = (object: ForeignObject, localId: string): Theirs => {
      const holder = taken.get(object.remoteId);
      const isGone = holder !== undefined && !kept.has(holder.localId) && !ours.has(holder.localId);
      // With the mark of the new one already: it was being taken over, and whoever did that died.
      const isLeft = isGone && (object.mark === holder.localId || object.mark === localId);
      const fields = context.references.toOurs(object.fields);
      return { ...object, fields, isLinked: holder !== undefined, ...(isLeft ? { isLeft, left: holder } : {}) };
    };
    const byLocal = new Map(links.map((link) => [link.localId, link]));
    const marked = [...theirs.values()].flatMap(({ mark }) => (mark !== null && ours.has(mark) ? [mark] : []));
    return [...new Set([...localIds, ...marked])].flatMap((localId) => {
      const link = byLocal.get(localId) ?? null;
      const mine = ours.get(localId) ?? null;
      const there = link ? theirs.get(link.remoteId) : undefined;
      if (!link && !mine) return [];
      const places = {
        theirs: there ? seen(there, localId) : null,
        alike: (alike.get(localId) ?? []).map((object) => seen(object, localId)),
      };
      return [{ ours: mine, link, ...places, isGoneUnproven: link !== null && unproven.has(link.remoteId) }];
    });
  }
}

function* batchesOf({ localIds, remoteIds }: Suspects): Iterable<Suspects> {
  for (const batch of inBatches(localIds, BATCH)) yield { localIds: batch, remoteIds: [] };
  for (const batch of inBatches(remoteIds, BATCH)) yield { localIds: [], remoteIds: batch };
}

const idOf = ({ ours, link }: Pair): string => ours?.id ?? link?.localId ?? '';

/** Where it was, or under another id, with its mark. */
const isSeenOurs = ({ link, theirs, alike }: Pair): boolean =>
  link !== null && link.state !== 'GONE' && (theirs !== null || alike.some(({ mark, isLinked }) => mark === link.localId && !isLinked));

const unique = (links: readonly Link[], others: readonly Link[]): Link[] => [
  ...new Map([...links, ...others].map((link) => [link.localId, link])).values(),
];

function add(to: Map<string, ForeignObject[]>, id: string, object: ForeignObject): void {
  const known = to.get(id) ?? [];
  if (!known.some(({ remoteId }) => remoteId === object.remoteId)) to.set(id, [...known, object]);
}
