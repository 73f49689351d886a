/**
 * Tenants are kept apart by the database. These tests walk the catalogue: a table that is added later is tried without being named
 * here, and a table that no scenario fills fails the test.
 */
import pg from 'pg';
import { InboundSourceService } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { NumberingService } from '#contexts/numbering';
import { OrderService } from '#contexts/provisioning';
import { Fqdn, Label, PortName, Slug, type DeviceId, type TenantId } from '#engines/kernel';
import { newId, systemScope } from '#platform';
import { createWorld, type World } from '../support/world.js';

let world: World;
let owner: pg.Client;
/** Whose rows there are, in every table. */
let b: TenantId;
/** Who tries to reach them. */
const a = newId<TenantId>();

beforeAll(async () => {
  world = await createWorld();
  b = world.tenantId;
  owner = new pg.Client({ connectionString: world.url });
  await owner.connect();
  await owner.query(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'curious', 'Curious')`, [a]);
  await givenRowsOfB();
});
afterAll(async () => {
  await owner.end();
  await world.close();
});

/** An ordered network with everything that an order can have, and what stands beside orders. */
async function givenRowsOfB(): Promise<void> {
  const [subnet] = world.order().subnets;
  if (!subnet) throw new Error('the default order has a subnet');
  const leaf = {
    deviceId: world.deviceIds.get('test') as DeviceId,
    port: PortName.parse('Ethernet2'),
    tagging: 'UNTAGGED' as const,
    vlan: null,
  };
  await world.app.get(OrderService).provision(b, 'portal', {
    ...world.order(),
    subnets: [{ ...subnet, zone: Fqdn.parse('cust.example'), hosts: [{ name: 'web1', mac: null, address: null }] }],
    attachments: [...world.order().attachments, leaf],
  });
  const [pools, fabric] = [world.app.get(NumberingService, { strict: false }), world.app.get(FabricService, { strict: false })];
  await world.db.inTransaction(systemScope('test'), async (tx) => {
    const { id: l3vniPoolId } = await pools.poolBySlug(tx, 'l3vni');
    await fabric.createVrf(tx, { tenantId: b, l3vniPoolId, slug: 'prod', name: Label.parse('prod'), key: 'vrf-1' });
  });
  const sources = world.app.get(InboundSourceService, { strict: false });
  const source = await world.db.inTransaction(systemScope('test'), (tx) => sources.create(tx, { slug: Slug.parse('portal'), tenantId: b }));
  await owner.query(
    `INSERT INTO inbox (source_id, message_id, id, tenant_id, body_sha256, body, sent_at) VALUES ($1, 'm1', $2, $3, sha256('x'), '{}', now())`,
    [source.id, newId(), b],
  );
  await owner.query(
    `INSERT INTO maintenance_lock (id, scope, tenant_id, reason, held_by, created_at, until) VALUES ($1, 'TENANT', $2, 'unpaid', 'operator', now(), now() + interval '1 hour')`,
    [newId(), b],
  );
  // What limits the tenant, and where its subnet gives nothing out.
  await owner.query(`INSERT INTO number_pool_tenant (pool_id, tenant_id) SELECT id, $1 FROM number_pool LIMIT 1`, [b]);
  await owner.query(`INSERT INTO number_quota (pool_id, tenant_id, max) SELECT id, $1, 9 FROM number_pool LIMIT 1`, [b]);
  await owner.query(`INSERT INTO prefix_pool_tenant (pool_id, tenant_id) SELECT id, $1 FROM prefix_pool LIMIT 1`, [b]);
  await owner.query(`INSERT INTO prefix_quota (pool_id, tenant_id, max) SELECT id, $1, 9 FROM prefix_pool LIMIT 1`, [b]);
  await owner.query(`INSERT INTO address_quota (space_id, tenant_id, max) SELECT id, $1, 9 FROM address_space LIMIT 1`, [b]);
  await owner.query(
    `INSERT INTO address_range (subnet_id, tenant_id, first, last, kind, reason) SELECT id, tenant_id, broadcast(cidr) - 3, broadcast(cidr) - 2, 'RESERVED', 'x' FROM subnet WHERE tenant_id = $1 LIMIT 1`,
    [b],
  );
  await owner.query(
    `INSERT INTO network_proof (network_id, device_id, question, tenant_id, state, expected, seen, checked_at)
       SELECT n.id, a.device_id, 'VNI', n.tenant_id, 'OK', 'x', 'x', now() FROM network n JOIN attachment a ON a.network_id = n.id WHERE n.tenant_id = $1 LIMIT 1`,
    [b],
  );
  await owner.query(
    `INSERT INTO network_verification (network_id, tenant_id, next_at) SELECT id, tenant_id, now() FROM network WHERE tenant_id = $1 ON CONFLICT DO NOTHING`,
    [b],
  );
  await owner.query(
    `INSERT INTO api_token (id, name, tenant_id, scopes, secret_hash, pepper_version, created_by, expires_at) VALUES ('AAAAAAAAAAAA', 'x', $1, '{}', sha256('x'), 1, 'test', now() + interval '1 day')`,
    [b],
  );
  await owner.query(`INSERT INTO facade (id, tenant_id, slug) VALUES ($1, $2, 'pve')`, [newId(), b]);
  await owner.query(
    `INSERT INTO facade_pool (facade_id, tenant_id, pool_id) SELECT f.id, f.tenant_id, p.id FROM facade f, prefix_pool p LIMIT 1`,
  );
  await owner.query(`INSERT INTO facade_token (token_id, facade_id, tenant_id) SELECT 'AAAAAAAAAAAA', id, tenant_id FROM facade`);
  await owner.query(`INSERT INTO facade_object (tenant_id, kind, object_id) VALUES ($1, 'tenant', 'x')`, [b]);
  await owner.query(
    `INSERT INTO facade_claim (facade_id, tenant_id, subnet_id, is_own) SELECT f.id, f.tenant_id, s.id, false FROM facade f JOIN subnet s ON s.tenant_id = f.tenant_id WHERE f.tenant_id = $1 LIMIT 1`,
    [b],
  );
}

interface TenantTable {
  readonly name: string;
  /** Column that says whose row it is. */
  readonly column: string;
  readonly columns: readonly string[];
}

async function tenantTables(): Promise<TenantTable[]> {
  const { rows } = await owner.query<TenantTable>(
    `SELECT c.table_name AS name, CASE c.table_name WHEN 'tenant' THEN 'id' ELSE 'tenant_id' END AS column,
            array_agg(c.column_name::text ORDER BY c.ordinal_position) FILTER (WHERE c.is_generated = 'NEVER') AS columns
       FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
      WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
        AND (c.table_name = 'tenant' OR EXISTS (SELECT FROM information_schema.columns AS x WHERE x.table_schema = 'public' AND x.table_name = c.table_name AND x.column_name = 'tenant_id'))
      GROUP BY c.table_name ORDER BY c.table_name`,
  );
  return rows;
}

const asTenantA = (sql: string, values: unknown[] = []): Promise<number | string> => asTenant(a, sql, values);

/** Runs one statement as a transaction of the tenant does. @returns rows touched, or the SQLSTATE that refused it. */
async function asTenant(tenant: TenantId, sql: string, values: unknown[] = []): Promise<number | string> {
  await owner.query('BEGIN');
  try {
    await owner.query(`SELECT set_config('role', 'trame_tenant', true), set_config('app.tenant_id', $1, true)`, [tenant]);
    return (await owner.query(sql, values)).rowCount ?? 0;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await owner.query('ROLLBACK');
  }
}

const DENIED = '42501'; // insufficient_privilege: no grant, or a row-level security policy.
const nothing = (outcome: number | string): boolean => outcome === 0 || outcome === DENIED;

describe('a tenant’s transaction', () => {
  it('has rows of another tenant to look for in every table', async () => {
    const empty: string[] = [];
    const tables = await tenantTables();
    for (const { name, column } of tables) {
      const { rows } = await owner.query<{ n: string }>(`SELECT count(*) AS n FROM ${name} WHERE ${column} = $1`, [b]);
      if (Number(rows[0]?.n) === 0) empty.push(name);
    }
    expect(tables.length).toBeGreaterThan(12);
    expect(empty, 'add what fills these tables to the scenario').toEqual([]);
  });

  it('reads, changes and deletes nothing of another tenant', async () => {
    for (const { name, column, columns } of await tenantTables()) {
      const set = `${columns.find((each) => each !== column && !['cursor', 'number', 'id'].includes(each)) ?? column}`;
      const attempts = {
        select: await asTenantA(`SELECT 1 FROM ${name} WHERE ${column} = $1`, [b]),
        'select all': await asTenantA(`SELECT 1 FROM ${name} WHERE ${column} <> $1`, [a]),
        update: await asTenantA(`UPDATE ${name} SET ${set} = ${set} WHERE ${column} = $1`, [b]),
        'update all': await asTenantA(`UPDATE ${name} SET ${set} = ${set} WHERE ${column} <> $1`, [a]),
        delete: await asTenantA(`DELETE FROM ${name} WHERE ${column} = $1`, [b]),
        lock: await asTenantA(`SELECT 1 FROM ${name} WHERE ${column} = $1 FOR UPDATE`, [b]),
        copy: await asTenantA(`CREATE TEMP TABLE stolen AS SELECT * FROM ${name} WHERE ${column} = $1`, [b]),
      };
      for (const [what, outcome] of Object.entries(attempts)) expect(nothing(outcome), `${what} ${name}: ${outcome}`).toBe(true);
    }
  });

  it('writes nothing for another tenant, new or over what is there', async () => {
    for (const { name, column, columns } of await tenantTables()) {
      const { rows } = await owner.query<{ row: { id?: unknown } }>(
        `SELECT to_jsonb(t) AS row FROM ${name} AS t WHERE ${column} = $1 LIMIT 1`,
        [b],
      );
      const [{ row: theirs } = { row: {} }] = rows;
      const list = columns.join(', ');
      const insert = `INSERT INTO ${name} (${list}) OVERRIDING SYSTEM VALUE SELECT ${list} FROM jsonb_populate_record(NULL::${name}, $1)`;
      const renamed = name !== 'tenant' && typeof theirs.id === 'string' ? { ...theirs, id: newId<string>() } : theirs;
      for (const [what, statement, row] of [
        ['insert', insert, renamed],
        ['insert again', `${insert} ON CONFLICT DO NOTHING`, theirs],
        ['upsert', `${insert} ON CONFLICT (${(await primaryKey(name)).join(', ')}) DO UPDATE SET ${column} = excluded.${column}`, theirs],
      ] as const) {
        expect(await asTenantA(statement, [JSON.stringify(row)]), `${what} ${name}`).toBe(DENIED);
      }
    }
  });

  it('cannot give its own rows away', async () => {
    for (const { name, column } of await tenantTables()) {
      expect(await asTenant(b, `UPDATE ${name} SET ${column} = $1 WHERE ${column} = $2`, [a, b]), name).toBe(DENIED);
    }
  });

  it('cannot refer to another tenant’s rows: every reference between tenants’ tables carries the tenant', async () => {
    const { rows } = await owner.query<{ constraint: string }>(
      `SELECT f.conrelid::regclass || '.' || f.conname AS constraint FROM pg_constraint AS f
        WHERE f.contype = 'f' AND f.confrelid <> 'tenant'::regclass
          AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = f.conrelid AND attname = 'tenant_id' AND NOT attisdropped)
          AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = f.confrelid AND attname = 'tenant_id' AND NOT attisdropped)
          AND NOT EXISTS (
            SELECT FROM unnest(f.conkey, f.confkey) AS pair (ours, theirs)
              JOIN pg_attribute AS o ON o.attrelid = f.conrelid AND o.attnum = pair.ours AND o.attname = 'tenant_id'
              JOIN pg_attribute AS t ON t.attrelid = f.confrelid AND t.attnum = pair.theirs AND t.attname = 'tenant_id')`,
    );
    const accepted = [
      'inbox.inbox_source_fkey', // The system alone writes the inbox; the row takes the tenant of its source.
      'prefix.prefix_parent_fkey', // The parent is a pool of the operator, which has no tenant.
    ];
    expect(rows.map((row) => row.constraint).sort()).toEqual(accepted);
  });

  it('sees no tenant’s rows when it has none itself, also on a connection that had one', async () => {
    await owner.query('BEGIN');
    await owner.query(`SELECT set_config('app.tenant_id', $1, true)`, [b]);
    await owner.query('COMMIT');
    for (const { name, column } of await tenantTables()) {
      await owner.query('BEGIN');
      await owner.query('SET LOCAL ROLE trame_tenant');
      const outcome = await owner.query(`SELECT 1 FROM ${name} WHERE ${column} IS NOT NULL`).then(
        ({ rowCount }) => rowCount ?? 0,
        (error: { code: string }) => error.code,
      );
      await owner.query('ROLLBACK');
      expect(nothing(outcome), `${name}: ${outcome}`).toBe(true);
    }
  });

  it('does not reach what is free in another tenant’s subnet', async () => {
    const { rows } = await owner.query<{ id: string; n: number }>(
      'SELECT subnet_id AS id, count(*)::int AS n FROM free_address GROUP BY 1',
    );
    expect(rows[0]?.n).toBeGreaterThan(0);
    expect(await asTenantA('SELECT 1 FROM free_address')).toBe(0);
    expect(await asTenantA('UPDATE free_address SET last = last')).toBe(0);
    expect(await asTenantA('DELETE FROM free_address')).toBe(0);
    expect(await asTenantA(`INSERT INTO free_address VALUES ($1, '10.99.0.1', '10.99.0.2')`, [rows[0]?.id])).toBe(DENIED);
    for (const tenant of [a, b])
      expect(
        await asTenantA(
          `SELECT FROM address_take($1, $2, 'k', 'f', ARRAY[gen_random_uuid()], 1, false, false, NULL, NULL, NULL, NULL, 'HOST', NULL, NULL, 'external', NULL, NULL) t WHERE t.address IS NOT NULL`,
          [rows[0]?.id, tenant],
        ),
      ).toBe(0);
  });
});

describe('the catalogue', () => {
  it('keeps row-level security on, also for the owner, in every table that holds or refers to a tenant’s rows', async () => {
    const { rows } = await owner.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)
          AND (relname = 'tenant' OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'tenant_id')
            OR EXISTS (SELECT FROM pg_constraint AS f JOIN pg_attribute AS t ON t.attrelid = f.confrelid AND t.attname = 'tenant_id'
                        WHERE f.conrelid = pg_class.oid AND f.contype = 'f'))`,
    );
    // A range of a pool refers to its place in the tree, which is the operator's.
    expect(rows.map((row) => row.name)).toEqual(['prefix_pool_range']);
  });

  it('has no policy for tenants that does not ask for the tenant', async () => {
    const { rows } = await owner.query<{ name: string }>(
      `SELECT policyname AS name FROM pg_policies WHERE 'trame_tenant' = ANY (roles) AND concat(qual, with_check) NOT LIKE '%current_tenant()%'`,
    );
    expect(rows.map((row) => row.name)).toEqual(['free_address_tenant']); // It asks the policy of subnet.
  });

  it('gives the roles of transactions nothing beyond their grants', async () => {
    const { rows } = await owner.query<{ name: string }>(
      `SELECT rolname AS name FROM pg_roles WHERE rolname IN ('trame_tenant', 'trame_system') AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcanlogin)`,
    );
    expect(rows).toEqual([]);
  });

  it('lets a tenant write to the operator’s tables only what an order needs', async () => {
    const own = (await tenantTables()).map((table) => table.name);
    const { rows } = await owner.query<{ right: string }>(
      `SELECT privilege_type || ' ' || table_name || coalesce('.' || nullif(column_name, ''), '') AS right FROM (
         SELECT privilege_type, table_name, '' AS column_name FROM information_schema.role_table_grants WHERE grantee = 'trame_tenant' AND table_schema = 'public'
         UNION
         SELECT privilege_type, table_name, column_name FROM information_schema.role_column_grants AS c WHERE grantee = 'trame_tenant' AND table_schema = 'public'
            AND NOT EXISTS (SELECT FROM information_schema.role_table_grants AS t WHERE t.grantee = c.grantee AND t.table_name = c.table_name AND t.privilege_type = c.privilege_type)) AS granted
        WHERE privilege_type <> 'SELECT' AND table_name <> ALL ($1) ORDER BY 1`,
      [own],
    );
    expect(rows.map((row) => row.right)).toEqual([
      'DELETE free_address',
      'DELETE free_number',
      'DELETE free_prefix',
      'INSERT free_address',
      'INSERT free_number',
      'INSERT free_prefix',
      'INSERT outbox',
      'UPDATE fabric.revision',
      'UPDATE free_address',
      'UPDATE free_number',
      'UPDATE free_prefix',
      'UPDATE number_pool_state.cursor',
      'UPDATE number_pool_state.free',
      'UPDATE number_pool_state.hint',
      'UPDATE prefix_pool_state.free',
      'UPDATE prefix_pool_state.hints',
    ]);
  });

  it('never shows a tenant how devices are reached, or a secret', async () => {
    for (const secret of ['device_credential', 'sync_target', 'api_token', 'inbound_source', 'lease', 'plan_item', 'outbox']) {
      expect(await asTenantA(`SELECT * FROM ${secret}`), secret).toBe(DENIED);
    }
    expect(await asTenantA('SELECT management_address FROM device')).toBe(DENIED);
    expect(await asTenantA('SELECT sealed_secret FROM sync_target')).toBe(DENIED);
  });
});

async function primaryKey(table: string): Promise<string[]> {
  const { rows } = await owner.query<{ column: string }>(
    `SELECT a.attname AS column FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = $1::regclass AND i.indisprimary`,
    [table],
  );
  return rows.map((row) => row.column);
}
