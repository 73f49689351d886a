/** Tables in memory: rows by id, what refers to them, and the constraints that PostgreSQL keeps. */
import { type Kind, type Row, has, type Rows, type Tables } from './model.js';
import { type Json, type JsonObject, textOf } from './json.js';
import { IntegrityError } from './refusal.js';
import { SortedKeys } from './sorted-keys.js';

type Index = Map<string, Set<number>>;
const NOTHING: ReadonlySet<number> = new Set();

export class Table implements Rows {
  /** Ascending. */
  readonly ids: number[] = [];
  /** Counts writes. */
  version = 0;
  private readonly rows = new Map<number, Row>();
  private readonly indexes = new Map<string, { readonly keyOf: (row: Row) => readonly string[]; readonly keys: Index }>();
  private readonly spaces = new Map<string, { readonly keys: SortedKeys; readonly buckets: Map<string, number> }>();
  private nextId = 1;

  constructor(readonly kind: Kind) {
    for (const [field, { type, isUnique }] of Object.entries(kind.fields)) {
      if (type === 'ref') this.addIndex(field, ({ values }) => one(values[field]));
      if (type === 'refs') this.addIndex(field, ({ values }) => (values[field] as number[]).map(String));
      if (type === 'objectId') {
        const typeField = field.replace(/_id$/, '_type');
        this.addIndex(field, ({ values }) => (values[field] === null ? [] : [`${textOf(values[typeField])}:${textOf(values[field])}`]));
      }
      if (isUnique) this.addIndex(`unique ${field}`, ({ values }) => one(values[field]));
    }
    if (has(kind, 'tags')) this.addIndex('tags', ({ tags }) => tags.map(String));
    for (const rule of kind.unique ?? []) this.addIndex(rule.name, ({ values }) => keyOfRule(rule, values));
    for (const [name, keysOf] of Object.entries(kind.lookups ?? {})) this.addIndex(name, keysOf);
  }

  get size(): number {
    return this.ids.length;
  }

  get(id: number): Row | undefined {
    return this.rows.get(id);
  }

  /** In the order of their ids, as they are now. */
  all(): Row[] {
    return this.ids.map((id) => this.rows.get(id) as Row);
  }

  /** A number that was taken stays taken, whatever comes of the row. */
  takeId(): number {
    return this.nextId++;
  }

  /** Ids with this key in a lookup, a unique rule or a reference. */
  found(index: string, key: string): ReadonlySet<number> {
    return this.indexes.get(index)?.keys.get(key) ?? NOTHING;
  }

  /** The rows with this key, as they are now. */
  rowsWith(index: string, key: string): Row[] {
    return Array.from(this.found(index, key), (id) => this.rows.get(id) as Row);
  }

  referring(field: string, id: number | string): ReadonlySet<number> {
    return this.found(field, String(id));
  }

  space(space: string): SortedKeys | undefined {
    return this.spaces.get(space)?.keys;
  }

  get spaceNames(): readonly string[] {
    return [...this.spaces.keys()];
  }

  buckets(space: string): ReadonlyMap<string, number> {
    return this.spaces.get(space)?.buckets ?? new Map();
  }

