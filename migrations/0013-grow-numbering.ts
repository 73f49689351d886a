import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

/**
 * Numbers for many callers (ADR 0012): keys with their arguments, holds, generations, quotas, exclusions, strategies, and one function
 * call for many requests. As before, the unique constraint on (space, value) is the judge and everything about free space is derived.
 */
export class GrowNumbering1767225600013 implements MigrationInterface {
  name = 'GrowNumbering1767225600013';

  async up(q: QueryRunner): Promise<void> {
    await q.query(TABLES);
    await q.query(FREE_SPACE);
    await q.query(TAKE);
    await q.query(ALLOCATE);
    await q.query(RETURN);
    await q.query(GRANTS);
  }

  async down(): Promise<void> {
    throw new Error('numbers that were allocated since cannot be told to the old tables: restore a backup instead');
  }
}

/**
 * Plans are made once per connection, often while the tables are small, and must be right when they are large: every look-up by its index.
 */
const BY_INDEX =
  'SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off';

const TABLES = `
  -- NULL: one space for the whole installation, such as that of ASNs.
  ALTER TABLE number_space ALTER fabric_id DROP NOT NULL;
  ALTER TABLE number_space DROP CONSTRAINT number_space_kind_known,
    ADD CONSTRAINT number_space_kind_known CHECK (kind IN ('VNI', 'VLAN', 'EVI', 'ASN', 'ROUTE_TARGET', 'MULTICAST_GROUP', 'ESI', 'ROUTER_MAC'));
  ALTER TABLE number_pool DROP CONSTRAINT number_pool_kind_known,
    ADD CONSTRAINT number_pool_kind_known CHECK (kind IN ('VNI', 'L3VNI', 'VLAN', 'EVI', 'ASN', 'ROUTE_TARGET', 'MULTICAST_GROUP', 'ESI', 'ROUTER_MAC')),
    ADD strategy text NOT NULL DEFAULT 'LOWEST_FREE' CONSTRAINT number_pool_strategy_known CHECK (strategy IN ('LOWEST_FREE', 'ROTATING', 'RANDOM', 'HASH')),
    ADD low_water_percent int NOT NULL DEFAULT 10 CONSTRAINT number_pool_low_water_range CHECK (low_water_percent BETWEEN 0 AND 99),
    ADD updated_at timestamptz NOT NULL DEFAULT now();

  CREATE TABLE number_pool_exclusion (
    pool_id uuid NOT NULL CONSTRAINT number_pool_exclusion_pool_fkey REFERENCES number_pool (id),
    first bigint NOT NULL,
    last bigint NOT NULL,
    reason text NOT NULL,
    CONSTRAINT number_pool_exclusion_pkey PRIMARY KEY (pool_id, first),
    CONSTRAINT number_pool_exclusion_ordered CHECK (first <= last),
    CONSTRAINT number_pool_exclusion_disjoint EXCLUDE USING gist (pool_id WITH =, int8range(first, last, '[]') WITH &&));

  -- No row: the pool is for every tenant.
  CREATE TABLE number_pool_tenant (
    pool_id uuid NOT NULL CONSTRAINT number_pool_tenant_pool_fkey REFERENCES number_pool (id),
    tenant_id uuid NOT NULL CONSTRAINT number_pool_tenant_tenant_fkey REFERENCES tenant (id),
    CONSTRAINT number_pool_tenant_pkey PRIMARY KEY (pool_id, tenant_id));
  ${isolateByTenant('number_pool_tenant')}

  -- What a claim reads and writes of its pool, apart from what people edit. Written once per statement; room on the page for its versions.
  CREATE TABLE number_pool_state (
    pool_id uuid CONSTRAINT number_pool_state_pkey PRIMARY KEY CONSTRAINT number_pool_state_pool_fkey REFERENCES number_pool (id),
    space_id uuid NOT NULL,
    strategy text NOT NULL,
    is_restricted boolean NOT NULL DEFAULT false,
    has_quotas boolean NOT NULL DEFAULT false,
    -- Nothing below is free. Moves in steps of 256 at least.
    hint bigint NOT NULL,
    -- ROTATING goes on from here.
    cursor bigint NOT NULL,
    free bigint NOT NULL CONSTRAINT number_pool_state_free_counted CHECK (free >= 0),
    level text NOT NULL DEFAULT 'OK' CONSTRAINT number_pool_state_level_known CHECK (level IN ('OK', 'LOW', 'EXHAUSTED'))
  ) WITH (fillfactor = 10);
  INSERT INTO number_pool_state (pool_id, space_id, strategy, hint, cursor, free)
    SELECT p.id, p.space_id, p.strategy, coalesce((SELECT min(r.first) FROM number_pool_range r WHERE r.pool_id = p.id), 0), 0,
           coalesce((SELECT sum(f.last - f.first + 1) FROM free_number f WHERE f.pool_id = p.id), 0) FROM number_pool p;

  CREATE TABLE number_quota (
    tenant_id uuid NOT NULL CONSTRAINT number_quota_tenant_fkey REFERENCES tenant (id),
    pool_id uuid NOT NULL CONSTRAINT number_quota_pool_fkey REFERENCES number_pool (id),
    max bigint NOT NULL,
    -- HELD and BOUND allocations; what rests in quarantine is not its former holder's any more.
    used bigint NOT NULL DEFAULT 0,
    CONSTRAINT number_quota_pkey PRIMARY KEY (tenant_id, pool_id),
    CONSTRAINT number_quota_kept CHECK (used >= 0 AND max >= 0)
  ) WITH (fillfactor = 50);
  ${isolateByTenant('number_quota')}

  ALTER TABLE number_allocation
    -- A request for several values has several rows of one key.
    ADD ord int NOT NULL DEFAULT 0,
    -- Digest of the request's arguments: the same key must come with the same ones.
    ADD fingerprint text NOT NULL DEFAULT '',
    -- Raised whenever it changes hands.
    ADD generation int NOT NULL DEFAULT 1,
    ADD expires_at timestamptz,
    ADD holder_kind text NOT NULL DEFAULT 'external'
      CONSTRAINT number_allocation_holder_known CHECK (holder_kind IN ('external', 'network', 'vrf', 'vlan_mapping')),
    ADD holder text,
    ADD updated_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT number_allocation_hold CHECK ((state = 'HELD') = (expires_at IS NOT NULL));
  UPDATE number_allocation a SET fingerprint = 'claim ' || a.pool_id, holder_kind = CASE
      WHEN EXISTS (SELECT FROM network n WHERE a.id IN (n.vni_allocation_id, n.evi_allocation_id)) THEN 'network'
      WHEN EXISTS (SELECT FROM vrf v WHERE a.id IN (v.l3vni_allocation_id, v.evi_allocation_id)) THEN 'vrf'
      WHEN EXISTS (SELECT FROM vlan_mapping m WHERE m.vlan_allocation_id = a.id) THEN 'vlan_mapping' ELSE 'external' END
   WHERE a.state <> 'QUARANTINED';
  -- One index serves look-ups by id and the references of tenants' rows, which carry the tenant.
  ALTER TABLE network DROP CONSTRAINT network_vni_allocation_fkey, DROP CONSTRAINT network_evi_allocation_fkey;
  ALTER TABLE vrf DROP CONSTRAINT vrf_l3vni_allocation_fkey, DROP CONSTRAINT vrf_evi_allocation_fkey;
  ALTER TABLE vlan_mapping DROP CONSTRAINT vlan_mapping_allocation_fkey;
  ALTER TABLE number_allocation DROP CONSTRAINT number_allocation_tenant_id, DROP CONSTRAINT number_allocation_pkey,
    ADD CONSTRAINT number_allocation_pkey PRIMARY KEY (id, tenant_id);
  ALTER TABLE network
    ADD CONSTRAINT network_vni_allocation_fkey FOREIGN KEY (vni_allocation_id, tenant_id) REFERENCES number_allocation (id, tenant_id),
    ADD CONSTRAINT network_evi_allocation_fkey FOREIGN KEY (evi_allocation_id, tenant_id) REFERENCES number_allocation (id, tenant_id);
  ALTER TABLE vrf
    ADD CONSTRAINT vrf_l3vni_allocation_fkey FOREIGN KEY (l3vni_allocation_id, tenant_id) REFERENCES number_allocation (id, tenant_id),
    ADD CONSTRAINT vrf_evi_allocation_fkey FOREIGN KEY (evi_allocation_id, tenant_id) REFERENCES number_allocation (id, tenant_id);
  ALTER TABLE vlan_mapping
    ADD CONSTRAINT vlan_mapping_allocation_fkey FOREIGN KEY (vlan_allocation_id, tenant_id) REFERENCES number_allocation (id, tenant_id);
  DROP INDEX number_allocation_key_unique;
  CREATE UNIQUE INDEX number_allocation_key_unique ON number_allocation (tenant_id, key, ord) WHERE state <> 'QUARANTINED';
  CREATE INDEX number_allocation_expiring ON number_allocation (expires_at) WHERE state = 'HELD';
  DROP INDEX number_allocation_reusable;
  CREATE INDEX number_allocation_reusable ON number_allocation (reusable_at) WHERE state = 'QUARANTINED';
  -- An allocation of a pool is found by its space and value: the ranges of a space belong to one pool each.
  DROP INDEX number_allocation_pool;
  -- A foreign key is checked row by row: three checks were half the time of a batch of 128. number_take and number_allocate, the only ones that
  -- insert, ask once per statement whether the tenant is there (tenants are never deleted, they have a state); a pool with allocations keeps its state row, which refers to it. What was done to a tenant
  -- stays in the audit whatever becomes of the tenant.
  ALTER TABLE number_allocation DROP CONSTRAINT number_allocation_tenant_fkey, DROP CONSTRAINT number_allocation_pool_fkey;
  ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_tenant_fkey;

  -- The exact length serves runs of consecutive values and "what is the largest?".
  ALTER TABLE free_number SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
  CREATE INDEX free_number_length ON free_number (pool_id, (last - first + 1), first);
  DROP FUNCTION number_claim(uuid, uuid, uuid, text, bigint, text);
  DROP FUNCTION number_free(uuid);
  DROP FUNCTION number_put_back(uuid, bigint);
`;

