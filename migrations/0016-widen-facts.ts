import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What devices and networks are beyond numbers and sessions (ADR 0015): facts by subject, written by the operator as a whole and read as a
 * whole, so one document each and not forty tables. What two rows must not share stays a column with a constraint.
 */
export class WidenFacts1767225600016 implements MigrationInterface {
  name = 'WidenFacts1767225600016';

  async up(q: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      await q.query(
        `ALTER TABLE ${table} ADD COLUMN facts jsonb NOT NULL DEFAULT '{}' CONSTRAINT ${table}_facts_is_object CHECK (jsonb_typeof(facts) = 'object')`,
      );
    }
    await q.query(`
      ALTER TABLE device
        DROP CONSTRAINT device_platform_known,
        DROP CONSTRAINT device_transport_known,
        ADD CONSTRAINT device_platform_known
          CHECK (platform IN ('DEBIAN_FRR', 'ARISTA_EOS', 'OPENBSD', 'HP_COMWARE', 'OPENNEBULA', 'EXTERNAL')),
        -- NONE: rendered and exported, never pushed to.
        ADD CONSTRAINT device_transport_known CHECK (transport IN ('SSH', 'EAPI', 'NONE'));
      ALTER TABLE bgp_session
        DROP CONSTRAINT bgp_session_a_role_known,
        DROP CONSTRAINT bgp_session_b_role_known,
        ADD CONSTRAINT bgp_session_a_role_known CHECK (a_role IN (${ROLES})),
        ADD CONSTRAINT bgp_session_b_role_known CHECK (b_role IN (${ROLES})),
        ADD CONSTRAINT bgp_session_serves_client CHECK (
          (a_role = 'ROUTE_SERVER') = (b_role = 'ROUTE_SERVER_CLIENT') AND (b_role = 'ROUTE_SERVER') = (a_role = 'ROUTE_SERVER_CLIENT'));
      -- What the check of an order has to know of a device: what it can do, and which VLANs and bridges are taken. How it is wired and reached is not there.
      CREATE FUNCTION device_abilities(device_id uuid) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(d.facts)
                          WHERE key IN ('software', 'switch', 'openvswitch', 'libvirt')), '{}')
          FROM device d WHERE d.id = device_id $$;
      REVOKE ALL ON FUNCTION device_abilities(uuid) FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION device_abilities(uuid) TO trame_tenant, trame_system;
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      DROP FUNCTION device_abilities(uuid);
      ALTER TABLE bgp_session
        DROP CONSTRAINT bgp_session_serves_client,
        DROP CONSTRAINT bgp_session_a_role_known,
        DROP CONSTRAINT bgp_session_b_role_known,
        ADD CONSTRAINT bgp_session_a_role_known CHECK (a_role IN ('PEER', 'ROUTE_REFLECTOR', 'ROUTE_REFLECTOR_CLIENT')),
        ADD CONSTRAINT bgp_session_b_role_known CHECK (b_role IN ('PEER', 'ROUTE_REFLECTOR', 'ROUTE_REFLECTOR_CLIENT'));
      ALTER TABLE device
        DROP CONSTRAINT device_platform_known,
        DROP CONSTRAINT device_transport_known,
        ADD CONSTRAINT device_platform_known CHECK (platform IN ('DEBIAN_FRR', 'ARISTA_EOS')),
        ADD CONSTRAINT device_transport_known CHECK (transport IN ('SSH', 'EAPI'));
    `);
    for (const table of TABLES) await q.query(`ALTER TABLE ${table} DROP COLUMN facts`);
  }
}

const TABLES = ['fabric', 'device', 'port', 'bgp_session', 'vrf', 'network', 'subnet'] as const;
const ROLES = "'PEER', 'ROUTE_REFLECTOR', 'ROUTE_REFLECTOR_CLIENT', 'ROUTE_SERVER', 'ROUTE_SERVER_CLIENT'";
