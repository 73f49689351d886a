import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

/**
 * Prefixes and addresses for many callers (ADR 0012), as 0013 does it for numbers. As before, two constraints are the judges (leaves of a space
 * are disjoint, an address is in a space once) and everything about free space is derived.
 */
export class GrowAddressing1767225600014 implements MigrationInterface {
  name = 'GrowAddressing1767225600014';

  async up(q: QueryRunner): Promise<void> {
    // The owner obeys the policies, too, and has none: what is there must be seen to be changed.
    await q.query(OLD_TABLES.map((table) => `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY;`).join(''));
    await q.query(JUDGE);
    await q.query(PREFIXES);
    await q.query(SUBNETS);
    await q.query(VRFS);
    await q.query(FREE_BLOCKS);
    await q.query(TAKE_PREFIX);
    await q.query(RETURN_PREFIX);
    await q.query(FREE_ADDRESSES);
    await q.query(TAKE_ADDRESS);
    await q.query(RETURN_ADDRESS);
    await q.query(GRANTS);
    await q.query(NEW_TABLES.map((table) => `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY;`).join(''));
    await q.query('SELECT prefix_rebuild(id) FROM prefix_pool');
    await q.query('SELECT address_rebuild(id) FROM subnet');
    await q.query('INSERT INTO vrf_route (viewer_vrf_id, subnet_id, cidr) SELECT vrf_id, id, cidr FROM subnet WHERE vrf_id IS NOT NULL');
    await q.query([...OLD_TABLES, ...NEW_TABLES].map((table) => `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;`).join(''));
  }

  async down(): Promise<void> {
    throw new Error('prefixes and addresses that were allocated since cannot be told to the old tables: restore a backup instead');
  }
}

const OLD_TABLES = ['prefix', 'subnet', 'ip_address', 'free_address', 'network'];
const NEW_TABLES = ['subnet_state', 'address_range', 'address_quota', 'prefix_quota', 'prefix_pool_tenant', 'vrf_leak', 'vrf_route'];

/**
 * Plans are made once per connection, often while the tables are small, and must be right when they are large: every look-up by its index.
 */
const BY_INDEX =
  'SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off';

const LEAF = `role IN ('SUBNET', 'LOOPBACK', 'LINK', 'RESERVED')`;

/**
 * Two prefixes overlap exactly when their high and their low 64 bits do. As ranges of bigint, because those have a distance function: GiST over
 * inet_ops, or over a range type without one, places new entries badly. Insert and check among 60,000 leaves in random order (PostgreSQL 18):
 * inet_ops 330 µs, a range of inet 540 µs, this 26 µs; among none 15 µs. One million sorted leaves: constraint added in 29 s.
 */
const JUDGE = `
  -- The upper bound is exclusive, and NULL where it would be 2^63.
  CREATE FUNCTION prefix_high(c cidr) RETURNS int8range LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE family(c) WHEN 4 THEN int8range(c - '0.0.0.0'::inet, broadcast(c) - '0.0.0.0'::inet + 1)
      ELSE int8range(('x' || encode(substr(inet_send(c), 5, 8), 'hex'))::bit(64)::bigint,
        nullif(('x' || encode(substr(inet_send(broadcast(c)), 5, 8), 'hex'))::bit(64)::bigint, 9223372036854775807) + 1) END;
  -- A /64 and shorter has all low values.
  CREATE FUNCTION prefix_low(c cidr) RETURNS int8range LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    CASE WHEN masklen(c) <= 64 THEN int8range(NULL, NULL)
      ELSE int8range(('x' || encode(substr(inet_send(c), 13, 8), 'hex'))::bit(64)::bigint,
        nullif(('x' || encode(substr(inet_send(broadcast(c)), 13, 8), 'hex'))::bit(64)::bigint, 9223372036854775807) + 1) END;
  -- The last address, as a prefix: everything inside sorts up to it.
  CREATE FUNCTION prefix_last(c cidr) RETURNS cidr LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN set_masklen(broadcast(c), CASE family(c) WHEN 4 THEN 32 ELSE 128 END)::cidr;
  ALTER TABLE prefix DROP CONSTRAINT prefix_leaf_disjoint,
    -- The sign of ::/0 would change within it, and nobody gives out all there is.
    ADD CONSTRAINT prefix_leaf_is_part CHECK (NOT ${LEAF} OR masklen(cidr) > 0),
    ADD CONSTRAINT prefix_leaf_disjoint EXCLUDE USING gist (space_id WITH =, prefix_high(cidr) WITH &&) WHERE (${LEAF} AND family(cidr) = 4),
    ADD CONSTRAINT prefix_leaf_disjoint_v6 EXCLUDE USING gist (space_id WITH =, prefix_high(cidr) WITH &&, prefix_low(cidr) WITH &&) WHERE (${LEAF} AND family(cidr) = 6);
`;

const PREFIXES = `
  ALTER TABLE prefix DROP CONSTRAINT prefix_state_known;
  ALTER TABLE prefix ALTER state SET DEFAULT 'BOUND';
  UPDATE prefix SET state = 'BOUND' WHERE state = 'ACTIVE';
  ALTER TABLE prefix
    ADD CONSTRAINT prefix_state_known CHECK (state IN ('HELD', 'BOUND', 'QUARANTINED')),
    ADD ord int NOT NULL DEFAULT 0,
    -- Digest of the request's arguments: the same key must come with the same ones. Empty: an order's own key, which is nobody else's.
    ADD fingerprint text NOT NULL DEFAULT '',
    ADD generation int NOT NULL DEFAULT 1,
    ADD expires_at timestamptz,
    ADD released_at timestamptz,
    ADD holder_kind text NOT NULL DEFAULT 'external' CONSTRAINT prefix_holder_known CHECK (holder_kind IN ('external', 'subnet')),
    ADD holder text,
    ADD external_ref text,
    ADD updated_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT prefix_hold CHECK ((state = 'HELD') = (expires_at IS NOT NULL)),
    -- Two look-ups less for each row of an import; prefix_take asks for the tenant, which is never deleted, and a space has pools.
    DROP CONSTRAINT prefix_tenant_fkey,
    DROP CONSTRAINT prefix_space_fkey;
  UPDATE prefix p SET holder_kind = 'subnet' WHERE EXISTS (SELECT FROM subnet s WHERE s.prefix_id = p.id);
  CREATE UNIQUE INDEX prefix_key_unique ON prefix (tenant_id, key, ord) WHERE fingerprint <> '' AND state <> 'QUARANTINED';
  -- Pages of children come in order.
  DROP INDEX prefix_parent;
  CREATE INDEX prefix_parent ON prefix (parent_id, cidr);
  CREATE INDEX prefix_expiring ON prefix (expires_at) WHERE state = 'HELD';

  CREATE TABLE prefix_pool_range (
    pool_id uuid NOT NULL CONSTRAINT prefix_pool_range_pool_fkey REFERENCES prefix_pool (id),
    cidr cidr NOT NULL,
    -- Its place in the tree; what is carved out of it is its child. prefix_pool_disjoint keeps ranges of a space apart.
    prefix_id uuid NOT NULL CONSTRAINT prefix_pool_range_prefix_unique UNIQUE CONSTRAINT prefix_pool_range_prefix_fkey REFERENCES prefix (id),
    CONSTRAINT prefix_pool_range_pkey PRIMARY KEY (pool_id, cidr));
  INSERT INTO prefix_pool_range (pool_id, cidr, prefix_id) SELECT id, cidr, prefix_id FROM prefix_pool;
  ALTER TABLE prefix_pool
    ADD family int NOT NULL DEFAULT 4 CONSTRAINT prefix_pool_family_known CHECK (family IN (4, 6)),
    ADD strategy text NOT NULL DEFAULT 'BEST_FIT' CONSTRAINT prefix_pool_strategy_known CHECK (strategy IN ('BEST_FIT', 'LOWEST_FIT')),
    ADD low_water_percent int NOT NULL DEFAULT 10 CONSTRAINT prefix_pool_low_water_range CHECK (low_water_percent BETWEEN 0 AND 99),
    ADD updated_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT prefix_pool_quarantine_range CHECK (quarantine_seconds BETWEEN 0 AND 31536000);
  UPDATE prefix_pool SET family = family(cidr);
  ALTER TABLE prefix_pool DROP CONSTRAINT prefix_pool_lengths, DROP COLUMN prefix_id, DROP COLUMN cidr, ALTER family DROP DEFAULT,
    ADD CONSTRAINT prefix_pool_lengths CHECK (1 <= min_length AND min_length <= default_length AND default_length <= max_length
      AND max_length <= CASE family WHEN 4 THEN 32 ELSE 128 END);

  CREATE TABLE prefix_pool_exclusion (
    pool_id uuid NOT NULL CONSTRAINT prefix_pool_exclusion_pool_fkey REFERENCES prefix_pool (id),
    cidr cidr NOT NULL,
    reason text NOT NULL,
    CONSTRAINT prefix_pool_exclusion_pkey PRIMARY KEY (pool_id, cidr),
    CONSTRAINT prefix_pool_exclusion_disjoint EXCLUDE USING gist (pool_id WITH =, cidr inet_ops WITH &&));
  -- No row: the pool is for every tenant.
  CREATE TABLE prefix_pool_tenant (
    pool_id uuid NOT NULL CONSTRAINT prefix_pool_tenant_pool_fkey REFERENCES prefix_pool (id),
    tenant_id uuid NOT NULL CONSTRAINT prefix_pool_tenant_tenant_fkey REFERENCES tenant (id),
    CONSTRAINT prefix_pool_tenant_pkey PRIMARY KEY (pool_id, tenant_id));
  ${isolateByTenant('prefix_pool_tenant')}
  -- What a claim reads and writes of its pool, apart from what people edit. Written once per statement and pool.
  CREATE TABLE prefix_pool_state (
    pool_id uuid CONSTRAINT prefix_pool_state_pkey PRIMARY KEY CONSTRAINT prefix_pool_state_pool_fkey REFERENCES prefix_pool (id),
    space_id uuid NOT NULL,
    family int NOT NULL,
    strategy text NOT NULL,
    is_restricted boolean NOT NULL,
    has_quotas boolean NOT NULL,
    -- Length of the largest range: no free block is larger.
    top int NOT NULL,
    min_length int NOT NULL,
    default_length int NOT NULL,
    max_length int NOT NULL,
    -- In blocks of max_length.
    size numeric NOT NULL,
    free numeric NOT NULL CONSTRAINT prefix_pool_state_free_counted CHECK (free >= 0),
    -- Of the length l, nothing below hints[l + 1] is free: the dead index entries of an old snapshot are not walked again.
    hints cidr[] NOT NULL,
    level text NOT NULL DEFAULT 'OK' CONSTRAINT prefix_pool_state_level_known CHECK (level IN ('OK', 'LOW', 'EXHAUSTED'))
  ) WITH (fillfactor = 10);
  CREATE TABLE prefix_quota (
    tenant_id uuid NOT NULL CONSTRAINT prefix_quota_tenant_fkey REFERENCES tenant (id),
    pool_id uuid NOT NULL CONSTRAINT prefix_quota_pool_fkey REFERENCES prefix_pool (id),
    -- In blocks of the pool's max_length; what rests in quarantine is not its former holder's any more.
    max numeric NOT NULL,
    used numeric NOT NULL DEFAULT 0,
    CONSTRAINT prefix_quota_pkey PRIMARY KEY (tenant_id, pool_id),
    CONSTRAINT prefix_quota_kept CHECK (used >= 0 AND max >= 0)
  ) WITH (fillfactor = 50);
  ${isolateByTenant('prefix_quota')}
  ALTER TABLE free_prefix SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
  DROP FUNCTION prefix_take(uuid, int, cidr);
  DROP FUNCTION prefix_put_back(uuid, cidr);
`;

