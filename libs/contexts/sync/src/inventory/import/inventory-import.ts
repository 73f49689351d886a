import { Injectable } from '@nestjs/common';
import { OutboxService } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { type DomainError, isDomainError } from '#engines/kernel';
import type { Tx } from '#platform';
import type { ForeignObject } from '../../ports/foreign-inventory.js';
import { ContextInventory } from '../context-inventory.js';
import { INVENTORY_KINDS, type InventoryKind } from '../kinds.js';
import { TAKEN_OVER } from '../taken-over.js';
import { attempt } from './attempt.js';
import { type ImportPass, ImportPasses } from './import-passes.js';
import { type ImportLinks, type ImportPlaces, type ImportSource, refsOf, remoteRef, type Taking } from './taking.js';

/** Something of theirs that was not taken, or not as it is there, and why. */
export interface NotTaken {
  readonly kind: InventoryKind;
  readonly remoteId: string;
  readonly label: string;
  /** Null: it was taken, without what `reason` says. */
  readonly code: string | null;
  readonly reason: string;
}

export type ImportCounts = Partial<Record<InventoryKind, { readonly taken: number; readonly known: number; readonly refused: number }>>;

export interface ImportRequest {
  readonly source: ImportSource;
  /** Those that the system has. */
  readonly kinds: ReadonlySet<InventoryKind>;
  readonly places: ImportPlaces;
  readonly links: ImportLinks;
  /** What of a page was not taken, in its transaction: nothing is dropped silently. */
  told(tx: Tx, notTaken: readonly NotTaken[]): Promise<void>;
  /** Where each page is written. */
  inTransaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Of theirs, with what it refers to and has to be known of more than its id. */
export interface ImportPage {
  /** Number of the pass. */
  readonly pass: number;
  readonly objects: readonly ForeignObject[];
  readonly beside: ReadonlyMap<string, ForeignObject>;
}

export interface PageOutcome {
  readonly kind: InventoryKind;
  known: number;
  readonly taken: Pick<NotTaken, 'kind' | 'remoteId' | 'label'>[];
  readonly notTaken: NotTaken[];
}

/**
 * Fills an empty Trame with what another system knows: tenants, VRFs, networks, prefixes and addresses, with the values that they have there, out of free
 * space before anybody else is given them. Each object is taken or refused by itself, a page is one transaction, and what is linked is not taken again:
 * so it may be run again after what was refused is put right. Devices are said by the fabric's document, and are not taken.
 */
@Injectable()
export class InventoryImport {
  constructor(
    private readonly inventory: ContextInventory,
    private readonly passes: ImportPasses,
    private readonly fabric: FabricService,
    private readonly outbox: OutboxService,
  ) {}

  /** @throws DomainError of the other system (what was taken so far stays, and is known the next time). */
  async adoptFrom(request: ImportRequest, signal: AbortSignal): Promise<ImportCounts> {
    const sums = new ImportSums();
    for await (const page of this.pages(request.source, request.kinds, signal)) {
      const outcome = await request.inTransaction(async (tx) => {
        const done = await this.take(tx, page, request);
        if (done.notTaken.length > 0) await request.told(tx, done.notTaken);
        if (done.taken.length > 0) await this.changed(tx, request.places);
        return done;
      });
      sums.add(outcome);
    }
    return sums.counts;
  }

  /** All there is to be taken, in the order of what refers to what. */
  async *pages(source: ImportSource, kinds: ReadonlySet<InventoryKind>, signal: AbortSignal): AsyncGenerator<ImportPage> {
    for (const [at, pass] of this.passes.inOrder.entries()) {
      if (!kinds.has(pass.kind)) continue;
      for (let after: string | null = null; ; ) {
        const page = await source.scan(pass.kind, after, signal);
        const objects = page.objects.filter((object) => pass.isOf?.(object) ?? true);
        yield { pass: at, objects, beside: await readBeside(source, pass, objects, signal) };
        if (page.next === null) break;
        after = page.next;
      }
    }
  }

