import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

/** The plan is the programme and its rows are the steering wheel (ADR 0017): order, halts, what devices carried before, and locks. */
export class SteerRollouts1767225600017 implements MigrationInterface {
  name = 'SteerRollouts1767225600017';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE plan
        DROP CONSTRAINT plan_state_known,
        ADD CONSTRAINT plan_state_known CHECK (state IN ('PROPOSED', 'APPROVED', 'APPLYING', 'PAUSED', 'APPLIED', 'FAILED', 'HALTED', 'CANCELLED', 'SUPERSEDED', 'EXPIRED')),
        -- Lowest revision that a device of the plan was proven at when it was made.
        ADD COLUMN base_revision bigint,
        -- Canary, percents, soak …: part of what is approved.
        ADD COLUMN strategy jsonb,
        ADD COLUMN approvals_needed int NOT NULL DEFAULT 1 CONSTRAINT plan_approvals_needed_range CHECK (approvals_needed BETWEEN 1 AND 5),
        -- The wave that soaks, or has soaked last: a soak that a crash interrupts is finished by another execution.
        ADD COLUMN soaked_wave int,
        ADD COLUMN soaking_until timestamptz,
        -- The device for which it was halted.
        ADD COLUMN halted_by uuid CONSTRAINT plan_halted_by_fkey REFERENCES device (id),
        ADD COLUMN rollback_of uuid CONSTRAINT plan_rollback_fkey REFERENCES plan (id);
      DROP INDEX plan_one_applying;
      DROP INDEX plan_open;
      CREATE UNIQUE INDEX plan_one_applying ON plan (fabric_id) WHERE state IN ('APPLYING', 'PAUSED');
      CREATE INDEX plan_open ON plan (fabric_id, generation) WHERE state IN ('PROPOSED', 'APPROVED', 'APPLYING', 'PAUSED');
      ALTER TABLE plan_item
        ADD COLUMN step int NOT NULL DEFAULT 0,
        -- Redundancy groups: no two members are pushed to at once.
        ADD COLUMN redundancy text[] NOT NULL DEFAULT '{}',
        ADD COLUMN causes jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN risk_reasons text[] NOT NULL DEFAULT '{}',
        -- What the device carried when this plan came to it: the way back.
        ADD COLUMN before_digest text,
        ADD COLUMN before_artefacts jsonb,
        ADD COLUMN before_intent jsonb,
        -- Sessions and remote VTEPs just before the change went live.
        ADD COLUMN vitals_before jsonb,
        -- This device with this digest was stopped: policy does not push it again, a person may.
        ADD COLUMN is_barred boolean NOT NULL DEFAULT false;
      CREATE INDEX plan_item_barred ON plan_item (plan_id) WHERE is_barred;
      CREATE INDEX plan_item_pushing ON plan_item (plan_id) WHERE state = 'PUSHING';
      CREATE INDEX plan_item_content ON plan_item (device_id, desired_digest);
      ALTER TABLE device_progress
        DROP CONSTRAINT device_progress_stage_known,
        ADD CONSTRAINT device_progress_stage_known CHECK (stage IN ('IDLE', 'PLANNED', 'AWAITING_APPROVAL', 'AWAITING_MAINTENANCE', 'PAUSED', 'PUSHING', 'CONFIRMED', 'VERIFIED', 'FAILED'));

      CREATE TABLE maintenance_lock (
        id uuid CONSTRAINT maintenance_lock_pkey PRIMARY KEY,
        scope text NOT NULL CONSTRAINT maintenance_lock_scope_known CHECK (scope IN ('FABRIC', 'SITE', 'DEVICE', 'TENANT')),
        fabric_id uuid CONSTRAINT maintenance_lock_fabric_fkey REFERENCES fabric (id) ON DELETE CASCADE,
        site_id uuid CONSTRAINT maintenance_lock_site_fkey REFERENCES site (id) ON DELETE CASCADE,
        device_id uuid CONSTRAINT maintenance_lock_device_fkey REFERENCES device (id) ON DELETE CASCADE,
        tenant_id uuid CONSTRAINT maintenance_lock_tenant_fkey REFERENCES tenant (id) ON DELETE CASCADE,
        reason text NOT NULL,
        held_by text NOT NULL,
        created_at timestamptz NOT NULL,
        until timestamptz NOT NULL,
        CONSTRAINT maintenance_lock_subject_of_scope CHECK (
          num_nonnulls(fabric_id, site_id, device_id, tenant_id) = 1 AND
          CASE scope WHEN 'FABRIC' THEN fabric_id IS NOT NULL WHEN 'SITE' THEN site_id IS NOT NULL WHEN 'DEVICE' THEN device_id IS NOT NULL ELSE tenant_id IS NOT NULL END),
        -- A lock that nobody takes away ends by itself.
        CONSTRAINT maintenance_lock_at_most_a_day CHECK (until <= created_at + interval '24 hours'));
      CREATE INDEX maintenance_lock_until ON maintenance_lock (until);
      ${isolateByTenant('maintenance_lock')}
      GRANT SELECT, INSERT, UPDATE, DELETE ON maintenance_lock TO trame_system;
      -- A tenant is told why its orders are refused and until when; who holds the lock, and all other locks, are the operator's.
      GRANT SELECT (id, scope, tenant_id, reason, until) ON maintenance_lock TO trame_tenant;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      DROP TABLE maintenance_lock;
      UPDATE device_progress SET stage = 'PLANNED' WHERE stage IN ('AWAITING_MAINTENANCE', 'PAUSED');
      ALTER TABLE device_progress
        DROP CONSTRAINT device_progress_stage_known,
        ADD CONSTRAINT device_progress_stage_known CHECK (stage IN ('IDLE', 'PLANNED', 'AWAITING_APPROVAL', 'PUSHING', 'CONFIRMED', 'VERIFIED', 'FAILED'));
      DROP INDEX plan_item_pushing;
      DROP INDEX plan_item_content;
      ALTER TABLE plan_item
        DROP COLUMN step, DROP COLUMN redundancy, DROP COLUMN causes, DROP COLUMN risk_reasons, DROP COLUMN before_digest,
        DROP COLUMN before_artefacts, DROP COLUMN before_intent, DROP COLUMN vitals_before, DROP COLUMN is_barred;
      DROP INDEX plan_one_applying;
      DROP INDEX plan_open;
      UPDATE plan SET state = 'FAILED', finished_at = coalesce(finished_at, clock_timestamp()) WHERE state IN ('PAUSED', 'HALTED', 'CANCELLED');
      CREATE UNIQUE INDEX plan_one_applying ON plan (fabric_id) WHERE state = 'APPLYING';
      CREATE INDEX plan_open ON plan (fabric_id, generation) WHERE state IN ('PROPOSED', 'APPROVED', 'APPLYING');
      ALTER TABLE plan
        DROP COLUMN base_revision, DROP COLUMN strategy, DROP COLUMN approvals_needed, DROP COLUMN soaked_wave, DROP COLUMN soaking_until,
        DROP COLUMN halted_by, DROP COLUMN rollback_of,
        DROP CONSTRAINT plan_state_known,
        ADD CONSTRAINT plan_state_known CHECK (state IN ('PROPOSED', 'APPROVED', 'APPLYING', 'APPLIED', 'FAILED', 'SUPERSEDED', 'EXPIRED'));
    `);
  }
}
