/** What is always true of subnets and their addresses, each as one query about a slice. */
import type { Invariant, Slices } from '#contexts/events';
import { REBUILD, violations } from './prefix-invariants.js';

/** Subnets of one question: many small ones, or a single one with more addresses than this. */
const SUBNETS = 500;
const ADDRESSES = 100_000;
const PAGE = 100;

const subnets: Slices = {
  name: 'subnets',
  kind: 'subnet',
  next: async (tx, after) => {
    const rows = await tx.sql<{ id: string }>(
      `SELECT id FROM (
         SELECT s.id, coalesce(sum(s.used) OVER (ORDER BY s.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM (
           SELECT n.id, (SELECT count(*) FROM (SELECT FROM ip_address a WHERE a.subnet_id = n.id LIMIT $3) counted) AS used
             FROM subnet n WHERE $1::uuid IS NULL OR n.id > $1 ORDER BY n.id LIMIT $2) s) q
        WHERE q.before < $3 ORDER BY id`,
      [after, SUBNETS, ADDRESSES],
    );
    return rows.map((row) => row.id);
  },
};

const addressSpaces: Slices = {
  name: 'address spaces',
  kind: 'addressSpace',
  next: async (tx, after) =>
    (await tx.sql<{ id: string }>('SELECT id FROM address_space WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT 1', [after])).map(
      (row) => row.id,
    ),
};

const vrfs: Slices = {
  name: 'VRFs and their routes',
  kind: 'vrf',
  next: async (tx, after) =>
    (await tx.sql<{ id: string }>('SELECT id FROM vrf WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2', [after, PAGE])).map(
      (row) => row.id,
    ),
};

const derived = (invariant: Pick<Invariant, 'name' | 'says'>, sql: string): Invariant => ({
  ...invariant,
  remedy: REBUILD,
  slices: subnets,
  violations: violations(sql),
  repair: async (tx, id) => {
    await tx.sql('SELECT address_rebuild($1)', [id]);
    return Number((await tx.one<{ n: string }>('SELECT count(*) AS n FROM free_address WHERE subnet_id = $1', [id]))?.n ?? 0) + 1;
  },
});

const SPAN = (first: string, last: string): string => `concat_ws('-', host(${first}), nullif(host(${last}), host(${first})))`;
/** The last free range that begins at or below an address. */
const FREE_AT = (kind: string, address: string): string =>
  `SELECT x.first, x.last FROM free_address x WHERE x.subnet_id = s.id AND x.kind = ${kind} AND x.first <= ${address} ORDER BY x.first DESC LIMIT 1`;

const nothingLost = derived(
  { name: 'addressing.addresses-nothing-lost', says: 'Every host address of a subnet is free, given out or reserved.' },
  `WITH host AS (SELECT s.id, s.space_id, h.first, h.last FROM subnet s CROSS JOIN LATERAL address_hosts(s.cidr) h WHERE s.id = ANY($1) AND h.first <= h.last),
   covered AS (
     SELECT h.id, f.first, f.last FROM host h JOIN free_address f ON f.subnet_id = h.id AND f.last >= h.first AND f.first <= h.last
     -- Runs of consecutive addresses instead of each: the index gives them in order, and a full subnet is one row.
     UNION ALL SELECT h.id, a.first, a.last FROM host h CROSS JOIN LATERAL (
       SELECT min(y.address) AS first, max(y.address) AS last FROM (
         SELECT x.address, x.address - row_number() OVER (ORDER BY x.address) AS run FROM ip_address x WHERE x.space_id = h.space_id AND x.address BETWEEN h.first AND h.last) y
        GROUP BY y.run) a
     UNION ALL SELECT h.id, r.first, r.last FROM host h JOIN address_range r ON r.subnet_id = h.id AND r.kind = 'RESERVED' AND r.last >= h.first AND r.first <= h.last
     UNION ALL SELECT h.id, h.first - 1, h.first - 1 FROM host h
     UNION ALL SELECT h.id, h.last + 1, h.last + 1 FROM host h)
   SELECT w.id, ${SPAN('w.until + 1', 'w.first - 1')} || ' is neither free nor given out nor reserved' AS what
     FROM (SELECT c.id, c.first, max(c.last) OVER (PARTITION BY c.id ORDER BY c.first, c.last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM covered c) w
    WHERE w.first > w.until + 1 ORDER BY w.id, w.first LIMIT $2`,
);

const freeIsTidy = derived(
  { name: 'addressing.free-addresses-tidy', says: 'Free ranges of a subnet neither overlap nor touch.' },
  `SELECT w.subnet_id AS id, ${SPAN('w.first', 'w.last')} || ' overlaps or continues a free range that ends at ' || host(w.until) AS what
     FROM (SELECT f.subnet_id, f.first, f.last, max(f.last) OVER (PARTITION BY f.subnet_id, f.kind ORDER BY f.first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
             FROM free_address f WHERE f.subnet_id = ANY($1)) w WHERE w.until >= w.first - 1 LIMIT $2`,
);

