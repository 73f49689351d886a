import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Name servers hear of every name that changes, whoever changed it: triggers note the transaction for each server of the fabric. Before, only a change of
 * the fabric's intent was heard of, and names that no order made were published with the next order.
 */
export class NoticeNames1767225600028 implements MigrationInterface {
  name = 'NoticeNames1767225600028';

  async up(q: QueryRunner): Promise<void> {
    await q.query(TABLE);
    await q.query('GRANT CREATE ON SCHEMA public TO trame_system');
    for (const table of WATCHED) await q.query(watch(table));
    await q.query(`ALTER FUNCTION dns_noted(uuid[]) OWNER TO trame_system; ALTER FUNCTION dns_target_changed() OWNER TO trame_system`);
    await q.query('REVOKE CREATE ON SCHEMA public FROM trame_system');
  }

  async down(q: QueryRunner): Promise<void> {
    for (const { table, events } of WATCHED) {
      for (const event of events) await q.query(`DROP TRIGGER ${table}_names_${event.toLowerCase()} ON ${table}`);
      await q.query(`DROP FUNCTION names_of_${table}()`);
    }
    await q.query(`
      DROP TRIGGER sync_target_names ON sync_target; DROP FUNCTION dns_target_changed(); DROP FUNCTION dns_noted(uuid[]); DROP FUNCTION dns_is_watched();
      DROP TABLE dns_change;
      ALTER TABLE sync_target DROP COLUMN recheck_at`);
  }
}

const TABLE = `
  -- What somebody else's record set, or a guard, keeps from being written is tried again then; nothing else waits for it.
  ALTER TABLE sync_target ADD COLUMN recheck_at timestamptz;

  -- One row for a transaction that changed names, until a run has read what it did. No foreign key: every name given out would lock the row of its server.
  CREATE TABLE dns_change (
    target_id uuid NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT dns_change_pkey PRIMARY KEY (target_id, xid));
  GRANT SELECT, INSERT, DELETE ON dns_change TO trame_system;

  CREATE FUNCTION dns_is_watched() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM sync_target WHERE enabled AND kind = 'POWERDNS') $$;
  CREATE FUNCTION dns_noted(p_fabrics uuid[]) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO dns_change (target_id) SELECT t.id FROM sync_target t WHERE t.enabled AND t.kind = 'POWERDNS' AND t.fabric_id = ANY(p_fabrics)
      ON CONFLICT DO NOTHING $$;
  REVOKE EXECUTE ON FUNCTION dns_noted(uuid[]) FROM PUBLIC;

  -- Another server, other zones: everything is looked at again, also what changed while nobody listened.
  CREATE FUNCTION dns_target_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN INSERT INTO dns_change (target_id) VALUES (NEW.id) ON CONFLICT DO NOTHING; RETURN NULL; END $$;
  CREATE TRIGGER sync_target_names AFTER UPDATE ON sync_target FOR EACH ROW
    WHEN (NEW.enabled AND NEW.kind = 'POWERDNS' AND (OLD.enabled, OLD.fabric_id, OLD.url, OLD.zones, OLD.ttl_seconds, OLD.settings)
      IS DISTINCT FROM (NEW.enabled, NEW.fabric_id, NEW.url, NEW.zones, NEW.ttl_seconds, NEW.settings))
    EXECUTE FUNCTION dns_target_changed();
`;

const SERVED = `('PROVISIONING', 'ACTIVE', 'DEGRADED')`;
/** Of the addresses of `touched`: those whose network is not planned or gone, and those of no network. */
const OF_ADDRESSES = `SELECT DISTINCT sp.fabric_id FROM touched t JOIN address_space sp ON sp.id = t.space_id LEFT JOIN subnet s ON s.id = t.subnet_id
  LEFT JOIN network n ON n.id = s.network_id WHERE t.dns_name IS NOT NULL AND t.state = 'BOUND' AND (n.id IS NULL OR n.state IN ${SERVED})`;

interface Watched {
  readonly table: string;
  readonly events: readonly ('INSERT' | 'UPDATE' | 'DELETE')[];
  /** Of rows o before and n after an update: what else than this is no change of a name. */
  readonly differs: string;
  /** SELECT of the fabrics whose names the rows of `touched` are part of. */
  readonly fabrics: string;
}

const WATCHED: readonly Watched[] = [
  {
    table: 'ip_address',
    events: ['INSERT', 'UPDATE', 'DELETE'],
    differs: `coalesce(o.dns_name, n.dns_name) IS NOT NULL
      AND (o.dns_name, o.state, o.address, o.subnet_id) IS DISTINCT FROM (n.dns_name, n.state, n.address, n.subnet_id)`,
    fabrics: OF_ADDRESSES,
  },
  {
    table: 'network',
    events: ['UPDATE'],
    differs: `(o.state IN ${SERVED}) <> (n.state IN ${SERVED})`,
    fabrics: `SELECT DISTINCT t.fabric_id FROM touched t
      WHERE EXISTS (SELECT FROM subnet s JOIN ip_address i ON i.subnet_id = s.id WHERE s.network_id = t.id AND i.dns_name IS NOT NULL)`,
  },
  {
    table: 'subnet',
    events: ['UPDATE'],
    differs: 'o.network_id IS DISTINCT FROM n.network_id',
    fabrics: `SELECT DISTINCT sp.fabric_id FROM touched t JOIN address_space sp ON sp.id = t.space_id
      WHERE EXISTS (SELECT FROM ip_address i WHERE i.subnet_id = t.id AND i.dns_name IS NOT NULL)`,
  },
];

/** DEFINER: a tenant's change is noted, and the tenant cannot read what is. */
function watch({ table, events, differs, fabrics }: Watched): string {
  const note = (touched: string): string => `PERFORM dns_noted(ARRAY(WITH touched AS (${touched}) ${fabrics}))`;
  const changed = `FROM stale o JOIN fresh n ON n.id = o.id WHERE ${differs}`;
  const work = {
    INSERT: `IF TG_OP = 'INSERT' THEN ${note('SELECT * FROM fresh')}; END IF;`,
    UPDATE: `IF TG_OP = 'UPDATE' THEN ${note(`SELECT o.* ${changed} UNION ALL SELECT n.* ${changed}`)}; END IF;`,
    DELETE: `IF TG_OP = 'DELETE' THEN ${note('SELECT * FROM stale')}; END IF;`,
  };
  const tables = { INSERT: 'NEW TABLE AS fresh', UPDATE: 'OLD TABLE AS stale NEW TABLE AS fresh', DELETE: 'OLD TABLE AS stale' };
  return `
    CREATE FUNCTION names_of_${table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF NOT dns_is_watched() THEN RETURN NULL; END IF;
      ${events.map((event) => work[event]).join('\n')}
      RETURN NULL;
    END $$;
    ALTER FUNCTION names_of_${table}() OWNER TO trame_system;
    ${events
      .map(
        (event) =>
          `CREATE TRIGGER ${table}_names_${event.toLowerCase()} AFTER ${event} ON ${table} REFERENCING ${tables[event]} FOR EACH STATEMENT EXECUTE FUNCTION names_of_${table}();`,
      )
      .join('\n')}`;
}
