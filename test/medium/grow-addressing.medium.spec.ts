/** What was there before migration 0014 is there after it, also for an owner who is no superuser and obeys row-level security. */
import type { QueryRunner } from 'typeorm';
import pg from 'pg';
import { inject } from 'vitest';
import { migrations } from '../../migrations/index.js';

const [owner, name] = ['owner', 'upgrade'].map((what) => `${inject('templateDatabase')}_${what}`) as [string, string];
let server: pg.Client;
let db: pg.Client;

beforeAll(async () => {
  server = new pg.Client({ connectionString: inject('maintenanceDatabaseUrl') });
  await server.connect();
  await server.query(`CREATE ROLE ${owner} CREATEROLE; GRANT trame_tenant, trame_system TO ${owner} WITH ADMIN OPTION`);
  await server.query(`CREATE DATABASE ${name} OWNER ${owner}`);
  const url = new URL(inject('maintenanceDatabaseUrl'));
  url.pathname = `/${name}`;
  db = new pg.Client({ connectionString: url.href });
  await db.connect();
  await db.query(`SET ROLE ${owner}`);
});
afterAll(async () => {
  await db.end();
  await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await server.query(`DROP OWNED BY ${owner}; DROP ROLE ${owner}`);
  await server.end();
});

/** TypeORM does no more of a migration's transaction than this. */
async function up(from: number, to?: number): Promise<void> {
  for (const Migration of migrations.slice(from, to)) {
    await db.query('BEGIN');
    await new Migration().up({ query: (text: string) => db.query(text) } as unknown as QueryRunner);
    await db.query('COMMIT');
  }
}
const id = (n: number): string => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`;
const rows = async (text: string): Promise<unknown[][]> => (await db.query({ text, rowMode: 'array' })).rows as unknown[][];

it('an older database keeps its prefixes, subnets and addresses, and what is free is counted', async () => {
  await up(
    0,
    migrations.findIndex((Migration) => new Migration().name.startsWith('GrowAddressing')),
  );
  await db.query(`
    SET ROLE trame_system;
    INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac)
      VALUES ('${id(1)}', 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01');
    INSERT INTO tenant (id, slug, name) VALUES ('${id(2)}', 't', 'T');
    INSERT INTO network (id, tenant_id, fabric_id, slug, name, vni, evi_id, mtu, state) VALUES ('${id(3)}', '${id(2)}', '${id(1)}', 'n', 'N', 1, 1, 1450, 'RETIRED');
    INSERT INTO address_space (id, fabric_id, slug, name) VALUES ('${id(4)}', '${id(1)}', 's', 'S');
    INSERT INTO prefix (id, space_id, cidr, role) VALUES ('${id(5)}', '${id(4)}', '10.20.0.0/16', 'POOL');
    INSERT INTO prefix_pool (id, prefix_id, space_id, cidr, slug, name, default_length, min_length, max_length)
      VALUES ('${id(6)}', '${id(5)}', '${id(4)}', '10.20.0.0/16', 'p', 'P', 24, 16, 29);
    INSERT INTO prefix (id, space_id, cidr, role, parent_id, tenant_id, key, state, reusable_at) VALUES
      ('${id(7)}', '${id(4)}', '10.20.0.0/24', 'SUBNET', '${id(5)}', '${id(2)}', 'k/0', 'ACTIVE', NULL),
      ('${id(8)}', '${id(4)}', '10.20.2.0/24', 'SUBNET', '${id(5)}', '${id(2)}', 'k/1', 'QUARANTINED', now());
    INSERT INTO subnet (id, tenant_id, network_id, prefix_id, space_id, cidr, gateway_mode, gateway_address)
      VALUES ('${id(9)}', '${id(2)}', '${id(3)}', '${id(7)}', '${id(4)}', '10.20.0.0/24', 'CENTRAL_VRRP', '10.20.0.1');
    INSERT INTO free_address (subnet_id, first, last) VALUES ('${id(9)}', '10.20.0.3', '10.20.0.254');
    INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key) VALUES
      ('${id(10)}', '${id(2)}', '${id(4)}', '${id(9)}', '10.20.0.1', 'GATEWAY', 'gateway'), ('${id(11)}', '${id(2)}', '${id(4)}', '${id(9)}', '10.20.0.2', 'HOST', 'host/a');
    SET ROLE ${owner}`);
  await up(migrations.findIndex((Migration) => new Migration().name.startsWith('GrowAddressing')));
  expect(await rows('SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity')).toEqual([]);
  await db.query('SET ROLE trame_system');
  expect(await rows('SELECT cidr, state, holder_kind FROM prefix ORDER BY cidr')).toEqual([
    ['10.20.0.0/16', 'BOUND', 'external'],
    ['10.20.0.0/24', 'BOUND', 'subnet'],
    ['10.20.2.0/24', 'QUARANTINED', 'external'],
  ]);
  expect(await rows('SELECT cidr, prefix_id FROM prefix_pool_range')).toEqual([['10.20.0.0/16', id(5)]]);
  expect(await rows('SELECT size::int, free::int FROM prefix_pool_state')).toEqual([[8192, 8192 - 64]]);
  expect(await rows('SELECT block FROM free_prefix WHERE length = 24 ORDER BY block')).toEqual([['10.20.1.0/24'], ['10.20.3.0/24']]);
  expect(await rows('SELECT host(address), holder_kind FROM ip_address ORDER BY 1')).toEqual([
    ['10.20.0.1', 'subnet'],
    ['10.20.0.2', 'network'],
  ]);
  expect(await rows('SELECT host(f.first), host(f.last), s.free::int FROM free_address f JOIN subnet_state s USING (subnet_id)')).toEqual([
    ['10.20.0.3', '10.20.0.254', 252],
  ]);
});
