import { DomainError } from '#engines/kernel';
import type { Fields, FieldValue } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { InventoryKind } from '../inventory/kinds.js';
import type { LocalInventory, LocalObject } from '../inventory/local-inventory.js';

/** What Trame has, in memory. What is taken over stays even where the transaction is rolled back: taking it over again changes nothing. */
export class InMemoryLocal implements LocalInventory {
  /** What was taken over, in its order. */
  readonly taken: { readonly kind: InventoryKind; readonly id: string; readonly fields: Fields }[] = [];
  private readonly objects = new Map<InventoryKind, Map<string, Fields>>();

  /** @param untakable fields that cannot be taken over. */
  constructor(private readonly untakable: readonly string[] = []) {}

  /** Made, or these fields of it changed. Undefined: theirs to say from now on. */
  put(kind: InventoryKind, id: string, fields: Readonly<Record<string, FieldValue | undefined>>): void {
    const whole = Object.entries({ ...this.of(kind).get(id), ...fields });
    this.of(kind).set(id, Object.fromEntries(whole.filter((entry): entry is [string, FieldValue] => entry[1] !== undefined)));
  }

  remove(kind: InventoryKind, id: string): void {
    this.of(kind).delete(id);
  }

  get(kind: InventoryKind, id: string): Fields | undefined {
    return this.of(kind).get(id);
  }

  all(kind: InventoryKind): readonly LocalObject[] {
    return [...this.of(kind)].map(([id, fields]) => ({ id, fields: structuredClone(fields) })).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  page(_tx: Tx, kind: InventoryKind, after: string | null, limit: number): Promise<readonly LocalObject[]> {
    return Promise.resolve(
      this.all(kind)
        .filter(({ id }) => after === null || id > after)
        .slice(0, limit),
    );
  }

  byIds(_tx: Tx, kind: InventoryKind, ids: readonly string[]): Promise<readonly LocalObject[]> {
    const wanted = new Set(ids);
    return Promise.resolve(this.all(kind).filter(({ id }) => wanted.has(id)));
  }

  take(_tx: Tx, kind: InventoryKind, id: string, fields: Fields): Promise<void> {
    const name = Object.keys(fields).find((field) => this.untakable.includes(field));
    if (name !== undefined) {
      return Promise.reject(new DomainError('INVALID_VALUE', `${kind}: ${name} is not taken over`, { kind, field: name }));
    }
    if (/"id":"~/.test(JSON.stringify(fields))) {
      return Promise.reject(new DomainError('INVALID_VALUE', `${kind}: what it refers to is not ours`, { kind }));
    }
    if (!this.of(kind).has(id)) return Promise.reject(new DomainError('NOT_FOUND', `there is no ${kind} ${id}`, { kind, id }));
    this.put(kind, id, fields);
    this.taken.push({ kind, id, fields });
    return Promise.resolve();
  }

  private of(kind: InventoryKind): Map<string, Fields> {
    const objects = this.objects.get(kind) ?? new Map<string, Fields>();
    this.objects.set(kind, objects);
    return objects;
  }
}