const FREE_SPACE = `
  CREATE FUNCTION number_lock(p_pool uuid) RETURNS void LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock(hashtextextended(p_pool::text, 0)) $$;

  -- Takes [p_first, p_last] out of the free range that contains it. The caller holds the lock and knows that there is one.
  CREATE FUNCTION number_cut(p_pool uuid, p_first bigint, p_last bigint) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    v_first bigint;
    v_last bigint;
  BEGIN
    SELECT f.first, f.last INTO STRICT v_first, v_last FROM free_number f WHERE f.pool_id = p_pool AND f.first <= p_first ORDER BY f.first DESC LIMIT 1;
    IF v_first < p_first THEN
      UPDATE free_number f SET last = p_first - 1 WHERE f.pool_id = p_pool AND f.first = v_first;
      IF v_last > p_last THEN INSERT INTO free_number (pool_id, first, last) VALUES (p_pool, p_last + 1, v_last); END IF;
    ELSIF v_last > p_last THEN
      UPDATE free_number f SET first = p_last + 1 WHERE f.pool_id = p_pool AND f.first = v_first;
    ELSE
      DELETE FROM free_number f WHERE f.pool_id = p_pool AND f.first = v_first;
    END IF;
  END $$;

  -- Takes whatever is free of [p_first, p_last] out of the free space: a range that is excluded or removed. The caller holds the lock.
  CREATE FUNCTION number_withdraw(p_pool uuid, p_first bigint, p_last bigint) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    f record;
  BEGIN
    FOR f IN SELECT greatest(x.first, p_first) AS first, least(x.last, p_last) AS last FROM free_number x
              WHERE x.pool_id = p_pool AND x.first <= p_last AND x.last >= p_first
                AND x.first >= coalesce((SELECT max(y.first) FROM free_number y WHERE y.pool_id = p_pool AND y.first <= p_first), p_first) LOOP
      PERFORM number_cut(p_pool, f.first, f.last);
      UPDATE number_pool_state s SET free = s.free - (f.last - f.first + 1) WHERE s.pool_id = p_pool;
    END LOOP;
  END $$;

  -- What of [p_first, p_last] is configured and neither excluded nor allocated: one pass over what lies in it. This is the definition of
  -- free; free_number is its index.
  CREATE FUNCTION number_gaps(p_pool uuid, p_first bigint, p_last bigint) RETURNS TABLE (first bigint, last bigint) LANGUAGE sql STABLE AS $$
    WITH extent AS (
      SELECT r.first AS id, greatest(r.first, p_first) AS first, least(r.last, p_last) AS last, r.space_id
        FROM number_pool_range r WHERE r.pool_id = p_pool AND r.last >= p_first AND r.first <= p_last),
    busy AS (
      SELECT e.id, a.value AS first, a.value AS last FROM extent e JOIN number_allocation a ON a.space_id = e.space_id AND a.value BETWEEN e.first AND e.last
      UNION ALL SELECT e.id, greatest(x.first, e.first), least(x.last, e.last) FROM extent e
        JOIN number_pool_exclusion x ON x.pool_id = p_pool AND x.last >= e.first AND x.first <= e.last
      UNION ALL SELECT e.id, e.first - 1, e.first - 1 FROM extent e
      UNION ALL SELECT e.id, e.last + 1, e.last + 1 FROM extent e),
    gap AS (
      SELECT w.until + 1 AS first, w.next - 1 AS last FROM (
        SELECT max(b.last) OVER s AS until, lead(b.first) OVER s AS next FROM busy b WINDOW s AS (PARTITION BY b.id ORDER BY b.first, b.last)) w
       WHERE w.next > w.until + 1)
    -- Ranges of a pool may touch: their gaps merge.
    SELECT min(z.first), max(z.last) FROM (
      SELECT y.first, y.last, sum(y.is_start) OVER (ORDER BY y.first) AS island FROM (
        SELECT g.first, g.last, CASE WHEN g.first = lag(g.last) OVER (ORDER BY g.first) + 1 THEN 0 ELSE 1 END AS is_start FROM gap g) y) z
     GROUP BY z.island $$;

  -- Gives [p_first, p_last] back, as far as it is free by definition now, and merges with both neighbours. The caller holds the lock.
  CREATE FUNCTION number_give(p_pool uuid, p_first bigint, p_last bigint) RETURNS void LANGUAGE plpgsql ${BY_INDEX} AS $$
  DECLARE
    gap record;
    v_below bigint;
    v_below_last bigint;
    v_last bigint;
  BEGIN
    FOR gap IN SELECT g.first, g.last FROM number_gaps(p_pool, p_first, p_last) g LOOP
      SELECT f.first, f.last INTO v_below, v_below_last FROM free_number f WHERE f.pool_id = p_pool AND f.first < gap.first ORDER BY f.first DESC LIMIT 1;
      DELETE FROM free_number f WHERE f.pool_id = p_pool AND f.first = gap.last + 1 RETURNING f.last INTO v_last;
      IF v_below_last = gap.first - 1 THEN
        UPDATE free_number f SET last = coalesce(v_last, gap.last) WHERE f.pool_id = p_pool AND f.first = v_below;
      ELSE
        INSERT INTO free_number (pool_id, first, last) VALUES (p_pool, gap.first, coalesce(v_last, gap.last));
      END IF;
      UPDATE number_pool_state s SET free = s.free + gap.last - gap.first + 1, hint = least(s.hint, coalesce(CASE WHEN v_below_last = gap.first - 1 THEN v_below END, gap.first))
       WHERE s.pool_id = p_pool;
    END LOOP;
  END $$;

  -- Makes everything derived of a pool anew from its ranges, exclusions and allocations.
  CREATE FUNCTION number_rebuild(p_pool uuid) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    v_low bigint;
    v_high bigint;
  BEGIN
    PERFORM number_lock(p_pool);
    SELECT min(r.first), max(r.last) INTO v_low, v_high FROM number_pool_range r WHERE r.pool_id = p_pool;
    DELETE FROM free_number f WHERE f.pool_id = p_pool;
    INSERT INTO free_number (pool_id, first, last) SELECT p_pool, g.first, g.last FROM number_gaps(p_pool, v_low, v_high) g ORDER BY g.first;
    INSERT INTO number_pool_state (pool_id, space_id, strategy, is_restricted, has_quotas, hint, cursor, free)
      SELECT p.id, p.space_id, p.strategy, EXISTS (SELECT FROM number_pool_tenant t WHERE t.pool_id = p.id),
             EXISTS (SELECT FROM number_quota q WHERE q.pool_id = p.id), coalesce(f.low, v_low, 0), coalesce(v_low, 0), coalesce(f.n, 0)
        FROM number_pool p, (SELECT min(first) AS low, sum(last - first + 1) AS n FROM free_number WHERE pool_id = p_pool) f WHERE p.id = p_pool
      ON CONFLICT (pool_id) DO UPDATE SET space_id = excluded.space_id, strategy = excluded.strategy, is_restricted = excluded.is_restricted,
        has_quotas = excluded.has_quotas, hint = excluded.hint, free = excluded.free;
    UPDATE number_quota q SET used = (
        SELECT count(*) FROM number_allocation a WHERE a.tenant_id = q.tenant_id AND a.pool_id = p_pool AND a.state <> 'QUARANTINED')
     WHERE q.pool_id = p_pool;
  END $$;
`;

