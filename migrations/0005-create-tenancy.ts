import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

export class CreateTenancy1767225600005 implements MigrationInterface {
  name = 'CreateTenancy1767225600005';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE vrf (
        id uuid CONSTRAINT vrf_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT vrf_tenant_fkey REFERENCES tenant (id),
        fabric_id uuid NOT NULL CONSTRAINT vrf_fabric_fkey REFERENCES fabric (id),
        slug text NOT NULL,
        name text NOT NULL,
        -- Two tenants' "prod" would collide on a switch, so the device name is derived and unique in the fabric; Linux allows 15 octets.
        device_name text NOT NULL CONSTRAINT vrf_device_name_form CHECK (device_name ~ '^[A-Za-z0-9_.-]{1,15}$' AND device_name <> 'default'),
        l3vni_allocation_id uuid NOT NULL,
        l3vni int NOT NULL CONSTRAINT vrf_l3vni_range CHECK (l3vni BETWEEN 1 AND 16777214),
        evi_allocation_id uuid NOT NULL,
        evi_id int NOT NULL CONSTRAINT vrf_evi_range CHECK (evi_id BETWEEN 1 AND 65535),
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT vrf_tenant_id UNIQUE (tenant_id, id),
        CONSTRAINT vrf_slug_unique UNIQUE (tenant_id, slug),
        CONSTRAINT vrf_device_name_unique UNIQUE (fabric_id, device_name),
        CONSTRAINT vrf_l3vni_unique UNIQUE (fabric_id, l3vni),
        CONSTRAINT vrf_evi_unique UNIQUE (fabric_id, evi_id),
        CONSTRAINT vrf_l3vni_allocation_fkey FOREIGN KEY (tenant_id, l3vni_allocation_id) REFERENCES number_allocation (tenant_id, id),
        CONSTRAINT vrf_evi_allocation_fkey FOREIGN KEY (tenant_id, evi_allocation_id) REFERENCES number_allocation (tenant_id, id));
      ${isolateByTenant('vrf')}

      CREATE TABLE network (
        id uuid CONSTRAINT network_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT network_tenant_fkey REFERENCES tenant (id),
        fabric_id uuid NOT NULL CONSTRAINT network_fabric_fkey REFERENCES fabric (id),
        vrf_id uuid,
        slug text NOT NULL,
        name text NOT NULL,
        external_ref text,
        -- Both numbers come from one uniqueness space with the L3 ones; the allocation row is the proof of ownership.
        vni_allocation_id uuid CONSTRAINT network_vni_allocation_unique UNIQUE,
        vni int NOT NULL CONSTRAINT network_vni_range CHECK (vni BETWEEN 1 AND 16777214),
        evi_allocation_id uuid CONSTRAINT network_evi_allocation_unique UNIQUE,
        evi_id int NOT NULL CONSTRAINT network_evi_range CHECK (evi_id BETWEEN 1 AND 65535),
        mtu int NOT NULL CONSTRAINT network_mtu_range CHECK (mtu BETWEEN 576 AND 9166),
        state text NOT NULL DEFAULT 'PLANNED' CONSTRAINT network_state_known CHECK (state IN ('PLANNED', 'PROVISIONING', 'ACTIVE', 'DEGRADED', 'DEPROVISIONING', 'RETIRED')),
        generation int NOT NULL DEFAULT 1,
        version int NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT network_tenant_id UNIQUE (tenant_id, id),
        CONSTRAINT network_vrf_fkey FOREIGN KEY (tenant_id, vrf_id) REFERENCES vrf (tenant_id, id),
        CONSTRAINT network_vni_allocation_fkey FOREIGN KEY (tenant_id, vni_allocation_id) REFERENCES number_allocation (tenant_id, id),
        CONSTRAINT network_evi_allocation_fkey FOREIGN KEY (tenant_id, evi_allocation_id) REFERENCES number_allocation (tenant_id, id),
        CONSTRAINT network_numbers_while_alive CHECK (state = 'RETIRED' OR (vni_allocation_id IS NOT NULL AND evi_allocation_id IS NOT NULL)));
      CREATE UNIQUE INDEX network_slug_unique ON network (tenant_id, slug) WHERE state <> 'RETIRED';
      CREATE UNIQUE INDEX network_vni_unique ON network (fabric_id, vni) WHERE state <> 'RETIRED';
      CREATE UNIQUE INDEX network_evi_unique ON network (fabric_id, evi_id) WHERE state <> 'RETIRED';
      CREATE INDEX network_fabric_alive ON network (fabric_id) WHERE state <> 'RETIRED';
      ${isolateByTenant('network')}

      -- Who exports a target, and who imports it: an import refers to a target that exists.
      CREATE TABLE route_target (
        id uuid CONSTRAINT route_target_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT route_target_tenant_fkey REFERENCES tenant (id),
        fabric_id uuid NOT NULL CONSTRAINT route_target_fabric_fkey REFERENCES fabric (id),
        -- The 8 bytes on the wire (RFC 4360): 65000:1 and 0:65000:1 are one.
        value bytea NOT NULL CONSTRAINT route_target_is_8_bytes CHECK (octet_length(value) = 8),
        text text NOT NULL,
        network_id uuid,
        vrf_id uuid,
        CONSTRAINT route_target_one_owner CHECK (num_nonnulls(network_id, vrf_id) = 1),
        CONSTRAINT route_target_value_unique UNIQUE (fabric_id, value),
        CONSTRAINT route_target_network_fkey FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id) ON DELETE CASCADE,
        CONSTRAINT route_target_vrf_fkey FOREIGN KEY (tenant_id, vrf_id) REFERENCES vrf (tenant_id, id) ON DELETE CASCADE);
      CREATE INDEX route_target_network ON route_target (network_id);
      CREATE INDEX route_target_vrf ON route_target (vrf_id);
      ${isolateByTenant('route_target')}

      GRANT SELECT, INSERT, UPDATE, DELETE ON vrf, network, route_target TO trame_tenant, trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE route_target; DROP TABLE network; DROP TABLE vrf');
  }
}
