import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

/** What devices last said of a network (ADR 0017), by which chassis they are known, and what a plan may and found. */
export class ProveNetworks1767225600021 implements MigrationInterface {
  name = 'ProveNetworks1767225600021';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- The last answer to each question; the next look overwrites it.
      CREATE TABLE network_proof (
        network_id uuid NOT NULL,
        device_id uuid NOT NULL CONSTRAINT network_proof_device_fkey REFERENCES device (id) ON DELETE CASCADE,
        question text NOT NULL CONSTRAINT network_proof_question_known
          CHECK (question IN ('VNI', 'REMOTE_VTEPS', 'ROUTES', 'MACS', 'PREFIXES', 'PATH_MTU', 'GATEWAY', 'SESSIONS', 'MLAG')),
        tenant_id uuid NOT NULL,
        state text NOT NULL CONSTRAINT network_proof_state_known CHECK (state IN ('OK', 'FAILED', 'NOT_CHECKED', 'STALE')),
        expected text NOT NULL,
        seen text NOT NULL,
        -- Whose rollout looked; null: somebody asked, or its time had come.
        plan_id uuid CONSTRAINT network_proof_plan_fkey REFERENCES plan (id) ON DELETE SET NULL,
        checked_at timestamptz NOT NULL,
        CONSTRAINT network_proof_pkey PRIMARY KEY (network_id, device_id, question),
        CONSTRAINT network_proof_network_fkey FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id) ON DELETE CASCADE);
      CREATE INDEX network_proof_device ON network_proof (device_id);
      ${isolateByTenant('network_proof')}
      GRANT SELECT, INSERT, UPDATE, DELETE ON network_proof TO trame_system;
      -- What was expected and seen names other devices and numbers: a customer reads how it ended.
      GRANT SELECT (network_id, device_id, question, tenant_id, state, checked_at) ON network_proof TO trame_tenant;

      -- When a network is looked at next, on all of its devices.
      CREATE TABLE network_verification (
        network_id uuid CONSTRAINT network_verification_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL,
        next_at timestamptz NOT NULL,
        claimed_until timestamptz NOT NULL DEFAULT '-infinity',
        verified_at timestamptz,
        CONSTRAINT network_verification_network_fkey FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id) ON DELETE CASCADE);
      CREATE INDEX network_verification_next ON network_verification (next_at);
      ${isolateByTenant('network_verification')}
      GRANT SELECT, INSERT, UPDATE, DELETE ON network_verification TO trame_system;
      GRANT SELECT (network_id, tenant_id, verified_at) ON network_verification TO trame_tenant;

      ALTER TABLE device
        -- A person's word: a box with another one is refused.
        ADD COLUMN serial_number text CONSTRAINT device_serial_number_is_one CHECK (serial_number ~ '^[!-~]{1,64}$'),
        ADD COLUMN system_mac macaddr,
        -- What answered when nothing was known: a proposal, trusted by nobody.
        ADD COLUMN seen_serial_number text,
        ADD COLUMN seen_system_mac text,
        ADD COLUMN seen_identity_at timestamptz;

      ALTER TABLE plan ADD COLUMN may_touch_management boolean NOT NULL DEFAULT false,
        ADD CONSTRAINT plan_management_needs_people CHECK (NOT may_touch_management OR risk = 'HIGH');
      ALTER TABLE plan_item
        ADD COLUMN self_reverted jsonb,
        ADD COLUMN undoes_at_boot boolean;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE plan_item DROP COLUMN undoes_at_boot, DROP COLUMN self_reverted;
      ALTER TABLE plan DROP CONSTRAINT plan_management_needs_people, DROP COLUMN may_touch_management;
      ALTER TABLE device DROP COLUMN seen_identity_at, DROP COLUMN seen_system_mac, DROP COLUMN seen_serial_number, DROP COLUMN system_mac,
        DROP COLUMN serial_number;
      DROP TABLE network_verification;
      DROP TABLE network_proof;
    `);
  }
}