const SUBNETS = `
  ALTER TABLE subnet ALTER network_id DROP NOT NULL,
    ADD vrf_id uuid,
    ADD quarantine_seconds int NOT NULL DEFAULT 86400 CONSTRAINT subnet_quarantine_range CHECK (quarantine_seconds BETWEEN 0 AND 31536000),
    ADD version int NOT NULL DEFAULT 1,
    ADD updated_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT subnet_vrf_fkey FOREIGN KEY (tenant_id, vrf_id) REFERENCES vrf (tenant_id, id),
    -- A range of addresses is never counted from, or to, beyond the end of its family.
    ADD CONSTRAINT subnet_not_at_the_edge CHECK (CASE family(cidr) WHEN 4 THEN set_masklen(cidr::inet, 32) >= '0.1.0.0' AND prefix_last(cidr) <= '255.254.255.255'
      ELSE set_masklen(cidr::inet, 128) >= '::1:0:0:0' AND prefix_last(cidr) <= 'ffff:ffff:ffff:ffff:ffff:ffff:fffe:ffff' END);
  UPDATE subnet s SET vrf_id = n.vrf_id FROM network n WHERE n.id = s.network_id;
  CREATE INDEX subnet_vrf ON subnet (vrf_id);
  -- Subnets of a space are disjoint: the one that has an address is the last that begins at or below it.
  CREATE INDEX subnet_place ON subnet (space_id, cidr);

  CREATE TYPE inetrange AS RANGE (subtype = inet);
  -- DHCP: given only where the range is asked for. RESERVED: never given.
  CREATE TABLE address_range (
    subnet_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    first inet NOT NULL,
    last inet NOT NULL,
    kind text NOT NULL CONSTRAINT address_range_kind_known CHECK (kind IN ('DHCP', 'RESERVED')),
    reason text NOT NULL,
    CONSTRAINT address_range_pkey PRIMARY KEY (subnet_id, first),
    CONSTRAINT address_range_subnet_fkey FOREIGN KEY (tenant_id, subnet_id) REFERENCES subnet (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT address_range_disjoint EXCLUDE USING gist (subnet_id WITH =, inetrange(first, last, '[]') WITH &&));
  ${isolateByTenant('address_range')}
  CREATE TABLE subnet_state (
    subnet_id uuid CONSTRAINT subnet_state_pkey PRIMARY KEY,
    tenant_id uuid NOT NULL,
    space_id uuid NOT NULL,
    -- First and last host address.
    first inet NOT NULL,
    last inet NOT NULL,
    quarantine_seconds int NOT NULL,
    -- Nothing below is free. Moves in steps of 256 at least.
    hint inet NOT NULL,
    -- Without those in DHCP ranges.
    free numeric NOT NULL CONSTRAINT subnet_state_free_counted CHECK (free >= 0),
    CONSTRAINT subnet_state_subnet_fkey FOREIGN KEY (tenant_id, subnet_id) REFERENCES subnet (tenant_id, id) ON DELETE CASCADE
  ) WITH (fillfactor = 10);
  ${isolateByTenant('subnet_state')}
  ALTER TABLE free_address ADD kind text NOT NULL DEFAULT 'HOST' CONSTRAINT free_address_kind_known CHECK (kind IN ('HOST', 'DHCP')),
    DROP CONSTRAINT free_address_pkey, ADD CONSTRAINT free_address_pkey PRIMARY KEY (subnet_id, kind, first);
  ALTER TABLE free_address SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
  CREATE TABLE address_quota (
    tenant_id uuid NOT NULL CONSTRAINT address_quota_tenant_fkey REFERENCES tenant (id),
    space_id uuid NOT NULL CONSTRAINT address_quota_space_fkey REFERENCES address_space (id),
    max bigint NOT NULL,
    used bigint NOT NULL DEFAULT 0,
    CONSTRAINT address_quota_pkey PRIMARY KEY (tenant_id, space_id),
    CONSTRAINT address_quota_kept CHECK (used >= 0 AND max >= 0)
  ) WITH (fillfactor = 50);
  ${isolateByTenant('address_quota')}

  ALTER TABLE ip_address ALTER key DROP NOT NULL,
    ADD state text NOT NULL DEFAULT 'BOUND' CONSTRAINT ip_address_state_known CHECK (state IN ('HELD', 'BOUND', 'QUARANTINED')),
    ADD ord int NOT NULL DEFAULT 0,
    ADD fingerprint text NOT NULL DEFAULT '',
    ADD generation int NOT NULL DEFAULT 1,
    ADD expires_at timestamptz,
    ADD released_at timestamptz,
    ADD reusable_at timestamptz,
    ADD holder_kind text NOT NULL DEFAULT 'external' CONSTRAINT ip_address_holder_known CHECK (holder_kind IN ('external', 'network', 'subnet')),
    ADD holder text,
    ADD external_ref text,
    ADD updated_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT ip_address_hold CHECK ((state = 'HELD') = (expires_at IS NOT NULL)),
    ADD CONSTRAINT ip_address_quarantine CHECK ((state = 'QUARANTINED') = (reusable_at IS NOT NULL)),
    DROP CONSTRAINT ip_address_key_unique,
    -- The subnet has a tenant and a space, and is referred to.
    DROP CONSTRAINT ip_address_tenant_fkey,
    DROP CONSTRAINT ip_address_space_fkey,
    DROP COLUMN version;
  UPDATE ip_address SET holder_kind = CASE role WHEN 'GATEWAY' THEN 'subnet' ELSE 'network' END;
  -- A name in an order stands for one host of the subnet; a caller's key for one request of the tenant.
  CREATE UNIQUE INDEX ip_address_host_unique ON ip_address (subnet_id, key) WHERE fingerprint = '' AND key IS NOT NULL;
  CREATE UNIQUE INDEX ip_address_key_unique ON ip_address (tenant_id, key, ord) WHERE fingerprint <> '' AND state <> 'QUARANTINED';
  CREATE INDEX ip_address_expiring ON ip_address (expires_at) WHERE state = 'HELD';
  CREATE INDEX ip_address_reusable ON ip_address (reusable_at) WHERE state = 'QUARANTINED';
  -- A quarantined address is nobody's station.
  DROP INDEX ip_address_mac_unique;
  CREATE UNIQUE INDEX ip_address_mac_unique ON ip_address (subnet_id, mac) WHERE role = 'HOST' AND state <> 'QUARANTINED';
  DROP FUNCTION address_take(uuid, inet);
`;

/** Prefixes may repeat between VRFs as long as nobody sees both. */
const VRFS = `
  -- What is in the one VRF is seen in the other, too.
  CREATE TABLE vrf_leak (
    from_vrf_id uuid NOT NULL CONSTRAINT vrf_leak_from_fkey REFERENCES vrf (id),
    into_vrf_id uuid NOT NULL CONSTRAINT vrf_leak_into_fkey REFERENCES vrf (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT vrf_leak_pkey PRIMARY KEY (from_vrf_id, into_vrf_id),
    CONSTRAINT vrf_leak_elsewhere CHECK (from_vrf_id <> into_vrf_id));
  CREATE INDEX vrf_leak_into ON vrf_leak (into_vrf_id);
  -- Derived: what each VRF sees. The constraint is the judge, also between two transactions.
  CREATE TABLE vrf_route (
    viewer_vrf_id uuid NOT NULL CONSTRAINT vrf_route_viewer_fkey REFERENCES vrf (id) ON DELETE CASCADE,
    subnet_id uuid NOT NULL CONSTRAINT vrf_route_subnet_fkey REFERENCES subnet (id) ON DELETE CASCADE,
    cidr cidr NOT NULL,
    CONSTRAINT vrf_route_pkey PRIMARY KEY (viewer_vrf_id, subnet_id),
    CONSTRAINT vrf_route_disjoint EXCLUDE USING gist (viewer_vrf_id WITH =, prefix_high(cidr) WITH &&) WHERE (family(cidr) = 4),
    CONSTRAINT vrf_route_disjoint_v6 EXCLUDE USING gist (viewer_vrf_id WITH =, prefix_high(cidr) WITH &&, prefix_low(cidr) WITH &&) WHERE (family(cidr) = 6));
  CREATE INDEX vrf_route_subnet ON vrf_route (subnet_id);
  -- The operator's: who sees whom is no tenant's business.
  ALTER TABLE vrf_leak ENABLE ROW LEVEL SECURITY;
  ALTER TABLE vrf_leak FORCE ROW LEVEL SECURITY;
  CREATE POLICY vrf_leak_system ON vrf_leak TO trame_system USING (true) WITH CHECK (true);
  ALTER TABLE vrf_route ENABLE ROW LEVEL SECURITY;
  ALTER TABLE vrf_route FORCE ROW LEVEL SECURITY;
  CREATE POLICY vrf_route_system ON vrf_route TO trame_system USING (true) WITH CHECK (true);
  GRANT SELECT, INSERT, UPDATE, DELETE ON vrf_leak, vrf_route TO trame_system;
  -- DEFINER: a tenant's subnet is seen in VRFs that the tenant does not see. It adds what follows from the rows, whoever calls it.
  -- The shared lock: a leak that begins now sees the subnet, or the subnet sees the leak.
  CREATE FUNCTION vrf_route_add(p_subnet uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  DECLARE
    v_vrf uuid;
  BEGIN
    SELECT s.vrf_id INTO v_vrf FROM subnet s WHERE s.id = p_subnet;
    IF v_vrf IS NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(v_vrf::text, 0));
    INSERT INTO vrf_route (viewer_vrf_id, subnet_id, cidr)
      SELECT v.id, s.id, s.cidr FROM subnet s, (SELECT v_vrf AS id UNION ALL SELECT l.into_vrf_id FROM vrf_leak l WHERE l.from_vrf_id = v_vrf) v
       WHERE s.id = p_subnet ORDER BY v.id
      ON CONFLICT ON CONSTRAINT vrf_route_pkey DO NOTHING;
  END $$;
  GRANT CREATE ON SCHEMA public TO trame_system;
  ALTER FUNCTION vrf_route_add(uuid) OWNER TO trame_system;
  REVOKE CREATE ON SCHEMA public FROM trame_system;
`;

