import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What runs already (ADR 0016): targets that only one direction has, and what a device said before the first plan for it. */
export class TakeOver1767225600025 implements MigrationInterface {
  name = 'TakeOver1767225600025';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- Null: imported and exported, as Trame makes them; rows that were kept before this migration come back so.
      ALTER TABLE route_target ADD COLUMN direction text CONSTRAINT route_target_direction_known CHECK (direction IN ('IMPORT', 'EXPORT'));

      -- One reading of a device that was adopted and never pushed to; the next overwrites it.
      CREATE TABLE device_takeover (
        device_id uuid CONSTRAINT device_takeover_pkey PRIMARY KEY CONSTRAINT device_takeover_device_fkey REFERENCES device (id) ON DELETE CASCADE,
        -- Of the fabric, when it was compared.
        revision bigint NOT NULL,
        -- What it was compared with; null: it could not be read, and error says why.
        desired_digest text,
        -- Lines that mean something else there, in words.
        differences jsonb NOT NULL DEFAULT '[]' CONSTRAINT device_takeover_differences_is_array CHECK (jsonb_typeof(differences) = 'array'),
        error text,
        read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT device_takeover_read_or_not CHECK ((desired_digest IS NULL) = (error IS NOT NULL)));
      GRANT SELECT, INSERT, UPDATE, DELETE ON device_takeover TO trame_system;

      -- It was only observed until then: what Trame remembers of it counts for nothing until it is proven at this revision.
      ALTER TABLE device_progress ADD COLUMN retaken_revision bigint NOT NULL DEFAULT 0;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      'ALTER TABLE device_progress DROP COLUMN retaken_revision; DROP TABLE device_takeover; ALTER TABLE route_target DROP COLUMN direction',
    );
  }
}
