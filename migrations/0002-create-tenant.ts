import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

export class CreateTenant1767225600002 implements MigrationInterface {
  name = 'CreateTenant1767225600002';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE tenant (
        id uuid CONSTRAINT tenant_pkey PRIMARY KEY,
        slug text NOT NULL CONSTRAINT tenant_slug_unique UNIQUE,
        name text NOT NULL,
        state text NOT NULL DEFAULT 'ACTIVE' CONSTRAINT tenant_state_known CHECK (state IN ('ACTIVE', 'SUSPENDED', 'DELETING')),
        external_ref text,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now());
      ${isolateByTenant('tenant', 'id')}
      GRANT SELECT ON tenant TO trame_tenant;
      GRANT SELECT, INSERT, UPDATE, DELETE ON tenant TO trame_system;

      CREATE TABLE api_token (
        id text CONSTRAINT api_token_pkey PRIMARY KEY,
        name text NOT NULL,
        -- NULL: a token of the operator, for all tenants.
        tenant_id uuid CONSTRAINT api_token_tenant_fkey REFERENCES tenant (id),
        scopes text[] NOT NULL,
        secret_hash bytea NOT NULL CONSTRAINT api_token_hash_is_sha256 CHECK (octet_length(secret_hash) = 32),
        pepper_version int NOT NULL,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz);
      ${isolateByTenant('api_token')}
      GRANT SELECT, INSERT, UPDATE ON api_token TO trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE api_token; DROP TABLE tenant');
  }
}
