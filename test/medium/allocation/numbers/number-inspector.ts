import assert from 'node:assert/strict';
import { NumberingService, PoolAdminService } from '#contexts/numbering';
import type { NumberChoices } from './number-choices.js';
import { contains, type ModelPool, rangesOf, valuesOf } from './number-model.js';

interface Stored {
  readonly pool_id: string;
  readonly free: string;
  readonly hint: string;
  readonly ranges: string | null;
  readonly quotas: string | null;
}

/** Everything that is stored about the pools, in one question. */
const STORED = `SELECT s.pool_id, s.free, s.hint,
    (SELECT string_agg(f.first || '-' || f.last, ' ' ORDER BY f.first) FROM free_number f WHERE f.pool_id = s.pool_id) AS ranges,
    (SELECT string_agg(q.tenant_id || ' ' || q.max || ' ' || q.used, ', ' ORDER BY q.tenant_id) FROM number_quota q WHERE q.pool_id = s.pool_id) AS quotas
  FROM number_pool_state s WHERE s.pool_id = ANY($1)`;

/** Holds what is stored, and what the product says about its pools, against the model. */
export class NumberInspector {
  constructor(private readonly choices: NumberChoices) {}

  /** After every step: free ranges, counts, hints and quotas. */
  async look(): Promise<void> {
    const rows = await this.choices.world.system((tx) => tx.sql<Stored>(STORED, [this.choices.model.pools.map(({ id }) => id)]));
    for (const pool of this.choices.model.pools) {
      const stored = rows.find((row) => row.pool_id === pool.id);
      const free = this.choices.model.free(pool);
      assert.equal(
        stored?.ranges ?? '',
        rangesOf(free)
          .map(({ first, last }) => `${first}-${last}`)
          .join(' '),
      );
      assert.equal(Number(stored?.free), free.length);
      assert.ok(free.length === 0 || Number(stored?.hint) <= (free[0] as number), `the hint is ${stored?.hint}, and ${free[0]} is free`);
      const quotas = [...pool.quotas].map(([tenant, max]) => `${tenant} ${max} ${this.choices.model.used(pool, tenant)}`).sort();
      assert.equal(stored?.quotas ?? '', quotas.join(', '));
    }
  }

  /** Now and then: every invariant of the product, every allocation, and what the pools say about themselves. */
  async audit(): Promise<void> {
    assert.deepEqual(
      await this.choices.world.violations(
        'number pools',
        this.choices.model.pools.map(({ id }) => id),
      ),
      [],
    );
    const rows = await this.choices.world.system((tx) =>
      tx.sql<{ value: string; text: string }>(
        `SELECT value, concat_ws(' ', value, id, tenant_id, pool_id, state, generation, key, holder_kind, holder) AS text FROM number_allocation
          WHERE pool_id = ANY($1) ORDER BY value`,
        [this.choices.model.pools.map(({ id }) => id)],
      ),
    );
    const expected = [...this.choices.model.rows]
      .sort((a, b) => a.value - b.value)
      .map((row) =>
        [row.value, row.id, row.tenant, row.pool.id, row.state, row.generation, row.key, row.holderKind, row.holder]
          .filter((part) => part !== null)
          .join(' '),
      );
    assert.deepEqual(
      rows.map(({ text }) => text),
      expected,
    );
    for (const pool of this.choices.model.pools) await this.askPool(pool);
  }

  private async askPool(pool: ModelPool): Promise<void> {
    const [numbering, admin, free] = [
      this.choices.world.get(NumberingService),
      this.choices.world.get(PoolAdminService),
      this.choices.model.free(pool),
    ];
    await this.choices.world.system(async (tx) => {
      const { total, free: count } = await numbering.pool(tx, pool.id);
      assert.deepEqual([Number(total), Number(count)], [pool.configured().filter((value) => !pool.isExcluded(value)).length, free.length]);
      assert.equal(await numbering.largestFreeBlock(tx, pool.id), this.choices.model.largestFreeBlock(pool));
      assert.deepEqual(await numbering.freeRanges(tx, pool.id, null, 1000), rangesOf(free));
      const runs = await numbering.map(tx, pool.id, this.choices.window.first, this.choices.window.count);
      assert.deepEqual(
        runs.flatMap((run) => valuesOf(run).map(() => run.state)),
        valuesOf({ first: this.choices.window.first, last: this.choices.window.first + this.choices.window.count - 1 }).map((value) =>
          this.stateOf(pool, free, value),
        ),
      );
      assert.deepEqual(
        await admin.quotas(tx, pool.id),
        [...pool.quotas]
          .map(([tenantId, max]) => ({ tenantId, max, used: this.choices.model.used(pool, tenantId) }))
          .sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1)),
      );
    });
  }

  private stateOf(pool: ModelPool, free: readonly number[], value: number): string {
    if (free.includes(value)) return 'FREE';
    const row = this.choices.model.holderOf(value);
    if (row?.pool === pool) return row.state === 'QUARANTINED' ? 'QUARANTINED' : 'USED';
    return pool.isExcluded(value) ? 'EXCLUDED' : pool.ranges.some((range) => contains(range, value)) ? 'USED' : 'OUTSIDE';
  }
}
