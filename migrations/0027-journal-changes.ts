import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What changed of what other systems are kept in step with (ADR 0018): triggers write it down in the transaction of the change, whoever made it, as
 * long as a connector is there to read it. And what people may write about a thing, here or there.
 */
export class JournalChanges1767225600027 implements MigrationInterface {
  name = 'JournalChanges1767225600027';

  async up(q: QueryRunner): Promise<void> {
    for (const table of DESCRIBED)
      await q.query(
        `ALTER TABLE ${table} ADD COLUMN description text CONSTRAINT ${table}_description_bounded CHECK (length(description) BETWEEN 1 AND 1000)`,
      );
    await q.query(JOURNAL);
    await q.query(IMPORTS);
    await q.query('GRANT CREATE ON SCHEMA public TO trame_system');
    for (const watched of WATCHED) await q.query(watch(watched));
    await q.query('REVOKE CREATE ON SCHEMA public FROM trame_system');
  }

  async down(q: QueryRunner): Promise<void> {
    for (const { table } of WATCHED) {
      for (const event of EVENTS) await q.query(`DROP TRIGGER ${table}_journal_${event.toLowerCase()} ON ${table}`);
      await q.query(`DROP FUNCTION journal_${table}()`);
    }
    await q.query(`
      DROP TABLE sync_import_note; DROP TABLE sync_imported; DROP TABLE sync_import;
      DROP FUNCTION sync_is_watched(); DROP TABLE sync_journal;
      DROP INDEX route_target_text; DROP INDEX vlan_mapping_network; DROP INDEX vtep_asn`);
    for (const table of DESCRIBED) await q.query(`ALTER TABLE ${table} DROP COLUMN description`);
  }
}

const DESCRIBED = ['tenant', 'vrf', 'network', 'prefix', 'ip_address', 'device'] as const;
const EVENTS = ['INSERT', 'UPDATE', 'DELETE'] as const;

const JOURNAL = `
  -- Read in this order and never past the oldest open transaction, as events are: rows commit out of order.
  CREATE TABLE sync_journal (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    -- Ids as the tables have them; whoever reads makes the id of the object of them.
    local_key text NOT NULL,
    CONSTRAINT sync_journal_pkey PRIMARY KEY (xid, seq));
  GRANT SELECT, INSERT, DELETE ON sync_journal TO trame_system;
  CREATE FUNCTION sync_is_watched() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM sync_target WHERE enabled AND kind <> 'POWERDNS') $$;

  -- Pages of route targets by their text; networks of VLANs; ASNs of devices.
  CREATE INDEX route_target_text ON route_target (text COLLATE "C");
  CREATE INDEX vlan_mapping_network ON vlan_mapping (network_id);
  CREATE INDEX vtep_asn ON vtep (asn);
`;

const IMPORTS = `
  -- What an operator wants to have taken over from the inventory of a connector, and what came of it. Not finished: a worker is at it, or will be.
  CREATE TABLE sync_import (
    id uuid CONSTRAINT sync_import_pkey PRIMARY KEY,
    target_id uuid NOT NULL CONSTRAINT sync_import_target_fkey REFERENCES sync_target (id) ON DELETE CASCADE,
    space_id uuid NOT NULL CONSTRAINT sync_import_space_fkey REFERENCES address_space (id),
    -- Who gets what has no tenant there.
    owner_id uuid CONSTRAINT sync_import_owner_fkey REFERENCES tenant (id),
    pools text NOT NULL CONSTRAINT sync_import_pools_known CHECK (pools IN ('MAKE', 'REPORT')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    counts jsonb NOT NULL DEFAULT '{}',
    error text);
  CREATE UNIQUE INDEX sync_import_open ON sync_import (target_id) WHERE finished_at IS NULL;
  -- What of ours was made of what of theirs: it is not taken twice, and what refers to it finds it. A link of both is made by adoption, with the mark.
  CREATE TABLE sync_imported (
    target_id uuid NOT NULL CONSTRAINT sync_imported_target_fkey REFERENCES sync_target (id) ON DELETE CASCADE,
    kind text NOT NULL,
    remote_id text COLLATE "C" NOT NULL,
    local_id text NOT NULL,
    import_id uuid NOT NULL CONSTRAINT sync_imported_import_fkey REFERENCES sync_import (id) ON DELETE CASCADE,
    CONSTRAINT sync_imported_pkey PRIMARY KEY (target_id, kind, remote_id));
  CREATE INDEX sync_imported_import ON sync_imported (import_id, kind);
  CREATE TABLE sync_import_note (
    import_id uuid NOT NULL CONSTRAINT sync_import_note_import_fkey REFERENCES sync_import (id) ON DELETE CASCADE,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    remote_id text NOT NULL,
    label text NOT NULL,
    -- NULL: it was taken, without what the reason says.
    code text,
    reason text NOT NULL,
    CONSTRAINT sync_import_note_pkey PRIMARY KEY (import_id, seq));
  GRANT SELECT, INSERT, UPDATE, DELETE ON sync_import, sync_imported, sync_import_note TO trame_system;
`;

interface Watched {
  readonly table: string;
  /** What makes a row the same one before and after an update. */
  readonly key?: readonly string[];
  /** An update of none of these is no change of any object. */
  readonly compared: readonly string[];
  /** SELECTs of kind and key of what a change of the rows of `touched` changes; of an update both versions are there. */
  readonly touches: readonly string[];
}

