import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a rollback takes back from customers and gives back to them (ADR 0017), and what a network had when it was taken away. */
export class RecallNetworks1767225600020 implements MigrationInterface {
  name = 'RecallNetworks1767225600020';

  async up(q: QueryRunner): Promise<void> {
    await q.query(TABLES);
    await q.query(OUT_OF_QUARANTINE);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      DROP FUNCTION number_recall(uuid, text);
      DROP FUNCTION prefix_recall(uuid);
      UPDATE network_order SET kind = 'PROVISION' WHERE kind = 'RESTORE';
      ALTER TABLE network_order
        DROP COLUMN kept,
        DROP CONSTRAINT network_order_kind_known,
        ADD CONSTRAINT network_order_kind_known CHECK (kind IN ('PROVISION', 'DEPROVISION'));
      DROP TABLE network_recall;
      ALTER TABLE maintenance_lock DROP COLUMN plan_id;
    `);
  }
}

const TABLES = `
  -- The rollback that holds it: its own pushes pass, and it ends by itself.
  ALTER TABLE maintenance_lock ADD COLUMN plan_id uuid CONSTRAINT maintenance_lock_plan_fkey REFERENCES plan (id) ON DELETE CASCADE;
  CREATE INDEX maintenance_lock_plan ON maintenance_lock (plan_id) WHERE plan_id IS NOT NULL;
  CREATE INDEX plan_rollback_of ON plan (rollback_of) WHERE rollback_of IS NOT NULL;

  -- Written by deployment, carried out by provisioning. No reference to the network: one that was never live leaves no row.
  CREATE TABLE network_recall (
    id uuid CONSTRAINT network_recall_pkey PRIMARY KEY,
    plan_id uuid NOT NULL CONSTRAINT network_recall_plan_fkey REFERENCES plan (id) ON DELETE CASCADE,
    network_id uuid,
    network_slug text NOT NULL,
    vni int NOT NULL,
    action text NOT NULL CONSTRAINT network_recall_action_known CHECK (action IN ('WITHDRAW', 'RESTORE')),
    -- PROPOSED: the rollback has not begun. KEPT: nothing is done, and why is said from the beginning.
    state text NOT NULL CONSTRAINT network_recall_state_known CHECK (state IN ('PROPOSED', 'WANTED', 'ORDERED', 'REFUSED', 'KEPT')),
    reason text,
    order_id uuid,
    settled_at timestamptz,
    CONSTRAINT network_recall_network_unique UNIQUE (plan_id, vni, network_slug),
    CONSTRAINT network_recall_says_why CHECK (state NOT IN ('REFUSED', 'KEPT') OR reason IS NOT NULL));
  CREATE INDEX network_recall_wanted ON network_recall (id) WHERE state = 'WANTED';
  GRANT SELECT, INSERT, UPDATE, DELETE ON network_recall TO trame_system;

  ALTER TABLE network_order
    DROP CONSTRAINT network_order_kind_known,
    ADD CONSTRAINT network_order_kind_known CHECK (kind IN ('PROVISION', 'DEPROVISION', 'RESTORE')),
    -- Rows of the network as they were when it was retired: the way back as long as its numbers rest.
    ADD COLUMN kept jsonb;
`;

const OUT_OF_QUARANTINE = `
  -- The very allocation, back from its rest. Answers OK or why not: GONE, TAKEN, QUOTA, KEY_REUSED.
  CREATE FUNCTION number_recall(p_id uuid, p_holder_kind text) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE
    resting number_allocation;
  BEGIN
    SELECT a.* INTO resting FROM number_allocation a WHERE a.id = p_id;
    IF NOT FOUND THEN RETURN 'GONE'; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(resting.pool_id::text, 0));
    SELECT a.* INTO resting FROM number_allocation a WHERE a.id = p_id FOR UPDATE;
    IF NOT FOUND THEN RETURN 'GONE'; END IF;
    IF resting.state <> 'QUARANTINED' THEN RETURN 'TAKEN'; END IF;
    PERFORM FROM number_quota q WHERE q.tenant_id = resting.tenant_id AND q.pool_id = resting.pool_id AND q.used >= q.max;
    IF FOUND THEN RETURN 'QUOTA'; END IF;
    PERFORM FROM number_allocation a WHERE a.tenant_id = resting.tenant_id AND a.key = resting.key AND a.ord = resting.ord AND a.state <> 'QUARANTINED';
    IF FOUND THEN RETURN 'KEY_REUSED'; END IF;
    UPDATE number_quota q SET used = q.used + 1 WHERE q.tenant_id = resting.tenant_id AND q.pool_id = resting.pool_id;
    UPDATE number_allocation a SET state = 'BOUND', released_at = NULL, reusable_at = NULL, generation = a.generation + 1, updated_at = now(),
        holder_kind = p_holder_kind WHERE a.id = p_id;
    RETURN 'OK';
  END $$;

  -- The same of a leaf, for the subnet that was on it.
  CREATE FUNCTION prefix_recall(p_id uuid) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE
    v_pool uuid := prefix_pool_of(p_id);
    resting prefix;
    v_units numeric;
  BEGIN
    IF v_pool IS NULL THEN RETURN 'GONE'; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(v_pool::text, 0));
    SELECT p.* INTO resting FROM prefix p WHERE p.id = p_id AND p.role = 'SUBNET' FOR UPDATE;
    IF NOT FOUND THEN RETURN 'GONE'; END IF;
    IF resting.state <> 'QUARANTINED' THEN RETURN 'TAKEN'; END IF;
    SELECT prefix_units(masklen(resting.cidr), o.max_length) INTO v_units FROM prefix_pool o WHERE o.id = v_pool;
    PERFORM FROM prefix_quota q WHERE q.tenant_id = resting.tenant_id AND q.pool_id = v_pool AND q.max - q.used < v_units;
    IF FOUND THEN RETURN 'QUOTA'; END IF;
    PERFORM FROM prefix p WHERE p.tenant_id = resting.tenant_id AND p.key = resting.key AND p.ord = resting.ord AND p.fingerprint <> ''
        AND resting.fingerprint <> '' AND p.state <> 'QUARANTINED';
    IF FOUND THEN RETURN 'KEY_REUSED'; END IF;
    UPDATE prefix_quota q SET used = q.used + v_units WHERE q.tenant_id = resting.tenant_id AND q.pool_id = v_pool;
    UPDATE prefix p SET state = 'BOUND', released_at = NULL, reusable_at = NULL, generation = p.generation + 1, updated_at = now(),
        holder_kind = 'subnet' WHERE p.id = p_id;
    RETURN 'OK';
  END $$;
`;
