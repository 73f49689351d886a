import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

/** Doors through which systems that know NetBox take addresses of one tenant (ADR 0019). */
export class SpeakNetbox1767225600029 implements MigrationInterface {
  name = 'SpeakNetbox1767225600029';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE facade (
        id uuid CONSTRAINT facade_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT facade_tenant_fkey REFERENCES tenant (id),
        slug text NOT NULL CONSTRAINT facade_slug_unique UNIQUE,
        -- NULL: subnets that are in no VRF.
        vrf_id uuid,
        -- Names without a dot are completed by it; NULL: they get no record.
        dns_zone text,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT facade_tenant_id UNIQUE (tenant_id, id),
        CONSTRAINT facade_vrf_fkey FOREIGN KEY (tenant_id, vrf_id) REFERENCES vrf (tenant_id, id));
      CREATE TABLE facade_pool (
        facade_id uuid NOT NULL,
        tenant_id uuid NOT NULL,
        pool_id uuid NOT NULL CONSTRAINT facade_pool_pool_fkey REFERENCES prefix_pool (id),
        CONSTRAINT facade_pool_pkey PRIMARY KEY (facade_id, pool_id),
        CONSTRAINT facade_pool_facade_fkey FOREIGN KEY (tenant_id, facade_id) REFERENCES facade (tenant_id, id) ON DELETE CASCADE);
      CREATE INDEX facade_pool_pool ON facade_pool (pool_id);
      ALTER TABLE api_token ADD CONSTRAINT api_token_tenant_id UNIQUE (tenant_id, id);
      CREATE TABLE facade_token (
        token_id text CONSTRAINT facade_token_pkey PRIMARY KEY,
        facade_id uuid NOT NULL,
        tenant_id uuid NOT NULL,
        CONSTRAINT facade_token_token_fkey FOREIGN KEY (tenant_id, token_id) REFERENCES api_token (tenant_id, id) ON DELETE CASCADE,
        CONSTRAINT facade_token_facade_fkey FOREIGN KEY (tenant_id, facade_id) REFERENCES facade (tenant_id, id) ON DELETE CASCADE);
      CREATE INDEX facade_token_facade ON facade_token (facade_id);
      -- Clients of NetBox know objects by numbers.
      CREATE TABLE facade_object (
        number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT facade_object_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT facade_object_tenant_fkey REFERENCES tenant (id),
        kind text NOT NULL CONSTRAINT facade_object_kind_known CHECK (kind IN ('prefix', 'ip-range', 'ip-address', 'aggregate', 'vrf', 'tenant')),
        object_id text NOT NULL,
        CONSTRAINT facade_object_unique UNIQUE (tenant_id, kind, object_id));
      CREATE TABLE facade_claim (
        facade_id uuid NOT NULL,
        tenant_id uuid NOT NULL,
        subnet_id uuid NOT NULL,
        -- It was allocated by the claim, and goes with it.
        is_own boolean NOT NULL,
        description text,
        CONSTRAINT facade_claim_pkey PRIMARY KEY (facade_id, subnet_id),
        CONSTRAINT facade_claim_subnet_fkey FOREIGN KEY (tenant_id, subnet_id) REFERENCES subnet (tenant_id, id) ON DELETE CASCADE,
        CONSTRAINT facade_claim_facade_fkey FOREIGN KEY (tenant_id, facade_id) REFERENCES facade (tenant_id, id) ON DELETE CASCADE);
      CREATE INDEX facade_claim_subnet ON facade_claim (tenant_id, subnet_id);
      CREATE INDEX facade_vrf ON facade (tenant_id, vrf_id);
      ${isolateByTenant('facade')}
      ${isolateByTenant('facade_pool')}
      ${isolateByTenant('facade_token')}
      ${isolateByTenant('facade_object')}
      ${isolateByTenant('facade_claim')}
      GRANT SELECT, INSERT, UPDATE, DELETE ON facade, facade_pool, facade_token, facade_object, facade_claim TO trame_system;
      GRANT SELECT ON facade TO trame_tenant;
      GRANT SELECT, INSERT ON facade_object TO trame_tenant;
      GRANT SELECT, INSERT, UPDATE, DELETE ON facade_claim TO trame_tenant;
      -- Stations are found by their MAC address or their name within a few subnets.
      CREATE INDEX ip_address_mac ON ip_address (mac) WHERE mac IS NOT NULL;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      DROP INDEX ip_address_mac;
      DROP TABLE facade_claim; DROP TABLE facade_object; DROP TABLE facade_token; DROP TABLE facade_pool; DROP TABLE facade;
      ALTER TABLE api_token DROP CONSTRAINT api_token_tenant_id`);
  }
}