const WATCHED: readonly Watched[] = [
  { table: 'tenant', compared: ['slug', 'name', 'description'], touches: [`SELECT 'tenant', t.id::text FROM touched t`] },
  { table: 'vrf', compared: ['name', 'tenant_id', 'description'], touches: [`SELECT 'vrf', t.id::text FROM touched t`] },
  {
    table: 'network',
    compared: ['slug', 'name', 'vni', 'tenant_id', 'state', 'description'],
    touches: [
      `SELECT 'l2vpn', t.id::text FROM touched t`,
      `SELECT k.kind, m.vlan_domain_id || ' ' || m.network_id FROM touched t JOIN vlan_mapping m ON m.network_id = t.id, (VALUES ('vlan'), ('l2vpnTermination')) k(kind)`,
    ],
  },
  {
    table: 'route_target',
    compared: ['text', 'tenant_id', 'direction', 'vrf_id', 'network_id'],
    touches: [
      `SELECT 'routeTarget', t.text FROM touched t`,
      `SELECT 'vrf', t.vrf_id::text FROM touched t WHERE t.vrf_id IS NOT NULL`,
      `SELECT 'l2vpn', t.network_id::text FROM touched t WHERE t.network_id IS NOT NULL`,
    ],
  },
  { table: 'vlan_domain', compared: ['slug'], touches: [`SELECT 'vlanGroup', t.id::text FROM touched t`] },
  {
    table: 'vlan_mapping',
    compared: ['vlan', 'tenant_id', 'network_id', 'vlan_domain_id'],
    touches: [
      `SELECT k.kind, t.vlan_domain_id || ' ' || t.network_id FROM touched t, (VALUES ('vlan'), ('l2vpnTermination')) k(kind)`,
      // A prefix names the VLAN of its network.
      `SELECT 'prefix', s.prefix_id::text FROM touched t JOIN subnet s ON s.network_id = t.network_id`,
    ],
  },
  {
    table: 'prefix',
    compared: ['cidr', 'role', 'state', 'tenant_id', 'description'],
    touches: [
      `SELECT 'prefix', t.id::text FROM touched t`,
      // A leaf that fills a range of a pool stands for it, and so does a range that fills a container.
      `SELECT 'prefix', p.id::text FROM touched t JOIN prefix p ON p.space_id = t.space_id AND p.cidr = t.cidr`,
    ],
  },
  {
    table: 'subnet',
    compared: ['cidr', 'vrf_id', 'network_id', 'tenant_id', 'prefix_id', 'gateway_mode'],
    touches: [
      `SELECT 'prefix', t.prefix_id::text FROM touched t`,
      // VRF and mask of an address are its subnet's.
      `SELECT 'ipAddress', a.id::text FROM touched t JOIN ip_address a ON a.subnet_id = t.id`,
      `SELECT 'ipRange', r.subnet_id || ' ' || host(r.first) FROM touched t JOIN address_range r ON r.subnet_id = t.id`,
    ],
  },
  {
    table: 'address_range',
    key: ['subnet_id', 'first'],
    compared: ['last', 'kind', 'reason', 'tenant_id'],
    touches: [`SELECT 'ipRange', t.subnet_id || ' ' || host(t.first) FROM touched t`],
  },
  {
    table: 'ip_address',
    compared: ['address', 'subnet_id', 'tenant_id', 'state', 'dns_name', 'role', 'description'],
    touches: [`SELECT 'ipAddress', t.id::text FROM touched t`],
  },
  {
    table: 'device',
    compared: ['hostname', 'site_id', 'description', 'platform', `facts->'host'->'loopback'`, `facts->'adopted'->'names'`],
    touches: [
      `SELECT 'device', t.id::text FROM touched t`,
      `SELECT 'interface', v.id::text FROM touched t JOIN vtep v ON v.device_id = t.id`,
    ],
  },
  {
    table: 'vtep',
    compared: ['address', 'asn', 'device_id'],
    touches: [
      `SELECT 'interface', t.id::text FROM touched t`,
      `SELECT 'ipAddress', 'vtep ' || t.id FROM touched t`,
      `SELECT 'asn', t.asn::text FROM touched t`,
    ],
  },
];

/** DEFINER: a tenant's change is written down, and the tenant cannot read what is. */
function watch({ table, key = ['id'], compared, touches }: Watched): string {
  const same = key.map((column) => `o.${column} = n.${column}`).join(' AND ');
  const values = (row: 'o' | 'n'): string => `(${compared.map((column) => `${row}.${column}`).join(', ')})`;
  const differs = `FROM stale o JOIN fresh n ON ${same} WHERE ${values('o')} IS DISTINCT FROM ${values('n')}`;
  const write = (touched: string): string =>
    `WITH touched AS (${touched}) INSERT INTO sync_journal (kind, local_key) SELECT DISTINCT x.kind, x.key FROM (${touches.join(' UNION ALL ')}) x(kind, key)`;
  const tables = { INSERT: 'NEW TABLE AS fresh', UPDATE: 'OLD TABLE AS stale NEW TABLE AS fresh', DELETE: 'OLD TABLE AS stale' };
  return `
    CREATE FUNCTION journal_${table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF NOT sync_is_watched() THEN RETURN NULL; END IF;
      IF TG_OP = 'INSERT' THEN ${write('SELECT * FROM fresh')};
      ELSIF TG_OP = 'DELETE' THEN ${write('SELECT * FROM stale')};
      ELSE ${write(`SELECT o.* ${differs} UNION ALL SELECT n.* ${differs}`)};
      END IF;
      RETURN NULL;
    END $$;
    ALTER FUNCTION journal_${table}() OWNER TO trame_system;
    ${EVENTS.map(
      (event) =>
        `CREATE TRIGGER ${table}_journal_${event.toLowerCase()} AFTER ${event} ON ${table} REFERENCING ${tables[event]} FOR EACH STATEMENT EXECUTE FUNCTION journal_${table}();`,
    ).join('\n')}`;
}
