/** What is always true of prefixes and their pools, each as one query about a slice. */
import type { Invariant, Slices, Violation } from '#contexts/events';
import type { Tx } from '#platform';

/** Pools of one question: many small ones, or a single one with more leaves than this. */
const POOLS = 100;
const LEAVES = 20_000;

export const prefixPools: Slices = {
  name: 'prefix pools',
  kind: 'prefixPool',
  next: async (tx, after) => {
    const rows = await tx.sql<{ id: string }>(
      `SELECT id FROM (
         SELECT p.id, coalesce(sum(p.leaves) OVER (ORDER BY p.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM (
           SELECT o.id, (SELECT count(*) FROM (SELECT FROM prefix_pool_range r JOIN prefix c ON c.parent_id = r.prefix_id WHERE r.pool_id = o.id LIMIT $3) counted) AS leaves
             FROM prefix_pool o WHERE $1::uuid IS NULL OR o.id > $1 ORDER BY o.id LIMIT $2) p) q
        WHERE q.before < $3 ORDER BY id`,
      [after, POOLS, LEAVES],
    );
    return rows.map((row) => row.id);
  },
};

/** `$1`: the ids, `$2`: how many rows are wanted; a row has the thing as `id`, and `what`. */
export const violations =
  (sql: string): Invariant['violations'] =>
  (tx: Tx, ids, limit): Promise<Violation[]> =>
    tx.sql<{ id: string; what: string }>(sql, [ids, limit]);

export const REBUILD =
  'The index of free space is wrong, not the allocations: `trame doctor --repair` makes it anew from them. Tell us what happened before.';

const derived = (invariant: Pick<Invariant, 'name' | 'says'>, sql: string): Invariant => ({
  ...invariant,
  remedy: REBUILD,
  slices: prefixPools,
  violations: violations(sql),
  repair: async (tx, id) => {
    await tx.sql('SELECT prefix_rebuild($1)', [id]);
    return Number((await tx.one<{ n: string }>('SELECT count(*) AS n FROM free_prefix WHERE pool_id = $1', [id]))?.n ?? 0) + 1;
  },
});

const LEAF = `role IN ('SUBNET', 'LOOPBACK', 'LINK', 'RESERVED')`;
/** Leaves within the ranges of a pool, by the index of their place: a join on the space alone would compare each with each. */
const LEAVES_OF = (columns: string): string =>
  `CROSS JOIN LATERAL (SELECT ${columns} FROM prefix l WHERE l.space_id = o.space_id AND l.cidr BETWEEN r.cidr AND prefix_last(r.cidr) AND l.${LEAF} OFFSET 0) l`;

const nothingLost = derived(
  { name: 'addressing.prefixes-nothing-lost', says: 'What of the ranges of a prefix pool is neither given out nor excluded is free.' },
  `SELECT r.pool_id AS id, g.cidr || ' is neither free nor given out nor excluded, or not all of it is free' AS what
     FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id CROSS JOIN LATERAL prefix_gaps(o.id, r.cidr) g(cidr)
    WHERE o.id = ANY($1) AND NOT EXISTS (SELECT FROM free_prefix f WHERE f.pool_id = o.id AND f.length = masklen(g.cidr) AND f.block = g.cidr)
      -- In a larger free block, or in smaller ones that make it up: that is for another invariant.
      -- Counted and not NOT EXISTS, which is planned as a join of all gaps with all free blocks (20 s at 3,000 leaves instead of 0.5 s).
      AND (SELECT count(*) FROM generate_series(masklen(r.cidr), masklen(g.cidr) - 1) n
             CROSS JOIN LATERAL (SELECT FROM free_prefix x WHERE x.pool_id = o.id AND x.length = n AND x.block = network(set_masklen(g.cidr::inet, n)) LIMIT 1) f) = 0
      AND (SELECT coalesce(sum(prefix_units(f.length, o.max_length)), 0) FROM generate_series(masklen(g.cidr) + 1, CASE o.family WHEN 4 THEN 32 ELSE 128 END) n
             CROSS JOIN LATERAL (SELECT x.length FROM free_prefix x WHERE x.pool_id = o.id AND x.length = n AND x.block BETWEEN g.cidr AND prefix_last(g.cidr)) f)
          < prefix_units(masklen(g.cidr), o.max_length)
    ORDER BY r.pool_id, g.cidr LIMIT $2`,
);

