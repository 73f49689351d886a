import assert from 'node:assert/strict';
import { PrefixPoolAdminService } from '#contexts/addressing';
import { Cidr } from '#engines/kernel';
import type { AllocationWorld } from '../allocation-world.js';
import type { PrefixModel } from './prefix-model.js';

interface Stored {
  readonly pool_id: string;
  readonly free: string;
  readonly blocks: string | null;
  readonly quotas: string | null;
}

const STORED = `SELECT s.pool_id, s.free,
    (SELECT string_agg(f.block::text, ' ' ORDER BY f.block) FROM free_prefix f WHERE f.pool_id = s.pool_id) AS blocks,
    (SELECT string_agg(q.tenant_id || ' ' || q.max || ' ' || round(q.used, 3)::float8, ', ' ORDER BY q.tenant_id) FROM prefix_quota q WHERE q.pool_id = s.pool_id) AS quotas
  FROM prefix_pool_state s WHERE s.pool_id = ANY($1)`;

/** Holds what is stored, and what the product says about its pools, against the model. */
export class PrefixInspector {
  constructor(
    private readonly world: AllocationWorld,
    private readonly model: PrefixModel,
  ) {}

  private get ids() {
    return this.model.pools.map(({ id }) => id);
  }

  /** After every step: free blocks, counts and quotas. */
  async look(): Promise<void> {
    const rows = await this.world.system((tx) => tx.sql<Stored>(STORED, [this.ids]));
    for (const pool of this.model.pools) {
      const stored = rows.find((row) => row.pool_id === pool.id);
      const free = this.model.free(pool);
      assert.equal(stored?.blocks ?? '', free.join(' '));
      assert.equal(
        Number(stored?.free),
        free.reduce((sum, block) => sum + pool.units(block), 0),
      );
      const quotas = [...pool.quotas].map(([tenant, max]) => `${tenant} ${max} ${this.model.used(pool, tenant)}`).sort();
      assert.equal(stored?.quotas ?? '', quotas.join(', '));
    }
  }

  /** Now and then: every invariant of the product, every allocation, and what the pools say about themselves. */
  async audit(): Promise<void> {
    assert.deepEqual(await this.world.violations('prefix pools', this.ids), []);
    const rows = await this.world.system((tx) =>
      tx.sql<{ text: string }>(
        `SELECT concat_ws(' ', p.cidr, p.id, p.tenant_id, r.pool_id, p.state, p.generation, p.key, p.holder_kind, p.holder) AS text
           FROM prefix p JOIN prefix_pool_range r ON r.prefix_id = p.parent_id WHERE r.pool_id = ANY($1) ORDER BY p.cidr`,
        [this.ids],
      ),
    );
    const expected = [...this.model.rows]
      .sort((a, b) => (Cidr.bounds(a.cidr).first < Cidr.bounds(b.cidr).first ? -1 : 1))
      .map(({ cidr, id, tenant, pool, state, generation, key, holderKind, holder }) =>
        [cidr, id, tenant, pool.id, state, generation, key, holderKind, holder].filter((part) => part !== null).join(' '),
      );
    assert.deepEqual(
      rows.map(({ text }) => text),
      expected,
    );
    const admin = this.world.get(PrefixPoolAdminService);
    for (const pool of this.model.pools)
      await this.world.system(async (tx) => {
        const free = this.model.free(pool);
        const { size, ranges, version } = await admin.pool(tx, pool.id);
        assert.deepEqual([ranges.length, version], [pool.ranges.length, pool.version]);
        assert.equal(
          Number(size),
          pool.ranges.reduce((sum, range) => sum + pool.units(range), 0),
        );
        assert.deepEqual(new Set(await admin.free(tx, pool.id, null, 1000)), new Set(free));
        const byLength = [...new Set(free.map((block) => Cidr.length(block)))].sort((a, b) => a - b);
        assert.deepEqual(
          (await admin.freeByLength(tx, pool.id)).map(({ length, count }) => [length, count]),
          byLength.map((length) => [length, free.filter((block) => Cidr.length(block) === length).length]),
        );
      });
  }
}
