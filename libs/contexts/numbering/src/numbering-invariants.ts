/** What is always true of numbers, each as one query about a slice of pools. Somebody who asks for the free space by its definition finds it in `number_gaps`. */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Invariant, InvariantRegistry, type Slices, type Violation } from '#contexts/events';
import type { Tx } from '#platform';

/** Pools of one question: many small ones, or a single one that is fuller than this. */
const POOLS = 100;
const VALUES = 200_000;

/** For contexts that hold numbers: their invariants about pools are asked slice by slice, too. */
export const numberPools: Slices = {
  name: 'number pools',
  kind: 'pool',
  next: async (tx, after) => {
    const rows = await tx.sql<{ id: string }>(
      `SELECT id FROM (
         SELECT p.id, coalesce(sum(p.used) OVER (ORDER BY p.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM (
           SELECT n.id, coalesce((SELECT sum(r.last - r.first + 1) FROM number_pool_range r WHERE r.pool_id = n.id) - s.free, 0) AS used
             FROM number_pool n LEFT JOIN number_pool_state s ON s.pool_id = n.id WHERE $1::uuid IS NULL OR n.id > $1 ORDER BY n.id LIMIT $2) p) q
        WHERE q.before < $3 ORDER BY id`,
      [after, POOLS, VALUES],
    );
    return rows.map((row) => row.id);
  },
};

/** `$1`: the pools, `$2`: how many rows are wanted; a row has the pool as `id`, and `what`. */
const violations =
  (sql: string): Invariant['violations'] =>
  (tx: Tx, ids, limit): Promise<Violation[]> =>
    tx.sql<{ id: string; what: string }>(sql, [ids, limit]);

const REBUILD =
  'The index of free space is wrong, not the allocations: `trame doctor --repair` makes it anew from them. Tell us what happened before.';

const derived = (invariant: Pick<Invariant, 'name' | 'says'>, sql: string): Invariant => ({
  ...invariant,
  remedy: REBUILD,
  slices: numberPools,
  violations: violations(sql),
  repair: async (tx, id) => {
    await tx.sql('SELECT number_rebuild($1)', [id]);
    return Number((await tx.one<{ n: string }>('SELECT count(*) AS n FROM free_number WHERE pool_id = $1', [id]))?.n ?? 0) + 1;
  },
});

/** A range as people write it. */
const SPAN = (first: string, last: string): string => `concat_ws('-', ${first}, nullif(${last}, ${first}))`;
/** The allocations of a range by the unique index, range by range: a join on the space alone would compare each with each. */
const ALLOCATED = (columns: string): string =>
  `CROSS JOIN LATERAL (SELECT ${columns} FROM number_allocation a WHERE a.space_id = r.space_id AND a.value BETWEEN r.first AND r.last OFFSET 0) a`;

const nothingLost = derived(
  { name: 'numbering.nothing-lost', says: 'Every configured value of a pool is free, allocated or excluded.' },
  `WITH extent AS (SELECT pool_id, min(first) AS low, max(last) AS high FROM number_pool_range WHERE pool_id = ANY($1) GROUP BY pool_id),
   covered AS (
     SELECT f.pool_id, f.first, f.last FROM free_number f JOIN extent e ON e.pool_id = f.pool_id AND f.last >= e.low AND f.first <= e.high
     -- Runs of consecutive values instead of each value: the index gives them in order, and a full pool is one row.
     UNION ALL SELECT r.pool_id, a.first, a.last FROM number_pool_range r CROSS JOIN LATERAL (
       SELECT min(y.value) AS first, max(y.value) AS last FROM (
         SELECT x.value, x.value - row_number() OVER (ORDER BY x.value) AS run FROM number_allocation x WHERE x.space_id = r.space_id AND x.value BETWEEN r.first AND r.last) y
        GROUP BY y.run) a WHERE r.pool_id = ANY($1)
     UNION ALL SELECT x.pool_id, x.first, x.last FROM number_pool_exclusion x JOIN extent e ON e.pool_id = x.pool_id AND x.last >= e.low AND x.first <= e.high
     -- What lies below, between and above the ranges is not the pool's.
     UNION ALL SELECT r.pool_id, coalesce(lag(r.last) OVER (PARTITION BY r.pool_id ORDER BY r.first) + 1, r.first - 1), r.first - 1
                 FROM number_pool_range r WHERE r.pool_id = ANY($1)
     UNION ALL SELECT e.pool_id, e.high + 1, e.high + 1 FROM extent e)
   SELECT w.pool_id AS id, ${SPAN('w.until + 1', 'w.first - 1')} || ' is neither free nor allocated nor excluded' AS what
     FROM (SELECT c.pool_id, c.first, max(c.last) OVER (PARTITION BY c.pool_id ORDER BY c.first, c.last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
             FROM covered c) w
    WHERE w.first > w.until + 1 ORDER BY w.pool_id, w.first LIMIT $2`,
);