/** Sorted by address, what overlaps a block lies before it and ends after its beginning. */
const TILES = `tile AS (
     SELECT f.pool_id, f.block AS cidr, f.block AS free, NULL::cidr AS busy, '' AS kind FROM free_prefix f WHERE f.pool_id = ANY($1)
     UNION ALL SELECT r.pool_id, l.cidr, NULL, l.cidr, 'given out' FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id ${LEAVES_OF('l.cidr')} WHERE o.id = ANY($1)
     UNION ALL SELECT x.pool_id, x.cidr, NULL, x.cidr, 'excluded (' || x.reason || ')' FROM prefix_pool_exclusion x WHERE x.pool_id = ANY($1)),
   seen AS (
     SELECT t.*, max(prefix_last(t.free)) OVER w AS free_until, max(prefix_last(t.busy)) OVER w AS busy_until FROM tile t
     WINDOW w AS (PARTITION BY t.pool_id ORDER BY t.cidr, t.kind ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))`;

const freeIsNotUsed = derived(
  { name: 'addressing.free-prefixes-unused', says: 'No free block overlaps a prefix that is given out or excluded.' },
  `WITH ${TILES}
   SELECT pool_id AS id, cidr || CASE WHEN free IS NULL THEN ' is ' || kind || ' and in a free block' ELSE ' is free and in a prefix that is given out or excluded' END AS what
     FROM seen WHERE CASE WHEN free IS NULL THEN free_until >= cidr ELSE busy_until >= cidr END LIMIT $2`,
);

const freeIsTidy = derived(
  { name: 'addressing.free-prefixes-tidy', says: 'Free blocks of a pool neither overlap nor are both halves of a larger one.' },
  `SELECT id, what FROM (
     SELECT w.pool_id AS id, w.block || ' overlaps another free block' AS what
       FROM (SELECT f.pool_id, f.block, max(prefix_last(f.block)) OVER (PARTITION BY f.pool_id ORDER BY f.block ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
               FROM free_prefix f WHERE f.pool_id = ANY($1)) w WHERE w.until >= w.block
     UNION ALL
     SELECT a.pool_id, a.block || ' and its other half are both free and not merged'
       FROM free_prefix a JOIN free_prefix b ON b.pool_id = a.pool_id AND b.length = a.length AND b.block = prefix_buddy(a.block)
       JOIN prefix_pool_range r ON r.pool_id = a.pool_id AND r.cidr >> a.block
      WHERE a.pool_id = ANY($1) AND a.block < b.block) found LIMIT $2`,
);

const freeIsConfigured = derived(
  { name: 'addressing.free-prefixes-configured', says: 'What is free in a prefix pool is in its ranges.' },
  `SELECT f.pool_id AS id, f.block || ' is free and in no range of the pool' AS what FROM free_prefix f
    WHERE f.pool_id = ANY($1) AND NOT EXISTS (SELECT FROM prefix_pool_range r WHERE r.pool_id = f.pool_id AND r.cidr >>= f.block) LIMIT $2`,
);

const stateIsTrue = derived(
  {
    name: 'addressing.prefix-state-copied',
    says: 'The state row of a prefix pool is there and repeats its space, lengths, strategy, restrictions and quotas.',
  },
  `SELECT p.id, CASE WHEN s.pool_id IS NULL THEN 'there is no state row' ELSE 'the state row says ' || s.copy || ' instead of ' || p.copy END AS what
     FROM (SELECT o.id, concat_ws(', ', 'space ' || o.space_id, 'family ' || o.family, o.strategy, 'lengths ' || o.min_length || '/' || o.default_length || '/' || o.max_length,
                  'largest ' || coalesce((SELECT min(masklen(r.cidr)) FROM prefix_pool_range r WHERE r.pool_id = o.id), o.max_length),
                  'size ' || trim_scale(coalesce((SELECT sum(prefix_units(masklen(r.cidr), o.max_length)) FROM prefix_pool_range r WHERE r.pool_id = o.id), 0)),
                  CASE WHEN EXISTS (SELECT FROM prefix_pool_tenant t WHERE t.pool_id = o.id) THEN 'restricted' END,
                  CASE WHEN EXISTS (SELECT FROM prefix_quota q WHERE q.pool_id = o.id) THEN 'quotas' END) AS copy
             FROM prefix_pool o WHERE o.id = ANY($1)) p
     LEFT JOIN (SELECT y.pool_id, concat_ws(', ', 'space ' || y.space_id, 'family ' || y.family, y.strategy, 'lengths ' || y.min_length || '/' || y.default_length || '/' || y.max_length,
                       'largest ' || y.top, 'size ' || trim_scale(y.size), CASE WHEN y.is_restricted THEN 'restricted' END, CASE WHEN y.has_quotas THEN 'quotas' END) AS copy
                  FROM prefix_pool_state y) s ON s.pool_id = p.id
    WHERE p.copy IS DISTINCT FROM s.copy LIMIT $2`,
);

