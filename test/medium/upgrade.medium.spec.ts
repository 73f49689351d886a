import pg from 'pg';
import { DataSource } from 'typeorm';
import { addressInvariants, prefixInvariants } from '#contexts/addressing/testing';
import type { Invariant } from '#contexts/events';
import { numberingInvariants } from '#contexts/numbering/testing';
import { IdempotencyKey, type PoolId, type PrefixPoolId, type TenantId } from '#engines/kernel';
import { createLogger, Database, migrateDatabase, newId, systemScope, type Tx } from '#platform';
import { migrations } from '../../migrations/index.js';
import { addressingOn } from '../support/addressing.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { numberingOn } from '../support/numbering.js';
import { allEntities } from '../support/world.js';

/** The head of the version before allocation: what an installation of it has in its tables. */
const BEFORE_ALLOCATION = 11;
const id = (): string => newId<string>();
const [fabric, tenant, space, pool, addressSpace, prefixPool, poolPrefix, leaf, resting, subnet, network] = Array.from(
  { length: 11 },
  id,
) as [string, string, string, string, string, string, string, string, string, string, string];
const system = systemScope('spec');
let database: TestDatabase;
let db: Database;

/** As the former code left it: two numbers of a network, one at rest; a subnet with its gateway and a host, a prefix at rest. */
async function fill(client: pg.Client): Promise<void> {
  const claims: string[] = [];
  await client.query(
    `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
    [fabric],
  );
  await client.query(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'acme', 'Acme')`, [tenant]);
  await client.query(`INSERT INTO number_space (id, fabric_id, kind) VALUES ($1, $2, 'VNI')`, [space, fabric]);
  await client.query(`INSERT INTO number_pool (id, space_id, slug, name, kind) VALUES ($1, $2, 'vni', 'VNIs', 'VNI')`, [pool, space]);
  await client.query('INSERT INTO number_pool_range (pool_id, space_id, first, last) VALUES ($1, $2, 10000, 10099)', [pool, space]);
  await client.query('INSERT INTO free_number (pool_id, first, last) VALUES ($1, 10000, 10099)', [pool]);
  for (const key of ['order/1/vni', 'order/1/evi', 'order/0/vni']) {
    const { rows } = await client.query<{ allocation_id: string }>('SELECT * FROM number_claim($1, $2, $3, $4, NULL, NULL)', [
      id(),
      pool,
      tenant,
      key,
    ]);
    claims.push((rows[0] as { allocation_id: string }).allocation_id);
  }
  await client.query(
    `UPDATE number_allocation SET state = 'QUARANTINED', released_at = now(), reusable_at = now() + interval '1 hour' WHERE id = $1`,
    [claims[2]],
  );
  await client.query(
    `INSERT INTO network (id, tenant_id, fabric_id, slug, name, vni_allocation_id, vni, evi_allocation_id, evi_id, mtu, state) VALUES ($1, $2, $3, 'web-10000', 'Web', $4, 10000, $5, 10001, 1450, 'ACTIVE')`,
    [network, tenant, fabric, claims[0], claims[1]],
  );
  await client.query(`INSERT INTO address_space (id, fabric_id, slug, name) VALUES ($1, $2, 'default', 'Default')`, [addressSpace, fabric]);
  await client.query(`INSERT INTO prefix (id, space_id, cidr, role) VALUES ($1, $2, '10.20.0.0/16', 'POOL')`, [poolPrefix, addressSpace]);
  await client.query(
    `INSERT INTO prefix_pool (id, prefix_id, space_id, cidr, slug, name, default_length, min_length, max_length) VALUES ($1, $2, $3, '10.20.0.0/16', 'v4', 'V4', 24, 20, 28)`,
    [prefixPool, poolPrefix, addressSpace],
  );
  await client.query(`INSERT INTO free_prefix (pool_id, length, block) VALUES ($1, 16, '10.20.0.0/16')`, [prefixPool]);
  for (const [prefix, state] of [
    [leaf, 'ACTIVE'],
    [resting, 'QUARANTINED'],
  ] as const) {
    const { rows } = await client.query<{ cidr: string }>('SELECT prefix_take($1, 24, NULL)::text AS cidr', [prefixPool]);
    await client.query(
      `INSERT INTO prefix (id, space_id, cidr, role, parent_id, tenant_id, state, key, reusable_at) VALUES ($1, $2, $3, 'SUBNET', $4, $5, $6, $7, CASE WHEN $6 = 'QUARANTINED' THEN now() + interval '1 hour' END)`,
      [prefix, addressSpace, rows[0]?.cidr, poolPrefix, tenant, state, `key/${state}`],
    );
  }
  await client.query(
    `INSERT INTO subnet (id, tenant_id, network_id, prefix_id, space_id, cidr, gateway_mode, gateway_address) VALUES ($1, $2, $3, $4, $5, '10.20.0.0/24', 'EXTERNAL_FIREWALL', '10.20.0.1')`,
    [subnet, tenant, network, leaf, addressSpace],
  );
  await client.query(`INSERT INTO free_address (subnet_id, first, last) VALUES ($1, '10.20.0.2', '10.20.0.254')`, [subnet]);
  for (const [key, role] of [
    ['gateway', 'GATEWAY'],
    ['host/web1', 'HOST'],
  ]) {
    const address =
      role === 'GATEWAY'
        ? '10.20.0.1'
        : (await client.query<{ a: string }>('SELECT host(address_take($1, NULL)) AS a', [subnet])).rows[0]?.a;
    await client.query(
      `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [id(), tenant, addressSpace, subnet, address, role, key],
    );
  }
}

beforeAll(async () => {
  database = await createTestDatabase({ isEmpty: true });
  const source = new DataSource({
    type: 'postgres',
    url: database.url,
    migrations: migrations.slice(0, BEFORE_ALLOCATION),
    migrationsTableName: 'schema_migration',
    migrationsTransactionMode: 'each',
  });
  await source.initialize();
  await source.runMigrations();
  await source.destroy();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await fill(client);
  await client.end();
  await migrateDatabase(database.url);
  db = await Database.connect(database.url, 5, allEntities, createLogger('silent'));
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function violations(tx: Tx, { slices, violations: ask, name }: Invariant): Promise<string[]> {
  const found = [];
  for (let ids = await slices.next(tx, null); ids.length > 0; ids = await slices.next(tx, ids.at(-1) as string))
    for (const { what } of await ask(tx, ids, 10)) found.push(`${name}: ${what}`);
  return found;
}

describe('an installation from before allocation', () => {
  it('keeps every invariant', async () => {
    const found = await db.inTransaction(system, async (tx) => {
      const all = [];
      for (const invariant of [...numberingInvariants, ...prefixInvariants, ...addressInvariants])
        all.push(...(await violations(tx, invariant)));
      return all;
    });
    expect(found).toEqual([]);
  });

  it('gives numbers on from where it was, and knows its networks’ own', async () => {
    const { allocations, numbering } = numberingOn({ db, url: database.url, close: () => Promise.resolve() });
    const [poolId, tenantId] = [pool as PoolId, tenant as TenantId];
    const granted = await allocations.allocate(system, { poolId, tenantId, key: IdempotencyKey.parse('new') });
    expect(granted.allocations.map(({ value }) => value)).toEqual([10_003]);
    const again = await db.inTransaction(system, (tx) => numbering.claim(tx, { poolId, tenantId, key: 'order/1/vni', holder: 'network' }));
    expect(again).toMatchObject({ value: 10_000, replayed: true });
    await expect(allocations.release(system, again.allocationId, null)).rejects.toMatchObject({ code: 'IN_USE' });
  });

  it('gives prefixes and addresses on from where it was', async () => {
    const { prefixes, addresses } = addressingOn({ db, url: database.url, close: () => Promise.resolve() });
    const tenantId = tenant as TenantId;
    const prefix = await prefixes.allocate(system, {
      poolId: prefixPool as PrefixPoolId,
      tenantId,
      key: IdempotencyKey.parse('new'),
      length: 24,
    });
    expect(prefix.allocations.map(({ cidr }) => cidr)).toEqual(['10.20.2.0/24']);
    const address = await addresses.allocate(system, { subnetId: subnet as never, tenantId, key: IdempotencyKey.parse('new') });
    expect(address.allocations.map((one) => one.address)).toEqual(['10.20.0.3']);
  });
});