const TAKE = `
  -- Why a value is not to be had; the caller looked for it in the free space and did not find it.
  CREATE FUNCTION number_refusal(p_pool uuid, p_value bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
      WHEN NOT EXISTS (SELECT FROM number_pool_range r WHERE r.pool_id = p_pool AND p_value BETWEEN r.first AND r.last) THEN 'OUT_OF_RANGE'
      WHEN EXISTS (SELECT FROM number_pool_exclusion x WHERE x.pool_id = p_pool AND p_value BETWEEN x.first AND x.last) THEN 'EXCLUDED'
      ELSE 'TAKEN' END $$;

  -- One request: p_count values (the first p_count of p_ids), or a block that begins at p_prefer. One row for each value; a refusal is one row
  -- with a NULL id. The order of the checks: key, pool, quota, space.
  CREATE FUNCTION number_take(p_pool uuid, p_tenant uuid, p_key text, p_fingerprint text, p_ids uuid[], p_count int, p_is_contiguous boolean, p_is_partial boolean,
      p_prefer bigint, p_ttl int, p_holder_kind text, p_holder text, p_external_ref text)
    RETURNS TABLE (outcome text, allocation_id uuid, value bigint) LANGUAGE plpgsql ${BY_INDEX} AS $$
  #variable_conflict use_column
  DECLARE
    state number_pool_state;
    prior text;
    room bigint;
    wanted int := p_count;
    want int;
    v_from bigint;
    v_first bigint;
    v_last bigint;
    taken bigint[] := '{}';
    has_wrapped boolean := false;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_pool::text, 0));
    SELECT a.fingerprint INTO prior FROM number_allocation a WHERE a.tenant_id = p_tenant AND a.key = p_key AND a.state <> 'QUARANTINED' LIMIT 1;
    IF FOUND THEN
      IF prior <> p_fingerprint THEN RETURN QUERY SELECT 'KEY_REUSED', NULL::uuid, NULL::bigint; RETURN; END IF;
      RETURN QUERY SELECT 'REPLAYED', a.id, a.value FROM number_allocation a
        WHERE a.tenant_id = p_tenant AND a.key = p_key AND a.state <> 'QUARANTINED' ORDER BY a.ord;
      RETURN;
    END IF;
    SELECT s.* INTO state FROM number_pool_state s WHERE s.pool_id = p_pool;
    PERFORM FROM tenant t WHERE t.id = p_tenant;
    IF NOT FOUND OR state.pool_id IS NULL
       OR state.is_restricted AND NOT EXISTS (SELECT FROM number_pool_tenant t WHERE t.pool_id = p_pool AND t.tenant_id = p_tenant) THEN
      RETURN QUERY SELECT 'NOT_FOUND', NULL::uuid, NULL::bigint;
      RETURN;
    END IF;
    IF state.has_quotas THEN SELECT q.max - q.used INTO room FROM number_quota q WHERE q.tenant_id = p_tenant AND q.pool_id = p_pool; END IF;
    IF room < wanted THEN
      IF NOT p_is_partial OR room <= 0 THEN RETURN QUERY SELECT 'QUOTA', NULL::uuid, room; RETURN; END IF;
      wanted := room;
    END IF;

    IF p_prefer IS NOT NULL THEN
      SELECT f.last INTO v_last FROM free_number f WHERE f.pool_id = p_pool AND f.first <= p_prefer ORDER BY f.first DESC LIMIT 1;
      IF v_last IS NULL OR v_last < p_prefer + wanted - 1 THEN
        -- The first value of the block that is not to be had.
        v_first := CASE WHEN v_last >= p_prefer THEN v_last + 1 ELSE p_prefer END;
        RETURN QUERY SELECT number_refusal(p_pool, v_first), NULL::uuid, v_first;
        RETURN;
      END IF;
      PERFORM number_cut(p_pool, p_prefer, p_prefer + wanted - 1);
      taken := ARRAY(SELECT generate_series(p_prefer, p_prefer + wanted - 1));
    ELSIF p_is_contiguous THEN
      SELECT f.first INTO v_first FROM free_number f
       WHERE f.pool_id = p_pool AND f.last - f.first + 1 >= wanted ORDER BY f.last - f.first + 1, f.first LIMIT 1;
      IF NOT FOUND THEN RETURN QUERY SELECT 'EXHAUSTED', NULL::uuid, NULL::bigint; RETURN; END IF;
      PERFORM number_cut(p_pool, v_first, v_first + wanted - 1);
      taken := ARRAY(SELECT generate_series(v_first, v_first + wanted - 1));
    ELSE
      IF state.free < wanted THEN
        IF NOT p_is_partial OR state.free = 0 THEN RETURN QUERY SELECT 'EXHAUSTED', NULL::uuid, NULL::bigint; RETURN; END IF;
        wanted := state.free;
      END IF;
      v_from := CASE state.strategy WHEN 'LOWEST_FREE' THEN state.hint WHEN 'ROTATING' THEN state.cursor
        ELSE number_point(p_pool, CASE state.strategy WHEN 'HASH' THEN p_key END) END;
      WHILE cardinality(taken) < wanted LOOP
        -- The free range that v_from lies in, or the next one above it.
        v_first := NULL;
        IF state.strategy <> 'LOWEST_FREE' THEN
          SELECT f.first, f.last INTO v_first, v_last FROM free_number f WHERE f.pool_id = p_pool AND f.first <= v_from ORDER BY f.first DESC LIMIT 1;
          IF v_first IS NULL OR v_last < v_from THEN v_first := NULL; ELSE v_first := v_from; END IF;
        END IF;
        IF v_first IS NULL THEN
          SELECT f.first, f.last INTO v_first, v_last FROM free_number f WHERE f.pool_id = p_pool AND f.first >= v_from ORDER BY f.pool_id, f.first LIMIT 1;
        END IF;
        IF v_first IS NULL THEN
          IF has_wrapped THEN RAISE EXCEPTION 'pool % counts % free values and has fewer', p_pool, state.free USING ERRCODE = 'TR001'; END IF;
          has_wrapped := true;
          v_from := state.hint;
          CONTINUE;
        END IF;
        -- Random values are drawn one by one.
        want := CASE state.strategy WHEN 'RANDOM' THEN 1 ELSE wanted - cardinality(taken) END;
        v_last := least(v_last, v_first + want - 1);
        PERFORM number_cut(p_pool, v_first, v_last);
        taken := taken || ARRAY(SELECT generate_series(v_first, v_last));
        IF state.strategy = 'RANDOM' THEN
          v_from := number_point(p_pool, NULL);
          has_wrapped := false;
        ELSE
          v_from := v_last + 1;
        END IF;
      END LOOP;
    END IF;

    UPDATE number_pool_state s SET free = s.free - wanted, cursor = CASE WHEN p_prefer IS NULL THEN taken[wanted] + 1 ELSE s.cursor END,
        hint = CASE WHEN state.strategy = 'LOWEST_FREE' AND p_prefer IS NULL AND NOT p_is_contiguous AND taken[wanted] - 256 > s.hint THEN taken[wanted] ELSE s.hint END
     WHERE s.pool_id = p_pool;
    IF room IS NOT NULL THEN UPDATE number_quota q SET used = q.used + wanted WHERE q.tenant_id = p_tenant AND q.pool_id = p_pool; END IF;
    INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, state, key, ord, fingerprint, expires_at, holder_kind, holder, external_ref)
      SELECT p_ids[u.n], state.space_id, p_pool, p_tenant, u.v, CASE WHEN p_ttl IS NULL THEN 'BOUND' ELSE 'HELD' END, p_key, u.n - 1, p_fingerprint,
             now() + make_interval(secs => p_ttl), p_holder_kind, p_holder, p_external_ref
        FROM unnest(taken) WITH ORDINALITY u(v, n);
    RETURN QUERY SELECT 'OK', p_ids[u.n], u.v FROM unnest(taken) WITH ORDINALITY u(v, n);
  END $$;

  -- The plain case of number_take with as few statements as it takes: an idle pool answers by it. SPECIAL: ask number_take. Only number_allocate
  -- calls it, and plans by index already.
  CREATE FUNCTION number_take_next(p_pool uuid, p_tenant uuid, p_key text, p_fingerprint text, p_id uuid, p_prefer bigint, p_ttl int, p_holder text, p_external_ref text,
      OUT outcome text, OUT allocation_id uuid, OUT value bigint) LANGUAGE plpgsql AS $$
  #variable_conflict use_variable
  DECLARE
    state number_pool_state;
    v_last bigint;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_pool::text, 0));
    SELECT CASE WHEN a.fingerprint = p_fingerprint THEN 'REPLAYED' ELSE 'KEY_REUSED' END, a.id, a.value INTO outcome, allocation_id, value
      FROM number_allocation a WHERE a.tenant_id = p_tenant AND a.key = p_key AND a.state <> 'QUARANTINED' LIMIT 1;
    IF FOUND THEN
      IF outcome = 'KEY_REUSED' THEN allocation_id := NULL; value := NULL; END IF;
      RETURN;
    END IF;
    SELECT s.* INTO state FROM number_pool_state s, LATERAL (SELECT FROM tenant t WHERE t.id = p_tenant) t WHERE s.pool_id = p_pool;
    IF NOT FOUND THEN outcome := 'NOT_FOUND'; RETURN; END IF;
    IF state.strategy <> 'LOWEST_FREE' OR state.is_restricted OR state.has_quotas OR p_prefer IS NOT NULL THEN outcome := 'SPECIAL'; RETURN; END IF;
    SELECT f.first, f.last INTO value, v_last FROM free_number f WHERE f.pool_id = p_pool AND f.first >= state.hint ORDER BY f.pool_id, f.first LIMIT 1;
    IF NOT FOUND THEN outcome := 'EXHAUSTED'; RETURN; END IF;
    IF value < v_last THEN
      UPDATE free_number f SET first = f.first + 1 WHERE f.pool_id = p_pool AND f.first = value;
    ELSE
      DELETE FROM free_number f WHERE f.pool_id = p_pool AND f.first = value;
    END IF;
    UPDATE number_pool_state s SET free = s.free - 1, cursor = value + 1, hint = CASE WHEN value - 256 > s.hint THEN value ELSE s.hint END WHERE s.pool_id = p_pool;
    INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, state, key, fingerprint, expires_at, holder, external_ref)
      VALUES (p_id, state.space_id, p_pool, p_tenant, value, CASE WHEN p_ttl IS NULL THEN 'BOUND' ELSE 'HELD' END, p_key, p_fingerprint,
              now() + make_interval(secs => p_ttl), p_holder, p_external_ref);
    outcome := 'OK';
    allocation_id := p_id;
  END $$;

  -- A configured value of the pool: by the key's hash, the same for ever, or at random. O(ranges).
  CREATE FUNCTION number_point(p_pool uuid, p_key text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    WITH extent AS MATERIALIZED (
      SELECT r.first, (sum(r.last - r.first + 1) OVER (ORDER BY r.first))::bigint AS until, r.last - r.first + 1 AS size FROM number_pool_range r WHERE r.pool_id = p_pool),
    point AS MATERIALIZED (
      SELECT CASE WHEN p_key IS NULL THEN floor(random() * max(until))::bigint ELSE ((hashtextextended(p_key, 0) % max(until)) + max(until)) % max(until) END AS n FROM extent)
    SELECT e.first + p.n - (e.until - e.size) FROM point p JOIN extent e ON p.n < e.until ORDER BY e.until LIMIT 1 $$;
`;

