import assert from 'node:assert/strict';
import type { TenantId } from '#engines/kernel';
import { type Scope, tenantScope } from '#platform';
import { refusalOf } from './refusal-of.js';

export const HOLD_SECONDS = 600_000;

/** Somebody does something with one of those that are given out, or rest. */
export interface Touch {
  readonly which: number;
  readonly generation: 'right' | 'stale' | 'none';
  /** By another tenant, who must not even see it. */
  readonly byOther: boolean;
}

/** As the model has it. */
export interface HeldRow {
  readonly id: string;
  tenant: TenantId;
  state: 'HELD' | 'BOUND' | 'QUARANTINED';
  generation: number;
  holderKind: string;
  holder: string | null;
}

/** As the product shows it. */
interface Shown {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly state: HeldRow['state'];
  readonly generation: number;
  readonly holderKind: string;
  readonly holder: string | null;
  readonly expiresAt: Date | null;
  readonly reusableAt: Date | null;
}

export interface HeldPort<Row extends HeldRow> {
  readonly tenants: readonly TenantId[];
  rows(): readonly Row[];
  bind(scope: Scope, row: Row, generation: number, holder: string): Promise<Shown>;
  extend(scope: Scope, row: Row, generation: number, ttlSeconds: number): Promise<Shown>;
  release(scope: Scope, row: Row, generation: number | null): Promise<Shown | undefined>;
  /** In the model. */
  released(row: Row): void;
}

/** What holders do, in the product and in the model: binding, extending, releasing; early, late, and by the wrong one. */
export class HeldSteps<Row extends HeldRow> {
  constructor(private readonly port: HeldPort<Row>) {}

  async bind({ which, generation, byOther }: Touch): Promise<void> {
    await this.change({ which, generation, byOther }, ['HELD'], (row, seen, scope) => ({
      work: this.port.bind(scope, row, seen, `vm/${seen}`),
      after: () => Object.assign(row, { state: 'BOUND', holder: `vm/${seen}`, generation: row.generation + 1 }),
    }));
  }

  async extend(touch: Touch): Promise<void> {
    await this.change(touch, ['HELD'], (row, seen, scope) => ({
      work: this.port.extend(scope, row, seen, HOLD_SECONDS),
      after: () => undefined,
    }));
  }

  async release({ which, generation, byOther }: Touch): Promise<void> {
    const row = this.row(which);
    if (!row) return;
    const seen = generation === 'none' ? null : generation === 'stale' ? row.generation - 1 : row.generation;
    const work = this.port.release(this.scope(row, byOther), row, seen);
    const refusal = await refusalOf(work);
    if (byOther) return assert.equal(refusal?.code, 'NOT_FOUND');
    // Whether it is the wrong one or the wrong time, it stays.
    const refused = row.holderKind !== 'external' ? ['IN_USE', 'VERSION_CONFLICT'] : generation === 'stale' ? ['VERSION_CONFLICT'] : [];
    if (row.state !== 'QUARANTINED' && refused.length > 0)
      return assert.ok(refused.includes(refusal?.code ?? ''), `instead: ${refusal?.code}`);
    assert.equal(refusal?.code, undefined);
    this.port.released(row);
    this.compare(await work, this.port.rows().includes(row) ? row : undefined);
  }

  async change(
    { which, generation, byOther }: Touch,
    allowed: readonly HeldRow['state'][],
    change: (row: Row, seen: number, scope: Scope) => { work: Promise<Shown>; after: () => unknown },
    refused?: string,
  ): Promise<void> {
    const row = this.row(which);
    if (!row) return;
    const isStale = generation === 'stale';
    const { work, after } = change(row, isStale ? row.generation - 1 : row.generation, this.scope(row, byOther));
    const refusal = await refusalOf(work);
    if (byOther) return assert.equal(refusal?.code, 'NOT_FOUND');
    if (row.holderKind !== 'external') return assert.equal(refusal?.code, 'IN_USE');
    if (isStale) return assert.deepEqual(refusal, { code: 'VERSION_CONFLICT', facts: { currentVersion: row.generation } });
    if (!allowed.includes(row.state)) return assert.equal(refusal?.code, 'INVALID_STATE');
    assert.equal(refusal?.code, refused);
    if (refused) return;
    after();
    this.compare(await work, row);
  }

  row(which: number): Row | undefined {
    const rows = this.port.rows();
    return rows[which % Math.max(1, rows.length)];
  }

  private scope(row: Row, byOther: boolean): Scope {
    const other = this.port.tenants.find((one) => one !== row.tenant) as TenantId;
    return tenantScope(byOther ? other : row.tenant, 'model');
  }

  private compare(actual: Shown | undefined, row: Row | undefined): void {
    if (!actual || !row) return assert.equal(actual, row);
    const { id, tenantId, state, generation, holderKind, holder, expiresAt, reusableAt } = actual;
    assert.deepEqual(
      { id, tenantId, state, generation, holderKind, holder, isHeld: expiresAt !== null, rests: reusableAt !== null },
      {
        id: row.id,
        tenantId: row.tenant,
        state: row.state,
        generation: row.generation,
        holderKind: row.holderKind,
        holder: row.holder,
        isHeld: row.state === 'HELD',
        rests: row.state === 'QUARANTINED',
      },
    );
  }
}
