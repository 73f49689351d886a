/** One page of a list: filtered, in order, by offset or from an id on. */
import type { Kind, Row, Rows, RowTest } from './model.js';
import { customFieldsOf } from './custom-fields.js';
import { testsOf } from './filters.js';
import { type JsonObject, textOf } from './json.js';
import { Refusal } from './refusal.js';
import type { Selection, Viewer } from './viewer.js';

interface Page {
  readonly rows: readonly Row[];
  readonly count: number | null;
  readonly next: URLSearchParams | null;
  readonly previous: URLSearchParams | null;
}

/** @param isVisible which rows the permissions of the client let pass; null: all. */
export function listOf(kind: Kind, parameters: URLSearchParams, viewer: Viewer, isVisible: RowTest | null): JsonObject {
  const tests = [...testsOf(kind, parameters, { world: viewer, kind }), ...(isVisible ? [isVisible] : [])];
  const keeps: RowTest | null = tests.length === 0 ? null : (row) => tests.every((test) => test(row));
  const { rows, count, next, previous } = isCursor(parameters, viewer)
    ? cursorPage(kind, parameters, viewer, keeps)
    : offsetPage(kind, parameters, viewer, keeps);
  const link = (changed: URLSearchParams | null): string | null => changed && `${viewer.origin}/api/${kind.path}/?${changed.toString()}`;
  const selection = selectionOf(kind, parameters, viewer);
  return { count, next: link(next), previous: link(previous), results: rows.map((row) => viewer.full(kind, row, selection)) };
}

/** `fields`, else `omit` (4.5), else `brief`. */
export function selectionOf(kind: Kind, parameters: URLSearchParams, { release }: Viewer): Selection {
  const [fields, omit] = [parameters.get('fields'), parameters.get('omit')];
  if (fields) {
    const wanted = new Set(fields.split(','));
    return (field) => wanted.has(field);
  }
  if (omit && release.isAtLeast('4.5')) {
    const unwanted = new Set(omit.split(','));
    return (field) => !unwanted.has(field);
  }
  // From 4.7 on that word is ignored.
  if (parameters.get('exclude') === 'config_context' && !release.isAtLeast('4.7')) return (field) => field !== 'config_context';
  if (parameters.get('brief')) return (field) => ['id', 'url', 'display', ...kind.brief].includes(field);
  return () => true;
}

/** Before 4.6 `start` is a name that is ignored. */
const isCursor = (parameters: URLSearchParams, { release }: Viewer): boolean => parameters.has('start') && release.isAtLeast('4.6');

export function limitOf(parameters: URLSearchParams, { settings }: Viewer): number {
  const cap = settings.maxPageSize || Number.POSITIVE_INFINITY;
  const text = parameters.get('limit');
  if (text === null || !/^\d+$/.test(text)) return Math.min(settings.paginateCount, cap);
  return Number(text) === 0 ? cap : Math.min(Number(text), cap);
}

function cursorPage(kind: Kind, parameters: URLSearchParams, viewer: Viewer, keeps: RowTest | null): Page {
  if (parameters.has('offset')) throw new Refusal(400, ["'start' and 'offset' are mutually exclusive."]);
  if (parameters.has('ordering')) throw new Refusal(400, ['Ordering cannot be specified in conjunction with cursor-based pagination.']);
  const start = parameters.get('start') ?? '';
  if (!/^\d+$/.test(start)) throw new Refusal(400, ["Invalid 'start' parameter: must be a non-negative integer."]);
  const limit = limitOf(parameters, viewer);
  const table = viewer.db.table(kind.type);
  const rows: Row[] = [];
  for (let at = table.positionOf(Number(start)); at < table.ids.length; at += 1) {
    const row = table.get(table.ids[at] ?? 0);
    if (!row || keeps?.(row) === false) continue;
    if (rows.length >= limit) return { rows, count: null, next: changed(parameters, { start: row.id, limit }), previous: null };
    rows.push(...repeatedly(kind, parameters, [row]));
  }
  return { rows, count: null, next: null, previous: null };
}

function offsetPage(kind: Kind, parameters: URLSearchParams, viewer: Viewer, keeps: RowTest | null): Page {
  const limit = limitOf(parameters, viewer);
  const offset = /^\d+$/.test(parameters.get('offset') ?? '') ? Number(parameters.get('offset')) : 0;
  const all = repeatedly(kind, parameters, allInOrder(kind, parameters, viewer, keeps));
  return {
    rows: all.slice(offset, offset + limit),
    count: all.length,
    next: offset + limit < all.length ? changed(parameters, { limit, offset: offset + limit }) : null,
    previous: offset === 0 ? null : changed(parameters, { limit, ...(offset > limit && { offset: offset - limit }) }, ['offset']),
  };
}

