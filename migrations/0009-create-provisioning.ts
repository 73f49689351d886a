import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

export class CreateProvisioning1767225600009 implements MigrationInterface {
  name = 'CreateProvisioning1767225600009';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE network_order (
        id uuid CONSTRAINT network_order_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT network_order_tenant_fkey REFERENCES tenant (id),
        fabric_id uuid NOT NULL CONSTRAINT network_order_fabric_fkey REFERENCES fabric (id),
        kind text NOT NULL CONSTRAINT network_order_kind_known CHECK (kind IN ('PROVISION', 'DEPROVISION')),
        state text NOT NULL CONSTRAINT network_order_state_known CHECK (state IN ('ACCEPTED', 'RUNNING', 'AWAITING_APPROVAL', 'ACTIVE', 'RETIRED', 'COMPENSATING', 'FAILED_COMPENSATED', 'FAILED_STUCK', 'CANCELLED')),
        external_ref text,
        -- Same key, same answer; the digest tells a repetition from a second order under the same key.
        idempotency_key text NOT NULL,
        request jsonb NOT NULL,
        request_sha256 text NOT NULL,
        requested_by text NOT NULL,
        network_id uuid,
        -- Devices that must be verified at this revision of the fabric, or a later one.
        revision bigint NOT NULL,
        device_ids uuid[] NOT NULL DEFAULT '{}',
        -- failure_count of each device when the order began to wait for it.
        failure_baseline jsonb NOT NULL DEFAULT '{}',
        customer_message text NOT NULL,
        failure jsonb,
        deadline_at timestamptz NOT NULL,
        -- When somebody last looked: time in which nobody worked does not count against the order.
        attended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT network_order_tenant_id UNIQUE (tenant_id, id),
        CONSTRAINT network_order_key_unique UNIQUE (tenant_id, idempotency_key),
        CONSTRAINT network_order_network_fkey FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id));
      CREATE INDEX network_order_open ON network_order (fabric_id, revision) WHERE state IN ('ACCEPTED', 'RUNNING', 'AWAITING_APPROVAL', 'COMPENSATING', 'FAILED_STUCK');
      CREATE INDEX network_order_external_ref ON network_order (tenant_id, external_ref);
      CREATE INDEX network_order_network ON network_order (network_id);
      ${isolateByTenant('network_order')}

      CREATE TABLE order_step (
        tenant_id uuid NOT NULL,
        order_id uuid NOT NULL,
        position int NOT NULL,
        name text NOT NULL,
        state text NOT NULL CONSTRAINT order_step_state_known CHECK (state IN ('PENDING', 'RUNNING', 'DONE', 'FAILED', 'SKIPPED', 'UNDONE')),
        started_at timestamptz,
        finished_at timestamptz,
        message text,
        CONSTRAINT order_step_pkey PRIMARY KEY (order_id, position),
        CONSTRAINT order_step_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES network_order (tenant_id, id) ON DELETE CASCADE);
      ${isolateByTenant('order_step')}

      GRANT SELECT, INSERT, UPDATE ON network_order, order_step TO trame_tenant, trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE order_step; DROP TABLE network_order');
  }
}