  /** Where the first id is that is not before this one. */
  positionOf(id: number): number {
    let [low, high] = [0, this.ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ids[middle] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @throws IntegrityError */
  put(row: Row): void {
    this.refuseDuplicates(row);
    const before = this.rows.get(row.id);
    if (before) this.unindex(before);
    else this.ids.splice(this.positionOf(row.id), 0, row.id);
    this.rows.set(row.id, row);
    this.index(row);
    this.version += 1;
    this.nextId = Math.max(this.nextId, row.id + 1);
  }

  remove(id: number): void {
    const row = this.rows.get(id);
    if (!row) return;
    this.unindex(row);
    this.rows.delete(id);
    this.ids.splice(this.positionOf(id), 1);
    this.version += 1;
  }

  private refuseDuplicates(row: Row): void {
    const rules = this.kind.unique ?? [];
    const unique = Object.entries(this.kind.fields).filter(([, field]) => field.isUnique);
    const checks = [...rules.map(({ name }) => [name, name] as const), ...unique.map(([field]) => [`unique ${field}`, field] as const)];
    for (const [index, shown] of checks) {
      const keys = this.indexes.get(index)?.keyOf(row) ?? [];
      const taken = keys.some((key) => this.rowsWith(index, key).some(({ id }) => id !== row.id));
      if (taken) throw new IntegrityError(index === shown ? shown : `${this.kind.type.replace('.', '_')}_${shown}_key`);
    }
  }

  /** Made when it is first asked for: by the value of a custom field. */
  rowsWithCustom(field: string, value: Json): Row[] {
    const name = `custom ${field}`;
    if (!this.indexes.has(name)) {
      this.addIndex(name, ({ custom }) => (custom[field] === undefined || custom[field] === null ? [] : [JSON.stringify(custom[field])]));
      for (const row of this.rows.values()) this.enter(name, row);
    }
    return this.rowsWith(name, JSON.stringify(value));
  }

  private addIndex(name: string, keyOf: (row: Row) => readonly string[]): void {
    this.indexes.set(name, { keyOf, keys: new Map() });
  }

  private index(row: Row): void {
    for (const name of this.indexes.keys()) this.enter(name, row);
    this.place(row, 1);
  }

  private enter(name: string, row: Row): void {
    const { keyOf, keys } = this.indexes.get(name) ?? { keyOf: () => [], keys: new Map<string, Set<number>>() };
    for (const key of keyOf(row)) {
      const ids = keys.get(key);
      if (ids) ids.add(row.id);
      else keys.set(key, new Set([row.id]));
    }
  }

  private unindex(row: Row): void {
    for (const { keyOf, keys } of this.indexes.values()) {
      for (const key of keyOf(row)) {
        const ids = keys.get(key);
        ids?.delete(row.id);
        if (ids?.size === 0) keys.delete(key);
      }
    }
    this.place(row, -1);
  }

  private place(row: Row, change: 1 | -1): void {
    const place = this.kind.sorted?.(row);
    if (!place) return;
    const space = this.spaces.get(place.space) ?? { keys: new SortedKeys(), buckets: new Map<string, number>() };
    this.spaces.set(place.space, space);
    if (change === 1) space.keys.add(`${place.key}#${row.id}`);
    else space.keys.remove(`${place.key}#${row.id}`);
    const count = (space.buckets.get(place.bucket) ?? 0) + change;
    if (count === 0) space.buckets.delete(place.bucket);
    else space.buckets.set(place.bucket, count);
  }
}

const one = (value: JsonObject[string] | undefined): readonly string[] =>
  value === null || value === undefined || value === '' ? [] : [textOf(value)];

/** None where a value is missing and missing ones are not alike. */
export function keyOfRule(
  rule: { fields: readonly string[]; areNullsAlike?: boolean; ignoresCase?: boolean },
  values: JsonObject,
): string[] {
  const parts = rule.fields.map((field) => values[field] ?? null);
  const last = parts.at(-1);
  if (last === null || last === '' || (!rule.areNullsAlike && parts.includes(null))) return [];
  const key = JSON.stringify(parts);
  return [rule.ignoresCase ? key.toLowerCase() : key];
}

export class Database implements Tables {
  private readonly tables: ReadonlyMap<string, Table>;
  private undo: (() => void)[] | null = null;
  private lastStamp = 0;

  constructor(kinds: readonly Kind[]) {
    this.tables = new Map(kinds.map((kind) => [kind.type, new Table(kind)]));
  }

  table(type: string): Table {
    const table = this.tables.get(type);
    if (!table) throw new Error(`the simulator has no ${type}`);
    return table;
  }

  has(type: string): boolean {
    return this.tables.has(type);
  }

  get all(): Iterable<Table> {
    return this.tables.values();
  }

  put(type: string, row: Row): void {
    const table = this.table(type);
    const before = table.get(row.id);
    table.put(row);
    this.undo?.push(() => (before ? table.put(before) : table.remove(row.id)));
  }

  remove(type: string, id: number): void {
    const table = this.table(type);
    const row = table.get(id);
    table.remove(id);
    if (row) this.undo?.push(() => table.put(row));
  }

  /** All or nothing. It takes no time: what may come between is said by who calls it. */
  atomic<T>(work: () => T): T {
    if (this.undo !== null) return work();
    const undo: (() => void)[] = [];
    this.undo = undo;
    try {
      return work();
    } catch (error) {
      this.undo = null;
      for (const step of undo.reverse()) step();
      throw error;
    } finally {
      this.undo = null;
    }
  }

  /** Microseconds, never the same twice. */
  now(): number {
    this.lastStamp = Math.max(this.lastStamp + 1, Math.floor((performance.timeOrigin + performance.now()) * 1000));
    return this.lastStamp;
  }
}