  /** Each object of a page, as far as it can be taken. */
  async take(
    tx: Tx,
    { pass: at, objects, beside }: ImportPage,
    { places, links }: Pick<ImportRequest, 'places' | 'links'>,
  ): Promise<PageOutcome> {
    const pass = this.passes.inOrder[at];
    if (!pass) throw new Error(`there is no pass ${at}`);
    const outcome: PageOutcome = { kind: pass.kind, taken: [], known: 0, notTaken: [] };
    const linked = await linkedAmong(tx, links, [...objects, ...beside.values()]);
    const known = await links.known(
      tx,
      pass.kind,
      objects.map(({ remoteId }) => remoteId),
    );
    for (const object of objects) {
      if (known.has(object.remoteId)) {
        outcome.known++;
        continue;
      }
      const notes: string[] = [];
      const taking: Taking = { tx, places, object, linked, beside, note: (reason) => notes.push(reason) };
      const refused = await this.takeOne(taking, pass, links);
      const told = { kind: pass.kind, remoteId: object.remoteId, label: object.label };
      if (refused) outcome.notTaken.push({ ...told, code: refused.code, reason: refused.message });
      else {
        outcome.taken.push(told);
        outcome.notTaken.push(...notes.map((reason) => ({ ...told, code: null, reason })));
      }
    }
    return outcome;
  }

  /** @returns why it was refused. */
  private async takeOne(taking: Taking, pass: ImportPass, links: ImportLinks): Promise<DomainError | undefined> {
    const { tx, object } = taking;
    const answer = await attempt(tx, async () => {
      const id = await pass.take(taking);
      if (isDomainError(id)) return id;
      const description = object.fields['description'] ?? null;
      if (description !== null && TAKEN_OVER[pass.kind]?.includes('description') === true)
        await this.inventory.take(tx, pass.kind, id, { description });
      await links.link(tx, pass.kind, id, object);
      const vlan = pass.kind === 'l2vpnTermination' ? taking.beside.get(`vlan ${remoteRef(object.fields['vlan'])}`) : undefined;
      if (vlan) await links.link(tx, 'vlan', id, vlan);
      return id;
    });
    return isDomainError(answer) ? answer : undefined;
  }

  private async changed(tx: Tx, { fabricId }: ImportPlaces): Promise<void> {
    await this.fabric.raiseRevision(tx, fabricId);
    await this.outbox.append(tx, 'fabric.changed', fabricId);
    await this.outbox.append(tx, 'sync.wanted', fabricId);
  }
}

/** Of all pages so far. */
export class ImportSums {
  readonly counts: Partial<Record<InventoryKind, { taken: number; known: number; refused: number }>> = {};

  add({ kind, taken, known, notTaken }: PageOutcome): void {
    const sum = (this.counts[kind] ??= { taken: 0, known: 0, refused: 0 });
    sum.taken += taken.length;
    sum.known += known;
    sum.refused += notTaken.filter(({ code }) => code !== null).length;
  }
}

/** What a page refers to and has to know more of than its id. */
async function readBeside(
  source: ImportSource,
  { beside = [] }: ImportPass,
  objects: readonly ForeignObject[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ForeignObject>> {
  const read = new Map<string, ForeignObject>();
  for (const kind of new Set(beside.map((each) => each.kind))) {
    const fields = beside.filter((each) => each.kind === kind).map(({ field }) => field);
    const values = objects.flatMap((object) => fields.flatMap((field) => object.fields[field] ?? []));
    const ids = [...new Set(values.flatMap((value) => remoteRef(value as Parameters<typeof remoteRef>[0]) ?? []))];
    if (ids.length === 0) continue;
    for (const object of await source.get(kind, ids, signal)) read.set(`${kind} ${object.remoteId}`, object);
  }
  return read;
}

async function linkedAmong(tx: Tx, links: ImportLinks, objects: readonly ForeignObject[]): Promise<ReadonlyMap<string, string>> {
  const linked = new Map<string, string>();
  const refs = objects.flatMap(refsOf);
  for (const kind of INVENTORY_KINDS) {
    const ids = [...new Set(refs.filter((ref) => ref.kind === kind && ref.id.startsWith('~')).map((ref) => ref.id.slice(1)))];
    if (ids.length === 0) continue;
    for (const [remoteId, localId] of await links.known(tx, kind, ids)) linked.set(`${kind} ${remoteId}`, localId);
  }
  return linked;
}