const hintsAreTrue = derived(
  { name: 'addressing.prefix-hints-true', says: 'Of each length, no free block lies below the hint of its pool.' },
  `SELECT f.pool_id AS id, f.block || ' is free, and the hint for its length is ' || s.hints[f.length + 1] AS what
     FROM prefix_pool_state s CROSS JOIN generate_series(0, 128) n
     CROSS JOIN LATERAL (SELECT x.pool_id, x.length, x.block FROM free_prefix x WHERE x.pool_id = s.pool_id AND x.length = n ORDER BY x.block LIMIT 1) f
    WHERE s.pool_id = ANY($1) AND f.block < s.hints[n + 1] LIMIT $2`,
);

const freeCountIsTrue = derived(
  {
    name: 'addressing.prefix-count-true',
    says: 'The count of free blocks of a pool is what its ranges leave after exclusions and prefixes that are given out.',
  },
  `SELECT s.pool_id AS id, 'counted are ' || trim_scale(s.free) || ', and ' || trim_scale(n.free) || ' are free, in blocks of /' || s.max_length AS what
     FROM prefix_pool_state s CROSS JOIN LATERAL (
       SELECT coalesce(sum(prefix_units(masklen(g.cidr), s.max_length)), 0) AS free FROM prefix_pool_range r CROSS JOIN LATERAL prefix_gaps(r.pool_id, r.cidr) g(cidr) WHERE r.pool_id = s.pool_id) n
    WHERE s.pool_id = ANY($1) AND s.free <> n.free LIMIT $2`,
);

const quotaIsTrue = derived(
  {
    name: 'addressing.prefix-quota-true',
    says: 'The used count of a quota of prefixes is what the tenant has of the pool, in blocks of its longest length.',
  },
  `SELECT q.pool_id AS id, 'tenant ' || q.tenant_id || ' has ' || trim_scale(coalesce(c.n, 0)) || ' blocks, and ' || trim_scale(q.used) || ' are counted' AS what
     FROM prefix_quota q LEFT JOIN (
       SELECT o.id AS pool_id, l.tenant_id, sum(prefix_units(masklen(l.cidr), o.max_length)) AS n FROM prefix_pool o
         JOIN prefix_pool_range r ON r.pool_id = o.id JOIN prefix l ON l.parent_id = r.prefix_id AND l.state <> 'QUARANTINED' AND l.${LEAF}
        WHERE o.id = ANY($1) AND o.id IN (SELECT x.pool_id FROM prefix_quota x) GROUP BY o.id, l.tenant_id) c ON c.pool_id = q.pool_id AND c.tenant_id = q.tenant_id
    WHERE q.pool_id = ANY($1) AND q.used <> coalesce(c.n, 0) LIMIT $2`,
);

const leavesAreInside: Invariant = {
  name: 'addressing.prefixes-in-their-pool',
  says: 'Every prefix that was carved out of a pool is within the range it came from, and what lies in a range came from it.',
  remedy:
    'Find out in the audit which of the two was changed. A range that contains the prefix can be added to the pool; a prefix that nobody uses can be released.',
  slices: prefixPools,
  violations: violations(
    `SELECT id, what FROM (
       SELECT r.pool_id AS id, l.cidr || ' (' || l.id || ') came from ' || r.cidr || ' and is not within it' AS what
         FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id JOIN prefix l ON l.parent_id = r.prefix_id
        WHERE o.id = ANY($1) AND l.${LEAF} AND NOT (l.space_id = o.space_id AND l.cidr <<= r.cidr)
       UNION ALL
       SELECT r.pool_id, l.cidr || ' (' || l.id || ') lies in ' || r.cidr || ' and did not come from it' FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id
         ${LEAVES_OF('l.id, l.cidr, l.parent_id')} WHERE o.id = ANY($1) AND l.parent_id IS DISTINCT FROM r.prefix_id) found LIMIT $2`,
  ),
};

