import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Secrets that artefacts name (`@secret:NAME@`), and which of them a device has. */
export class KeepSecrets1767225600019 implements MigrationInterface {
  name = 'KeepSecrets1767225600019';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE secret (
        id uuid CONSTRAINT secret_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL CONSTRAINT secret_fabric_fkey REFERENCES fabric (id),
        name text NOT NULL CONSTRAINT secret_name_form CHECK (name ~ '^[A-Za-z0-9._-]{1,64}$'),
        sealed bytea NOT NULL,
        -- Raised each time it is set: a device that has an earlier one is pushed to.
        version int NOT NULL DEFAULT 1,
        set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        set_by text NOT NULL,
        CONSTRAINT secret_name_unique UNIQUE (fabric_id, name));
      -- Versions by name, as they were when the device last confirmed.
      ALTER TABLE device_state ADD COLUMN secrets jsonb NOT NULL DEFAULT '{}';
      GRANT SELECT, INSERT, UPDATE, DELETE ON secret TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('ALTER TABLE device_state DROP COLUMN secrets; DROP TABLE secret');
  }
}
