import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '#platform';
import type { InventoryKind } from '../inventory/kinds.js';
import type { LocalInventory, LocalObject } from '../inventory/local-inventory.js';
import type { ForeignObject, ForeignPage } from '../ports/index.js';
import { type Link, type RemotePlace, SyncLinkStore } from '../store/sync-link.store.js';
import { SyncRunStore } from '../store/sync-run.store.js';
import { SyncUnlinkedStore, type Unlinked } from '../store/sync-unlinked.store.js';
import type { Pair, Theirs } from './judge-object.js';
import { LookupPlanner } from './lookup-planner.js';
import { Progress } from './progress.js';
import { ObjectPlanner } from './object-planner.js';
import { measureOfOurs } from './plan-sink.js';
import { kindsOf, LOCAL_INVENTORY, naturalKeyOf, PAGE, planning, type RunContext, SCOPE } from './run-context.js';

/**
 * Everything, kind by kind: their pages in the order of their ids beside our links over the same stretch of ids, then ours without a link.
 * Memory is a page, and what is as it was is read and not written.
 */
@Injectable()
export class ScanPlanner {
  constructor(
    private readonly objects: ObjectPlanner,
    private readonly lookups: LookupPlanner,
    private readonly links: SyncLinkStore,
    private readonly unlinked: SyncUnlinkedStore,
    private readonly runs: SyncRunStore,
    @Inject(LOCAL_INVENTORY) private readonly local: LocalInventory,
  ) {}

  /** @throws DomainError when it is not known what is there: then nothing of the plan may be carried out. */
  async plan(context: RunContext): Promise<void> {
    const progress = new Progress(this.runs, context);
    for (const kind of kindsOf(context)) {
      await this.scan(context, kind, progress);
      await this.walk(context, kind, progress);
    }
    const { version } = await context.foreign.probe(context.signal);
    if (version !== context.capabilities.version) context.sink.doubt();
  }

  private async scan(context: RunContext, kind: InventoryKind, progress: Progress): Promise<void> {
    const { foreign, signal, held, target, sink } = context;
    const known = await held.inTransaction(SCOPE, (tx) => this.links.count(tx, target.id, kind));
    sink.expect(kind, known, { all: target.seen[kind] ?? known, ours: Math.min(target.seen[measureOfOurs(kind)] ?? known, known) });
    let [from, after, seen, total]: [RemotePlace | null, string | null, number, number] = [null, null, 0, 0];
    do {
      const page: ForeignPage = await foreign.scan(kind, after, signal);
      const to: RemotePlace | null = page.next === null ? null : (page.objects.at(-1) ?? from);
      // A page that shows nothing of ours and is not the last says nothing yet.
      if (page.objects.length > 0 || page.next === null) await this.stretch(context, kind, page.objects, from, to);
      [from, after, seen, total] = [to, page.next, seen + page.objects.length, page.total ?? total];
      await progress.tell(kind, seen, Math.max(seen, total));
    } while (after !== null);
    // Some may be gone since the first page was read; more may not be there than were shown.
    sink.saw(kind, seen, seen >= total);
  }

  private async stretch(
    context: RunContext,
    kind: InventoryKind,
    objects: readonly ForeignObject[],
    from: RemotePlace | null,
    to: RemotePlace | null,
  ): Promise<void> {
    const theirs = new Map(objects.map((object) => [object.remoteId, object]));
    const strangers = new Map(theirs);
    let at = from;
    for (let isMore = true; isMore; ) {
      const links = await planning(context, async (tx) => {
        const rows = await this.links.stretch(tx, context.target.id, kind, at, to, PAGE + 1);
        for (const { remoteId } of rows) strangers.delete(remoteId);
        await this.beside(tx, context, kind, rows, theirs);
        if (rows.length <= PAGE) await this.keepStrangers(tx, context, kind, [...strangers.values()], from, to);
        return rows;
      });
      const missing = links.filter(({ remoteId }) => !theirs.has(remoteId)).map(({ localId }) => localId);
      // Asked for by name: a page that left it out is no proof that it is gone.
      await this.lookups.plan(context, kind, { localIds: missing, remoteIds: [] }, true);
      isMore = links.length > PAGE;
      at = links.at(-1) ?? at;
    }
  }

