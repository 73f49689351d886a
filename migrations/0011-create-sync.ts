import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSync1767225600011 implements MigrationInterface {
  name = 'CreateSync1767225600011';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE sync_target (
        id uuid CONSTRAINT sync_target_pkey PRIMARY KEY,
        fabric_id uuid NOT NULL CONSTRAINT sync_target_fabric_fkey REFERENCES fabric (id),
        slug text NOT NULL CONSTRAINT sync_target_slug_unique UNIQUE,
        kind text NOT NULL CONSTRAINT sync_target_kind_known CHECK (kind IN ('POWERDNS')),
        url text NOT NULL,
        sealed_secret bytea NOT NULL,
        zones text[] NOT NULL,
        ttl_seconds int NOT NULL DEFAULT 300 CONSTRAINT sync_target_ttl_range CHECK (ttl_seconds BETWEEN 1 AND 604800),
        enabled boolean NOT NULL DEFAULT true,
        -- The revision of the fabric whose names the target holds; a run that read revision N settles N.
        settled_revision bigint NOT NULL DEFAULT -1,
        failures int NOT NULL DEFAULT 0,
        next_try_at timestamptz NOT NULL DEFAULT '-infinity',
        last_error text);
      CREATE TABLE sync_run (
        id uuid CONSTRAINT sync_run_pkey PRIMARY KEY,
        target_id uuid NOT NULL CONSTRAINT sync_run_target_fkey REFERENCES sync_target (id),
        state text NOT NULL CONSTRAINT sync_run_state_known CHECK (state IN ('RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'BLOCKED_BY_GUARD')),
        plan jsonb NOT NULL DEFAULT '[]',
        started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        finished_at timestamptz,
        error text);
      CREATE INDEX sync_run_target ON sync_run (target_id, started_at);
      GRANT SELECT, INSERT, UPDATE, DELETE ON sync_target, sync_run TO trame_system;
      GRANT SELECT (id, fabric_id, slug, kind, zones, enabled, settled_revision) ON sync_target TO trame_tenant;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE sync_run; DROP TABLE sync_target');
  }
}
