import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from './tenant-isolation.js';

export class CreateAttachment1767225600007 implements MigrationInterface {
  name = 'CreateAttachment1767225600007';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE vlan_mapping (
        id uuid CONSTRAINT vlan_mapping_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL,
        network_id uuid NOT NULL,
        vlan_domain_id uuid NOT NULL CONSTRAINT vlan_mapping_domain_fkey REFERENCES vlan_domain (id),
        vlan_allocation_id uuid NOT NULL CONSTRAINT vlan_mapping_allocation_unique UNIQUE,
        vlan int NOT NULL CONSTRAINT vlan_mapping_vlan_range CHECK (vlan BETWEEN 2 AND 4094),
        CONSTRAINT vlan_mapping_network_fkey FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id),
        CONSTRAINT vlan_mapping_allocation_fkey FOREIGN KEY (tenant_id, vlan_allocation_id) REFERENCES number_allocation (tenant_id, id),
        -- In a domain the mapping of VLANs and networks is one to one.
        CONSTRAINT vlan_mapping_vlan_unique UNIQUE (vlan_domain_id, vlan),
        CONSTRAINT vlan_mapping_network_unique UNIQUE (vlan_domain_id, network_id));
      ${isolateByTenant('vlan_mapping')}

      CREATE TABLE attachment (
        id uuid CONSTRAINT attachment_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL,
        network_id uuid NOT NULL,
        device_id uuid NOT NULL CONSTRAINT attachment_device_fkey REFERENCES device (id),
        port_id uuid,
        tagging text NOT NULL CONSTRAINT attachment_tagging_known CHECK (tagging IN ('UNTAGGED', 'TAGGED', 'BRIDGE_ONLY')),
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT attachment_network_fkey FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id),
        CONSTRAINT attachment_port_fkey FOREIGN KEY (device_id, port_id) REFERENCES port (device_id, id),
        CONSTRAINT attachment_port_by_tagging CHECK ((tagging = 'BRIDGE_ONLY') = (port_id IS NULL)),
        -- A port in use belongs to the tenant that uses it.
        CONSTRAINT attachment_port_one_tenant EXCLUDE USING gist (port_id WITH =, tenant_id WITH <>),
        CONSTRAINT attachment_place_unique UNIQUE NULLS NOT DISTINCT (network_id, device_id, port_id));
      -- A port carries one untagged network.
      CREATE UNIQUE INDEX attachment_untagged_unique ON attachment (port_id) WHERE tagging = 'UNTAGGED';
      CREATE INDEX attachment_device ON attachment (device_id);
      ${isolateByTenant('attachment')}

      -- RFC 7432 §7.9: one RD per EVI per VTEP.
      CREATE TABLE route_distinguisher (
        id uuid CONSTRAINT route_distinguisher_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT route_distinguisher_tenant_fkey REFERENCES tenant (id),
        vtep_id uuid NOT NULL CONSTRAINT route_distinguisher_vtep_fkey REFERENCES vtep (id),
        evi_id int NOT NULL CONSTRAINT route_distinguisher_evi_range CHECK (evi_id BETWEEN 1 AND 65535),
        network_id uuid,
        vrf_id uuid,
        value bytea NOT NULL CONSTRAINT route_distinguisher_is_8_bytes CHECK (octet_length(value) = 8),
        text text NOT NULL,
        CONSTRAINT route_distinguisher_one_owner CHECK (num_nonnulls(network_id, vrf_id) = 1),
        CONSTRAINT route_distinguisher_network_fkey FOREIGN KEY (tenant_id, network_id) REFERENCES network (tenant_id, id) ON DELETE CASCADE,
        CONSTRAINT route_distinguisher_vrf_fkey FOREIGN KEY (tenant_id, vrf_id) REFERENCES vrf (tenant_id, id) ON DELETE CASCADE,
        CONSTRAINT route_distinguisher_value_unique UNIQUE (value),
        CONSTRAINT route_distinguisher_evi_unique UNIQUE (vtep_id, evi_id));
      CREATE INDEX route_distinguisher_network ON route_distinguisher (network_id);
      ${isolateByTenant('route_distinguisher')}

      -- How far each device is on the way to the fabric's revision: written by deployment, read by whoever waits.
      CREATE TABLE device_progress (
        device_id uuid CONSTRAINT device_progress_pkey PRIMARY KEY CONSTRAINT device_progress_device_fkey REFERENCES device (id) ON DELETE CASCADE,
        -- The device is proven to do what this revision of the fabric asks of it.
        verified_revision bigint NOT NULL DEFAULT -1,
        stage text NOT NULL DEFAULT 'IDLE' CONSTRAINT device_progress_stage_known CHECK (stage IN ('IDLE', 'PLANNED', 'AWAITING_APPROVAL', 'PUSHING', 'CONFIRMED', 'VERIFIED', 'FAILED')),
        stage_revision bigint NOT NULL DEFAULT -1,
        -- Only rises: whoever waits compares with the count at the time when it began to wait.
        failure_count bigint NOT NULL DEFAULT 0,
        -- What the plan that failed last was for: it says nothing of a later order.
        failed_revision bigint NOT NULL DEFAULT -1,
        last_error jsonb);

      GRANT SELECT ON device_progress TO trame_tenant;
      GRANT SELECT, INSERT, UPDATE, DELETE ON device_progress TO trame_system;
      GRANT SELECT, INSERT, UPDATE, DELETE ON vlan_mapping, attachment, route_distinguisher TO trame_tenant, trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE device_progress; DROP TABLE route_distinguisher; DROP TABLE attachment; DROP TABLE vlan_mapping');
  }
}