const ALLOCATE = `
  -- Many requests in one statement. Each asks for one value; the arrays are parallel, p_locks has the distinct pools in order, p_payers the
  -- distinct tenants. Runs as trame_system, see ADR 0012. What is not the plain case (lowest free value) goes through number_take, one by
  -- one, in the same transaction.
  CREATE FUNCTION number_allocate(p_role text, p_locks uuid[], p_payers uuid[], p_actors text[], p_pools uuid[], p_tenants uuid[], p_keys text[], p_fingerprints text[], p_ids uuid[],
      p_prefers bigint[], p_ttls int[], p_holders text[], p_external_refs text[])
    RETURNS TABLE (i int, outcome text, allocation_id uuid, value bigint, at timestamptz) LANGUAGE plpgsql
    ${BY_INDEX} AS $$
  #variable_conflict use_column
  DECLARE
    n int := cardinality(p_pools);
    outcomes text[];
    fresh int[];
    special int[];
    vals bigint[];
    v_pools uuid[];
    v_firsts bigint[];
    v_taken bigint[];
    v_lens bigint[];
    v_pool uuid;
    v_spaces uuid[];
    v_lowest boolean[];
    v_restricted boolean[];
    v_quotas boolean[];
    v_hints bigint[];
    has_quota boolean;
    j int;
    r record;
  BEGIN
    IF current_user <> 'trame_system' THEN RAISE EXCEPTION 'number_allocate serves all tenants and runs as trame_system' USING ERRCODE = '42501'; END IF;
    IF n = 1 THEN
      i := 1;
      at := now();
      SELECT t.outcome, t.allocation_id, t.value INTO outcome, allocation_id, value
        FROM number_take_next(p_pools[1], p_tenants[1], p_keys[1], p_fingerprints[1], p_ids[1], p_prefers[1], p_ttls[1], p_holders[1], p_external_refs[1]) t;
      IF outcome = 'SPECIAL' THEN
        SELECT t.outcome, t.allocation_id, t.value INTO outcome, allocation_id, value
          FROM number_take(p_pools[1], p_tenants[1], p_keys[1], p_fingerprints[1], p_ids, 1, false, false, p_prefers[1], p_ttls[1], 'external', p_holders[1], p_external_refs[1]) t;
      END IF;
      IF outcome = 'OK' THEN
        PERFORM record_act(p_actors[1], p_tenants[1], 'number.allocated', 'allocation', p_ids[1], jsonb_build_object('pool', p_pools[1], 'value', value),
          'number-pool.changed', p_pools[1]);
      END IF;
      RETURN NEXT;
      RETURN;
    END IF;
    FOREACH v_pool IN ARRAY p_locks LOOP PERFORM pg_advisory_xact_lock(hashtextextended(v_pool::text, 0)); END LOOP;
    PERFORM FROM tenant t WHERE t.id = ANY(p_payers);
    GET DIAGNOSTICS j = ROW_COUNT;
    IF j < cardinality(p_payers) THEN RAISE EXCEPTION 'a tenant of the batch is gone' USING ERRCODE = '23503'; END IF;

    -- The state of each pool is read once: beside an old snapshot its row has thousands of versions, and each reading walks them.
    SELECT array_agg(x.space_id ORDER BY l.n), array_agg(x.strategy = 'LOWEST_FREE' ORDER BY l.n), array_agg(x.is_restricted ORDER BY l.n),
           array_agg(x.has_quotas ORDER BY l.n), array_agg(x.hint ORDER BY l.n)
      INTO v_spaces, v_lowest, v_restricted, v_quotas, v_hints
      FROM unnest(p_locks) WITH ORDINALITY l(pool, n)
      LEFT JOIN LATERAL (SELECT y.* FROM number_pool_state y WHERE y.pool_id = l.pool LIMIT 1) x ON true;

    -- 1. What needs no value, and what needs more than the next one.
    SELECT array_agg(c.outcome ORDER BY c.i), array_agg(c.i ORDER BY c.pool, c.i) FILTER (WHERE c.outcome IS NULL),
           array_agg(c.i ORDER BY c.i) FILTER (WHERE c.outcome = 'SPECIAL'), count(c.has_quota) > 0
      INTO outcomes, fresh, special, has_quota
      FROM (SELECT u.i::int AS i, u.pool, q.has_quota, CASE
              WHEN a.fingerprint = u.fingerprint THEN 'REPLAYED'
              WHEN a.fingerprint IS NOT NULL THEN 'KEY_REUSED'
              WHEN v_spaces[u.l] IS NULL THEN 'NOT_FOUND'
              WHEN v_restricted[u.l] AND NOT EXISTS (SELECT FROM number_pool_tenant t WHERE t.pool_id = u.pool AND t.tenant_id = u.tenant) THEN 'NOT_FOUND'
              WHEN NOT v_lowest[u.l] OR u.prefer IS NOT NULL THEN 'SPECIAL' END AS outcome
              FROM (SELECT w.*, array_position(p_locks, w.pool) AS l
                      FROM unnest(p_pools, p_tenants, p_keys, p_fingerprints, p_prefers) WITH ORDINALITY w(pool, tenant, key, fingerprint, prefer, i)) u
              LEFT JOIN LATERAL (SELECT x.fingerprint FROM number_allocation x WHERE x.tenant_id = u.tenant AND x.key = u.key AND x.state <> 'QUARANTINED' LIMIT 1) a ON true
              LEFT JOIN LATERAL (SELECT true AS has_quota FROM number_quota x WHERE v_quotas[u.l] AND x.tenant_id = u.tenant AND x.pool_id = u.pool LIMIT 1) q ON true) c;
    IF has_quota THEN
      FOR r IN SELECT c.x FROM (SELECT u.x, row_number() OVER (PARTITION BY p_tenants[u.x], p_pools[u.x] ORDER BY u.x) AS n FROM unnest(fresh) u(x)) c
                 JOIN LATERAL (SELECT y.max - y.used AS room FROM number_quota y WHERE y.tenant_id = p_tenants[c.x] AND y.pool_id = p_pools[c.x] LIMIT 1) q ON c.n > q.room LOOP
        outcomes[r.x] := 'QUOTA';
      END LOOP;
      SELECT array_agg(x ORDER BY p_pools[x], x) INTO fresh FROM unnest(fresh) x WHERE outcomes[x] IS NULL;
    END IF;

    -- 2. The next values of each pool, in the order of the requests.
    IF fresh IS NOT NULL THEN
      SELECT array_agg(e.pool ORDER BY e.pool, e.first), array_agg(e.first ORDER BY e.pool, e.first), array_agg(e.taken ORDER BY e.pool, e.first), array_agg(e.len ORDER BY e.pool, e.first)
        INTO v_pools, v_firsts, v_taken, v_lens
        FROM (SELECT need.pool, f.first, f.len, least(f.len, need.n - f.before) AS taken
                FROM (SELECT p_pools[x] AS pool, count(*) AS n FROM unnest(fresh) x GROUP BY 1) need
                CROSS JOIN LATERAL (SELECT v_hints[array_position(p_locks, need.pool)] AS hint) s
                CROSS JOIN LATERAL (
                  SELECT g.first, g.last - g.first + 1 AS len, (sum(g.last - g.first + 1) OVER (ORDER BY g.first) - (g.last - g.first + 1))::bigint AS before
                    FROM (SELECT x.first, x.last FROM free_number x WHERE x.pool_id = need.pool AND x.first >= s.hint ORDER BY x.pool_id, x.first LIMIT need.n) g) f
               WHERE f.before < need.n) e;
      SELECT array_agg(e.first + g ORDER BY e.n, g) INTO vals FROM unnest(v_firsts, v_taken) WITH ORDINALITY e(first, taken, n), generate_series(0, e.taken - 1) g;
      IF coalesce(cardinality(vals), 0) < cardinality(fresh) THEN
        -- Some pool has too little: first come, first served, within each.
        FOR r IN SELECT p_pools[x] AS pool, array_agg(x ORDER BY x) AS members FROM unnest(fresh) x GROUP BY 1 ORDER BY 1 LOOP
          SELECT coalesce(sum(e.taken), 0) INTO j FROM unnest(v_pools, v_taken) e(pool, taken) WHERE e.pool = r.pool;
          FOR x IN j + 1 .. cardinality(r.members) LOOP outcomes[r.members[x]] := 'EXHAUSTED'; END LOOP;
        END LOOP;
        SELECT array_agg(x ORDER BY p_pools[x], x) INTO fresh FROM unnest(fresh) x WHERE outcomes[x] IS NULL;
      END IF;
    END IF;

    -- 3. The truth, and what is derived from it.
    IF fresh IS NOT NULL THEN
      DELETE FROM free_number f USING unnest(v_pools, v_firsts, v_taken, v_lens) e(pool, first, taken, len)
       WHERE f.pool_id = e.pool AND f.first = e.first AND e.taken = e.len;
      UPDATE free_number f SET first = e.first + e.taken FROM unnest(v_pools, v_firsts, v_taken, v_lens) e(pool, first, taken, len)
       WHERE f.pool_id = e.pool AND f.first = e.first AND e.taken < e.len;
      UPDATE number_pool_state s SET free = s.free - e.n, cursor = e.top + 1, hint = CASE WHEN e.top - 256 > s.hint THEN e.top ELSE s.hint END
        FROM (SELECT u.pool, sum(u.taken)::bigint AS n, max(u.first + u.taken - 1) AS top FROM unnest(v_pools, v_firsts, v_taken) u(pool, first, taken) GROUP BY u.pool) e
       WHERE s.pool_id = e.pool;
      IF has_quota THEN
        UPDATE number_quota q SET used = q.used + e.n FROM (SELECT p_tenants[x] AS tenant, p_pools[x] AS pool, count(*) AS n FROM unnest(fresh) x GROUP BY 1, 2) e
         WHERE q.tenant_id = e.tenant AND q.pool_id = e.pool;
      END IF;
      INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, state, key, fingerprint, expires_at, holder, external_ref)
        SELECT p_ids[u.x], v_spaces[array_position(p_locks, p_pools[u.x])], p_pools[u.x], p_tenants[u.x], u.v, CASE WHEN p_ttls[u.x] IS NULL THEN 'BOUND' ELSE 'HELD' END, p_keys[u.x], p_fingerprints[u.x],
               now() + make_interval(secs => p_ttls[u.x]), p_holders[u.x], p_external_refs[u.x]
          FROM unnest(fresh, vals) u(x, v);
      PERFORM record_acts(array_agg(p_actors[u.x]), array_agg(p_tenants[u.x]), 'number.allocated', 'allocation', array_agg(p_ids[u.x]),
          array_agg(jsonb_build_object('pool', p_pools[u.x], 'value', u.v)), 'number-pool.changed', v_pools) FROM unnest(fresh, vals) u(x, v);
      RETURN QUERY SELECT u.x, 'OK', p_ids[u.x], u.v, now() FROM unnest(fresh, vals) u(x, v);
    END IF;

    -- 4. The others.
    IF special IS NOT NULL THEN
      FOREACH j IN ARRAY special LOOP
        FOR r IN SELECT t.* FROM number_take(p_pools[j], p_tenants[j], p_keys[j], p_fingerprints[j], p_ids[j:j], 1, false, false,
                   p_prefers[j], p_ttls[j], 'external', p_holders[j], p_external_refs[j]) t LOOP
          IF r.outcome = 'OK' THEN
            PERFORM record_acts(p_actors[j:j], p_tenants[j:j], 'number.allocated', 'allocation', p_ids[j:j],
              ARRAY[jsonb_build_object('pool', p_pools[j], 'value', r.value)], 'number-pool.changed', p_pools[j:j]);
          END IF;
          i := j; outcome := r.outcome; allocation_id := r.allocation_id; value := r.value; at := now();
          RETURN NEXT;
        END LOOP;
      END LOOP;
    END IF;
    RETURN QUERY SELECT u.i::int, u.o, a.id, a.value, now() FROM unnest(outcomes) WITH ORDINALITY u(o, i)
      LEFT JOIN LATERAL (SELECT x.id, x.value FROM number_allocation x
        WHERE u.o = 'REPLAYED' AND x.tenant_id = p_tenants[u.i] AND x.key = p_keys[u.i] AND x.state <> 'QUARANTINED' LIMIT 1) a ON true
      WHERE u.o <> 'SPECIAL';
  END $$;
`;