const FREE_BLOCKS = `
  -- Blocks of the length p_unit in one of the length p_length.
  CREATE FUNCTION prefix_units(p_length int, p_unit int) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN power(2::numeric, p_unit - p_length);
  CREATE FUNCTION prefix_first_hints(p_family int) RETURNS cidr[] LANGUAGE sql IMMUTABLE RETURN
    array_fill(CASE p_family WHEN 4 THEN '0.0.0.0/0' ELSE '::/0' END::cidr, ARRAY[CASE p_family WHEN 4 THEN 33 ELSE 129 END]);

  -- The fewest prefixes that make up [p_first, p_last]: each as large as its place and what is left allow.
  CREATE FUNCTION prefix_cover(p_first inet, p_last inet) RETURNS SETOF cidr LANGUAGE plpgsql IMMUTABLE AS $$
  DECLARE
    v_last inet := set_masklen(p_last, CASE family(p_last) WHEN 4 THEN 32 ELSE 128 END);
    at inet := set_masklen(p_first, CASE family(p_first) WHEN 4 THEN 32 ELSE 128 END);
    block cidr;
    larger cidr;
  BEGIN
    LOOP
      block := at::cidr;
      LOOP
        EXIT WHEN masklen(block) = 0;
        larger := network(set_masklen(block::inet, masklen(block) - 1));
        EXIT WHEN set_masklen(larger::inet, masklen(v_last)) <> at OR prefix_last(larger)::inet > v_last;
        block := larger;
      END LOOP;
      RETURN NEXT block;
      EXIT WHEN prefix_last(block)::inet = v_last;
      at := prefix_last(block)::inet + 1;
    END LOOP;
  END $$;

  -- What of p_within is configured and neither excluded nor a leaf, in maximal blocks: one pass over what lies in it. This is the definition of free;
  -- free_prefix is its index.
  CREATE FUNCTION prefix_gaps(p_pool uuid, p_within cidr) RETURNS SETOF cidr LANGUAGE sql STABLE AS $$
    WITH extent AS MATERIALIZED (
      SELECT CASE WHEN masklen(r.cidr) >= masklen(p_within) THEN r.cidr ELSE p_within END AS cidr, p.space_id
        FROM prefix_pool_range r JOIN prefix_pool p ON p.id = r.pool_id WHERE r.pool_id = p_pool AND r.cidr && p_within),
    bits AS (SELECT CASE family(p_within) WHEN 4 THEN 32 ELSE 128 END AS width),
    busy AS (
      SELECT e.cidr AS within, x.cidr FROM extent e CROSS JOIN LATERAL (
        SELECT p.cidr FROM prefix p WHERE p.space_id = e.space_id AND p.cidr >= e.cidr AND p.cidr <= prefix_last(e.cidr)
           AND p.role IN ('SUBNET', 'LOOPBACK', 'LINK', 'RESERVED')
        UNION ALL
        SELECT CASE WHEN x.cidr >>= e.cidr THEN e.cidr ELSE x.cidr END FROM prefix_pool_exclusion x WHERE x.pool_id = p_pool AND x.cidr && e.cidr) x),
    -- What is before each of them, and after the last: nested ones lie behind what they are in.
    gap AS (
      SELECT coalesce(b.until + 1, b.start) AS first, b.first - 1 AS last FROM (
        SELECT set_masklen(y.within::inet, w.width) AS start, set_masklen(y.cidr::inet, w.width) AS first,
               max(prefix_last(y.cidr)::inet) OVER (PARTITION BY y.within ORDER BY y.cidr ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
          FROM busy y, bits w) b
       WHERE CASE WHEN b.until IS NULL THEN b.first > b.start WHEN b.first > b.until THEN b.first - 1 > b.until END
      UNION ALL
      SELECT e.until + 1, prefix_last(e.within)::inet FROM (SELECT y.within, max(prefix_last(y.cidr)::inet) AS until FROM busy y GROUP BY y.within) e
       WHERE e.until < prefix_last(e.within)::inet)
    SELECT e.cidr FROM extent e WHERE NOT EXISTS (SELECT FROM busy b WHERE b.within = e.cidr)
    UNION ALL
    SELECT c FROM gap g, prefix_cover(g.first, g.last) c $$;

  -- Gives a block back, as far as it is free by definition now, merged with free buddies as far as its range reaches. The caller holds the lock.
  CREATE FUNCTION prefix_give(p_pool uuid, p_block cidr) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    gap cidr;
    freed cidr;
    l int;
    top int;
    v_unit int;
  BEGIN
    SELECT s.max_length INTO STRICT v_unit FROM prefix_pool_state s WHERE s.pool_id = p_pool;
    FOR gap IN SELECT prefix_gaps(p_pool, p_block) LOOP
      SELECT masklen(r.cidr) INTO STRICT top FROM prefix_pool_range r WHERE r.pool_id = p_pool AND r.cidr >>= gap;
      freed := gap;
      l := masklen(gap);
      WHILE l > top LOOP
        DELETE FROM free_prefix f WHERE f.pool_id = p_pool AND f.length = l AND f.block = prefix_buddy(freed);
        EXIT WHEN NOT FOUND;
        l := l - 1;
        freed := network(set_masklen(freed::inet, l));
      END LOOP;
      INSERT INTO free_prefix (pool_id, length, block) VALUES (p_pool, l, freed);
      UPDATE prefix_pool_state s SET free = s.free + prefix_units(masklen(gap), v_unit), hints[l + 1] = least(s.hints[l + 1], freed) WHERE s.pool_id = p_pool;
    END LOOP;
  END $$;

  -- Makes everything derived of a pool anew from its settings, ranges, exclusions and leaves.
  CREATE FUNCTION prefix_rebuild(p_pool uuid) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_pool::text, 0));
    DELETE FROM free_prefix f WHERE f.pool_id = p_pool;
    INSERT INTO free_prefix (pool_id, length, block)
      SELECT p_pool, masklen(g), g FROM prefix_pool_range r, prefix_gaps(p_pool, r.cidr) g WHERE r.pool_id = p_pool ORDER BY 2, 3;
    INSERT INTO prefix_pool_state (pool_id, space_id, family, strategy, is_restricted, has_quotas, top, min_length, default_length, max_length, size, free, hints)
      SELECT p.id, p.space_id, p.family, p.strategy, EXISTS (SELECT FROM prefix_pool_tenant t WHERE t.pool_id = p.id), EXISTS (SELECT FROM prefix_quota q WHERE q.pool_id = p.id),
             coalesce((SELECT min(masklen(r.cidr)) FROM prefix_pool_range r WHERE r.pool_id = p.id), p.max_length), p.min_length, p.default_length, p.max_length,
             coalesce((SELECT sum(prefix_units(masklen(r.cidr), p.max_length)) FROM prefix_pool_range r WHERE r.pool_id = p.id), 0),
             coalesce((SELECT sum(prefix_units(f.length, p.max_length)) FROM free_prefix f WHERE f.pool_id = p.id), 0), prefix_first_hints(p.family)
        FROM prefix_pool p WHERE p.id = p_pool
      ON CONFLICT (pool_id) DO UPDATE SET space_id = excluded.space_id, family = excluded.family, strategy = excluded.strategy, is_restricted = excluded.is_restricted,
        has_quotas = excluded.has_quotas, top = excluded.top, min_length = excluded.min_length, default_length = excluded.default_length, max_length = excluded.max_length,
        size = excluded.size, free = excluded.free, hints = excluded.hints;
    UPDATE prefix_quota q SET used = (
        SELECT coalesce(sum(prefix_units(masklen(p.cidr), o.max_length)), 0) FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id JOIN prefix p ON p.parent_id = r.prefix_id
         WHERE o.id = p_pool AND p.tenant_id = q.tenant_id AND p.state <> 'QUARANTINED')
     WHERE q.pool_id = p_pool;
  END $$;
`;

