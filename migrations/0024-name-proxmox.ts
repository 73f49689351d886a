import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A Proxmox cluster is a device: its API is a transport, and the check of an order has to know its zone. What a device said that a push would
 * change on it stays with the attempt.
 */
export class NameProxmox1767225600024 implements MigrationInterface {
  name = 'NameProxmox1767225600024';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE device
        DROP CONSTRAINT device_platform_known,
        DROP CONSTRAINT device_transport_known,
        ADD CONSTRAINT device_platform_known
          CHECK (platform IN ('DEBIAN_FRR', 'ARISTA_EOS', 'OPENBSD', 'HP_COMWARE', 'OPENNEBULA', 'PROXMOX', 'EXTERNAL')),
        ADD CONSTRAINT device_transport_known CHECK (transport IN ('SSH', 'EAPI', 'PVE', 'NONE'));
      -- The device's own words, secrets by their names; null: nothing was staged.
      ALTER TABLE push_attempt ADD COLUMN diff text CONSTRAINT push_attempt_diff_bounded CHECK (length(diff) <= 100000);
      ${abilities(`'software', 'switch', 'openvswitch', 'libvirt', 'proxmox'`)}
    `);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(`
      ${abilities(`'software', 'switch', 'openvswitch', 'libvirt'`)}
      ALTER TABLE push_attempt DROP COLUMN diff;
      ALTER TABLE device
        DROP CONSTRAINT device_platform_known,
        DROP CONSTRAINT device_transport_known,
        ADD CONSTRAINT device_platform_known
          CHECK (platform IN ('DEBIAN_FRR', 'ARISTA_EOS', 'OPENBSD', 'HP_COMWARE', 'OPENNEBULA', 'EXTERNAL')),
        ADD CONSTRAINT device_transport_known CHECK (transport IN ('SSH', 'EAPI', 'NONE'));
    `);
  }
}

const abilities = (keys: string): string => `
      CREATE OR REPLACE FUNCTION device_abilities(device_id uuid) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(d.facts)
                          WHERE key IN (${keys})), '{}')
          FROM device d WHERE d.id = device_id $$;`;