const freeIsNotUsed = derived(
  { name: 'addressing.free-addresses-unused', says: 'No address is free and given out.' },
  `SELECT s.id, host(a.address) || ' is given out (' || a.id || ') and in the free range ' || ${SPAN('f.first', 'f.last')} AS what
     FROM subnet s JOIN free_address f ON f.subnet_id = s.id
     CROSS JOIN LATERAL (SELECT x.address, x.id FROM ip_address x WHERE x.space_id = s.space_id AND x.address BETWEEN f.first AND f.last ORDER BY x.address LIMIT 1) a
    WHERE s.id = ANY($1) LIMIT $2`,
);

const freeIsConfigured = derived(
  {
    name: 'addressing.free-addresses-configured',
    says: 'What is free in a subnet is a host address of it, not reserved, and counted as DHCP exactly where a DHCP range has it.',
  },
  `SELECT id, what FROM (
     SELECT s.id, ${SPAN('f.first', 'f.last')} || ' is free and not all of it is a host address of ' || s.cidr AS what
       FROM subnet s CROSS JOIN LATERAL address_hosts(s.cidr) h CROSS JOIN (VALUES ('HOST'), ('DHCP')) k(kind) CROSS JOIN LATERAL (
         (SELECT x.first, x.last FROM free_address x WHERE x.subnet_id = s.id AND x.kind = k.kind AND x.first < h.first ORDER BY x.first LIMIT 1)
         UNION (SELECT x.first, x.last FROM free_address x WHERE x.subnet_id = s.id AND x.kind = k.kind ORDER BY x.first DESC LIMIT 1)) f
      WHERE s.id = ANY($1) AND (f.first < h.first OR f.last > h.last)
     UNION ALL
     SELECT s.id, ${SPAN('f.first', 'f.last')} || ' is free and in a ' || r.kind || ' range (' || r.reason || ')'
       FROM subnet s JOIN address_range r ON r.subnet_id = s.id CROSS JOIN (VALUES ('HOST'), ('DHCP')) k(kind)
       CROSS JOIN LATERAL (${FREE_AT('k.kind', 'r.last')}) f WHERE s.id = ANY($1) AND f.last >= r.first AND NOT (r.kind = 'DHCP' AND k.kind = 'DHCP')
     UNION ALL
     SELECT s.id, ${SPAN('f.first', 'f.last')} || ' is free as DHCP and in no DHCP range' FROM subnet s JOIN free_address f ON f.subnet_id = s.id AND f.kind = 'DHCP'
      WHERE s.id = ANY($1) AND NOT coalesce((SELECT range_agg(inetrange(r.first, r.last + 1)) @> inetrange(f.first, f.last + 1) FROM address_range r WHERE r.subnet_id = s.id AND r.kind = 'DHCP'), false)) found LIMIT $2`,
);

const stateIsTrue = derived(
  {
    name: 'addressing.subnet-state-copied',
    says: 'The state row of a subnet is there and repeats its tenant, space, hosts and quarantine.',
  },
  `SELECT s.id, CASE WHEN t.subnet_id IS NULL THEN 'there is no state row' ELSE concat_ws(', ',
            CASE WHEN t.tenant_id <> s.tenant_id THEN 'tenant ' || t.tenant_id || ' instead of ' || s.tenant_id END,
            CASE WHEN t.space_id <> s.space_id THEN 'space ' || t.space_id || ' instead of ' || s.space_id END,
            CASE WHEN (t.first, t.last) <> (h.first, h.last) THEN 'hosts ' || ${SPAN('t.first', 't.last')} || ' instead of ' || ${SPAN('h.first', 'h.last')} END,
            CASE WHEN t.quarantine_seconds <> s.quarantine_seconds THEN 'quarantine of ' || t.quarantine_seconds || ' s instead of ' || s.quarantine_seconds || ' s' END) END AS what
     FROM subnet s CROSS JOIN LATERAL address_hosts(s.cidr) h LEFT JOIN subnet_state t ON t.subnet_id = s.id
    WHERE s.id = ANY($1) AND (t.tenant_id, t.space_id, t.first, t.last, t.quarantine_seconds) IS DISTINCT FROM (s.tenant_id, s.space_id, h.first, h.last, s.quarantine_seconds)
    LIMIT $2`,
);

const hintIsTrue = derived(
  { name: 'addressing.subnet-hint-true', says: 'Nothing below the hint of a subnet is free.' },
  `SELECT t.subnet_id AS id, 'the hint is ' || host(t.hint) || ', and ' || host(f.first) || ' is free' AS what FROM subnet_state t
     CROSS JOIN LATERAL (SELECT x.first FROM free_address x WHERE x.subnet_id = t.subnet_id AND x.kind = 'HOST' ORDER BY x.first LIMIT 1) f
    WHERE t.subnet_id = ANY($1) AND f.first < t.hint LIMIT $2`,
);