const TAKE_PREFIX = `
  -- Takes up to p_count prefixes of a length out of the free blocks, or p_prefer, and keeps p_state true; the caller holds the lock and saves it.
  -- BEST_FIT: the smallest block that fits, lowest first; in simulation it refused nothing that would fit up to 98 % full. LOWEST_FIT: the lowest
  -- block that fits. A run of prefixes comes out of one block, lowest first; what is left of the block goes back in its largest parts.
  CREATE FUNCTION prefix_draw(INOUT p_state prefix_pool_state, p_length int, p_prefer cidr, p_count int, p_is_contiguous boolean, OUT blocks cidr[]) LANGUAGE plpgsql AS $$
  DECLARE
    v_block cidr;
    v_candidate cidr;
    v_need int := p_length;
    v_cut int;
    v_run bigint;
    v_given bigint;
    v_left int := p_count;
    at cidr;
  BEGIN
    blocks := '{}';
    IF p_prefer IS NOT NULL THEN
      SELECT f.length, f.block INTO v_cut, v_block FROM generate_series(p_state.top, masklen(p_prefer)) g
        CROSS JOIN LATERAL (SELECT x.length, x.block FROM free_prefix x WHERE x.pool_id = p_state.pool_id AND x.length = g AND x.block = network(set_masklen(p_prefer::inet, g)) LIMIT 1) f LIMIT 1;
      IF NOT FOUND THEN RETURN; END IF;
      DELETE FROM free_prefix f WHERE f.pool_id = p_state.pool_id AND f.length = v_cut AND f.block = v_block;
      WHILE v_cut < masklen(p_prefer) LOOP
        v_cut := v_cut + 1;
        at := prefix_buddy(network(set_masklen(p_prefer::inet, v_cut)));
        INSERT INTO free_prefix (pool_id, length, block) VALUES (p_state.pool_id, v_cut, at);
        p_state.hints[v_cut + 1] := least(p_state.hints[v_cut + 1], at);
      END LOOP;
      blocks := ARRAY[p_prefer];
      v_left := 0;
    END IF;
    IF p_is_contiguous THEN
      WHILE 1::bigint << (p_length - v_need) < p_count LOOP v_need := v_need - 1; END LOOP;
    END IF;
    WHILE v_left > 0 LOOP
      v_block := NULL;
      FOR g IN REVERSE v_need..p_state.top LOOP
        SELECT f.block INTO v_candidate FROM free_prefix f WHERE f.pool_id = p_state.pool_id AND f.length = g AND f.block >= p_state.hints[g + 1]
         ORDER BY f.pool_id, f.length, f.block LIMIT 1;
        IF NOT FOUND THEN CONTINUE; END IF;
        p_state.hints[g + 1] := v_candidate;
        IF v_block IS NULL OR v_candidate < v_block THEN v_block := v_candidate; END IF;
        EXIT WHEN p_state.strategy = 'BEST_FIT';
      END LOOP;
      EXIT WHEN v_block IS NULL;
      DELETE FROM free_prefix f WHERE f.pool_id = p_state.pool_id AND f.length = masklen(v_block) AND f.block = v_block;
      v_run := CASE WHEN p_length - masklen(v_block) >= 31 THEN v_left ELSE least(v_left, 1::bigint << (p_length - masklen(v_block))) END;
      at := set_masklen(v_block::inet, p_length)::cidr;
      blocks := blocks || at;
      FOR n IN 2..v_run LOOP
        at := set_masklen(broadcast(at) + 1, p_length)::cidr;
        blocks := blocks || at;
      END LOOP;
      v_left := v_left - v_run;
      -- What follows the run, in aligned parts: each as large as its place allows.
      v_given := v_run;
      v_cut := p_length;
      WHILE prefix_last(at) <> prefix_last(v_block) LOOP
        WHILE v_given % 2 = 0 LOOP
          v_given := v_given / 2;
          v_cut := v_cut - 1;
        END LOOP;
        at := set_masklen(broadcast(at) + 1, v_cut)::cidr;
        INSERT INTO free_prefix (pool_id, length, block) VALUES (p_state.pool_id, v_cut, at);
        p_state.hints[v_cut + 1] := least(p_state.hints[v_cut + 1], at);
        v_given := v_given + 1;
      END LOOP;
    END LOOP;
    p_state.free := p_state.free - CASE WHEN p_prefer IS NULL THEN cardinality(blocks) * prefix_units(p_length, p_state.max_length)
      ELSE prefix_units(masklen(p_prefer), p_state.max_length) END;
  END $$;

  -- Why a prefix is not to be had; the caller looked for it among the free blocks and did not find it.
  CREATE FUNCTION prefix_refusal(p_pool uuid, p_cidr cidr) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
      WHEN NOT EXISTS (SELECT FROM prefix_pool_range r WHERE r.pool_id = p_pool AND p_cidr <<= r.cidr) THEN 'OUT_OF_RANGE'
      WHEN EXISTS (SELECT FROM prefix_pool_exclusion x WHERE x.pool_id = p_pool AND p_cidr && x.cidr) THEN 'EXCLUDED'
      ELSE 'TAKEN' END $$;

  -- One request: p_count prefixes (the first p_count of p_ids), or p_prefer. One row for each; a refusal is one row with a NULL id, and with the
  -- room that a quota leaves. The order of the checks: key, pool, length, quota, space.
  CREATE FUNCTION prefix_take(p_pool uuid, p_tenant uuid, p_key text, p_fingerprint text, p_ids uuid[], p_length int, p_count int, p_is_contiguous boolean, p_is_partial boolean,
      p_prefer cidr, p_ttl int, p_role text, p_holder_kind text, p_holder text, p_external_ref text)
    RETURNS TABLE (outcome text, prefix_id uuid, cidr cidr, room numeric) LANGUAGE plpgsql ${BY_INDEX} AS $$
  #variable_conflict use_column
  DECLARE
    state prefix_pool_state;
    prior text;
    v_room numeric;
    v_length int;
    v_unit numeric;
    wanted int := p_count;
    available numeric;
    v_blocks cidr[];
    drawn record;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_pool::text, 0));
    IF p_fingerprint <> '' THEN
      SELECT p.fingerprint INTO prior FROM prefix p WHERE p.tenant_id = p_tenant AND p.key = p_key AND p.fingerprint <> '' AND p.state <> 'QUARANTINED' LIMIT 1;
      IF FOUND THEN
        IF prior <> p_fingerprint THEN RETURN QUERY SELECT 'KEY_REUSED', NULL::uuid, NULL::cidr, NULL::numeric; RETURN; END IF;
        RETURN QUERY SELECT 'REPLAYED', p.id, p.cidr, NULL::numeric FROM prefix p
          WHERE p.tenant_id = p_tenant AND p.key = p_key AND p.fingerprint <> '' AND p.state <> 'QUARANTINED' ORDER BY p.ord;
        RETURN;
      END IF;
    END IF;
    SELECT s.* INTO state FROM prefix_pool_state s WHERE s.pool_id = p_pool;
    PERFORM FROM tenant t WHERE t.id = p_tenant;
    IF NOT FOUND OR state.pool_id IS NULL
       OR state.is_restricted AND NOT EXISTS (SELECT FROM prefix_pool_tenant t WHERE t.pool_id = p_pool AND t.tenant_id = p_tenant) THEN
      RETURN QUERY SELECT 'NOT_FOUND', NULL::uuid, NULL::cidr, NULL::numeric;
      RETURN;
    END IF;
    v_length := coalesce(masklen(p_prefer), p_length, state.default_length);
    IF v_length NOT BETWEEN state.min_length AND state.max_length THEN
      RETURN QUERY SELECT 'LENGTH', NULL::uuid, NULL::cidr, NULL::numeric;
      RETURN;
    END IF;
    v_unit := prefix_units(v_length, state.max_length);
    IF state.has_quotas THEN SELECT q.max - q.used INTO v_room FROM prefix_quota q WHERE q.tenant_id = p_tenant AND q.pool_id = p_pool; END IF;
    IF v_room < wanted * v_unit THEN
      IF NOT p_is_partial OR v_room < v_unit THEN RETURN QUERY SELECT 'QUOTA', NULL::uuid, NULL::cidr, v_room; RETURN; END IF;
      wanted := floor(v_room / v_unit);
    END IF;
    IF p_prefer IS NULL AND wanted > 1 THEN
      SELECT CASE WHEN p_is_contiguous THEN coalesce(max(prefix_units(f.length, v_length)), 0) ELSE coalesce(sum(prefix_units(f.length, v_length)), 0) END INTO available
        FROM free_prefix f WHERE f.pool_id = p_pool AND f.length <= v_length;
      IF available < wanted THEN
        IF NOT p_is_partial OR available = 0 THEN RETURN QUERY SELECT 'EXHAUSTED', NULL::uuid, NULL::cidr, NULL::numeric; RETURN; END IF;
        wanted := available;
      END IF;
    END IF;
    drawn := prefix_draw(state, v_length, p_prefer, wanted, p_is_contiguous);
    state := drawn.p_state;
    v_blocks := drawn.blocks;
    IF cardinality(v_blocks) = 0 THEN
      RETURN QUERY SELECT CASE WHEN p_prefer IS NULL THEN 'EXHAUSTED' ELSE prefix_refusal(p_pool, p_prefer) END, NULL::uuid, NULL::cidr, NULL::numeric;
      RETURN;
    END IF;
    UPDATE prefix_pool_state s SET free = state.free, hints = state.hints WHERE s.pool_id = p_pool;
    IF v_room IS NOT NULL THEN
      UPDATE prefix_quota q SET used = q.used + v_unit * cardinality(v_blocks) WHERE q.tenant_id = p_tenant AND q.pool_id = p_pool;
    END IF;
    INSERT INTO prefix (id, space_id, cidr, role, parent_id, tenant_id, state, key, ord, fingerprint, expires_at, holder_kind, holder, external_ref)
      SELECT p_ids[u.n], state.space_id, u.block, p_role, (SELECT r.prefix_id FROM prefix_pool_range r WHERE r.pool_id = p_pool AND r.cidr >>= u.block), p_tenant,
             CASE WHEN p_ttl IS NULL THEN 'BOUND' ELSE 'HELD' END, p_key, u.n - 1, p_fingerprint, now() + make_interval(secs => p_ttl), p_holder_kind, p_holder, p_external_ref
        FROM unnest(v_blocks) WITH ORDINALITY u(block, n);
    RETURN QUERY SELECT 'OK', p_ids[u.n], u.block, NULL::numeric FROM unnest(v_blocks) WITH ORDINALITY u(block, n);
  END $$;

  -- Many requests in one statement. Each asks for one prefix; the arrays are parallel, p_locks has the distinct pools in order, p_payers the
  -- distinct tenants. Runs as trame_system, see ADR 0012.
  CREATE FUNCTION prefix_allocate(p_caller text, p_locks uuid[], p_payers uuid[], p_actors text[], p_pools uuid[], p_tenants uuid[], p_keys text[], p_fingerprints text[], p_ids uuid[],
      p_lengths int[], p_prefers cidr[], p_ttls int[], p_roles text[], p_holders text[], p_external_refs text[])
    RETURNS TABLE (i int, outcome text, prefix_id uuid, cidr cidr, room numeric, at timestamptz) LANGUAGE plpgsql ${BY_INDEX} AS $$
  #variable_conflict use_column
  DECLARE
    state prefix_pool_state;
    outcomes text[];
    rooms numeric[];
    given cidr[] := array_fill(NULL::cidr, ARRAY[cardinality(p_pools)]);
    fresh int[] := '{}';
    v_pool uuid;
    v_length int;
    v_unit numeric;
    v_room numeric;
    v_blocks cidr[];
    drawn record;
    j int;
  BEGIN
    IF current_user <> 'trame_system' THEN RAISE EXCEPTION 'prefix_allocate serves all tenants and runs as trame_system' USING ERRCODE = '42501'; END IF;
    FOREACH v_pool IN ARRAY p_locks LOOP PERFORM pg_advisory_xact_lock(hashtextextended(v_pool::text, 0)); END LOOP;
    PERFORM FROM tenant t WHERE t.id = ANY(p_payers);
    GET DIAGNOSTICS j = ROW_COUNT;
    IF j < cardinality(p_payers) THEN RAISE EXCEPTION 'a tenant of the batch is gone' USING ERRCODE = '23503'; END IF;

    -- 1. What needs no block.
    SELECT array_agg(c.outcome ORDER BY c.i), array_fill(NULL::numeric, ARRAY[count(*)::int]) INTO outcomes, rooms
      FROM (SELECT u.i, CASE
              WHEN a.fingerprint = u.fingerprint THEN 'REPLAYED'
              WHEN a.fingerprint IS NOT NULL THEN 'KEY_REUSED'
              WHEN s.pool_id IS NULL THEN 'NOT_FOUND'
              WHEN s.is_restricted AND NOT EXISTS (SELECT FROM prefix_pool_tenant t WHERE t.pool_id = u.pool AND t.tenant_id = u.tenant) THEN 'NOT_FOUND' END AS outcome
              FROM unnest(p_pools, p_tenants, p_keys, p_fingerprints) WITH ORDINALITY u(pool, tenant, key, fingerprint, i)
              LEFT JOIN LATERAL (SELECT x.fingerprint FROM prefix x WHERE x.tenant_id = u.tenant AND x.key = u.key AND x.fingerprint <> '' AND x.state <> 'QUARANTINED' LIMIT 1) a ON true
              LEFT JOIN LATERAL (SELECT x.pool_id, x.is_restricted FROM prefix_pool_state x WHERE x.pool_id = u.pool LIMIT 1) s ON true) c;

    -- 2. Blocks, pool by pool.
    FOREACH v_pool IN ARRAY p_locks LOOP
      SELECT s.* INTO state FROM prefix_pool_state s WHERE s.pool_id = v_pool;
      CONTINUE WHEN NOT FOUND;
      FOR j IN 1..cardinality(p_pools) LOOP
        CONTINUE WHEN p_pools[j] <> v_pool OR outcomes[j] IS NOT NULL;
        v_length := coalesce(masklen(p_prefers[j]), p_lengths[j], state.default_length);
        IF v_length NOT BETWEEN state.min_length AND state.max_length THEN outcomes[j] := 'LENGTH'; CONTINUE; END IF;
        v_room := NULL;
        IF state.has_quotas THEN
          v_unit := prefix_units(v_length, state.max_length);
          SELECT q.max - q.used INTO v_room FROM prefix_quota q WHERE q.tenant_id = p_tenants[j] AND q.pool_id = v_pool;
          IF v_room < v_unit THEN outcomes[j] := 'QUOTA'; rooms[j] := v_room; CONTINUE; END IF;
        END IF;
        drawn := prefix_draw(state, v_length, p_prefers[j], 1, false);
        state := drawn.p_state;
        v_blocks := drawn.blocks;
        IF cardinality(v_blocks) = 0 THEN
          outcomes[j] := CASE WHEN p_prefers[j] IS NULL THEN 'EXHAUSTED' ELSE prefix_refusal(v_pool, p_prefers[j]) END;
          CONTINUE;
        END IF;
        IF v_room IS NOT NULL THEN UPDATE prefix_quota q SET used = q.used + v_unit WHERE q.tenant_id = p_tenants[j] AND q.pool_id = v_pool; END IF;
        given[j] := v_blocks[1];
        outcomes[j] := 'OK';
        fresh := fresh || j;
      END LOOP;
      UPDATE prefix_pool_state s SET free = state.free, hints = state.hints WHERE s.pool_id = v_pool AND s.free <> state.free;
    END LOOP;

    -- 3. The truth.
    IF fresh <> '{}' THEN
      INSERT INTO prefix (id, space_id, cidr, role, parent_id, tenant_id, state, key, fingerprint, expires_at, holder, external_ref)
        SELECT p_ids[x], p.space_id, given[x], p_roles[x], r.prefix_id, p_tenants[x], CASE WHEN p_ttls[x] IS NULL THEN 'BOUND' ELSE 'HELD' END, p_keys[x], p_fingerprints[x],
               now() + make_interval(secs => p_ttls[x]), p_holders[x], p_external_refs[x]
          FROM unnest(fresh) x CROSS JOIN LATERAL (SELECT y.space_id FROM prefix_pool_state y WHERE y.pool_id = p_pools[x] LIMIT 1) p
          CROSS JOIN LATERAL (SELECT y.prefix_id FROM prefix_pool_range y WHERE y.pool_id = p_pools[x] AND y.cidr >>= given[x] LIMIT 1) r;
      PERFORM record_acts(array_agg(p_actors[x]), array_agg(p_tenants[x]), 'prefix.allocated', 'prefix', array_agg(p_ids[x]),
          array_agg(jsonb_build_object('pool', p_pools[x], 'cidr', given[x])), 'prefix-pool.changed', array_agg(p_pools[x])) FROM unnest(fresh) x;
    END IF;
    RETURN QUERY SELECT u.i::int, u.o, CASE u.o WHEN 'OK' THEN p_ids[u.i] ELSE a.id END, CASE u.o WHEN 'OK' THEN given[u.i] ELSE a.cidr END, rooms[u.i], now()
      FROM unnest(outcomes) WITH ORDINALITY u(o, i)
      LEFT JOIN LATERAL (SELECT x.id, x.cidr FROM prefix x
        WHERE u.o = 'REPLAYED' AND x.tenant_id = p_tenants[u.i] AND x.key = p_keys[u.i] AND x.fingerprint <> '' AND x.state <> 'QUARANTINED' LIMIT 1) a ON true;
  END $$;
`;

