import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the worker found to be wrong in the database, and how far it has looked. */
export class Invariants1767225600015 implements MigrationInterface {
  name = 'Invariants1767225600015';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE invariant_round (
        -- Name of the things that are looked at.
        slices text CONSTRAINT invariant_round_pkey PRIMARY KEY,
        -- The last one that was looked at.
        after uuid,
        started_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz);
      -- A row as long as it is broken: so it is told once.
      CREATE TABLE invariant_finding (
        invariant text NOT NULL,
        subject_kind text NOT NULL,
        subject_id uuid NOT NULL,
        what text NOT NULL,
        found_at timestamptz NOT NULL DEFAULT now(),
        seen_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT invariant_finding_pkey PRIMARY KEY (invariant, subject_id));
      -- What networks, VRFs and mappings hold is looked at pool by pool, however much others hold.
      CREATE INDEX number_allocation_internal ON number_allocation (pool_id) WHERE holder_kind <> 'external';
      GRANT SELECT, INSERT, UPDATE, DELETE ON invariant_round, invariant_finding TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP INDEX number_allocation_internal; DROP TABLE invariant_finding; DROP TABLE invariant_round');
  }
}