const freeCountIsTrue = derived(
  {
    name: 'addressing.subnet-count-true',
    says: 'The count of free addresses of a subnet is what is neither given out, reserved nor in a DHCP range.',
  },
  `SELECT t.subnet_id AS id, 'counted are ' || t.free || ', and ' || n.free || ' are free' AS what
     FROM subnet_state t JOIN subnet s ON s.id = t.subnet_id CROSS JOIN LATERAL address_hosts(s.cidr) h CROSS JOIN LATERAL (
       SELECT coalesce(sum(address_number(c.last) - address_number(c.first) + 1), 0) AS size,
              coalesce(sum((SELECT count(*) FROM ip_address a WHERE a.space_id = s.space_id AND a.address BETWEEN c.first AND c.last)), 0) AS given
         FROM (SELECT greatest(r.first, h.first) AS first, least(r.last, h.last) AS last FROM address_range r WHERE r.subnet_id = s.id AND r.last >= h.first AND r.first <= h.last) c) r
     CROSS JOIN LATERAL (SELECT address_number(h.last) - address_number(h.first) + 1 - r.size + r.given
                                - (SELECT count(*) FROM ip_address a WHERE a.space_id = s.space_id AND a.address BETWEEN h.first AND h.last) AS free) n
    WHERE t.subnet_id = ANY($1) AND t.free <> n.free LIMIT $2`,
);

const addressesAreInside: Invariant = {
  name: 'addressing.addresses-in-their-subnet',
  says: 'Every address is in its subnet, of the space of the subnet.',
  remedy: 'Find out in the audit what was changed. An address that no station has can be released.',
  slices: subnets,
  violations: violations(
    `SELECT s.id, host(a.address) || ' (' || a.id || ') is not in ' || s.cidr || ' of its space' AS what FROM subnet s JOIN ip_address a ON a.subnet_id = s.id
      WHERE s.id = ANY($1) AND NOT (a.space_id = s.space_id AND a.address <<= s.cidr) LIMIT $2`,
  ),
};

const subnetsHavePrefixes: Invariant = {
  name: 'addressing.subnets-have-prefixes',
  says: 'The prefix of every subnet is bound to it and is what the subnet repeats.',
  remedy:
    'The row and the prefix do not belong together. Find out in the audit which of them was changed, and put it right before the prefix goes to somebody else.',
  slices: subnets,
  violations: violations(
    `SELECT s.id, s.cidr || CASE WHEN p.id IS NULL THEN ' has no prefix' WHEN p.state <> 'BOUND' THEN ' has a prefix that is ' || p.state
              WHEN p.holder_kind <> 'subnet' THEN ' has a prefix that is held as ' || p.holder_kind ELSE ' has the prefix ' || p.cidr END AS what
       FROM subnet s LEFT JOIN prefix p ON p.id = s.prefix_id AND p.tenant_id = s.tenant_id
      WHERE s.id = ANY($1) AND (p.state, p.holder_kind, p.cidr, p.space_id) IS DISTINCT FROM ('BOUND', 'subnet', s.cidr, s.space_id) LIMIT $2`,
  ),
};

const endsAreKept: Invariant = {
  name: 'addressing.address-ends-kept',
  says: 'Holds and quarantines of addresses go back to their subnet within a minute of their end.',
  remedy:
    'The sweeper of the worker does not come round: is a worker running, and does its log say `task.failed`? Nothing is lost meanwhile.',
  slices: subnets,
  violations: violations(
    `SELECT subnet_id AS id, count(*) || ' ' || CASE state WHEN 'HELD' THEN 'holds' ELSE 'quarantines' END || ' are over and still there, the oldest since ' || min(ended_at) AS what
       FROM (SELECT subnet_id, state, expires_at AS ended_at FROM ip_address WHERE state = 'HELD' AND expires_at < now() - interval '1 minute'
             UNION ALL SELECT subnet_id, state, reusable_at FROM ip_address WHERE state = 'QUARANTINED' AND reusable_at < now() - interval '1 minute') late
      WHERE subnet_id = ANY($1) GROUP BY subnet_id, state LIMIT $2`,
  ),
};

