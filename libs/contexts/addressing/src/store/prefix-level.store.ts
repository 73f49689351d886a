import type { LevelledPool, LevelSource, PoolLevel } from '#contexts/numbering';
import type { Tx } from '#platform';

interface LevelRow {
  id: string;
  slug: string;
  holds: string;
  low_water_percent: number;
  level: PoolLevel;
  free: string;
  size: string;
}

/** In whole blocks of the longest length: an exclusion may be smaller than one. */
const POOLS = `SELECT p.id, p.slug, 'IPV' || p.family AS holds, p.low_water_percent, s.level, floor(s.free)::text AS free,
    floor(s.size - coalesce((SELECT sum(prefix_units(greatest(masklen(x.cidr), masklen(r.cidr)), s.max_length)) FROM prefix_pool_exclusion x
                               JOIN prefix_pool_range r ON r.pool_id = x.pool_id AND r.cidr && x.cidr WHERE x.pool_id = p.id), 0))::text AS size
  FROM prefix_pool p JOIN prefix_pool_state s ON s.pool_id = p.id`;

const toPool = (row: LevelRow): LevelledPool => ({
  id: row.id,
  slug: row.slug,
  holds: row.holds,
  lowWaterPercent: row.low_water_percent,
  level: row.level,
  free: BigInt(row.free),
  size: BigInt(row.size),
});

/** What is excluded is not to be had, so it is not counted. */
export const prefixLevels: LevelSource = {
  kind: 'prefixPool',
  pools: async (tx: Tx, which) => {
    const rows =
      'id' in which
        ? await tx.sql<LevelRow>(`${POOLS} WHERE p.id = $1`, [which.id])
        : await tx.sql<LevelRow>(`${POOLS} WHERE $1::uuid IS NULL OR p.id > $1 ORDER BY p.id LIMIT $2`, [which.after, which.limit]);
    return rows.map(toPool);
  },
  setLevel: async (tx, id, from, to) =>
    (await tx.run('UPDATE prefix_pool_state SET level = $3 WHERE pool_id = $1 AND level = $2', [id, from, to])) === 1,
};