const RETURN_PREFIX = `
  -- The pool that a leaf was carved out of; NULL: none of ours.
  CREATE FUNCTION prefix_pool_of(p_prefix uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT r.pool_id FROM prefix p JOIN prefix_pool_range r ON r.prefix_id = p.parent_id WHERE p.id = p_prefix $$;

  -- Into quarantine, or back at once where the pool has none, it was only held, or p_is_unused: nothing ever carried it. p_holder_kind: only if
  -- that holds it; NULL: whoever. Answers FREE, QUARANTINED, or why not.
  CREATE FUNCTION prefix_release(p_id uuid, p_generation int, p_is_unused boolean, p_holder_kind text) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE
    v_pool uuid := prefix_pool_of(p_id);
    gone prefix;
    rest int := 0;
    v_unit int;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(v_pool::text, 0));
    SELECT p.* INTO gone FROM prefix p WHERE p.id = p_id AND p.role IN ('SUBNET', 'LOOPBACK', 'LINK', 'RESERVED') FOR UPDATE;
    IF NOT FOUND THEN RETURN 'NOT_FOUND'; END IF;
    IF p_generation IS NOT NULL AND gone.generation <> p_generation THEN RETURN 'VERSION_CONFLICT'; END IF;
    IF gone.state = 'QUARANTINED' AND NOT p_is_unused THEN RETURN 'QUARANTINED'; END IF;
    IF gone.holder_kind <> p_holder_kind THEN RETURN 'IN_USE'; END IF;
    SELECT o.quarantine_seconds, o.max_length INTO rest, v_unit FROM prefix_pool o WHERE o.id = v_pool;
    IF gone.state <> 'QUARANTINED' AND gone.tenant_id IS NOT NULL THEN
      UPDATE prefix_quota q SET used = q.used - prefix_units(masklen(gone.cidr), v_unit) WHERE q.tenant_id = gone.tenant_id AND q.pool_id = v_pool;
    END IF;
    IF p_is_unused OR coalesce(rest, 0) = 0 OR gone.state = 'HELD' THEN
      DELETE FROM prefix p WHERE p.id = p_id;
      IF v_pool IS NOT NULL THEN PERFORM prefix_give(v_pool, gone.cidr); END IF;
      RETURN 'FREE';
    END IF;
    UPDATE prefix p SET state = 'QUARANTINED', released_at = now(), reusable_at = now() + make_interval(secs => rest), expires_at = NULL,
        generation = p.generation + 1, updated_at = now(), holder_kind = 'external', holder = NULL WHERE p.id = p_id;
    RETURN 'QUARANTINED';
  END $$;

  -- Holds and quarantines whose time is over go back; at most p_limit of them, oldest first. One row for each, with its pool.
  CREATE FUNCTION prefix_sweep(p_limit int) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
  DECLARE
    due record;
  BEGIN
    FOR due IN
      -- In the order of the pools: every transaction takes their locks in one order.
      SELECT x.id, r.pool_id, x.generation FROM (
        (SELECT p.id, p.parent_id, p.cidr, p.generation FROM prefix p WHERE p.state = 'QUARANTINED' AND p.reusable_at <= now() ORDER BY p.reusable_at LIMIT p_limit)
        UNION ALL
        (SELECT p.id, p.parent_id, p.cidr, p.generation FROM prefix p WHERE p.state = 'HELD' AND p.expires_at <= now() ORDER BY p.expires_at LIMIT p_limit)) x
        LEFT JOIN prefix_pool_range r ON r.prefix_id = x.parent_id
       ORDER BY r.pool_id, x.cidr LIMIT p_limit
    LOOP
      -- Looked at once more under both locks: whoever bound or extended a hold in between keeps it.
      PERFORM pg_advisory_xact_lock(hashtextextended(due.pool_id::text, 0));
      PERFORM FROM prefix p WHERE p.id = due.id AND (p.reusable_at <= now() OR p.expires_at <= now()) FOR UPDATE;
      CONTINUE WHEN NOT FOUND;
      IF prefix_release(due.id, due.generation, true, NULL) = 'FREE' THEN RETURN NEXT due.pool_id; END IF;
    END LOOP;
  END $$;

  -- To another tenant or another holder; quotas go with it. False: it has changed hands meanwhile, or rests.
  CREATE FUNCTION prefix_transfer(p_id uuid, p_generation int, p_tenant uuid, p_holder text) RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE
    v_pool uuid := prefix_pool_of(p_id);
    was prefix;
    v_units numeric;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(v_pool::text, 0));
    SELECT p.* INTO was FROM prefix p WHERE p.id = p_id FOR UPDATE;
    IF NOT FOUND OR was.generation <> p_generation OR was.state = 'QUARANTINED' THEN RETURN false; END IF;
    IF was.tenant_id <> p_tenant THEN
      PERFORM FROM tenant t WHERE t.id = p_tenant;
      IF NOT FOUND THEN RAISE EXCEPTION 'there is no such tenant' USING ERRCODE = '23503', CONSTRAINT = 'prefix_tenant'; END IF;
      -- Its key would have two answers. Prefixes of one request may follow each other.
      PERFORM FROM prefix p WHERE p.tenant_id = p_tenant AND p.key = was.key AND p.fingerprint <> '' AND p.fingerprint <> was.fingerprint AND p.state <> 'QUARANTINED';
      IF FOUND THEN RAISE EXCEPTION 'the tenant has the key already' USING ERRCODE = '23505', CONSTRAINT = 'prefix_key_unique'; END IF;
      SELECT prefix_units(masklen(was.cidr), o.max_length) INTO v_units FROM prefix_pool o WHERE o.id = v_pool;
      UPDATE prefix_quota q SET used = q.used - v_units WHERE q.tenant_id = was.tenant_id AND q.pool_id = v_pool;
      UPDATE prefix_quota q SET used = q.used + v_units WHERE q.tenant_id = p_tenant AND q.pool_id = v_pool;
    END IF;
    UPDATE prefix p SET tenant_id = p_tenant, holder = p_holder, generation = p.generation + 1, updated_at = now() WHERE p.id = p_id;
    RETURN true;
  END $$;

  -- A prefix that an existing network carries becomes an allocation, excluded or resting though it may be. Answers OK or why not.
  CREATE FUNCTION prefix_adopt(p_pool uuid, p_tenant uuid, p_cidr cidr, p_id uuid, p_key text, p_fingerprint text, p_role text, p_holder text, p_external_ref text)
    RETURNS TABLE (outcome text, prefix_id uuid) LANGUAGE plpgsql AS $$
  #variable_conflict use_column
  DECLARE
    state prefix_pool_state;
    was record;
    v_parent uuid;
    v_blocks cidr[];
    drawn record;
    v_free cidr;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_pool::text, 0));
    SELECT s.* INTO state FROM prefix_pool_state s WHERE s.pool_id = p_pool;
    PERFORM FROM tenant t WHERE t.id = p_tenant;
    IF NOT FOUND OR state.pool_id IS NULL THEN RETURN QUERY SELECT 'NOT_FOUND', NULL::uuid; RETURN; END IF;
    SELECT p.id, p.fingerprint INTO was FROM prefix p WHERE p.tenant_id = p_tenant AND p.key = p_key AND p.fingerprint <> '' AND p.state <> 'QUARANTINED' LIMIT 1;
    IF FOUND THEN
      RETURN QUERY SELECT CASE WHEN was.fingerprint = p_fingerprint THEN 'REPLAYED' ELSE 'KEY_REUSED' END, was.id;
      RETURN;
    END IF;
    SELECT r.prefix_id INTO v_parent FROM prefix_pool_range r WHERE r.pool_id = p_pool AND r.cidr >>= p_cidr;
    IF NOT FOUND THEN RETURN QUERY SELECT 'OUT_OF_RANGE', NULL::uuid; RETURN; END IF;
    IF masklen(p_cidr) > state.max_length THEN RETURN QUERY SELECT 'LENGTH', NULL::uuid; RETURN; END IF;
    -- What rests is taken out of its rest; what lives stays: the constraint refuses.
    FOR was IN SELECT p.id FROM prefix p WHERE p.space_id = state.space_id AND p.cidr >= p_cidr AND p.cidr <= prefix_last(p_cidr) AND p.state = 'QUARANTINED'
               UNION ALL SELECT p.id FROM generate_series(state.top, masklen(p_cidr) - 1) g JOIN prefix p
                 ON p.space_id = state.space_id AND p.cidr = network(set_masklen(p_cidr::inet, g)) AND p.state = 'QUARANTINED' LOOP
      PERFORM prefix_release(was.id, NULL, true, NULL);
    END LOOP;
    SELECT s.* INTO state FROM prefix_pool_state s WHERE s.pool_id = p_pool;
    drawn := prefix_draw(state, NULL, p_cidr, 1, false);
    state := drawn.p_state;
    v_blocks := drawn.blocks;
    IF cardinality(v_blocks) = 0 THEN
      -- Partly free, partly excluded or in use.
      FOR v_free IN DELETE FROM free_prefix f WHERE f.pool_id = p_pool AND f.length > masklen(p_cidr) AND f.block <<= p_cidr RETURNING f.block LOOP
        state.free := state.free - prefix_units(masklen(v_free), state.max_length);
      END LOOP;
    END IF;
    UPDATE prefix_pool_state s SET free = state.free, hints = state.hints WHERE s.pool_id = p_pool;
    UPDATE prefix_quota q SET used = q.used + prefix_units(masklen(p_cidr), state.max_length) WHERE q.tenant_id = p_tenant AND q.pool_id = p_pool;
    BEGIN
      INSERT INTO prefix (id, space_id, cidr, role, parent_id, tenant_id, key, fingerprint, holder, external_ref)
        VALUES (p_id, state.space_id, p_cidr, p_role, v_parent, p_tenant, p_key, p_fingerprint, p_holder, p_external_ref);
    EXCEPTION WHEN exclusion_violation OR unique_violation THEN
      RETURN QUERY SELECT 'TAKEN', NULL::uuid; -- The caller rolls back.
      RETURN;
    END;
    RETURN QUERY SELECT 'OK', p_id;
  END $$;
`;

