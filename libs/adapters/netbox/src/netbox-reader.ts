import type { ForeignPage, ForeignObject } from '#contexts/sync/ports';
import { canonicalJson, invalidValue } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import type { AlikeQuery } from './alike.js';
import { chunks, PAGE_SIZE } from './chunks.js';
import { decodeFields, labelOf } from './kinds.js';
import type { NetBoxClient, NetBoxQuery } from './netbox-client.js';
import { isNetBoxError, NetBoxError } from './netbox-error.js';
import { type Page, readPage } from './page.js';
import type { PageSizes } from './page-sizes.js';
import type { KnownKind } from './probe.js';
import { BASE_COLUMNS, MARK_FIELD, markOf, type Row } from './row.js';
import { z } from 'zod';

/** Reads of one NetBox, whose release and kinds are known. */
export class NetBoxReader {
  constructor(
    private readonly client: NetBoxClient,
    private readonly hasCursor: boolean,
    private readonly sizes: PageSizes,
  ) {}

  /** @param after `<id>:<read>:<of all>`: where to go on, and what the pages before came to. */
  async scan(kind: KnownKind, after: string | null, signal: AbortSignal): Promise<ForeignPage> {
    const { from, seen, total } = parseCursor(after);
    const page = await this.page(kind, [], from, columnsOf(kind), signal);
    const seenNow = seen + page.rows.length;
    const all = after === null ? page.count : total;
    const isShort = page.isLast && all !== null && seenNow < all;
    if (isShort) await this.recount(kind, seenNow, signal);
    const last = page.rows.at(-1);
    const next = page.isLast || !last ? null : `${last.id + 1}:${seenNow}:${all ?? ''}`;
    return { objects: page.rows.map((row) => toObject(kind, row)), next, total: isShort ? seenNow : all };
  }

  /** With their tags. */
  rows(kind: KnownKind, ids: readonly number[], signal: AbortSignal): Promise<Row[]> {
    const asked = new Set(ids);
    return this.some(kind, 'id', ids.map(String), [], (row) => asked.has(row.id), signal);
  }

  /** With their tags, in ascending order of ids. */
  async marked(kind: KnownKind, marks: readonly string[], signal: AbortSignal): Promise<Row[]> {
    // Without the field nothing can carry a mark, and NetBox would ignore the filter.
    if (!kind.isMarkable) return [];
    const asked = new Set(marks);
    return this.some(kind, `cf_${MARK_FIELD}`, marks, [], (row) => asked.has(markOf(row) ?? ''), signal);
  }

  async alike(kind: KnownKind, alike: readonly Fields[], signal: AbortSignal): Promise<Row[]> {
    const { key, query } = kind.codec.alike;
    const keyOf = (fields: Fields): string => canonicalJson(key.map((field) => fields[field] ?? null));
    const wanted = new Set(alike.map(keyOf));
    const isWanted = (row: Row): boolean => wanted.has(keyOf(decodeFields(kind.codec, key, row)));
    const found = new Map<number, Row>();
    for (const { scope, filter, values } of together(alike.flatMap((fields) => query(fields) ?? []))) {
      const rows = await this.unlessGone(values, (some) => this.some(kind, filter, some, scope, isWanted, signal));
      for (const row of rows) found.set(row.id, row);
    }
    return [...found.values()].sort((a, b) => a.id - b.id);
  }

  /** One page, of fewer objects where more are above what is taken in one answer. @throws NetBoxError. */
  async asManyAsCome(path: string, query: NetBoxQuery, signal: AbortSignal): Promise<unknown> {
    for (;;) {
      try {
        const { json } = await this.client.get(path, [...query, ['limit', String(this.sizes.of(path))]], signal);
        this.sizes.grow(path);
        return json;
      } catch (error) {
        if (!isNetBoxError(error, 'NETBOX_TOO_LARGE') || !this.sizes.halve(path)) throw error;
      }
    }
  }

  /** A filter by the id of an object that is not there (any more) is refused, with the whole question: nothing is like that. */
  private async unlessGone(values: readonly string[], ask: (some: readonly string[]) => Promise<Row[]>): Promise<Row[]> {
    try {
      return await ask(values);
    } catch (error) {
      if (!isNetBoxError(error, 'NETBOX_REFUSED') || !/select a valid choice/i.test(error.facts.words)) throw error;
      if (values.length === 1) return [];
      const half = Math.ceil(values.length / 2);
      return [...(await this.unlessGone(values.slice(0, half), ask)), ...(await this.unlessGone(values.slice(half), ask))];
    }
  }