const freeIsTidy = derived(
  { name: 'numbering.free-ranges-tidy', says: 'Free ranges of a pool neither overlap nor touch.' },
  `SELECT w.pool_id AS id, ${SPAN('w.first', 'w.last')} ||
          CASE WHEN w.until >= w.first THEN ' overlaps a free range that ends at ' ELSE ' continues a free range that ends at ' END || w.until AS what
     FROM (SELECT f.pool_id, f.first, f.last, max(f.last) OVER (PARTITION BY f.pool_id ORDER BY f.first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
             FROM free_number f WHERE f.pool_id = ANY($1)) w
    WHERE w.until >= w.first - 1 LIMIT $2`,
);

const freeIsNotAllocated = derived(
  { name: 'numbering.free-not-allocated', says: 'No value is free and allocated.' },
  `SELECT f.pool_id AS id, a.value || ' is allocated (' || a.id || ') and in the free range ' || ${SPAN('f.first', 'f.last')} AS what
     FROM number_pool p JOIN free_number f ON f.pool_id = p.id
     CROSS JOIN LATERAL (SELECT x.value, x.id FROM number_allocation x WHERE x.space_id = p.space_id AND x.value BETWEEN f.first AND f.last ORDER BY x.value LIMIT 1) a
    WHERE p.id = ANY($1) LIMIT $2`,
);

const freeIsNotExcluded = derived(
  { name: 'numbering.free-not-excluded', says: 'No value is free and excluded.' },
  `SELECT x.pool_id AS id, ${SPAN('greatest(f.first, x.first)', 'least(f.last, x.last)')} || ' is excluded (' || x.reason || ') and free' AS what
     FROM number_pool_exclusion x
     CROSS JOIN LATERAL (SELECT y.first, y.last FROM free_number y WHERE y.pool_id = x.pool_id AND y.first <= x.last ORDER BY y.first DESC LIMIT 1) f
    WHERE x.pool_id = ANY($1) AND f.last >= x.first LIMIT $2`,
);

const freeIsConfigured = derived(
  { name: 'numbering.free-configured', says: 'What is free in a pool is in its ranges.' },
  `SELECT g.pool_id AS id, ${SPAN('greatest(f.first, g.first)', 'least(f.last, g.last)')} || ' is free and in no range of the pool' AS what
     FROM (SELECT r.pool_id, coalesce(lag(r.last) OVER w, -9223372036854775807) + 1 AS first, r.first - 1 AS last FROM number_pool_range r WHERE r.pool_id = ANY($1)
             WINDOW w AS (PARTITION BY r.pool_id ORDER BY r.first)
           UNION ALL SELECT p.id, coalesce(max(r.last), -9223372036854775807) + 1, 9223372036854775807 FROM number_pool p
             LEFT JOIN number_pool_range r ON r.pool_id = p.id WHERE p.id = ANY($1) GROUP BY p.id) g
     CROSS JOIN LATERAL (SELECT y.first, y.last FROM free_number y WHERE y.pool_id = g.pool_id AND y.first <= g.last ORDER BY y.first DESC LIMIT 1) f
    WHERE g.first <= g.last AND f.last >= g.first LIMIT $2`,
);

const stateIsTrue = derived(
  { name: 'numbering.state-copied', says: 'The state row of a pool is there and repeats its space, strategy, restrictions and quotas.' },
  `SELECT p.id, CASE WHEN s.pool_id IS NULL THEN 'there is no state row' ELSE concat_ws(', ',
            CASE WHEN s.space_id <> p.space_id THEN 'space ' || s.space_id || ' instead of ' || p.space_id END,
            CASE WHEN s.strategy <> p.strategy THEN 'strategy ' || s.strategy || ' instead of ' || p.strategy END,
            CASE WHEN s.is_restricted <> t.is_restricted THEN 'restricted to some tenants: ' || s.is_restricted || ' instead of ' || t.is_restricted END,
            CASE WHEN s.has_quotas <> q.has_quotas THEN 'has quotas: ' || s.has_quotas || ' instead of ' || q.has_quotas END) END AS what
     FROM number_pool p LEFT JOIN number_pool_state s ON s.pool_id = p.id
     CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM number_pool_tenant x WHERE x.pool_id = p.id) AS is_restricted) t
     CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM number_quota x WHERE x.pool_id = p.id) AS has_quotas) q
    WHERE p.id = ANY($1) AND (s.space_id, s.strategy, s.is_restricted, s.has_quotas) IS DISTINCT FROM (p.space_id, p.strategy, t.is_restricted, q.has_quotas) LIMIT $2`,
);