const FREE_ADDRESSES = `
  -- An address as its number; those of IPv6 are more than a bigint counts.
  CREATE FUNCTION address_number(a inet) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN family(a) = 4 THEN (a - '0.0.0.0'::inet)::numeric
      ELSE mod(('x' || encode(substr(inet_send(a), 5, 8), 'hex'))::bit(64)::bigint + 18446744073709551616::numeric, 18446744073709551616::numeric) * 18446744073709551616::numeric
         + mod(('x' || encode(substr(inet_send(a), 13, 8), 'hex'))::bit(64)::bigint + 18446744073709551616::numeric, 18446744073709551616::numeric) END;

  -- Hosts of a prefix: without network and broadcast address; RFC 3021 and RFC 6164: a /31 and a /127 have two hosts; RFC 4291 2.6.1: the first
  -- address of a longer IPv6 subnet is that of its routers.
  CREATE FUNCTION address_hosts(c cidr, OUT first inet, OUT last inet) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT set_masklen(c::inet, w) + CASE WHEN w - masklen(c) >= 2 THEN 1 ELSE 0 END,
           set_masklen(broadcast(c), w) - CASE WHEN w - masklen(c) >= 2 AND w = 32 THEN 1 ELSE 0 END FROM (SELECT CASE family(c) WHEN 4 THEN 32 ELSE 128 END) f(w) $$;

  -- What of [p_first, p_last] is a host address and neither reserved nor given out, and whether a DHCP range has it. This is the definition of
  -- free; free_address is its index.
  CREATE FUNCTION address_gaps(p_subnet uuid, p_first inet, p_last inet) RETURNS TABLE (kind text, first inet, last inet) LANGUAGE sql STABLE AS $$
    WITH host AS MATERIALIZED (
      SELECT s.space_id, greatest(h.first, p_first) AS first, least(h.last, p_last) AS last FROM subnet s, address_hosts(s.cidr) h WHERE s.id = p_subnet),
    dhcp AS MATERIALIZED (
      SELECT greatest(r.first, h.first) AS first, least(r.last, h.last) AS last FROM host h JOIN address_range r ON r.subnet_id = p_subnet AND r.kind = 'DHCP' AND r.last >= h.first AND r.first <= h.last),
    extent AS MATERIALIZED (
      SELECT 'DHCP' AS kind, d.first, d.last FROM dhcp d
      UNION ALL
      SELECT 'HOST', w.until + 1, w.next - 1 FROM (
        SELECT max(b.last) OVER s AS until, lead(b.first) OVER s AS next
          FROM (SELECT d.first, d.last FROM dhcp d UNION ALL SELECT h.first - 1, h.first - 1 FROM host h UNION ALL SELECT h.last + 1, h.last + 1 FROM host h WHERE h.first <= h.last) b
        WINDOW s AS (ORDER BY b.first)) w WHERE w.next > w.until + 1),
    busy AS (
      SELECT e.kind, e.first AS id, a.address AS first, a.address AS last FROM host h, extent e
        CROSS JOIN LATERAL (SELECT x.address FROM ip_address x WHERE x.space_id = h.space_id AND x.address BETWEEN e.first AND e.last) a
      UNION ALL SELECT e.kind, e.first, greatest(r.first, e.first), least(r.last, e.last) FROM extent e
        JOIN address_range r ON r.subnet_id = p_subnet AND r.kind = 'RESERVED' AND r.last >= e.first AND r.first <= e.last
      UNION ALL SELECT e.kind, e.first, e.first - 1, e.first - 1 FROM extent e
      UNION ALL SELECT e.kind, e.first, e.last + 1, e.last + 1 FROM extent e),
    gap AS (
      SELECT w.kind, w.until + 1 AS first, w.next - 1 AS last FROM (
        SELECT b.kind, max(b.last) OVER s AS until, lead(b.first) OVER s AS next FROM busy b WINDOW s AS (PARTITION BY b.kind, b.id ORDER BY b.first, b.last)) w
       WHERE w.next > w.until + 1)
    -- DHCP ranges may touch: their gaps merge.
    SELECT z.kind, min(z.first), max(z.last) FROM (
      SELECT y.kind, y.first, y.last, sum(y.is_start) OVER (PARTITION BY y.kind ORDER BY y.first) AS island FROM (
        SELECT g.kind, g.first, g.last, CASE WHEN g.first = lag(g.last) OVER (PARTITION BY g.kind ORDER BY g.first) + 1 THEN 0 ELSE 1 END AS is_start FROM gap g) y) z
     GROUP BY z.kind, z.island $$;

  -- Takes [p_first, p_last] out of the free range that contains it. The caller holds the lock and knows that there is one.
  CREATE FUNCTION address_cut(p_subnet uuid, p_kind text, p_first inet, p_last inet) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    v_first inet;
    v_last inet;
  BEGIN
    SELECT f.first, f.last INTO STRICT v_first, v_last FROM free_address f WHERE f.subnet_id = p_subnet AND f.kind = p_kind AND f.first <= p_first ORDER BY f.first DESC LIMIT 1;
    IF v_first < p_first THEN
      UPDATE free_address f SET last = p_first - 1 WHERE f.subnet_id = p_subnet AND f.kind = p_kind AND f.first = v_first;
      IF v_last > p_last THEN INSERT INTO free_address (subnet_id, kind, first, last) VALUES (p_subnet, p_kind, p_last + 1, v_last); END IF;
    ELSIF v_last > p_last THEN
      UPDATE free_address f SET first = p_last + 1 WHERE f.subnet_id = p_subnet AND f.kind = p_kind AND f.first = v_first;
    ELSE
      DELETE FROM free_address f WHERE f.subnet_id = p_subnet AND f.kind = p_kind AND f.first = v_first;
    END IF;
  END $$;

  -- Gives an address back, as far as it is free by definition now, and merges with both neighbours. The caller holds the lock.
  CREATE FUNCTION address_give(p_subnet uuid, p_address inet) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    gap record;
    v_below inet;
    v_below_last inet;
    v_last inet;
  BEGIN
    FOR gap IN SELECT g.kind, g.first, g.last FROM address_gaps(p_subnet, p_address, p_address) g LOOP
      SELECT f.first, f.last INTO v_below, v_below_last FROM free_address f
       WHERE f.subnet_id = p_subnet AND f.kind = gap.kind AND f.first < gap.first ORDER BY f.first DESC LIMIT 1;
      DELETE FROM free_address f WHERE f.subnet_id = p_subnet AND f.kind = gap.kind AND f.first = gap.last + 1 RETURNING f.last INTO v_last;
      IF v_below_last = gap.first - 1 THEN
        UPDATE free_address f SET last = coalesce(v_last, gap.last) WHERE f.subnet_id = p_subnet AND f.kind = gap.kind AND f.first = v_below;
      ELSE
        v_below := gap.first;
        INSERT INTO free_address (subnet_id, kind, first, last) VALUES (p_subnet, gap.kind, gap.first, coalesce(v_last, gap.last));
      END IF;
      UPDATE subnet_state s SET free = s.free + 1, hint = least(s.hint, v_below) WHERE s.subnet_id = p_subnet AND gap.kind = 'HOST';
    END LOOP;
  END $$;

  -- Makes everything derived of a subnet anew from its hosts, ranges and addresses.
  CREATE FUNCTION address_rebuild(p_subnet uuid) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_subnet::text, 0));
    DELETE FROM free_address f WHERE f.subnet_id = p_subnet;
    INSERT INTO free_address (subnet_id, kind, first, last)
      SELECT s.id, g.kind, g.first, g.last FROM subnet s, address_hosts(s.cidr) h, address_gaps(s.id, h.first, h.last) g WHERE s.id = p_subnet ORDER BY 2, 3;
    INSERT INTO subnet_state (subnet_id, tenant_id, space_id, first, last, quarantine_seconds, hint, free)
      SELECT s.id, s.tenant_id, s.space_id, h.first, h.last, s.quarantine_seconds, h.first,
             coalesce((SELECT sum(address_number(f.last) - address_number(f.first) + 1) FROM free_address f WHERE f.subnet_id = s.id AND f.kind = 'HOST'), 0)
        FROM subnet s, address_hosts(s.cidr) h WHERE s.id = p_subnet
      ON CONFLICT (subnet_id) DO UPDATE SET tenant_id = excluded.tenant_id, space_id = excluded.space_id, first = excluded.first, last = excluded.last,
        quarantine_seconds = excluded.quarantine_seconds, hint = excluded.hint, free = excluded.free;
  END $$;
  -- Counts a tenant's addresses of a space anew, while no other transaction changes them.
  CREATE FUNCTION address_quota_recount(p_tenant uuid, p_space uuid) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM FROM address_quota q WHERE q.tenant_id = p_tenant AND q.space_id = p_space FOR UPDATE;
    UPDATE address_quota q SET used = (SELECT count(*) FROM ip_address a WHERE a.tenant_id = p_tenant AND a.space_id = p_space AND a.state <> 'QUARANTINED')
     WHERE q.tenant_id = p_tenant AND q.space_id = p_space;
  END $$;
`;