  private async some(
    kind: KnownKind,
    filter: string,
    values: readonly string[],
    scope: NetBoxQuery,
    isWanted: (row: Row) => boolean,
    signal: AbortSignal,
  ): Promise<Row[]> {
    const found = new Map<number, Row>();
    for (const chunk of chunks([...new Set(values)], filter.length)) {
      const query: NetBoxQuery = [...scope, ...asOr(filter, chunk), ['fields', [...columnsOf(kind), 'tags'].join(',')]];
      let unwanted = 0;
      for await (const page of this.pages(kind.codec.path, query, signal)) {
        const wanted = page.rows.filter(isWanted);
        unwanted = wanted.length === 0 ? unwanted + page.rows.length : 0;
        // A filter that NetBox does not know is ignored: reading all of it would be no answer to the question. Pages may be of a single row.
        if (unwanted >= PAGE_SIZE && !page.isLast) throw ignored(kind.codec.path, filter);
        for (const row of wanted) found.set(row.id, row);
      }
    }
    return [...found.values()].sort((a, b) => a.id - b.id);
  }

  private async *pages(path: string, query: NetBoxQuery, signal: AbortSignal): AsyncGenerator<Page> {
    for (let from = 1; ; ) {
      const page = await this.ask(path, query, from, signal);
      yield page;
      const last = page.rows.at(-1);
      if (page.isLast || !last) return;
      from = last.id + 1;
    }
  }

  private page(kind: KnownKind, query: NetBoxQuery, from: number, columns: readonly string[], signal: AbortSignal): Promise<Page> {
    return this.ask(kind.codec.path, [...query, ['fields', columns.join(',')]], from, signal);
  }

  private async ask(path: string, query: NetBoxQuery, from: number, signal: AbortSignal): Promise<Page> {
    // The first page counts all; those after it need not, where NetBox can go on without.
    const isCursor = this.hasCursor && from > 1;
    const position: NetBoxQuery = isCursor
      ? [['start', String(from)]]
      : [['ordering', 'id'], ...(from > 1 ? [['id__gt', String(from - 1)] as const] : [])];
    const json = await this.asManyAsCome(path, [...query, ...position], signal);
    return readPage(json, from, `GET /api/${path}/`);
  }

  /** Fewer were read than there were at the beginning. Some may have been deleted meanwhile; if not, pages were lost. */
  private async recount(kind: KnownKind, seen: number, signal: AbortSignal): Promise<void> {
    const { path } = kind.codec;
    const { json } = await this.client.get(
      path,
      [
        ['limit', '1'],
        ['ordering', 'id'],
        ['fields', 'id'],
      ],
      signal,
    );
    const count = z.object({ count: z.int() }).safeParse(json).data?.count;
    if (count !== undefined && count <= seen) return;
    const words = `${seen} objects were read and ${count ?? 'an unknown number'} are there`;
    throw new NetBoxError('NETBOX_INCOMPLETE', { call: `GET /api/${path}/`, words, retriable: true });
  }
}

export function toObject(kind: KnownKind, row: Row): ForeignObject {
  return {
    remoteId: String(row.id),
    order: row.id,
    version: row.last_updated,
    mark: markOf(row),
    fields: decodeFields(kind.codec, kind.fields, row),
    label: labelOf(kind.codec, row),
  };
}

function columnsOf({ codec, fields }: KnownKind): string[] {
  const columns = fields.flatMap((field) => codec.fields[field]?.columns ?? []);
  return [...new Set([...BASE_COLUMNS, ...columns, ...(codec.within ? [codec.within.column] : [])])];
}

function parseCursor(after: string | null): { from: number; seen: number; total: number | null } {
  if (after === null) return { from: 1, seen: 0, total: null };
  const [, from, seen, total] = /^([1-9]\d*):(\d+):(\d*)$/.exec(after) ?? [];
  if (from === undefined) throw invalidValue('cursor', after, 'what the page before gave as next');
  return { from: Number(from), seen: Number(seen), total: total ? Number(total) : null };
}

const asOr = (filter: string, values: readonly string[]): NetBoxQuery => values.map((value) => [filter, value] as const);

function together(queries: readonly AlikeQuery[]): { scope: NetBoxQuery; filter: string; values: string[] }[] {
  const groups = new Map<string, { scope: NetBoxQuery; filter: string; values: string[] }>();
  for (const { scope, filter, value } of queries) {
    const key = canonicalJson([scope, filter]);
    const group = groups.get(key) ?? { scope, filter, values: [] };
    group.values.push(value);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function ignored(path: string, filter: string): NetBoxError {
  const words = `the filter ${filter} was ignored: none of what came back was asked for`;
  return new NetBoxError('NETBOX_UNEXPECTED_ANSWER', { call: `GET /api/${path}/`, words, retriable: false });
}
