import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A fabric whose executions end in the same fault is tried again later each time, and whoever looks is told. */
export class RestFabrics1767225600036 implements MigrationInterface {
  name = 'RestFabrics1767225600036';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- Only of fabrics whose last execution failed.
      CREATE TABLE fabric_retry (
        fabric_id uuid CONSTRAINT fabric_retry_pkey PRIMARY KEY CONSTRAINT fabric_retry_fabric_fkey REFERENCES fabric (id) ON DELETE CASCADE,
        failures int NOT NULL CONSTRAINT fabric_retry_failures_range CHECK (failures > 0),
        since timestamptz NOT NULL DEFAULT clock_timestamp(),
        retry_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- The database had not the time or the means: not even a change of the intent makes the next execution come earlier.
        by_database boolean NOT NULL,
        reason text NOT NULL);
      GRANT SELECT, INSERT, UPDATE, DELETE ON fabric_retry TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE fabric_retry');
  }
}
