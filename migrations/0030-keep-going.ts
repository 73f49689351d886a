import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What one order, one device or one tenant does must not stop the others. */
export class KeepGoing1767225600030 implements MigrationInterface {
  name = 'KeepGoing1767225600030';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- A network that the fabric cannot be built with, and why: it is no part of the intent, and its order fails. Its next state is without it.
      ALTER TABLE network ADD COLUMN refusal jsonb CONSTRAINT network_refusal_is_object CHECK (jsonb_typeof(refusal) = 'object');
      -- Which subnets lie in one another, whoever has them: asked for each order.
      CREATE INDEX subnet_cidr ON subnet USING gist (cidr inet_ops);

      -- Open orders are looked at in turn, whoever was not for the longest time first.
      CREATE INDEX network_order_attended ON network_order (attended_at, id)
        WHERE state IN ('ACCEPTED', 'RUNNING', 'AWAITING_APPROVAL', 'COMPENSATING', 'FAILED_STUCK');

      -- A device of it was given up: what it carries nobody knows, so its numbers rest although the network never went live.
      ALTER TABLE network_order ADD COLUMN was_given_up boolean NOT NULL DEFAULT false;

      -- What a device said, and what a person wrote about it, may quote anybody: a tenant's transaction reads how far it is.
      REVOKE SELECT ON device_progress FROM trame_tenant;
      GRANT SELECT (device_id, verified_revision, stage, stage_revision, failure_count, failed_revision) ON device_progress TO trame_tenant;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      REVOKE SELECT (device_id, verified_revision, stage, stage_revision, failure_count, failed_revision) ON device_progress FROM trame_tenant;
      GRANT SELECT ON device_progress TO trame_tenant;
      ALTER TABLE network_order DROP COLUMN was_given_up;
      DROP INDEX network_order_attended;
      DROP INDEX subnet_cidr;
      ALTER TABLE network DROP COLUMN refusal;
    `);
  }
}
