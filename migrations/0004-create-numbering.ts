import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

/**
 * Numbers. The truth is the allocation row: its unique constraint is the judge, whatever the code forgets. The free space
 * is a derived table of disjoint ranges, so the cost of a claim follows fragments and not values.
 */
export class CreateNumbering1767225600004 implements MigrationInterface {
  name = 'CreateNumbering1767225600004';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- Within a space a value exists once: L2 and L3 VNIs share one, every VLAN domain has its own.
      CREATE TABLE number_space (
        id uuid CONSTRAINT number_space_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL CONSTRAINT number_space_fabric_fkey REFERENCES fabric (id),
        kind text NOT NULL CONSTRAINT number_space_kind_known CHECK (kind IN ('VNI', 'VLAN', 'EVI')),
        vlan_domain_id uuid CONSTRAINT number_space_vlan_domain_fkey REFERENCES vlan_domain (id),
        CONSTRAINT number_space_vlan_has_domain CHECK ((kind = 'VLAN') = (vlan_domain_id IS NOT NULL)),
        CONSTRAINT number_space_unique UNIQUE NULLS NOT DISTINCT (fabric_id, kind, vlan_domain_id));
      CREATE TABLE number_pool (
        id uuid CONSTRAINT number_pool_pkey PRIMARY KEY,
        space_id uuid NOT NULL CONSTRAINT number_pool_space_fkey REFERENCES number_space (id),
        slug text NOT NULL CONSTRAINT number_pool_slug_unique UNIQUE,
        name text NOT NULL,
        kind text NOT NULL CONSTRAINT number_pool_kind_known CHECK (kind IN ('VNI', 'L3VNI', 'VLAN', 'EVI')),
        quarantine_seconds int NOT NULL DEFAULT 86400 CONSTRAINT number_pool_quarantine_range CHECK (quarantine_seconds BETWEEN 0 AND 31536000),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT number_pool_in_space UNIQUE (space_id, id));
      CREATE TABLE number_pool_range (
        pool_id uuid NOT NULL,
        space_id uuid NOT NULL,
        first bigint NOT NULL,
        last bigint NOT NULL,
        CONSTRAINT number_pool_range_pkey PRIMARY KEY (pool_id, first),
        CONSTRAINT number_pool_range_pool_fkey FOREIGN KEY (space_id, pool_id) REFERENCES number_pool (space_id, id),
        CONSTRAINT number_pool_range_ordered CHECK (first <= last),
        -- Two pools of one space never offer the same value.
        CONSTRAINT number_pool_range_disjoint EXCLUDE USING gist (space_id WITH =, int8range(first, last, '[]') WITH &&));
      CREATE TABLE free_number (
        pool_id uuid NOT NULL CONSTRAINT free_number_pool_fkey REFERENCES number_pool (id),
        first bigint NOT NULL,
        last bigint NOT NULL,
        CONSTRAINT free_number_pkey PRIMARY KEY (pool_id, first),
        CONSTRAINT free_number_ordered CHECK (first <= last));
      CREATE TABLE number_allocation (
        id uuid CONSTRAINT number_allocation_pkey PRIMARY KEY,
        space_id uuid NOT NULL,
        pool_id uuid NOT NULL,
        tenant_id uuid NOT NULL CONSTRAINT number_allocation_tenant_fkey REFERENCES tenant (id),
        value bigint NOT NULL,
        state text NOT NULL DEFAULT 'BOUND' CONSTRAINT number_allocation_state_known CHECK (state IN ('HELD', 'BOUND', 'QUARANTINED')),
        -- The caller's key: as long as the allocation lives, the same key gives the same answer.
        key text NOT NULL,
        external_ref text,
        created_at timestamptz NOT NULL DEFAULT now(),
        released_at timestamptz,
        reusable_at timestamptz,
        CONSTRAINT number_allocation_pool_fkey FOREIGN KEY (space_id, pool_id) REFERENCES number_pool (space_id, id),
        CONSTRAINT number_allocation_value_unique UNIQUE (space_id, value),
        CONSTRAINT number_allocation_tenant_id UNIQUE (tenant_id, id),
        CONSTRAINT number_allocation_quarantine CHECK ((state = 'QUARANTINED') = (reusable_at IS NOT NULL)));
      CREATE UNIQUE INDEX number_allocation_key_unique ON number_allocation (tenant_id, pool_id, key) WHERE state <> 'QUARANTINED';
      CREATE INDEX number_allocation_reusable ON number_allocation (reusable_at) WHERE state = 'QUARANTINED';
      CREATE INDEX number_allocation_pool ON number_allocation (pool_id, value);
      ${isolateByTenant('number_allocation')}

