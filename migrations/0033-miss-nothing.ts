import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the journal did not tell (ADR 0018): changes of transactions that were open when a connector was switched on, and of rows that objects are made of
 * beside their own. And a name server that goes from OBSERVE to WRITE is looked at.
 */
export class MissNothing1767225600033 implements MigrationInterface {
  name = 'MissNothing1767225600033';

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      -- Transactions below this may have changed what the journal was not written for, so nothing but a scan that begins after them is complete. The
      -- highest number: when it was switched on is not known yet. NULL: it has heard everything. Journal (0, 0): nothing is kept for it.
      ALTER TABLE sync_target ADD COLUMN unheard_until xid8;
      ALTER TABLE sync_target ALTER COLUMN unheard_until SET DEFAULT '18446744073709551615'`);
    await q.query(namesTrigger([...NAMES_OF, 'mode']));
    await q.query('GRANT CREATE ON SCHEMA public TO trame_system');
    for (const watched of WATCHED) await q.query(watch(watched));
    await q.query('REVOKE CREATE ON SCHEMA public FROM trame_system');
  }

  async down(q: QueryRunner): Promise<void> {
    for (const { name, table } of WATCHED) {
      for (const event of EVENTS) await q.query(`DROP TRIGGER ${name}_journal_${event.toLowerCase()} ON ${table}`);
      await q.query(`DROP FUNCTION journal_${name}()`);
    }
    await q.query(namesTrigger(NAMES_OF));
    await q.query('ALTER TABLE sync_target DROP COLUMN unheard_until');
  }
}

const EVENTS = ['INSERT', 'UPDATE', 'DELETE'] as const;
const NAMES_OF = ['enabled', 'fabric_id', 'url', 'zones', 'ttl_seconds', 'settings'];

/** What a change of a name server has to be of for everything to be looked at again. */
function namesTrigger(compared: readonly string[]): string {
  const row = (of: 'OLD' | 'NEW'): string => `(${compared.map((column) => `${of}.${column}`).join(', ')})`;
  return `
    DROP TRIGGER sync_target_names ON sync_target;
    CREATE TRIGGER sync_target_names AFTER UPDATE ON sync_target FOR EACH ROW
      WHEN (NEW.enabled AND NEW.kind = 'POWERDNS' AND ${row('OLD')} IS DISTINCT FROM ${row('NEW')})
      EXECUTE FUNCTION dns_target_changed()`;
}

interface Watched {
  readonly name: string;
  readonly table: string;
  /** An update of none of these is no change of any object. */
  readonly compared: readonly string[];
  /** SELECTs of kind and key of what a change of the rows of `touched` changes; of an update both versions are there. */
  readonly touches: readonly string[];
}

const WATCHED: readonly Watched[] = [
  {
    name: 'fabric',
    table: 'fabric',
    compared: ['slug', `facts->'mlags'`],
    touches: [
      // VLAN groups of one slug in several fabrics are named with their fabric.
      `SELECT 'vlanGroup', d.id::text FROM touched t JOIN vlan_domain d ON d.fabric_id = t.id`,
      // Two switches that are one VTEP; the object is of the lower id.
      `SELECT 'ipAddress', 'pair ' || least(m->'members'->0->>'deviceId', m->'members'->1->>'deviceId')
         FROM touched t, jsonb_array_elements(CASE jsonb_typeof(t.facts->'mlags') WHEN 'array' THEN t.facts->'mlags' ELSE '[]' END) m
        WHERE m->>'sharedVtep' IS NOT NULL`,
    ],
  },
  {
    name: 'site',
    table: 'site',
    compared: ['slug'],
    touches: [`SELECT 'device', d.id::text FROM touched t JOIN device d ON d.site_id = t.id`],
  },
  {
    name: 'vlan_domain_namesakes',
    table: 'vlan_domain',
    compared: ['slug', 'fabric_id'],
    touches: [`SELECT 'vlanGroup', d.id::text FROM touched t JOIN vlan_domain d ON d.slug = t.slug AND d.id <> t.id`],
  },
];

/** DEFINER: nobody but the system reads and writes the journal. As in migration 0027. */
function watch({ name, table, compared, touches }: Watched): string {
  const values = (row: 'o' | 'n'): string => `(${compared.map((column) => `${row}.${column}`).join(', ')})`;
  const differs = `FROM stale o JOIN fresh n ON o.id = n.id WHERE ${values('o')} IS DISTINCT FROM ${values('n')}`;
  const write = (touched: string): string =>
    `WITH touched AS (${touched}) INSERT INTO sync_journal (kind, local_key) SELECT DISTINCT x.kind, x.key FROM (${touches.join(' UNION ALL ')}) x(kind, key)`;
  const tables = { INSERT: 'NEW TABLE AS fresh', UPDATE: 'OLD TABLE AS stale NEW TABLE AS fresh', DELETE: 'OLD TABLE AS stale' };
  return `
    CREATE FUNCTION journal_${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF NOT sync_is_watched() THEN RETURN NULL; END IF;
      IF TG_OP = 'INSERT' THEN ${write('SELECT * FROM fresh')};
      ELSIF TG_OP = 'DELETE' THEN ${write('SELECT * FROM stale')};
      ELSE ${write(`SELECT o.* ${differs} UNION ALL SELECT n.* ${differs}`)};
      END IF;
      RETURN NULL;
    END $$;
    ALTER FUNCTION journal_${name}() OWNER TO trame_system;
    ${EVENTS.map(
      (event) =>
        `CREATE TRIGGER ${name}_journal_${event.toLowerCase()} AFTER ${event} ON ${table} REFERENCING ${tables[event]} FOR EACH STATEMENT EXECUTE FUNCTION journal_${name}();`,
    ).join('\n')}`;
}