const RETURN = `
  -- Into quarantine, or back at once where the pool has none, or p_is_unused: no device ever carried it. Answers the new state, or why not.
  CREATE FUNCTION number_release(p_id uuid, p_generation int, p_is_unused boolean) RETURNS text LANGUAGE plpgsql ${BY_INDEX} AS $$
  DECLARE
    gone number_allocation;
    rest int;
  BEGIN
    SELECT a.* INTO gone FROM number_allocation a WHERE a.id = p_id;
    IF NOT FOUND THEN RETURN 'NOT_FOUND'; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(gone.pool_id::text, 0));
    SELECT a.* INTO gone FROM number_allocation a WHERE a.id = p_id FOR UPDATE;
    IF NOT FOUND THEN RETURN 'NOT_FOUND'; END IF;
    IF p_generation IS NOT NULL AND gone.generation <> p_generation THEN RETURN 'VERSION_CONFLICT'; END IF;
    IF gone.state = 'QUARANTINED' AND NOT p_is_unused THEN RETURN 'QUARANTINED'; END IF;
    IF gone.state <> 'QUARANTINED' THEN
      UPDATE number_quota q SET used = q.used - 1 WHERE q.tenant_id = gone.tenant_id AND q.pool_id = gone.pool_id;
    END IF;
    SELECT p.quarantine_seconds INTO rest FROM number_pool p WHERE p.id = gone.pool_id;
    IF p_is_unused OR rest = 0 OR gone.state = 'HELD' THEN
      DELETE FROM number_allocation a WHERE a.id = p_id;
      PERFORM number_give(gone.pool_id, gone.value, gone.value);
      RETURN 'FREE';
    END IF;
    UPDATE number_allocation a SET state = 'QUARANTINED', released_at = now(), reusable_at = now() + make_interval(secs => rest), expires_at = NULL,
        generation = a.generation + 1, updated_at = now(), holder_kind = 'external', holder = NULL WHERE a.id = p_id;
    RETURN 'QUARANTINED';
  END $$;

  -- Holds and quarantines whose time is over go back; at most p_limit of them, oldest first. One row for each value, with its pool.
  CREATE FUNCTION number_sweep(p_limit int) RETURNS SETOF uuid LANGUAGE plpgsql ${BY_INDEX} AS $$
  DECLARE
    due record;
  BEGIN
    FOR due IN
      -- In the order of the pools: every transaction takes their locks in one order.
      SELECT x.id, x.pool_id, x.generation FROM (
        (SELECT a.id, a.pool_id, a.value, a.generation FROM number_allocation a WHERE a.state = 'QUARANTINED' AND a.reusable_at <= now() ORDER BY a.reusable_at LIMIT p_limit)
        UNION ALL
        (SELECT a.id, a.pool_id, a.value, a.generation FROM number_allocation a WHERE a.state = 'HELD' AND a.expires_at <= now() ORDER BY a.expires_at LIMIT p_limit)) x
       ORDER BY x.pool_id, x.value LIMIT p_limit
    LOOP
      -- Looked at once more under the lock: whoever bound or extended a hold in between keeps it.
      PERFORM number_lock(due.pool_id);
      PERFORM FROM number_allocation a WHERE a.id = due.id AND (a.reusable_at <= now() OR a.expires_at <= now()) FOR UPDATE;
      IF FOUND AND number_release(due.id, due.generation, true) = 'FREE' THEN RETURN NEXT due.pool_id; END IF;
    END LOOP;
  END $$;

  -- To another tenant or another holder; quotas go with it. False: it has changed hands meanwhile, or rests.
  CREATE FUNCTION number_transfer(p_id uuid, p_generation int, p_tenant uuid, p_holder text) RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE
    was number_allocation;
  BEGIN
    SELECT a.* INTO was FROM number_allocation a WHERE a.id = p_id;
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM number_lock(was.pool_id);
    SELECT a.* INTO was FROM number_allocation a WHERE a.id = p_id FOR UPDATE;
    IF NOT FOUND OR was.generation <> p_generation OR was.state = 'QUARANTINED' THEN RETURN false; END IF;
    IF was.tenant_id <> p_tenant THEN
      PERFORM FROM tenant t WHERE t.id = p_tenant;
      IF NOT FOUND THEN RAISE EXCEPTION 'there is no such tenant' USING ERRCODE = '23503', CONSTRAINT = 'number_allocation_tenant'; END IF;
      -- Its key would have two answers. Values of one request may follow each other.
      PERFORM FROM number_allocation a WHERE a.tenant_id = p_tenant AND a.key = was.key AND a.fingerprint <> was.fingerprint AND a.state <> 'QUARANTINED';
      IF FOUND THEN RAISE EXCEPTION 'the tenant has the key already' USING ERRCODE = '23505', CONSTRAINT = 'number_allocation_key_unique'; END IF;
      UPDATE number_quota q SET used = q.used - 1 WHERE q.tenant_id = was.tenant_id AND q.pool_id = was.pool_id;
      UPDATE number_quota q SET used = q.used + 1 WHERE q.tenant_id = p_tenant AND q.pool_id = was.pool_id;
    END IF;
    UPDATE number_allocation a SET tenant_id = p_tenant, holder = p_holder, generation = a.generation + 1, updated_at = now() WHERE a.id = p_id;
    RETURN true;
  END $$;

  -- A value that an existing network carries becomes an allocation, excluded or resting though it may be. Answers OK or why not.
  CREATE FUNCTION number_adopt(p_pool uuid, p_tenant uuid, p_value bigint, p_id uuid, p_key text, p_fingerprint text, p_holder text, p_external_ref text)
    RETURNS TABLE (outcome text, allocation_id uuid) LANGUAGE plpgsql AS $$
  #variable_conflict use_column
  DECLARE
    v_space uuid;
    was number_allocation;
    v_last bigint;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_pool::text, 0));
    SELECT s.space_id INTO v_space FROM number_pool_state s WHERE s.pool_id = p_pool AND EXISTS (SELECT FROM tenant t WHERE t.id = p_tenant);
    IF NOT FOUND THEN RETURN QUERY SELECT 'NOT_FOUND', NULL::uuid; RETURN; END IF;
    SELECT a.* INTO was FROM number_allocation a WHERE a.tenant_id = p_tenant AND a.key = p_key AND a.state <> 'QUARANTINED' LIMIT 1;
    IF FOUND THEN
      RETURN QUERY SELECT CASE WHEN was.fingerprint = p_fingerprint THEN 'REPLAYED' ELSE 'KEY_REUSED' END, was.id;
      RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM number_pool_range r WHERE r.pool_id = p_pool AND p_value BETWEEN r.first AND r.last) THEN
      RETURN QUERY SELECT 'OUT_OF_RANGE', NULL::uuid;
      RETURN;
    END IF;
    SELECT a.* INTO was FROM number_allocation a WHERE a.space_id = v_space AND a.value = p_value;
    IF was.id IS NOT NULL AND was.state <> 'QUARANTINED' THEN RETURN QUERY SELECT 'TAKEN', NULL::uuid; RETURN; END IF;
    IF was.id IS NOT NULL THEN DELETE FROM number_allocation a WHERE a.id = was.id; END IF;
    SELECT f.last INTO v_last FROM free_number f WHERE f.pool_id = p_pool AND f.first <= p_value ORDER BY f.first DESC LIMIT 1;
    IF v_last >= p_value THEN
      PERFORM number_cut(p_pool, p_value, p_value);
      UPDATE number_pool_state s SET free = s.free - 1 WHERE s.pool_id = p_pool;
    END IF;
    UPDATE number_quota q SET used = q.used + 1 WHERE q.tenant_id = p_tenant AND q.pool_id = p_pool;
    INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key, fingerprint, holder, external_ref)
      VALUES (p_id, v_space, p_pool, p_tenant, p_value, p_key, p_fingerprint, p_holder, p_external_ref);
    RETURN QUERY SELECT 'OK', p_id;
  END $$;
`;

const GRANTS = `
  GRANT SELECT ON number_pool_exclusion, number_pool_tenant, number_pool_state, number_quota TO trame_tenant;
  -- A tenant's own claims move the counters; what they are measured against is the operator's.
  GRANT UPDATE (hint, cursor, free) ON number_pool_state TO trame_tenant;
  GRANT UPDATE (used) ON number_quota TO trame_tenant;
  REVOKE DELETE ON tenant FROM trame_system;
  GRANT SELECT, INSERT, UPDATE, DELETE ON number_pool_exclusion, number_pool_tenant, number_pool_state, number_quota TO trame_system;
`;