/** As often as the joins of a filter give them. */
function repeatedly({ repeated }: Kind, parameters: URLSearchParams, rows: readonly Row[]): readonly Row[] {
  return repeated && parameters.has('vlan_id') ? rows.flatMap((row) => new Array<Row>(repeated(parameters, row)).fill(row)) : rows;
}

/** Rows of a table in their default order, until it changes. */
const inDefaultOrder = new WeakMap<Rows, { readonly version: number; readonly rows: readonly Row[] }>();

function allInOrder(kind: Kind, parameters: URLSearchParams, viewer: Viewer, keeps: RowTest | null): readonly Row[] {
  const table = viewer.db.table(kind.type);
  const ordering = parameters.get('ordering') || null;
  const few = candidates(kind, parameters, viewer);
  const kept = (rows: readonly Row[]): readonly Row[] => (keeps === null ? rows : rows.filter(keeps));
  if (few !== null || ordering !== null) return ordered(kind, ordering, viewer, [...kept(few ?? table.all())]);
  const known = inDefaultOrder.get(table);
  if (known?.version === table.version) return kept(known.rows);
  const rows = ordered(kind, null, viewer, table.all());
  inDefaultOrder.set(table, { version: table.version, rows });
  return kept(rows);
}

/** Those that the cheapest filter leaves, in the order of their ids; null: no filter is cheap. */
function candidates(kind: Kind, parameters: URLSearchParams, viewer: Viewer): Row[] | null {
  const table = viewer.db.table(kind.type);
  const rows = (ids: Iterable<number>): Row[] => [...ids].sort((a, b) => a - b).flatMap((id) => table.get(id) ?? []);
  const wanted = parameters.getAll('id').filter((id) => /^\d+$/.test(id));
  if (wanted.length > 0) return rows(new Set(wanted.map(Number)));
  const after = parameters.get('id__gt') ?? '';
  if (/^\d+$/.test(after)) return table.ids.slice(table.positionOf(Number(after) + 1)).flatMap((id) => table.get(id) ?? []);
  const marked = exactCustom(kind, parameters, viewer);
  if (marked) return marked.sort((a, b) => a.id - b.id);
  const reference = Object.entries(kind.fields).find(
    ([name, field]) =>
      field.type === 'ref' &&
      viewer.release.has(field) &&
      kind.filters?.[`${name}_id`] === undefined &&
      /^\d+$/.test(parameters.get(`${name}_id`) ?? ''),
  )?.[0];
  if (reference === undefined) return null;
  return rows(new Set(parameters.getAll(`${reference}_id`).flatMap((id) => [...table.referring(reference, id)])));
}

/** Rows with these values of a text field that is compared as it is. Null: no such filter. */
function exactCustom(kind: Kind, parameters: URLSearchParams, viewer: Viewer): Row[] | null {
  for (const { values } of customFieldsOf(viewer, kind.type)) {
    const name = textOf(values['name']);
    const wanted = new Set(parameters.getAll(`cf_${name}`));
    if (wanted.size > 0 && values['type'] === 'text' && values['filter_logic'] === 'exact')
      return [...wanted].flatMap((value) => viewer.db.table(kind.type).rowsWithCustom(name, value));
  }
  return null;
}

/** Ties are broken by id, as every default order of the models ends with it. */
function ordered(kind: Kind, ordering: string | null, viewer: Viewer, rows: Row[]): Row[] {
  if (ordering === 'id') return rows;
  if (ordering === '-id') return rows.reverse();
  const keyOf = ordering === null ? (row: Row) => kind.ordering(row, viewer) : keyBy(ordering.replace(/^-/, ''));
  const keys = new Map(rows.map((row) => [row.id, keyOf(row)]));
  const sign = ordering?.startsWith('-') ? -1 : 1;
  return rows.sort((a, b) => {
    const [left, right] = [keys.get(a.id) ?? '', keys.get(b.id) ?? ''];
    return left === right ? a.id - b.id : left < right ? -sign : sign;
  });
}

function keyBy(field: string): (row: Row) => string | number {
  if (field === 'last_updated') return ({ updated }) => updated;
  if (field === 'created' || field === 'time') return ({ created }) => created;
  return ({ values }) => {
    const value = values[field];
    return typeof value === 'number' ? value : textOf(value ?? '');
  };
}

function changed(parameters: URLSearchParams, to: Readonly<Record<string, number>>, dropped: readonly string[] = []): URLSearchParams {
  const copy = new URLSearchParams(parameters);
  for (const name of dropped) copy.delete(name);
  for (const [name, value] of Object.entries(to)) copy.set(name, String(value));
  return copy;
}