const hintIsTrue = derived(
  { name: 'numbering.hint-true', says: 'Nothing below the hint of a pool is free.' },
  `SELECT s.pool_id AS id, 'the hint is ' || s.hint || ', and ' || f.first || ' is free' AS what FROM number_pool_state s
     CROSS JOIN LATERAL (SELECT y.first FROM free_number y WHERE y.pool_id = s.pool_id AND y.first < s.hint ORDER BY y.pool_id, y.first LIMIT 1) f
    WHERE s.pool_id = ANY($1) LIMIT $2`,
);

const freeCountIsTrue = derived(
  {
    name: 'numbering.free-count-true',
    says: 'The count of free values of a pool is what its ranges leave after exclusions and allocations.',
  },
  `SELECT s.pool_id AS id, 'counted are ' || s.free || ', and ' || n.free || ' are free' AS what FROM number_pool_state s
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(r.last - r.first + 1 - x.excluded - (SELECT count(*) FROM number_allocation a WHERE a.space_id = r.space_id AND a.value BETWEEN r.first AND r.last) + x.both), 0) AS free
         FROM number_pool_range r CROSS JOIN LATERAL (
           SELECT coalesce(sum(least(y.last, r.last) - greatest(y.first, r.first) + 1), 0) AS excluded,
                  coalesce(sum((SELECT count(*) FROM number_allocation a WHERE a.space_id = r.space_id
                                   AND a.value BETWEEN greatest(y.first, r.first) AND least(y.last, r.last))), 0) AS both
             FROM number_pool_exclusion y WHERE y.pool_id = r.pool_id AND y.first <= r.last AND y.last >= r.first) x
        WHERE r.pool_id = s.pool_id) n
    WHERE s.pool_id = ANY($1) AND s.free <> n.free LIMIT $2`,
);

const quotaIsTrue = derived(
  { name: 'numbering.quota-true', says: 'The used count of a quota is the number of held and bound values of the tenant in the pool.' },
  `SELECT q.pool_id AS id, 'tenant ' || q.tenant_id || ' has ' || coalesce(c.n, 0) || ' values, and ' || q.used || ' are counted' AS what
     FROM number_quota q LEFT JOIN (
       SELECT r.pool_id, a.tenant_id, sum(a.n) AS n FROM number_pool_range r CROSS JOIN LATERAL (
         SELECT x.tenant_id, count(*) AS n FROM number_allocation x
          WHERE x.space_id = r.space_id AND x.value BETWEEN r.first AND r.last AND x.pool_id = r.pool_id AND x.state <> 'QUARANTINED' GROUP BY x.tenant_id) a
        WHERE r.pool_id = ANY($1) AND r.pool_id IN (SELECT x.pool_id FROM number_quota x)
        GROUP BY r.pool_id, a.tenant_id) c ON c.pool_id = q.pool_id AND c.tenant_id = q.tenant_id
    WHERE q.pool_id = ANY($1) AND q.used <> coalesce(c.n, 0) LIMIT $2`,
);

const allocationsAreInside: Invariant = {
  name: 'numbering.allocations-configured',
  says: 'Every allocated value is in a range of its pool.',
  remedy: 'Give the pool a range that contains the value, or release the allocation when nothing carries the value any more.',
  slices: numberPools,
  violations: violations(
    `WITH RECURSIVE place AS (SELECT id, space_id FROM number_pool WHERE id = ANY($1)),
     -- From one space to the next by the index.
     used AS (
       (SELECT space_id FROM number_allocation ORDER BY space_id LIMIT 1)
       UNION ALL SELECT (SELECT a.space_id FROM number_allocation a WHERE a.space_id > u.space_id ORDER BY a.space_id LIMIT 1) FROM used u WHERE u.space_id IS NOT NULL)
     SELECT id, what FROM (
       (SELECT r.pool_id AS id, a.value || ' is allocated (' || a.id || ') from the pool ' || a.pool_id AS what
          FROM number_pool_range r ${ALLOCATED('a.id, a.value, a.pool_id')} WHERE r.pool_id = ANY($1) AND a.pool_id <> r.pool_id LIMIT $2)
       UNION ALL
       -- What lies between the ranges of a space, whosever they are.
       (SELECT coalesce(o.id, g.someone), a.value || ' is allocated (' || a.id || ') and in no range'
          FROM (SELECT s.space_id, s.someone, coalesce(lag(r.last) OVER w, -9223372036854775807) + 1 AS first, coalesce(r.first, 9223372036854775807) - 1 AS last
                  FROM (SELECT DISTINCT ON (space_id) space_id, id AS someone FROM place ORDER BY space_id, id) s
                  JOIN (SELECT space_id, first, last FROM number_pool_range UNION ALL SELECT DISTINCT space_id, NULL::bigint, NULL::bigint FROM number_pool) r
                    ON r.space_id = s.space_id WINDOW w AS (PARTITION BY s.space_id ORDER BY r.first)) g
          CROSS JOIN LATERAL (SELECT x.id, x.value, x.pool_id FROM number_allocation x
                               WHERE x.space_id = g.space_id AND x.value BETWEEN g.first AND g.last ORDER BY x.value LIMIT $2) a
          LEFT JOIN number_pool o ON o.id = a.pool_id
         WHERE o.id IS NULL OR o.id = ANY($1) LIMIT $2)
       UNION ALL
       (SELECT p.id, 'values are allocated in the space ' || u.space_id || ', which does not exist' FROM used u
          CROSS JOIN (SELECT id FROM number_pool ORDER BY id LIMIT 1) p
         WHERE u.space_id IS NOT NULL AND p.id = ANY($1) AND NOT EXISTS (SELECT FROM number_space s WHERE s.id = u.space_id) LIMIT $2)) found LIMIT $2`,
  ),
};

