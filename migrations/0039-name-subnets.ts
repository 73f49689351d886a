import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A subnet says how the names of its addresses are published: with a prefix between them and their zone, and with a TTL of its own. An address has further names. */
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
    // Record sets that are ours get their new mark while what they say is what is wanted: after the next change nobody could tell whose they were.
    await q.query(`UPDATE sync_target SET recheck_at = clock_timestamp() WHERE kind = 'POWERDNS' AND enabled`);
    await watchNames(
      q,
      `(o.network_id, o.dns_zone, o.dns_zone_prefix, o.dns_ttl_seconds) IS DISTINCT FROM (n.network_id, n.dns_zone, n.dns_zone_prefix, n.dns_ttl_seconds)`,
    );
    await q.query(ALIASES);
    await q.query(`GRANT CREATE ON SCHEMA public TO trame_system; ALTER FUNCTION dns_names_of_others(uuid, text[]) OWNER TO trame_system;
      REVOKE CREATE ON SCHEMA public FROM trame_system`);
    await watchAddresses(q, ['dns_name', 'dns_aliases', 'state', 'address', 'subnet_id']);
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query(NO_ALIASES);
    await watchAddresses(q, ['dns_name', 'state', 'address', 'subnet_id']);
    await q.query('ALTER TABLE ip_address DROP COLUMN dns_aliases');
    await watchNames(q, 'o.network_id IS DISTINCT FROM n.network_id');
    await q.query(
      'ALTER TABLE subnet DROP CONSTRAINT subnet_dns_prefix_of_zone, DROP COLUMN dns_zone_prefix, DROP COLUMN dns_ttl_seconds, DROP COLUMN dns_set_at',
    );
  }
}

const ALIASES = `
  -- Null: none. Without a name of its own, which has the PTR, an address has no others.
  ALTER TABLE ip_address
    ADD COLUMN dns_aliases text[] CONSTRAINT ip_address_dns_aliases_form
      CHECK (cardinality(dns_aliases) BETWEEN 1 AND 16 AND array_to_string(dns_aliases, ' ') ~ '^[a-z0-9. -]+$'),
    ADD CONSTRAINT ip_address_dns_aliases_of_name CHECK (dns_aliases IS NULL OR dns_name IS NOT NULL);
  CREATE INDEX ip_address_dns_aliases ON ip_address USING gin (dns_aliases) WHERE dns_aliases IS NOT NULL;

  -- Whatever takes the name away, a release or a station that is another: the others go with it.
  CREATE FUNCTION dns_aliases_go() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.dns_aliases := NULL; RETURN NEW; END $$;
  CREATE TRIGGER ip_address_aliases_go BEFORE UPDATE ON ip_address FOR EACH ROW
    WHEN (NEW.dns_name IS NULL AND NEW.dns_aliases IS NOT NULL) EXECUTE FUNCTION dns_aliases_go();

  -- DEFINER: a tenant learns that a name is in use, as of the unique index of names, and not whose.
  CREATE FUNCTION dns_names_of_others(p_address uuid, p_names text[]) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT w.name FROM ip_address a, unnest(p_names) w (name)
     WHERE a.id = p_address AND (
       EXISTS (SELECT FROM ip_address o WHERE o.dns_name = w.name AND family(o.address) = family(a.address) AND o.tenant_id <> a.tenant_id)
       OR EXISTS (SELECT FROM ip_address o WHERE o.dns_aliases @> ARRAY[w.name] AND o.dns_aliases IS NOT NULL AND family(o.address) = family(a.address)
         AND o.tenant_id <> a.tenant_id)) $$;
`;
const NO_ALIASES = `
  DROP TRIGGER ip_address_aliases_go ON ip_address;
  DROP FUNCTION dns_aliases_go(), dns_names_of_others(uuid, text[])`;

/** As in migration 0028, with the columns of a row that make its names. */
async function watchAddresses(q: QueryRunner, columns: readonly string[]): Promise<void> {
  const row = (of: 'o' | 'n'): string => `(${columns.map((column) => `${of}.${column}`).join(', ')})`;
  const changed = `FROM stale o JOIN fresh n ON n.id = o.id WHERE coalesce(o.dns_name, n.dns_name) IS NOT NULL AND ${row('o')} IS DISTINCT FROM ${row('n')}`;
  const note = (touched: string): string => `PERFORM dns_noted(ARRAY(WITH touched AS (${touched})
        SELECT DISTINCT sp.fabric_id FROM touched t JOIN address_space sp ON sp.id = t.space_id LEFT JOIN subnet s ON s.id = t.subnet_id
          LEFT JOIN network n ON n.id = s.network_id
         WHERE t.dns_name IS NOT NULL AND t.state = 'BOUND' AND (n.id IS NULL OR n.state IN ('PROVISIONING', 'ACTIVE', 'DEGRADED'))))`;
  await q.query(`
    CREATE OR REPLACE FUNCTION names_of_ip_address() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF NOT dns_is_watched() THEN RETURN NULL; END IF;
      IF TG_OP = 'INSERT' THEN ${note('SELECT * FROM fresh')}; END IF;
      IF TG_OP = 'UPDATE' THEN ${note(`SELECT o.* ${changed} UNION ALL SELECT n.* ${changed}`)}; END IF;
      IF TG_OP = 'DELETE' THEN ${note('SELECT * FROM stale')}; END IF;
      RETURN NULL;
    END $$`);
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
