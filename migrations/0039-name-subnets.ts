import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A subnet says how the names of its addresses are published: with a prefix between them and their zone, and with a TTL of its own. */
export class NameSubnets1767225600039 implements MigrationInterface {
  name = 'NameSubnets1767225600039';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      ALTER TABLE subnet
        ADD COLUMN dns_zone_prefix text CONSTRAINT subnet_dns_zone_prefix_form CHECK (dns_zone_prefix ~ '^[a-z0-9.-]{1,190}$'),
        ADD COLUMN dns_ttl_seconds int CONSTRAINT subnet_dns_ttl_range CHECK (dns_ttl_seconds BETWEEN 1 AND 604800),
        -- When it was said how they are published after the subnet was made: the request that made it is answered as before all the same.
        ADD COLUMN dns_set_at timestamptz,
        ADD CONSTRAINT subnet_dns_prefix_of_zone CHECK (dns_zone_prefix IS NULL OR dns_zone IS NOT NULL)`);
    await watchNames(
      q,
      `(o.network_id, o.dns_zone, o.dns_zone_prefix, o.dns_ttl_seconds) IS DISTINCT FROM (n.network_id, n.dns_zone, n.dns_zone_prefix, n.dns_ttl_seconds)`,
    );
  }

  async down(q: QueryRunner): Promise<void> {
    await watchNames(q, 'o.network_id IS DISTINCT FROM n.network_id');
    await q.query(
      'ALTER TABLE subnet DROP CONSTRAINT subnet_dns_prefix_of_zone, DROP COLUMN dns_zone_prefix, DROP COLUMN dns_ttl_seconds, DROP COLUMN dns_set_at',
    );
  }
}

/** As in migration 0028, with what else of a row o before and n after an update changes how names are published. */
async function watchNames(q: QueryRunner, differs: string): Promise<void> {
  const changed = `FROM stale o JOIN fresh n ON n.id = o.id WHERE ${differs}`;
  await q.query(`
    CREATE OR REPLACE FUNCTION names_of_subnet() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF NOT dns_is_watched() THEN RETURN NULL; END IF;
      PERFORM dns_noted(ARRAY(WITH touched AS (SELECT o.* ${changed} UNION ALL SELECT n.* ${changed})
        SELECT DISTINCT sp.fabric_id FROM touched t JOIN address_space sp ON sp.id = t.space_id
         WHERE EXISTS (SELECT FROM ip_address i WHERE i.subnet_id = t.id AND i.dns_name IS NOT NULL)));
      RETURN NULL;
    END $$`);
}
