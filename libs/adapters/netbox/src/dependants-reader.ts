/** Asks a NetBox what would be lost with an object: see `dependants.ts`. */
import { z } from 'zod';
import type { InventoryKind } from '#contexts/sync/ports';
import { chunks, PAGE_SIZE } from './chunks.js';
import { type Counted, DEPENDANTS, type Naming } from './dependants.js';
import type { NetBoxQuery } from './netbox-client.js';
import { isNetBoxError } from './netbox-error.js';
import type { NetBoxReader } from './netbox-reader.js';
import { MARK_FIELD, otherShape } from './row.js';

/** An object that is to go. */
export interface Doomed {
  readonly id: number;
  /** As people call it: of an address, the address. */
  readonly display: string;
}

const pageShape = z.looseObject({ next: z.string().nullable(), results: z.array(z.looseObject({ id: z.int().positive() })) });
type Found = z.infer<typeof pageShape>['results'][number];

/** NetBox did not say, and asking again is of no use: not seen is not the same as not there. */
class Unknown extends Error {}

/** Asks for what would go or change with objects of one kind. */
export class DependantsReader {
  constructor(
    private readonly reader: Pick<NetBoxReader, 'asManyAsCome'>,
    private readonly signal: AbortSignal,
  ) {}

  /** @returns why an object is not deleted, by its id; absent: nothing of others hangs on it. @throws NetBoxError where it cannot be asked now. */
  async holding(kind: InventoryKind, path: string, doomed: readonly Doomed[]): Promise<ReadonlyMap<number, string>> {
    const { naming = [], counted = [] } = DEPENDANTS[kind] ?? {};
    const held = new Map<number, string[]>();
    const unknown = new Map<number, string>();
    const ask = async (
      some: readonly Doomed[],
      question: (ids: readonly number[]) => Promise<ReadonlyMap<number, string>>,
    ): Promise<void> => {
      const ids = some.map(({ id }) => id).filter((id) => !unknown.has(id));
      if (ids.length === 0) return;
      try {
        for (const [id, words] of await question(ids)) held.set(id, [...(held.get(id) ?? []), words]);
      } catch (error) {
        if (!(error instanceof Unknown)) throw error;
        for (const id of ids) unknown.set(id, error.message);
      }
    };
    if (counted.length > 0) await ask(doomed, (ids) => this.count(path, counted, ids));
    for (const rule of naming) {
      const some = doomed.filter(({ display }) => rule.family === undefined || rule.family === (display.includes(':') ? 6 : 4));
      await ask(some, (ids) => this.named(rule, ids));
    }
    const refusals = new Map<number, string>();
    for (const [id, why] of unknown) refusals.set(id, `it is not deleted, for it cannot be told whether others depend on it: ${why}`);
    for (const [id, words] of held)
      refusals.set(id, `others depend on it, and NetBox would change or delete them with it: ${words.join(', ')}`);
    return refusals;
  }

  /** What the objects say of themselves. */
  private async count(path: string, rules: readonly Counted[], ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const found = new Map<number, string>();
    for (const some of chunks(ids.map(String), 'id'.length)) {
      const { rows } = await this.page(path, 'id', some, ['id', ...rules.map(({ column }) => column)]);
      for (const row of rows) {
        const words = rules.flatMap(({ column, what }) => {
          const size = sizeOf(row[column]);
          if (size === null) throw new Unknown(`GET /api/${path}/ does not say ${column}`);
          return size === 0 ? [] : [`${size} × ${what}`];
        });
        if (words.length > 0 && ids.includes(row.id)) found.set(row.id, words.join(', '));
      }
    }
    return found;
  }

  private async named(rule: Naming, ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const asked = rule.takesOne ? ids.map((id) => [String(id)]) : chunks(ids.map(String), rule.filter.length);
    const found = new Map<number, string>();
    for (const some of asked) for (const [id, words] of await this.namedBy(rule, some)) found.set(id, words);
    return found;
  }

