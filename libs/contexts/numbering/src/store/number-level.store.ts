import type { Tx } from '#platform';
import type { PoolLevel } from '../domain/pool-level.js';
import type { LevelledPool, LevelSource } from '../pool-levels.js';

interface LevelRow {
  id: string;
  slug: string;
  kind: string;
  low_water_percent: number;
  level: PoolLevel;
  free: string;
  size: string;
}

const POOLS = `SELECT p.id, p.slug, p.kind, p.low_water_percent, s.level, s.free,
    coalesce((SELECT sum(r.last - r.first + 1) FROM number_pool_range r WHERE r.pool_id = p.id), 0)
      - coalesce((SELECT sum(least(x.last, r.last) - greatest(x.first, r.first) + 1) FROM number_pool_exclusion x
                    JOIN number_pool_range r ON r.pool_id = x.pool_id AND r.first <= x.last AND r.last >= x.first WHERE x.pool_id = p.id), 0) AS size
  FROM number_pool p JOIN number_pool_state s ON s.pool_id = p.id`;

const toPool = (row: LevelRow): LevelledPool => ({
  id: row.id,
  slug: row.slug,
  holds: row.kind,
  lowWaterPercent: row.low_water_percent,
  level: row.level,
  free: BigInt(row.free),
  size: BigInt(row.size),
});

/** What is excluded is not to be had, so it is not counted. */
export const numberLevels: LevelSource = {
  kind: 'pool',
  pools: async (tx: Tx, which) => {
    const rows =
      'id' in which
        ? await tx.sql<LevelRow>(`${POOLS} WHERE p.id = $1`, [which.id])
        : await tx.sql<LevelRow>(`${POOLS} WHERE $1::uuid IS NULL OR p.id > $1 ORDER BY p.id LIMIT $2`, [which.after, which.limit]);
    return rows.map(toPool);
  },
  setLevel: async (tx, id, from, to) =>
    (await tx.run('UPDATE number_pool_state SET level = $3 WHERE pool_id = $1 AND level = $2', [id, from, to])) === 1,
};