const allocationsHaveTenants: Invariant = {
  name: 'numbering.allocations-owned',
  says: 'Every allocation belongs to a tenant that exists.',
  remedy: 'Release the allocation when nothing carries the value any more, or transfer it to the tenant that uses it.',
  slices: numberPools,
  violations: violations(
    `SELECT r.pool_id AS id, a.value || ' is allocated (' || a.id || ') to the tenant ' || a.tenant_id || ', who does not exist' AS what
       FROM number_pool_range r ${ALLOCATED('a.id, a.value, a.tenant_id')}
      WHERE r.pool_id = ANY($1) AND NOT EXISTS (SELECT FROM tenant t WHERE t.id = a.tenant_id) LIMIT $2`,
  ),
};

const NEVER_TWICE = `NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = 'number_allocation_value_unique' AND c.contype = 'u')`;
const neverTwice: Invariant = {
  name: 'numbering.never-twice',
  says: 'The constraint that forbids a value to exist twice in a space is there, and no value does.',
  remedy:
    'Somebody dropped the constraint. Decide which holder keeps the value, move the other one, and add the constraint again: ' +
    'ALTER TABLE number_allocation ADD CONSTRAINT number_allocation_value_unique UNIQUE (space_id, value).',
  slices: numberPools,
  violations: violations(
    `(SELECT p.id, 'the constraint number_allocation_value_unique is missing' AS what FROM (SELECT id FROM number_pool ORDER BY id LIMIT 1) p
       WHERE p.id = ANY($1) AND ${NEVER_TWICE})
     UNION ALL
     (SELECT r.pool_id, a.value || ' is allocated ' || count(*) || ' times: ' || string_agg(a.id::text, ', ' ORDER BY a.id)
        FROM number_pool_range r JOIN number_allocation a ON a.space_id = r.space_id AND a.value BETWEEN r.first AND r.last
       WHERE r.pool_id = ANY($1) AND ${NEVER_TWICE} GROUP BY r.pool_id, a.value HAVING count(*) > 1 LIMIT $2)`,
  ),
};

const endsAreKept: Invariant = {
  name: 'numbering.ends-kept',
  says: 'Holds and quarantines go back to their pool within a minute of their end.',
  remedy:
    'The sweeper of the worker does not come round: is a worker running, and does its log say `task.failed`? Nothing is lost meanwhile.',
  slices: numberPools,
  violations: violations(
    `SELECT pool_id AS id, count(*) || ' ' || CASE state WHEN 'HELD' THEN 'holds' ELSE 'quarantines' END || ' are over and still there, the oldest since '
            || min(coalesce(expires_at, reusable_at)) AS what
       FROM (SELECT pool_id, state, expires_at, reusable_at FROM number_allocation WHERE state = 'HELD' AND expires_at < now() - interval '1 minute'
             UNION ALL
             SELECT pool_id, state, NULL, reusable_at FROM number_allocation WHERE state = 'QUARANTINED' AND reusable_at < now() - interval '1 minute') late
      WHERE pool_id = ANY($1) GROUP BY pool_id, state LIMIT $2`,
  ),
};

/** The truth first: what is derived from a wrong one is wrong, too. */
export const numberingInvariants: readonly Invariant[] = [
  neverTwice,
  allocationsAreInside,
  allocationsHaveTenants,
  endsAreKept,
  stateIsTrue,
  nothingLost,
  freeIsTidy,
  freeIsNotAllocated,
  freeIsNotExcluded,
  freeIsConfigured,
  hintIsTrue,
  freeCountIsTrue,
  quotaIsTrue,
];

@Injectable()
export class NumberingInvariants implements OnModuleInit {
  constructor(private readonly registry: InvariantRegistry) {}

  onModuleInit(): void {
    this.registry.add(...numberingInvariants);
  }
}