  private async namedBy(rule: Naming, ids: readonly string[]): Promise<ReadonlyMap<number, string>> {
    const halves = async (): Promise<ReadonlyMap<number, string>> => {
      const half = Math.ceil(ids.length / 2);
      return new Map([...(await this.namedBy(rule, ids.slice(0, half))), ...(await this.namedBy(rule, ids.slice(half)))]);
    };
    const { rows, isAll, isGone } = await this.page(
      rule.path,
      rule.filter,
      ids,
      ['id', ...rule.columns.map((column) => column.split('.')[0] ?? ''), ...(rule.mayBeLeaving ? LEAVING_COLUMNS : [])],
      rule.scope,
    );
    if ((isGone || !isAll) && ids.length > 1) return halves();
    const asked = new Set(ids.map(Number));
    const dependants = new Map<number, Set<number>>();
    for (const row of rows) {
      const mine = rule.columns.flatMap((column) => idsIn(row, column)).filter((id) => asked.has(id));
      // NetBox ignores a filter that it does not know, and answers with everything.
      if (mine.length === 0) throw new Unknown(`GET /api/${rule.path}/ ignored the filter ${rule.filter}`);
      if (rule.mayBeLeaving && isLeaving(row)) continue;
      // A row may come more than once: the filter by VLAN joins those of the interface.
      for (const id of mine) dependants.set(id, (dependants.get(id) ?? new Set()).add(row.id));
    }
    return new Map([...dependants].map(([id, { size }]) => [id, `${isAll ? '' : 'at least '}${size} × ${rule.what}`]));
  }

  /** A thousand rows at most, in pages as large as are taken. */
  private async page(
    path: string,
    filter: string,
    ids: readonly string[],
    fields: readonly string[],
    scope: NetBoxQuery = [],
  ): Promise<{ rows: readonly Found[]; isAll: boolean; isGone: boolean }> {
    const call = `GET /api/${path}/`;
    const query: NetBoxQuery = [...scope, ...ids.map((id) => [filter, id] as const), ['fields', fields.join(',')], ['ordering', 'id']];
    const rows: Found[] = [];
    try {
      for (let last = 0; ; ) {
        const from: NetBoxQuery = last === 0 ? [] : [['id__gt', String(last)]];
        const parsed = pageShape.safeParse(await this.reader.asManyAsCome(path, [...query, ...from], this.signal));
        if (!parsed.success) throw otherShape(call, parsed.error.issues[0]?.path.join('.') || 'the page');
        const { results, next } = parsed.data;
        rows.push(...results.map((row) => only(fields, row)));
        if (next === null || rows.length >= PAGE_SIZE) return { rows, isAll: next === null, isGone: false };
        const end = results.at(-1)?.id ?? 0;
        if (end <= last) throw new Unknown(`${call} ignored the filter id__gt`);
        last = end;
      }
    } catch (error) {
      // One of them is not there any more, so nothing names it.
      if (isNetBoxError(error, 'NETBOX_REFUSED') && /select a valid choice/i.test(error.facts.words))
        return { rows: [], isAll: true, isGone: true };
      if (isNetBoxError(error, 'NETBOX_FORBIDDEN', 'NETBOX_MISSING', 'NETBOX_REFUSED'))
        throw new Unknown(`${call} says ${error.facts.words}`);
      throw error;
    }
  }
}

const LEAVING_COLUMNS = ['status', 'custom_fields'];
const leavingShape = z.looseObject({
  status: z.looseObject({ value: z.literal('decommissioning') }),
  custom_fields: z.looseObject({ [MARK_FIELD]: z.string().min(1) }),
});
const isLeaving = (row: Found): boolean => leavingShape.safeParse(row).success;

/** Of what was asked for: in the custom fields of others may stand as much as they like, and a thousand rows are kept. */
function only(fields: readonly string[], row: Found): Found {
  const asked = Object.fromEntries(fields.map((field) => [field, row[field]]));
  const { [MARK_FIELD]: mark } = z.looseObject({}).catch({}).parse(row['custom_fields']);
  return { ...asked, id: row.id, ...('custom_fields' in asked ? { custom_fields: { [MARK_FIELD]: mark } } : {}) };
}

/** null: nothing that could be counted. */
function sizeOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value.length;
  if (value === null) return 0;
  return typeof value === 'object' ? 1 : null;
}

function idsIn(row: Found, path: string): number[] {
  let value: unknown = row;
  for (const part of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[part];
  return [value].flat().flatMap((one) => {
    const id = typeof one === 'number' ? one : (one as { id?: unknown } | null | undefined)?.id;
    return typeof id === 'number' ? [id] : [];
  });
}
