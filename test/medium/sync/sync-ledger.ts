import type { InventoryKind } from '#contexts/sync/ports';
import type { Fields, FieldValue } from '#engines/reconcile';

export type Side = 'OURS' | 'THEIRS';

/** A text that somebody wrote on one side and that a run overwrote before the other side had it. */
export interface Loss {
  readonly side: Side;
  readonly kind: InventoryKind;
  readonly localId: string;
  readonly field: string;
  readonly value: string;
}

/** Which text was written where by whom, and what became of it. Every text is written once. */
export class SyncLedger {
  private serial = 0;
  /** By text: where somebody wrote it. */
  private readonly written = new Map<string, Side>();
  /** Texts that a run brought to the other side. */
  private readonly delivered = new Set<string>();
  readonly losses: Loss[] = [];

  text(side: Side): string {
    const text = `${side === 'OURS' ? 'we' : 'they'} wrote ${++this.serial}`;
    this.written.set(text, side);
    return text;
  }

  /** A run changed an object on one side. */
  runWrote(side: Side, kind: InventoryKind, localId: string, before: Fields, after: Fields): void {
    for (const [field, value] of Object.entries(after)) {
      const old = before[field] ?? null;
      if (same(old, value)) continue;
      if (typeof value === 'string' && this.written.has(value) && this.written.get(value) !== side) this.delivered.add(value);
      if (typeof old === 'string' && this.written.get(old) === side && !this.delivered.has(old))
        this.losses.push({ side, kind, localId, field, value: old });
    }
  }
}

const same = (a: FieldValue, b: FieldValue): boolean => JSON.stringify(a) === JSON.stringify(b);