  /** Links whose objects are on the page. */
  private async beside(
    tx: Tx,
    context: RunContext,
    kind: InventoryKind,
    links: readonly Link[],
    theirs: ReadonlyMap<string, ForeignObject>,
  ): Promise<void> {
    const there = links.flatMap((link) => {
      const object = theirs.get(link.remoteId);
      return object ? [{ link, object }] : [];
    });
    if (there.length === 0) return;
    context.sink.sawOurs(kind, there.filter(({ link }) => link.state !== 'GONE').length);
    await context.references.learn(
      tx,
      there.map(({ object }) => object.fields),
    );
    const ours = await this.oursOf(
      tx,
      kind,
      there.map(({ link }) => link.localId),
    );
    const pairs = there.map(
      ({ link, object }): Pair => ({
        ours: ours.get(link.localId) ?? null,
        link,
        theirs: { ...object, fields: context.references.toOurs(object.fields), isLinked: true },
        alike: [],
      }),
    );
    await this.objects.keep(tx, context, kind, pairs);
  }

  private async keepStrangers(
    tx: Tx,
    context: RunContext,
    kind: InventoryKind,
    objects: readonly ForeignObject[],
    from: RemotePlace | null,
    to: RemotePlace | null,
  ): Promise<void> {
    await context.references.learn(
      tx,
      objects.map(({ fields }) => fields),
    );
    const rows = objects.map((object) => ({
      ...object,
      naturalKey: naturalKeyOf(context, kind, context.references.toOurs(object.fields)),
    }));
    await this.unlinked.put(tx, context.target.id, kind, rows);
    await this.unlinked.keepOnly(
      tx,
      context.target.id,
      kind,
      from,
      to,
      objects.map(({ remoteId }) => remoteId),
    );
    context.sink.read(objects.length, objects.length, 0);
  }

  /** Ours without a link: made there, linked again by its mark, or proposed to be one of theirs. */
  private async walk(context: RunContext, kind: InventoryKind, progress: Progress): Promise<void> {
    let [after, done, isMore]: [string | null, number, boolean] = [null, 0, true];
    while (isMore) {
      const { page, asked } = await planning(context, (tx) => this.walkPage(tx, context, kind, after));
      await this.lookups.plan(context, kind, { localIds: asked, remoteIds: [] });
      [after, done, isMore] = [page.at(-1)?.id ?? after, done + page.length, page.length === PAGE];
      context.signal.throwIfAborted();
      await progress.tell(kind, done, null);
    }
  }

  private async walkPage(
    tx: Tx,
    context: RunContext,
    kind: InventoryKind,
    after: string | null,
  ): Promise<{ page: readonly LocalObject[]; asked: readonly string[] }> {
    const page = await this.local.page(tx, kind, after, PAGE);
    const ids = await this.links.withoutLink(
      tx,
      context.target.id,
      kind,
      page.map(({ id }) => id),
    );
    const free = page.filter(({ id }) => ids.has(id));
    if (free.length === 0) return { page, asked: [] };
    const pairs = await this.places(tx, context, kind, free);
    // What goes away may still be in the place of what comes: then it is asked who is there.
    const isLeaving = context.sink.leavingOf(kind) > 0 || (await this.links.isLeaving(tx, context.target.id, kind));
    const isAsked = ({ alike }: Pair): boolean => isLeaving && alike.length === 0;
    await this.objects.keep(
      tx,
      context,
      kind,
      pairs.filter((pair) => !isAsked(pair)),
    );
    return { page, asked: pairs.filter(isAsked).map(({ ours }) => ours?.id ?? '') };
  }

  private async places(tx: Tx, context: RunContext, kind: InventoryKind, ours: readonly LocalObject[]): Promise<Pair[]> {
    const keys = new Map(ours.map(({ id, fields }) => [id, naturalKeyOf(context, kind, fields)]));
    const rows = await this.unlinked.candidates(tx, context.target.id, kind, [...keys.keys()], [...new Set(keys.values())]);
    await context.references.learn(
      tx,
      rows.map(({ fields }) => fields),
    );
    const places = new Map<string, Set<Unlinked>>();
    for (const row of rows)
      for (const key of [row.mark, row.naturalKey]) if (key !== null) places.set(key, (places.get(key) ?? new Set()).add(row));
    const seen = (row: Unlinked): Theirs => ({ ...row, fields: context.references.toOurs(row.fields), isLinked: false });
    return ours.map((object): Pair => {
      const alike = new Set([...(places.get(object.id) ?? []), ...(places.get(keys.get(object.id) ?? '') ?? [])]);
      return { ours: object, link: null, theirs: null, alike: [...alike].map(seen) };
    });
  }

  private async oursOf(tx: Tx, kind: InventoryKind, ids: readonly string[]): Promise<ReadonlyMap<string, LocalObject>> {
    return new Map((await this.local.byIds(tx, kind, ids)).map((object) => [object.id, object]));
  }
}
