/** What a system with an inventory keeps, and what it refuses. It knows nothing of ours but the marks that were written into it. */
import type { Fields, FieldValue, Ref } from '#engines/reconcile';
import { DEFAULT_RULES, INVENTORY_KINDS, type InventoryKind, NATURAL_KEY } from '../inventory/kinds.js';

export interface Row {
  readonly id: number;
  readonly version: number;
  readonly mark: string | null;
  readonly isDeprecated: boolean;
  readonly fields: Fields;
}

/** The system said no, in its words. */
export class Refusal extends Error {}

export interface RowRules {
  /** Two objects of one natural key are refused, as most systems do for some kinds only. */
  readonly isUnique: boolean;
  /** Fields that it has, by kind. A kind that is absent it has not. */
  readonly kinds: ReadonlyMap<InventoryKind, readonly string[]>;
}

export const ALL_KINDS: ReadonlyMap<InventoryKind, readonly string[]> = new Map(
  INVENTORY_KINDS.map((kind) => [kind, Object.keys(DEFAULT_RULES[kind])]),
);

export class InMemoryRows {
  private readonly byKind = new Map<InventoryKind, Map<number, Row>>();
  private lastId = 100;

  constructor(private readonly rules: RowRules) {}

  /** In ascending order of ids. */
  all(kind: InventoryKind): readonly Row[] {
    return [...this.of(kind).values()].sort((a, b) => a.id - b.id);
  }

  get(kind: InventoryKind, id: number): Row | undefined {
    return this.of(kind).get(id);
  }

  /** @throws Refusal for a field it has not, a reference to nothing, or a key that is taken. */
  create(kind: InventoryKind, fields: Fields, mark: string | null): Row {
    const whole = Object.fromEntries((this.rules.kinds.get(kind) ?? []).map((name) => [name, isSetField(kind, name) ? [] : null]));
    const row: Row = { id: ++this.lastId, version: 1, mark, isDeprecated: false, fields: { ...whole, ...this.accepted(kind, fields) } };
    this.refuseTaken(kind, row);
    this.of(kind).set(row.id, row);
    return row;
  }

  /** @throws Refusal as `create` does. What changes nothing makes no new version. */
  update(kind: InventoryKind, { id, ...before }: Row, change: Partial<Pick<Row, 'fields' | 'mark' | 'isDeprecated'>>): Row {
    const fields = { ...before.fields, ...this.accepted(kind, change.fields ?? {}) };
    const after = { ...before, ...change, fields };
    const row: Row = { ...after, id, version: before.version + (JSON.stringify(after) === JSON.stringify(before) ? 0 : 1) };
    this.refuseTaken(kind, row);
    this.of(kind).set(id, row);
    return row;
  }

  /** @throws Refusal where something still refers to it. */
  delete(kind: InventoryKind, id: number): void {
    for (const other of INVENTORY_KINDS)
      for (const row of this.all(other))
        if (Object.values(row.fields).some((value) => refsOf(value).some((ref) => ref.kind === kind && ref.id === `~${id}`)))
          throw new Refusal(`${kind} ${id} is referenced by ${other} ${row.id}`);
    this.of(kind).delete(id);
  }

  /** It is gone, and what referred to it refers to nothing: as after a restore from a backup. */
  vanish(kind: InventoryKind, id: number): void {
    this.of(kind).delete(id);
    for (const other of INVENTORY_KINDS)
      for (const row of this.all(other)) {
        const isIt = (ref: string | Ref): boolean => typeof ref !== 'string' && ref.kind === kind && ref.id === `~${id}`;
        const without = Object.entries(row.fields).map(([name, value]) =>
          Array.isArray(value)
            ? [name, (value as readonly (string | Ref)[]).filter((ref) => !isIt(ref))]
            : [name, isRef(value) && isIt(value) ? null : value],
        );
        this.of(other).set(row.id, { ...row, fields: Object.fromEntries(without) as Fields });
      }
  }

  isAlike(kind: InventoryKind, row: Row, fields: Fields): boolean {
    return NATURAL_KEY[kind].every((name) => keyOf(row.fields[name]) === keyOf(fields[name]));
  }

  private accepted(kind: InventoryKind, fields: Fields): Fields {
    const known = this.rules.kinds.get(kind);
    if (!known) throw new Refusal(`there is no ${kind} here`);
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => {
        if (!known.includes(name)) throw new Refusal(`${kind} has no field ${name}`);
        for (const ref of refsOf(value)) {
          if (!ref.id.startsWith('~')) throw new Refusal(`${kind}.${name}: ${ref.id} is no id of ours`);
          if (!this.get(ref.kind as InventoryKind, Number(ref.id.slice(1)))) throw new Refusal(`${kind}.${name}: no ${ref.kind} ${ref.id}`);
        }
        return [name, kept(value)];
      }),
    );
  }

  private refuseTaken(kind: InventoryKind, row: Row): void {
    if (!this.rules.isUnique) return;
    const taken = this.all(kind).find((other) => other.id !== row.id && this.isAlike(kind, other, row.fields));
    if (taken) throw new Refusal(`${kind} with this ${NATURAL_KEY[kind].join(' and ')} already exists (${taken.id})`);
  }

  private of(kind: InventoryKind): Map<number, Row> {
    const rows = this.byKind.get(kind) ?? new Map<number, Row>();
    this.byKind.set(kind, rows);
    return rows;
  }
}

/** Lists are kept in an order of its own, and an empty text is nothing: what comes back is never what was sent, byte for byte. */
function kept(value: FieldValue): FieldValue {
  if (value === '') return null;
  if (!Array.isArray(value)) return isRef(value) ? { ...value } : value;
  const elements = new Map((value as readonly (string | Ref)[]).map((element) => [keyOf(element), element]));
  return [...elements].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, element]) => element);
}

const isRef = (value: FieldValue): value is Ref => typeof value === 'object' && value !== null && !Array.isArray(value);
const refsOf = (value: FieldValue): readonly Ref[] =>
  isRef(value)
    ? [value]
    : Array.isArray(value)
      ? (value as readonly (string | Ref)[]).filter((element) => typeof element !== 'string')
      : [];
const keyOf = (value: FieldValue | undefined): string =>
  value === undefined || value === null ? 'null' : isRef(value) ? `${value.kind}${value.id}` : JSON.stringify(value);
const isSetField = (kind: InventoryKind, name: string): boolean => DEFAULT_RULES[kind][name]?.isSet === true;