const prefixesAreOwned: Invariant = {
  name: 'addressing.prefixes-owned',
  says: 'Every prefix that is given out of a pool belongs to a tenant that exists, or to the operator.',
  remedy: 'Release the prefix when nothing uses it any more, or transfer it to the tenant that does.',
  slices: prefixPools,
  violations: violations(
    `SELECT r.pool_id AS id, l.cidr || ' (' || l.id || ') belongs to the tenant ' || l.tenant_id || ', who does not exist' AS what
       FROM prefix_pool_range r JOIN prefix l ON l.parent_id = r.prefix_id
      WHERE r.pool_id = ANY($1) AND l.tenant_id IS NOT NULL AND NOT EXISTS (SELECT FROM tenant t WHERE t.id = l.tenant_id) LIMIT $2`,
  ),
};

const prefixesAreUsed: Invariant = {
  name: 'addressing.prefixes-used',
  says: 'Every prefix that a subnet holds is the prefix of one.',
  remedy: 'The subnet is gone: when nothing uses the addresses, release the prefix with `prefix_release` in the database.',
  slices: prefixPools,
  violations: violations(
    `SELECT r.pool_id AS id, l.cidr || ' (' || l.id || ') is held by a subnet and no subnet has it' AS what FROM prefix_pool_range r JOIN prefix l ON l.parent_id = r.prefix_id
      WHERE r.pool_id = ANY($1) AND l.holder_kind = 'subnet' AND NOT EXISTS (SELECT FROM subnet s WHERE s.prefix_id = l.id) LIMIT $2`,
  ),
};

const endsAreKept: Invariant = {
  name: 'addressing.prefix-ends-kept',
  says: 'Holds and quarantines of prefixes go back to their pool within a minute of their end.',
  remedy:
    'The sweeper of the worker does not come round: is a worker running, and does its log say `task.failed`? Nothing is lost meanwhile.',
  slices: prefixPools,
  violations: violations(
    `SELECT r.pool_id AS id, count(*) || ' ' || CASE late.state WHEN 'HELD' THEN 'holds' ELSE 'quarantines' END || ' are over and still there, the oldest since '
            || min(late.ended_at) AS what
       FROM (SELECT parent_id, state, expires_at AS ended_at FROM prefix WHERE state = 'HELD' AND expires_at < now() - interval '1 minute'
             UNION ALL SELECT parent_id, state, reusable_at FROM prefix WHERE state = 'QUARANTINED' AND reusable_at < now() - interval '1 minute') late
       JOIN prefix_pool_range r ON r.prefix_id = late.parent_id WHERE r.pool_id = ANY($1) GROUP BY r.pool_id, late.state LIMIT $2`,
  ),
};

const NEVER_TWICE = `(SELECT count(*) FROM pg_constraint c WHERE c.conname IN ('prefix_leaf_disjoint', 'prefix_leaf_disjoint_v6') AND c.contype = 'x') < 2`;
const neverTwice: Invariant = {
  name: 'addressing.prefixes-never-twice',
  says: 'The constraints that forbid prefixes of a space to overlap are there, and none do.',
  remedy:
    'Somebody dropped a constraint. Decide which holder keeps the addresses, move the other one, and add the constraint again as the migration `grow-addressing` has it.',
  slices: prefixPools,
  violations: violations(
    `(SELECT o.id, 'a constraint of prefix_leaf_disjoint and prefix_leaf_disjoint_v6 is missing' AS what FROM (SELECT id FROM prefix_pool ORDER BY id LIMIT 1) o
       WHERE o.id = ANY($1) AND ${NEVER_TWICE})
     UNION ALL
     (SELECT w.pool_id, w.cidr || ' (' || w.id || ') overlaps another prefix' FROM (
        SELECT r.pool_id, l.cidr, l.id, max(prefix_last(l.cidr)) OVER (PARTITION BY r.pool_id ORDER BY l.cidr ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
          FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id ${LEAVES_OF('l.cidr, l.id')} WHERE o.id = ANY($1) AND ${NEVER_TWICE}) w
       WHERE w.until >= w.cidr LIMIT $2)`,
  ),
};

/** The truth first: what is derived from a wrong one is wrong, too. */
export const prefixInvariants: readonly Invariant[] = [
  neverTwice,
  leavesAreInside,
  prefixesAreOwned,
  prefixesAreUsed,
  endsAreKept,
  stateIsTrue,
  nothingLost,
  freeIsTidy,
  freeIsNotUsed,
  freeIsConfigured,
  hintsAreTrue,
  freeCountIsTrue,
  quotaIsTrue,
];