      -- Puts one value back and merges it with both neighbours. The caller holds the lock of the pool.
      CREATE FUNCTION number_put_back(p_pool uuid, p_value bigint) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        lower_first bigint;
        upper_last bigint;
      BEGIN
        -- A range that was taken out of the pool meanwhile does not come back.
        IF NOT EXISTS (SELECT 1 FROM number_pool_range WHERE pool_id = p_pool AND p_value BETWEEN first AND last) THEN RETURN; END IF;
        DELETE FROM free_number f WHERE f.pool_id = p_pool
           AND f.first = (SELECT n.first FROM free_number n WHERE n.pool_id = p_pool AND n.first < p_value ORDER BY n.first DESC LIMIT 1)
           AND f.last = p_value - 1 RETURNING f.first INTO lower_first;
        DELETE FROM free_number f WHERE f.pool_id = p_pool AND f.first = p_value + 1 RETURNING f.last INTO upper_last;
        INSERT INTO free_number (pool_id, first, last) VALUES (p_pool, coalesce(lower_first, p_value), coalesce(upper_last, p_value));
      END $$;

      -- Lowest free value, or p_prefer. NULL value: nothing free (or p_prefer taken). Waits for the pool's lock, writes nothing to get it.
      CREATE FUNCTION number_claim(p_id uuid, p_pool uuid, p_tenant uuid, p_key text, p_prefer bigint, p_external_ref text)
        RETURNS TABLE (allocation_id uuid, value bigint, replayed boolean) LANGUAGE plpgsql AS $$
      #variable_conflict use_column
      DECLARE
        extent free_number;
        v_value bigint;
        v_space uuid;
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended(p_pool::text, 0));
        RETURN QUERY SELECT a.id, a.value, true FROM number_allocation a WHERE a.tenant_id = p_tenant AND a.pool_id = p_pool AND a.key = p_key AND a.state <> 'QUARANTINED';
        IF FOUND THEN RETURN; END IF;
        IF p_prefer IS NULL THEN
          SELECT f.* INTO extent FROM free_number f WHERE f.pool_id = p_pool ORDER BY f.first LIMIT 1;
        ELSE
          SELECT f.* INTO extent FROM free_number f WHERE f.pool_id = p_pool AND f.first <= p_prefer ORDER BY f.first DESC LIMIT 1;
          IF extent.last < p_prefer THEN extent := NULL; END IF;
        END IF;
        IF extent.pool_id IS NULL THEN RETURN QUERY SELECT NULL::uuid, NULL::bigint, false; RETURN; END IF;
        v_value := coalesce(p_prefer, extent.first);
        DELETE FROM free_number f WHERE f.pool_id = p_pool AND f.first = extent.first;
        IF extent.first < v_value THEN INSERT INTO free_number (pool_id, first, last) VALUES (p_pool, extent.first, v_value - 1); END IF;
        IF extent.last > v_value THEN INSERT INTO free_number (pool_id, first, last) VALUES (p_pool, v_value + 1, extent.last); END IF;
        SELECT p.space_id INTO STRICT v_space FROM number_pool p WHERE p.id = p_pool;
        INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key, external_ref) VALUES (p_id, v_space, p_pool, p_tenant, v_value, p_key, p_external_ref);
        RETURN QUERY SELECT p_id, v_value, false;
      END $$;

      -- Back to the free space at once: for what was never live, and for quarantines that are over.
      CREATE FUNCTION number_free(p_allocation uuid) RETURNS boolean LANGUAGE plpgsql AS $$
      DECLARE
        gone number_allocation;
      BEGIN
        SELECT * INTO gone FROM number_allocation WHERE id = p_allocation;
        IF NOT FOUND THEN RETURN false; END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended(gone.pool_id::text, 0));
        DELETE FROM number_allocation WHERE id = p_allocation RETURNING * INTO gone;
        IF NOT FOUND THEN RETURN false; END IF;
        PERFORM number_put_back(gone.pool_id, gone.value);
        RETURN true;
      END $$;

      GRANT SELECT ON number_space, number_pool, number_pool_range TO trame_tenant;
      GRANT SELECT, INSERT, UPDATE, DELETE ON free_number, number_allocation TO trame_tenant;
      GRANT SELECT, INSERT, UPDATE, DELETE ON number_space, number_pool, number_pool_range, free_number, number_allocation TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      'DROP FUNCTION number_free(uuid); DROP FUNCTION number_claim(uuid, uuid, uuid, text, bigint, text); DROP FUNCTION number_put_back(uuid, bigint); DROP TABLE number_allocation; DROP TABLE free_number; DROP TABLE number_pool_range; DROP TABLE number_pool; DROP TABLE number_space',
    );
  }
}