const TAKE_ADDRESS = `
  -- Why an address is not to be had; the caller looked for it in the free space and did not find it.
  CREATE FUNCTION address_refusal(p_subnet uuid, p_address inet) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
      WHEN NOT EXISTS (SELECT FROM subnet_state s WHERE s.subnet_id = p_subnet AND p_address BETWEEN s.first AND s.last) THEN 'OUT_OF_RANGE'
      WHEN EXISTS (SELECT FROM address_range r WHERE r.subnet_id = p_subnet AND p_address BETWEEN r.first AND r.last AND r.kind = 'RESERVED') THEN 'EXCLUDED'
      WHEN EXISTS (SELECT FROM free_address f WHERE f.subnet_id = p_subnet AND f.kind = 'DHCP' AND p_address BETWEEN f.first AND f.last) THEN 'DHCP'
      ELSE 'TAKEN' END $$;

  -- One request: p_count addresses (the first p_count of p_ids), the next ones free or those from p_prefer on. p_first and p_last: only out of
  -- there; a DHCP range gives only to whoever asks within it. One row for each; a refusal is one row with a NULL id, with the address that stands
  -- in the way, or the room that a quota leaves. The order of the checks: key, subnet, quota, space.
  CREATE FUNCTION address_take(p_subnet uuid, p_tenant uuid, p_key text, p_fingerprint text, p_ids uuid[], p_count int, p_is_contiguous boolean, p_is_partial boolean,
      p_prefer inet, p_first inet, p_last inet, p_ttl int, p_role text, p_mac macaddr, p_dns_name text, p_holder_kind text, p_holder text, p_external_ref text)
    RETURNS TABLE (outcome text, address_id uuid, address inet, room bigint) LANGUAGE plpgsql ${BY_INDEX} AS $$
  #variable_conflict use_column
  DECLARE
    state subnet_state;
    prior text;
    v_room bigint;
    v_kind text := 'HOST';
    wanted int := p_count;
    v_from inet;
    v_until inet;
    v_at inet;
    v_end inet;
    v_best inet;
    v_longest bigint := 0;
    v_length bigint;
    taken inet[] := '{}';
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_subnet::text, 0));
    IF p_fingerprint <> '' THEN
      SELECT a.fingerprint INTO prior FROM ip_address a WHERE a.tenant_id = p_tenant AND a.key = p_key AND a.fingerprint <> '' AND a.state <> 'QUARANTINED' LIMIT 1;
      IF FOUND THEN
        IF prior <> p_fingerprint THEN RETURN QUERY SELECT 'KEY_REUSED', NULL::uuid, NULL::inet, NULL::bigint; RETURN; END IF;
        RETURN QUERY SELECT 'REPLAYED', a.id, a.address, NULL::bigint FROM ip_address a
          WHERE a.tenant_id = p_tenant AND a.key = p_key AND a.fingerprint <> '' AND a.state <> 'QUARANTINED' ORDER BY a.ord;
        RETURN;
      END IF;
    END IF;
    SELECT s.* INTO state FROM subnet_state s WHERE s.subnet_id = p_subnet AND s.tenant_id = p_tenant;
    IF NOT FOUND THEN RETURN QUERY SELECT 'NOT_FOUND', NULL::uuid, NULL::inet, NULL::bigint; RETURN; END IF;
    SELECT q.max - q.used INTO v_room FROM address_quota q WHERE q.tenant_id = p_tenant AND q.space_id = state.space_id FOR UPDATE;
    IF v_room < wanted THEN
      IF NOT p_is_partial OR v_room <= 0 THEN RETURN QUERY SELECT 'QUOTA', NULL::uuid, NULL::inet, v_room; RETURN; END IF;
      wanted := v_room;
    END IF;
    v_from := greatest(coalesce(p_first, state.hint), state.first);
    v_until := least(coalesce(p_last, state.last), state.last);
    IF p_first IS NOT NULL AND EXISTS (SELECT FROM address_range r WHERE r.subnet_id = p_subnet AND r.kind = 'DHCP' AND p_first >= r.first AND p_last <= r.last) THEN
      v_kind := 'DHCP';
    END IF;

    IF p_prefer IS NOT NULL THEN
      SELECT f.last INTO v_end FROM free_address f WHERE f.subnet_id = p_subnet AND f.kind = v_kind AND f.first <= p_prefer ORDER BY f.first DESC LIMIT 1;
      IF v_end IS NULL OR v_end < p_prefer + (wanted - 1) OR p_prefer < coalesce(p_first, p_prefer) OR p_prefer + (wanted - 1) > coalesce(p_last, p_prefer + (wanted - 1)) THEN
        -- The first address of the run that is not to be had.
        v_at := CASE WHEN p_prefer < p_first OR p_prefer > p_last OR v_end IS NULL OR v_end < p_prefer THEN p_prefer ELSE least(v_end, p_last) + 1 END;
        RETURN QUERY SELECT CASE WHEN v_at < p_first OR v_at > p_last THEN 'OUT_OF_RANGE' ELSE address_refusal(p_subnet, v_at) END, NULL::uuid, v_at, NULL::bigint;
        RETURN;
      END IF;
      PERFORM address_cut(p_subnet, v_kind, p_prefer, p_prefer + (wanted - 1));
      FOR n IN 0..wanted - 1 LOOP taken := taken || (p_prefer + n); END LOOP;
    ELSE
      -- The free range that v_from lies in, and those above it. Many short ones cost a run of addresses a look at each.
      FOR v_at, v_end IN
        SELECT greatest(f.first, v_from), least(f.last, v_until) FROM (
          (SELECT x.first, x.last FROM free_address x WHERE x.subnet_id = p_subnet AND x.kind = v_kind AND x.first < v_from ORDER BY x.subnet_id DESC, x.kind DESC, x.first DESC LIMIT 1)
          UNION ALL
          (SELECT x.first, x.last FROM free_address x WHERE x.subnet_id = p_subnet AND x.kind = v_kind AND x.first >= v_from AND x.first <= v_until ORDER BY x.subnet_id, x.kind, x.first)) f
         WHERE f.last >= v_from
      LOOP
        EXIT WHEN p_is_contiguous AND v_longest = wanted OR cardinality(taken) = wanted;
        v_length := CASE WHEN v_at + wanted::bigint <= v_end THEN wanted ELSE v_end - v_at + 1 END;
        IF p_is_contiguous THEN
          IF v_length > v_longest THEN v_best := v_at; v_longest := v_length; END IF;
        ELSE
          FOR n IN 0..least(v_length, wanted - cardinality(taken)) - 1 LOOP taken := taken || (v_at + n); END LOOP;
        END IF;
      END LOOP;
      IF p_is_contiguous THEN
        FOR n IN 0..v_longest - 1 LOOP taken := taken || (v_best + n); END LOOP;
      END IF;
      IF cardinality(taken) < wanted AND (cardinality(taken) = 0 OR NOT p_is_partial) THEN
        RETURN QUERY SELECT 'EXHAUSTED', NULL::uuid, NULL::inet, NULL::bigint;
        RETURN;
      END IF;
      wanted := cardinality(taken);
      IF p_is_contiguous THEN
        PERFORM address_cut(p_subnet, v_kind, taken[1], taken[wanted]);
      ELSE
        -- Neighbours at once.
        PERFORM address_cut(p_subnet, v_kind, min(u.a), max(u.a)) FROM (SELECT t.a, t.n, t.a - t.n AS island FROM unnest(taken) WITH ORDINALITY t(a, n)) u GROUP BY u.island ORDER BY u.island;
      END IF;
    END IF;

    IF v_kind = 'HOST' THEN
      UPDATE subnet_state s SET free = s.free - wanted,
          hint = CASE WHEN p_prefer IS NULL AND p_first IS NULL AND NOT p_is_contiguous AND taken[wanted] > s.hint + 256 THEN taken[wanted] ELSE s.hint END
       WHERE s.subnet_id = p_subnet;
    END IF;
    IF v_room IS NOT NULL THEN UPDATE address_quota q SET used = q.used + wanted WHERE q.tenant_id = p_tenant AND q.space_id = state.space_id; END IF;
    INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, mac, dns_name, role, state, key, ord, fingerprint, expires_at, holder_kind, holder, external_ref)
      SELECT p_ids[u.n], p_tenant, state.space_id, p_subnet, u.a, p_mac, p_dns_name, p_role, CASE WHEN p_ttl IS NULL THEN 'BOUND' ELSE 'HELD' END, p_key, u.n - 1, p_fingerprint,
             now() + make_interval(secs => p_ttl), p_holder_kind, p_holder, p_external_ref
        FROM unnest(taken) WITH ORDINALITY u(a, n);
    RETURN QUERY SELECT 'OK', p_ids[u.n], u.a, NULL::bigint FROM unnest(taken) WITH ORDINALITY u(a, n);
  END $$;

  -- The plain case of address_take with as few statements as it takes: an idle subnet answers by it. SPECIAL: ask address_take.
  CREATE FUNCTION address_take_next(p_subnet uuid, p_tenant uuid, p_key text, p_fingerprint text, p_id uuid, p_ttl int, p_holder text, p_external_ref text,
      OUT outcome text, OUT address_id uuid, OUT address inet, OUT room bigint) LANGUAGE plpgsql ${BY_INDEX} AS $$
  #variable_conflict use_variable
  DECLARE
    state subnet_state;
    v_last inet;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_subnet::text, 0));
    SELECT CASE WHEN a.fingerprint = p_fingerprint THEN 'REPLAYED' ELSE 'KEY_REUSED' END, a.id, a.address INTO outcome, address_id, address
      FROM ip_address a WHERE a.tenant_id = p_tenant AND a.key = p_key AND a.fingerprint <> '' AND a.state <> 'QUARANTINED' LIMIT 1;
    IF FOUND THEN
      IF outcome = 'KEY_REUSED' THEN address_id := NULL; address := NULL; END IF;
      RETURN;
    END IF;
    SELECT s.* INTO state FROM subnet_state s WHERE s.subnet_id = p_subnet AND s.tenant_id = p_tenant;
    IF NOT FOUND THEN outcome := 'NOT_FOUND'; RETURN; END IF;
    SELECT q.max - q.used INTO room FROM address_quota q WHERE q.tenant_id = p_tenant AND q.space_id = state.space_id;
    IF FOUND THEN outcome := 'SPECIAL'; room := NULL; RETURN; END IF;
    SELECT f.first, f.last INTO address, v_last FROM free_address f WHERE f.subnet_id = p_subnet AND f.kind = 'HOST' AND f.first >= state.hint ORDER BY f.subnet_id, f.kind, f.first LIMIT 1;
    IF NOT FOUND THEN outcome := 'EXHAUSTED'; RETURN; END IF;
    IF address < v_last THEN
      UPDATE free_address f SET first = f.first + 1 WHERE f.subnet_id = p_subnet AND f.kind = 'HOST' AND f.first = address;
    ELSE
      DELETE FROM free_address f WHERE f.subnet_id = p_subnet AND f.kind = 'HOST' AND f.first = address;
    END IF;
    UPDATE subnet_state s SET free = s.free - 1, hint = CASE WHEN address > s.hint + 256 THEN address ELSE s.hint END WHERE s.subnet_id = p_subnet;
    INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, state, key, fingerprint, expires_at, holder, external_ref)
      VALUES (p_id, p_tenant, state.space_id, p_subnet, address, 'HOST', CASE WHEN p_ttl IS NULL THEN 'BOUND' ELSE 'HELD' END, p_key, p_fingerprint,
              now() + make_interval(secs => p_ttl), p_holder, p_external_ref);
    outcome := 'OK';
    address_id := p_id;
  END $$;

  -- Many requests in one statement. Each asks for one address; the arrays are parallel, p_locks has the distinct subnets in order. Runs as
  -- trame_system, see ADR 0012. What is not the plain case goes through address_take, one by one, in the same transaction.
  CREATE FUNCTION address_allocate(p_caller text, p_locks uuid[], p_actors text[], p_subnets uuid[], p_tenants uuid[], p_keys text[], p_fingerprints text[], p_ids uuid[],
      p_prefers inet[], p_firsts inet[], p_lasts inet[], p_ttls int[], p_holders text[], p_external_refs text[])
    RETURNS TABLE (i int, outcome text, address_id uuid, address inet, room bigint, at timestamptz) LANGUAGE plpgsql ${BY_INDEX} AS $$
  #variable_conflict use_column
  DECLARE
    n int := cardinality(p_subnets);
    outcomes text[];
    fresh int[];
    special int[];
    vals inet[];
    v_subnets uuid[];
    v_firsts inet[];
    v_taken bigint[];
    v_lens bigint[];
    v_subnet uuid;
    j int;
    r record;
  BEGIN
    IF current_user <> 'trame_system' THEN RAISE EXCEPTION 'address_allocate serves all tenants and runs as trame_system' USING ERRCODE = '42501'; END IF;
    at := now();
    IF n = 1 THEN
      i := 1;
      outcome := 'SPECIAL';
      IF p_prefers[1] IS NULL AND p_firsts[1] IS NULL THEN
        SELECT t.outcome, t.address_id, t.address, t.room INTO outcome, address_id, address, room
          FROM address_take_next(p_subnets[1], p_tenants[1], p_keys[1], p_fingerprints[1], p_ids[1], p_ttls[1], p_holders[1], p_external_refs[1]) t;
      END IF;
      IF outcome = 'SPECIAL' THEN
        SELECT t.outcome, t.address_id, t.address, t.room INTO outcome, address_id, address, room
          FROM address_take(p_subnets[1], p_tenants[1], p_keys[1], p_fingerprints[1], p_ids, 1, false, false, p_prefers[1], p_firsts[1], p_lasts[1], p_ttls[1], 'HOST', NULL, NULL,
                 'external', p_holders[1], p_external_refs[1]) t;
      END IF;
      IF outcome = 'OK' THEN
        PERFORM record_acts(p_actors, p_tenants, 'address.allocated', 'ipAddress', p_ids,
            ARRAY[jsonb_build_object('subnet', p_subnets[1], 'address', host(address))], NULL, NULL);
      END IF;
      RETURN NEXT;
      RETURN;
    END IF;
    FOREACH v_subnet IN ARRAY p_locks LOOP PERFORM pg_advisory_xact_lock(hashtextextended(v_subnet::text, 0)); END LOOP;

    -- 1. What needs no address, and what needs more than the next one.
    SELECT array_agg(c.outcome ORDER BY c.i), array_agg(c.i ORDER BY c.subnet, c.i) FILTER (WHERE c.outcome IS NULL),
           -- In the order of the quotas: every transaction takes their rows in one order.
           array_agg(c.i ORDER BY c.tenant, c.space_id, c.i) FILTER (WHERE c.outcome = 'SPECIAL')
      INTO outcomes, fresh, special
      FROM (SELECT u.i::int AS i, u.subnet, u.tenant, s.space_id, CASE
              WHEN a.fingerprint = u.fingerprint THEN 'REPLAYED'
              WHEN a.fingerprint IS NOT NULL THEN 'KEY_REUSED'
              WHEN s.subnet_id IS NULL THEN 'NOT_FOUND'
              WHEN u.prefer IS NOT NULL OR u.first IS NOT NULL THEN 'SPECIAL'
              WHEN EXISTS (SELECT FROM address_quota q WHERE q.tenant_id = u.tenant AND q.space_id = s.space_id) THEN 'SPECIAL' END AS outcome
              FROM unnest(p_subnets, p_tenants, p_keys, p_fingerprints, p_prefers, p_firsts) WITH ORDINALITY u(subnet, tenant, key, fingerprint, prefer, first, i)
              LEFT JOIN LATERAL (SELECT x.fingerprint FROM ip_address x WHERE x.tenant_id = u.tenant AND x.key = u.key AND x.fingerprint <> '' AND x.state <> 'QUARANTINED' LIMIT 1) a ON true
              LEFT JOIN LATERAL (SELECT x.subnet_id, x.space_id FROM subnet_state x WHERE x.subnet_id = u.subnet AND x.tenant_id = u.tenant LIMIT 1) s ON true) c;

    -- 2. The next addresses of each subnet, in the order of the requests. A range that is longer than what is needed is not measured: in a /64 its
    -- length is more than a bigint.
    IF fresh IS NOT NULL THEN
      SELECT array_agg(e.subnet ORDER BY e.subnet, e.first), array_agg(e.first ORDER BY e.subnet, e.first), array_agg(e.taken ORDER BY e.subnet, e.first), array_agg(e.len ORDER BY e.subnet, e.first)
        INTO v_subnets, v_firsts, v_taken, v_lens
        FROM (SELECT need.subnet, f.first, f.len, least(f.len, need.n - f.before) AS taken
                FROM (SELECT p_subnets[x] AS subnet, count(*) AS n FROM unnest(fresh) x GROUP BY 1) need
                CROSS JOIN LATERAL (SELECT s.hint FROM subnet_state s WHERE s.subnet_id = need.subnet LIMIT 1) s
                CROSS JOIN LATERAL (
                  SELECT h.first, h.len, (sum(h.len) OVER (ORDER BY h.first) - h.len)::bigint AS before FROM (
                    SELECT x.first, CASE WHEN x.first + need.n <= x.last THEN need.n + 1 ELSE x.last - x.first + 1 END AS len
                      FROM free_address x WHERE x.subnet_id = need.subnet AND x.kind = 'HOST' AND x.first >= s.hint ORDER BY x.subnet_id, x.kind, x.first LIMIT need.n) h) f
               WHERE f.before < need.n) e;
      SELECT array_agg(e.first + g ORDER BY e.n, g) INTO vals FROM unnest(v_firsts, v_taken) WITH ORDINALITY e(first, taken, n), generate_series(0, e.taken - 1) g;
      IF coalesce(cardinality(vals), 0) < cardinality(fresh) THEN
        -- Some subnet has too little: first come, first served, within each.
        FOR r IN SELECT p_subnets[x] AS subnet, array_agg(x ORDER BY x) AS members FROM unnest(fresh) x GROUP BY 1 ORDER BY 1 LOOP
          SELECT coalesce(sum(e.taken), 0) INTO j FROM unnest(v_subnets, v_taken) e(subnet, taken) WHERE e.subnet = r.subnet;
          FOR x IN j + 1 .. cardinality(r.members) LOOP outcomes[r.members[x]] := 'EXHAUSTED'; END LOOP;
        END LOOP;
        SELECT array_agg(x ORDER BY p_subnets[x], x) INTO fresh FROM unnest(fresh) x WHERE outcomes[x] IS NULL;
      END IF;
    END IF;

    -- 3. The truth, and what is derived from it.
    IF fresh IS NOT NULL THEN
      DELETE FROM free_address f USING unnest(v_subnets, v_firsts, v_taken, v_lens) e(subnet, first, taken, len)
       WHERE f.subnet_id = e.subnet AND f.kind = 'HOST' AND f.first = e.first AND e.taken = e.len;
      UPDATE free_address f SET first = e.first + e.taken FROM unnest(v_subnets, v_firsts, v_taken, v_lens) e(subnet, first, taken, len)
       WHERE f.subnet_id = e.subnet AND f.kind = 'HOST' AND f.first = e.first AND e.taken < e.len;
      UPDATE subnet_state s SET free = s.free - e.n, hint = CASE WHEN e.top > s.hint + 256 THEN e.top ELSE s.hint END
        FROM (SELECT u.subnet, sum(u.taken)::bigint AS n, max(u.first + (u.taken - 1)) AS top FROM unnest(v_subnets, v_firsts, v_taken) u(subnet, first, taken) GROUP BY u.subnet) e
       WHERE s.subnet_id = e.subnet;
      INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, state, key, fingerprint, expires_at, holder, external_ref)
        SELECT p_ids[u.x], p_tenants[u.x], s.space_id, p_subnets[u.x], u.a, 'HOST', CASE WHEN p_ttls[u.x] IS NULL THEN 'BOUND' ELSE 'HELD' END, p_keys[u.x], p_fingerprints[u.x],
               now() + make_interval(secs => p_ttls[u.x]), p_holders[u.x], p_external_refs[u.x]
          FROM unnest(fresh, vals) u(x, a) CROSS JOIN LATERAL (SELECT y.space_id FROM subnet_state y WHERE y.subnet_id = p_subnets[u.x] LIMIT 1) s;
      PERFORM record_acts(array_agg(p_actors[u.x]), array_agg(p_tenants[u.x]), 'address.allocated', 'ipAddress', array_agg(p_ids[u.x]),
          array_agg(jsonb_build_object('subnet', p_subnets[u.x], 'address', host(u.a))), NULL, NULL) FROM unnest(fresh, vals) u(x, a);
      RETURN QUERY SELECT u.x, 'OK', p_ids[u.x], u.a, NULL::bigint, now() FROM unnest(fresh, vals) u(x, a);
    END IF;

    -- 4. The others.
    IF special IS NOT NULL THEN
      FOREACH j IN ARRAY special LOOP
        i := j;
        SELECT t.outcome, t.address_id, t.address, t.room INTO outcome, address_id, address, room
          FROM address_take(p_subnets[j], p_tenants[j], p_keys[j], p_fingerprints[j], p_ids[j:j], 1, false, false, p_prefers[j], p_firsts[j], p_lasts[j], p_ttls[j], 'HOST', NULL, NULL,
                 'external', p_holders[j], p_external_refs[j]) t;
        IF outcome = 'OK' THEN
          PERFORM record_acts(p_actors[j:j], p_tenants[j:j], 'address.allocated', 'ipAddress', p_ids[j:j],
              ARRAY[jsonb_build_object('subnet', p_subnets[j], 'address', host(address))], NULL, NULL);
        END IF;
        RETURN NEXT;
      END LOOP;
    END IF;
    RETURN QUERY SELECT u.i::int, u.o, a.id, a.address, NULL::bigint, now() FROM unnest(outcomes) WITH ORDINALITY u(o, i)
      LEFT JOIN LATERAL (SELECT x.id, x.address FROM ip_address x
        WHERE u.o = 'REPLAYED' AND x.tenant_id = p_tenants[u.i] AND x.key = p_keys[u.i] AND x.fingerprint <> '' AND x.state <> 'QUARANTINED' LIMIT 1) a ON true
      WHERE u.o <> 'SPECIAL';
  END $$;
`;

