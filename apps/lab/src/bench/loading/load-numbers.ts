import type { Bench } from '../bench.js';
import type { NumberPool } from '../product.js';

/** Rows of one statement. */
const CHUNK = 500_000;

/**
 * Allocations straight into the table, as if they had been made one by one, and then what is derived from them by the product's own repair.
 * @param share of the values that is taken: 1 takes all, 0.5 each with a probability of one half.
 */
export async function loadNumbers({ owner, system, product }: Bench, pool: NumberPool, values: number, share = 1): Promise<void> {
  for (let from = 0; from < values; from += CHUNK) {
    // Ids rise as those of the product do (UUIDv7): random ones would make an index that no real one looks like.
    await system.query(
      `INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key, fingerprint)
       SELECT (left(p.id::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, p.space_id, p.id, $2, $3::bigint + n, 'load-' || p.id || '-' || n, ''
         FROM number_pool p, generate_series($4::bigint, $5::bigint) n WHERE p.id = $1 AND ($6::float8 >= 1 OR random() < $6)`,
      [pool.id, product.tenantId, pool.first, from, Math.min(from + CHUNK, values) - 1, share],
    );
  }
  await system.query('SELECT number_rebuild($1)', [pool.id]);
  await owner.query('ANALYZE number_allocation, free_number, number_pool_state');
}
