import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRoles1767225600001 implements MigrationInterface {
  name = 'CreateRoles1767225600001';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE EXTENSION IF NOT EXISTS btree_gist;
      -- Roles belong to the cluster, not to the database: another database of it may have made them already.
      DO $$
      BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'trame_tenant') THEN CREATE ROLE trame_tenant NOLOGIN; END IF;
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'trame_system') THEN CREATE ROLE trame_system NOLOGIN; END IF;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END $$;
      GRANT trame_tenant, trame_system TO CURRENT_USER;
      GRANT USAGE ON SCHEMA public TO trame_tenant, trame_system;
      -- The setting is '' and not NULL after the first transaction of a connection (measured on PostgreSQL 15).
      CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP FUNCTION current_tenant(); REVOKE USAGE ON SCHEMA public FROM trame_tenant, trame_system');
  }
}