const RETURN_ADDRESS = `
  -- Into quarantine, or back at once where the subnet has none, it was only held, or p_is_unused: nothing ever carried it. p_holder_kind: only if
  -- that holds it; NULL: whoever. Answers FREE, QUARANTINED, or why not.
  CREATE FUNCTION address_release(p_id uuid, p_generation int, p_is_unused boolean, p_holder_kind text) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE
    gone ip_address;
    rest int;
  BEGIN
    SELECT a.* INTO gone FROM ip_address a WHERE a.id = p_id;
    IF NOT FOUND THEN RETURN 'NOT_FOUND'; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(gone.subnet_id::text, 0));
    SELECT a.* INTO gone FROM ip_address a WHERE a.id = p_id FOR UPDATE;
    IF NOT FOUND THEN RETURN 'NOT_FOUND'; END IF;
    IF p_generation IS NOT NULL AND gone.generation <> p_generation THEN RETURN 'VERSION_CONFLICT'; END IF;
    IF gone.state = 'QUARANTINED' AND NOT p_is_unused THEN RETURN 'QUARANTINED'; END IF;
    IF gone.holder_kind <> p_holder_kind THEN RETURN 'IN_USE'; END IF;
    IF gone.state <> 'QUARANTINED' THEN
      UPDATE address_quota q SET used = q.used - 1 WHERE q.tenant_id = gone.tenant_id AND q.space_id = gone.space_id;
    END IF;
    SELECT s.quarantine_seconds INTO rest FROM subnet_state s WHERE s.subnet_id = gone.subnet_id;
    IF p_is_unused OR rest = 0 OR gone.state = 'HELD' THEN
      DELETE FROM ip_address a WHERE a.id = p_id;
      PERFORM address_give(gone.subnet_id, gone.address);
      RETURN 'FREE';
    END IF;
    UPDATE ip_address a SET state = 'QUARANTINED', released_at = now(), reusable_at = now() + make_interval(secs => rest), expires_at = NULL, dns_name = NULL,
        generation = a.generation + 1, updated_at = now(), holder_kind = 'external', holder = NULL WHERE a.id = p_id;
    RETURN 'QUARANTINED';
  END $$;

  -- Holds and quarantines whose time is over go back; at most p_limit of them, oldest first. One row for each, with its subnet.
  CREATE FUNCTION address_sweep(p_limit int) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
  DECLARE
    due record;
  BEGIN
    FOR due IN
      -- In the order of the subnets: every transaction takes their locks in one order.
      SELECT x.id, x.subnet_id, x.generation FROM (
        (SELECT a.id, a.subnet_id, a.address, a.generation FROM ip_address a WHERE a.state = 'QUARANTINED' AND a.reusable_at <= now() ORDER BY a.reusable_at LIMIT p_limit)
        UNION ALL
        (SELECT a.id, a.subnet_id, a.address, a.generation FROM ip_address a WHERE a.state = 'HELD' AND a.expires_at <= now() ORDER BY a.expires_at LIMIT p_limit)) x
       ORDER BY x.subnet_id, x.address LIMIT p_limit
    LOOP
      PERFORM pg_advisory_xact_lock(hashtextextended(due.subnet_id::text, 0));
      -- Its row is locked: whoever extends or binds a hold has done so, or waits.
      PERFORM FROM ip_address a WHERE a.id = due.id AND (a.reusable_at <= now() OR a.expires_at <= now()) FOR UPDATE;
      CONTINUE WHEN NOT FOUND;
      -- A counter that is wrong keeps its own address from coming back, and nobody else's; the doctor finds it.
      BEGIN
        IF address_release(due.id, due.generation, true, NULL) = 'FREE' THEN RETURN NEXT due.subnet_id; END IF;
      EXCEPTION WHEN check_violation THEN
        RAISE WARNING 'address % cannot come back: %', due.id, SQLERRM;
      END;
    END LOOP;
  END $$;

  -- An address that a station already has becomes an allocation, resting or reserved though it may be. Answers OK or why not.
  CREATE FUNCTION address_adopt(p_subnet uuid, p_tenant uuid, p_address inet, p_id uuid, p_key text, p_fingerprint text, p_mac macaddr, p_dns_name text, p_role text,
      p_holder text, p_external_ref text) RETURNS TABLE (outcome text, address_id uuid) LANGUAGE plpgsql AS $$
  #variable_conflict use_column
  DECLARE
    state subnet_state;
    was record;
    v_kind text;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_subnet::text, 0));
    SELECT s.* INTO state FROM subnet_state s WHERE s.subnet_id = p_subnet AND s.tenant_id = p_tenant;
    IF NOT FOUND THEN RETURN QUERY SELECT 'NOT_FOUND', NULL::uuid; RETURN; END IF;
    SELECT a.id, a.fingerprint INTO was FROM ip_address a WHERE a.tenant_id = p_tenant AND a.key = p_key AND a.fingerprint <> '' AND a.state <> 'QUARANTINED' LIMIT 1;
    IF FOUND THEN
      RETURN QUERY SELECT CASE WHEN was.fingerprint = p_fingerprint THEN 'REPLAYED' ELSE 'KEY_REUSED' END, was.id;
      RETURN;
    END IF;
    IF p_address NOT BETWEEN state.first AND state.last THEN RETURN QUERY SELECT 'OUT_OF_RANGE', NULL::uuid; RETURN; END IF;
    SELECT a.id, a.state INTO was FROM ip_address a WHERE a.space_id = state.space_id AND a.address = p_address;
    IF FOUND AND was.state <> 'QUARANTINED' THEN RETURN QUERY SELECT 'TAKEN', NULL::uuid; RETURN; END IF;
    IF FOUND THEN DELETE FROM ip_address a WHERE a.id = was.id; END IF;
    SELECT f.kind INTO v_kind FROM (VALUES ('HOST'), ('DHCP')) k(kind) CROSS JOIN LATERAL (
        SELECT x.kind, x.last FROM free_address x WHERE x.subnet_id = p_subnet AND x.kind = k.kind AND x.first <= p_address ORDER BY x.first DESC LIMIT 1) f WHERE f.last >= p_address;
    IF v_kind IS NOT NULL THEN
      PERFORM address_cut(p_subnet, v_kind, p_address, p_address);
      UPDATE subnet_state s SET free = s.free - 1 WHERE s.subnet_id = p_subnet AND v_kind = 'HOST';
    END IF;
    UPDATE address_quota q SET used = q.used + 1 WHERE q.tenant_id = p_tenant AND q.space_id = state.space_id;
    INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, mac, dns_name, role, key, fingerprint, holder, external_ref)
      VALUES (p_id, p_tenant, state.space_id, p_subnet, p_address, p_mac, p_dns_name, p_role, p_key, p_fingerprint, p_holder, p_external_ref);
    RETURN QUERY SELECT 'OK', p_id;
  END $$;

  -- The subnet and everything in it; its prefix stays. The caller decides what becomes of that.
  CREATE FUNCTION subnet_forget(p_subnet uuid) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_subnet::text, 0));
    UPDATE address_quota q SET used = q.used - c.n
      FROM (SELECT a.tenant_id, a.space_id, count(*) AS n FROM ip_address a WHERE a.subnet_id = p_subnet AND a.state <> 'QUARANTINED' GROUP BY 1, 2) c
     WHERE q.tenant_id = c.tenant_id AND q.space_id = c.space_id;
    DELETE FROM ip_address a WHERE a.subnet_id = p_subnet;
    DELETE FROM subnet s WHERE s.id = p_subnet;
  END $$;
`;

const GRANTS = `
  GRANT SELECT ON prefix_pool_range, prefix_pool_exclusion, prefix_pool_tenant, prefix_pool_state, prefix_quota, address_quota TO trame_tenant;
  -- A tenant's own claims move the counters; what they are measured against is the operator's.
  GRANT UPDATE (free, hints) ON prefix_pool_state TO trame_tenant;
  GRANT UPDATE (used) ON prefix_quota, address_quota TO trame_tenant;
  GRANT SELECT, INSERT, UPDATE, DELETE ON address_range, subnet_state TO trame_tenant;
  GRANT SELECT, INSERT, UPDATE, DELETE ON prefix_pool_range, prefix_pool_exclusion, prefix_pool_tenant, prefix_pool_state, prefix_quota, address_range, subnet_state,
    address_quota TO trame_system;
`;
