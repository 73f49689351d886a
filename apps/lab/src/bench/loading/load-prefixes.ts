import type { PrefixPoolId } from '#engines/kernel';
import type { Bench } from '../bench.js';

/** Rows of one statement. */
const CHUNK = 50_000;

export interface Layout {
  /** Each child lies at the beginning of a block of this length, block by block. */
  readonly block: number;
  /** Lengths of the children, in turn. */
  readonly lengths: readonly number[];
}

/** Children of the only range of a pool, as they come from another system: without keys, constraints on; then what is derived from them. */
export async function loadPrefixes(
  { owner, system, product }: Bench,
  poolId: PrefixPoolId,
  children: number,
  { block, lengths }: Layout,
): Promise<void> {
  for (let from = 0; from < children; from += CHUNK) {
    await system.query(
      `INSERT INTO prefix (id, space_id, cidr, role, parent_id, tenant_id)
       SELECT (left(r.prefix_id::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, p.space_id,
              set_masklen(set_masklen(r.cidr::inet, 32) + n * (1::bigint << (32 - $4)), ($5::int[])[1 + n % cardinality($5::int[])])::cidr, 'SUBNET', r.prefix_id, $6
         FROM prefix_pool p JOIN prefix_pool_range r ON r.pool_id = p.id, generate_series($2::bigint, $3::bigint) n WHERE p.id = $1`,
      [poolId, from, Math.min(from + CHUNK, children) - 1, block, lengths, product.tenantId],
    );
  }
  await system.query('SELECT prefix_rebuild($1)', [poolId]);
  await owner.query('ANALYZE prefix, free_prefix, prefix_pool_state');
}
