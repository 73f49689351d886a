import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an import would take is shown before anything is taken, and one import may fill several address spaces. */
export class PlanImports1767225600035 implements MigrationInterface {
  name = 'PlanImports1767225600035';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- Not NULL: nothing is taken, it is only said what would be. What it is found out with holds up others for no longer than this.
      ALTER TABLE sync_import ADD COLUMN plan_seconds int CONSTRAINT sync_import_plan_bounded CHECK (plan_seconds BETWEEN 1 AND 300);

      -- Prefixes of these go into another space than those of all others.
      CREATE TABLE sync_import_space (
        import_id uuid NOT NULL CONSTRAINT sync_import_space_import_fkey REFERENCES sync_import (id) ON DELETE CASCADE,
        -- In no VRF: GLOBAL, and the name is empty.
        whose text NOT NULL CONSTRAINT sync_import_space_whose_known CHECK (whose IN ('VRF', 'TENANT', 'GLOBAL')),
        name text NOT NULL,
        space_id uuid NOT NULL CONSTRAINT sync_import_space_space_fkey REFERENCES address_space (id),
        CONSTRAINT sync_import_space_pkey PRIMARY KEY (import_id, whose, name));

      -- What was read there for a plan, in the order in which it would be taken; gone when the plan is made.
      CREATE TABLE sync_import_page (
        import_id uuid NOT NULL CONSTRAINT sync_import_page_import_fkey REFERENCES sync_import (id) ON DELETE CASCADE,
        seq int NOT NULL,
        pass int NOT NULL,
        objects jsonb NOT NULL,
        beside jsonb NOT NULL,
        CONSTRAINT sync_import_page_pkey PRIMARY KEY (import_id, seq));
      -- Conflicts that are over, by page.
      CREATE INDEX sync_conflict_over ON sync_conflict (target_id, id) WHERE resolved_at IS NOT NULL;
      CREATE INDEX sync_conflict_age ON sync_conflict (resolved_at) WHERE resolved_at IS NOT NULL;
      GRANT SELECT, INSERT, DELETE ON sync_import_space, sync_import_page TO trame_system`);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(
      'DROP INDEX sync_conflict_age; DROP INDEX sync_conflict_over; DROP TABLE sync_import_page; DROP TABLE sync_import_space; ALTER TABLE sync_import DROP COLUMN plan_seconds',
    );
  }
}