const NEVER_TWICE = `NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = 'ip_address_unique' AND c.contype = 'u')`;
const neverTwice: Invariant = {
  name: 'addressing.addresses-never-twice',
  says: 'The constraint that forbids an address to exist twice in a space is there, and no address does.',
  remedy:
    'Somebody dropped the constraint. Decide which holder keeps the address, move the other one, and add the constraint again: ' +
    'ALTER TABLE ip_address ADD CONSTRAINT ip_address_unique UNIQUE (space_id, address).',
  slices: addressSpaces,
  violations: violations(
    `(SELECT id, 'the constraint ip_address_unique is missing' AS what FROM (SELECT id FROM address_space ORDER BY id LIMIT 1) s WHERE id = ANY($1) AND ${NEVER_TWICE})
     UNION ALL
     (SELECT a.space_id, host(a.address) || ' is given out ' || count(*) || ' times: ' || string_agg(a.id::text, ', ' ORDER BY a.id) FROM ip_address a
       WHERE a.space_id = ANY($1) AND ${NEVER_TWICE} GROUP BY a.space_id, a.address HAVING count(*) > 1 LIMIT $2)`,
  ),
};

const quotaIsTrue: Invariant = {
  name: 'addressing.address-quota-true',
  says: 'The used count of a quota of addresses is the number of held and bound addresses of the tenant in the space.',
  remedy: REBUILD,
  slices: addressSpaces,
  violations: violations(
    `SELECT q.space_id AS id, 'tenant ' || q.tenant_id || ' has ' || coalesce(c.n, 0) || ' addresses, and ' || q.used || ' are counted' AS what
       FROM address_quota q LEFT JOIN (SELECT a.space_id, a.tenant_id, count(*) AS n FROM ip_address a
         WHERE a.space_id = ANY($1) AND a.space_id IN (SELECT x.space_id FROM address_quota x) AND a.state <> 'QUARANTINED' GROUP BY a.space_id, a.tenant_id) c
         ON c.space_id = q.space_id AND c.tenant_id = q.tenant_id
      WHERE q.space_id = ANY($1) AND q.used <> coalesce(c.n, 0) LIMIT $2`,
  ),
  repair: async (tx, id) =>
    (
      await tx.sql(
        'SELECT address_quota_recount(q.tenant_id, q.space_id) FROM (SELECT * FROM address_quota WHERE space_id = $1 ORDER BY tenant_id) q',
        [id],
      )
    ).length,
};

/** What each VRF sees: its own subnets, and those of the VRFs that leak into it. `$1`: the VRFs. */
const ROUTES = `SELECT v.id AS viewer, s.id AS subnet, s.cidr FROM vrf v JOIN subnet s ON s.vrf_id = v.id WHERE v.id = ANY($1)
     UNION SELECT l.into_vrf_id, s.id, s.cidr FROM vrf_leak l JOIN subnet s ON s.vrf_id = l.from_vrf_id WHERE l.into_vrf_id = ANY($1)`;
const routesAreTrue: Invariant = {
  name: 'addressing.routes-true',
  says: 'A VRF sees its own subnets and those of the VRFs that leak into it, and nothing else.',
  remedy:
    'What VRFs see is derived: `trame doctor --repair` makes it anew. If that fails with vrf_route_disjoint, two subnets that one VRF sees overlap: end the leak or move one.',
  slices: vrfs,
  violations: violations(
    `SELECT coalesce(w.viewer, r.viewer_vrf_id) AS id, coalesce(w.cidr, r.cidr) || CASE WHEN r.subnet_id IS NULL THEN ' is not among its routes'
              WHEN w.subnet IS NULL THEN ' is among its routes, and neither its own nor leaked into it' ELSE ' is ' || r.cidr || ' among its routes' END AS what
       FROM (${ROUTES}) w FULL JOIN (SELECT * FROM vrf_route WHERE viewer_vrf_id = ANY($1)) r ON r.viewer_vrf_id = w.viewer AND r.subnet_id = w.subnet
      WHERE w.cidr IS DISTINCT FROM r.cidr LIMIT $2`,
  ),
  repair: async (tx, id) => {
    await tx.sql('SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))', [id]);
    const gone = await tx.run(
      `DELETE FROM vrf_route r WHERE r.viewer_vrf_id = ANY($1) AND NOT EXISTS (SELECT FROM (${ROUTES}) w WHERE w.viewer = r.viewer_vrf_id AND w.subnet = r.subnet_id AND w.cidr = r.cidr)`,
      [[id]],
    );
    const added = await tx.run(
      `INSERT INTO vrf_route (viewer_vrf_id, subnet_id, cidr) SELECT w.viewer, w.subnet, w.cidr FROM (${ROUTES}) w ON CONFLICT ON CONSTRAINT vrf_route_pkey DO NOTHING`,
      [[id]],
    );
    return gone + added;
  },
};

export const addressInvariants: readonly Invariant[] = [
  neverTwice,
  addressesAreInside,
  subnetsHavePrefixes,
  endsAreKept,
  stateIsTrue,
  nothingLost,
  freeIsTidy,
  freeIsNotUsed,
  freeIsConfigured,
  hintIsTrue,
  freeCountIsTrue,
  quotaIsTrue,
  routesAreTrue,
];
