/** Names that two tenants have had since before migration 0041: it goes through, also for an owner who obeys row-level security, keeps their order and shows them. */
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { inject } from 'vitest';
import { nameInvariants } from '#contexts/addressing/testing';
import type { Invariant } from '#contexts/events';
import { createLogger, Database, systemScope } from '#platform';
import { ClaimNames1767225600041 } from '../../migrations/0041-claim-names.js';
import { migrations } from '../../migrations/index.js';
import { eventually } from '../support/eventually.js';

const [owner, name] = ['names_owner', 'names'].map((what) => `${inject('templateDatabase')}_${what}`) as [string, string];
const AT = migrations.findIndex((Migration) => new Migration().name.startsWith('ClaimNames'));
const url = new URL(inject('maintenanceDatabaseUrl'));
url.pathname = `/${name}`;
let server: pg.Client;
let client: pg.Client;
let db: Database;

const id = (n: number): string => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`;
const [fabric, space, red, green, blue] = [id(1), id(2), id(10), id(20), id(30)];

/** TypeORM does no more of a migration's transaction than this. */
async function migrate(way: 'up' | 'down', of: typeof migrations): Promise<void> {
  for (const Migration of of) {
    await client.query('BEGIN');
    await new Migration()[way]({ query: (text: string) => client.query(text) } as unknown as QueryRunner);
    await client.query('COMMIT');
  }
}

/** A subnet `10.<n>.0.0/24` of a tenant, with a zone and a prefix. */
async function subnet(n: number, tenant: string, prefix: string | null): Promise<void> {
  await client.query(
    `INSERT INTO prefix (id, space_id, cidr, role, tenant_id, key, holder_kind) VALUES ('${id(100 + n)}', '${space}', '10.${n}.0.0/24', 'SUBNET', '${tenant}', '${n}', 'subnet')`,
  );
  await client.query(
    `INSERT INTO subnet (id, tenant_id, prefix_id, space_id, cidr, gateway_mode, dns_zone, dns_zone_prefix)
       VALUES ('${id(200 + n)}', '${tenant}', '${id(100 + n)}', '${space}', '10.${n}.0.0/24', 'NONE', 'cust.example', $1)`,
    [prefix],
  );
}
/** The address `10.<of>.0.<n>`. */
const address = (n: number, of: number, tenant: string, dnsName: string, aliases: string[] | null = null) =>
  client.query(
    `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key, dns_name, dns_aliases)
       VALUES ('${id(n)}', '${tenant}', '${space}', '${id(200 + of)}', '10.${of}.0.${n % 250}', 'HOST', '${n}', $1, $2)`,
    [dnsName, aliases],
  );

beforeAll(async () => {
  server = new pg.Client({ connectionString: inject('maintenanceDatabaseUrl') });
  await server.connect();
  await server.query(`CREATE ROLE ${owner} CREATEROLE; GRANT trame_tenant, trame_system TO ${owner} WITH ADMIN OPTION`);
  await server.query(`CREATE DATABASE ${name} OWNER ${owner}`);
  client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query(`SET ROLE ${owner}`);
  await migrate('up', migrations.slice(0, AT));
  await client.query('SET ROLE trame_system');
  await client.query(
    `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ('${fabric}', 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
  );
  for (const tenant of [red, green, blue])
    await client.query(`INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)`, [tenant, `t${tenant.slice(-2)}`]);
  await client.query(`INSERT INTO address_space (id, fabric_id, slug, name) VALUES ('${space}', '${fabric}', 's', 'S')`);
  await subnet(1, red, null);
  await subnet(2, green, 'dmz');
  await subnet(3, blue, null);
  // www.dmz.cust.example: red's oldest has it as an alias, green's by its prefix, blue's youngest is called so.
  await address(301, 1, red, 'red.cust.example', ['www.dmz.cust.example', 'own.cust.example']);
  await address(302, 2, green, 'www.cust.example');
  await address(303, 3, blue, 'www.dmz.cust.example');
  // both.cust.example: aliases of two, the older one first.
  await address(304, 3, blue, 'b.cust.example', ['both.cust.example', 'own.blue.example']);
  await address(305, 1, red, 'r.cust.example', ['both.cust.example', 'own.cust.example']);
  await client.query(`SET ROLE ${owner}`);
  await migrate('up', migrations.slice(AT));
  db = await Database.connect(url.href, 2, [], createLogger('silent'));
});
afterAll(async () => {
  await db?.close();
  await client.end();
  await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await server.query(`DROP OWNED BY ${owner}; DROP ROLE ${owner}`);
  await server.end();
});

const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  db.inTransaction(systemScope('spec'), (tx) => tx.sql<Row>(text, values));
/** Tenants of a name, in their order, with how often they have it. */
const claims = async (of: string): Promise<string[]> =>
  (
    await sql<{ tenant: string; uses: number }>('SELECT tenant_id AS tenant, uses FROM dns_name_claim WHERE name = $1 ORDER BY place', [of])
  ).map(({ tenant, uses }) => `${{ [red]: 'red', [green]: 'green', [blue]: 'blue' }[tenant]} ${uses}`);
async function findings({ slices, violations }: Invariant): Promise<string[]> {
  return db.inTransaction(systemScope('spec'), async (tx) =>
    (await violations(tx, await slices.next(tx, null), 10)).map(({ what }) => what),
  );
}
const [oneTenant, claimsTrue] = nameInvariants as [Invariant, Invariant];

it('keep the order of right, are found, go to the next when they are given up, and to nobody else meanwhile', async () => {
  expect(await claims('www.dmz.cust.example')).toEqual(['blue 1', 'green 1', 'red 1']);
  expect(await claims('both.cust.example')).toEqual(['blue 1', 'red 1']);
  expect([await claims('own.cust.example'), await claims('www.cust.example')]).toEqual([['red 2'], []]);
  expect(await findings(claimsTrue)).toEqual([]);
  expect(await findings(oneTenant)).toEqual([
    `both.cust.example (IPv4) is claimed first by tenant ${blue}`,
    `www.dmz.cust.example (IPv4) is claimed first by tenant ${blue}`,
    `www.dmz.cust.example (IPv4) is claimed first by tenant ${blue}`,
  ]);

  // Who waits does not get it a second time, either.
  const again = sql(`UPDATE ip_address SET dns_aliases = '{www.dmz.cust.example}' WHERE id = '${id(305)}'`);
  await expect(again).rejects.toMatchObject({ constraint: 'ip_address_dns_name_unique' });
  await sql(`UPDATE ip_address SET dns_name = NULL WHERE id = '${id(303)}'`);
  expect(await claims('www.dmz.cust.example')).toEqual(['green 1', 'red 1']);
  await sql(`UPDATE ip_address SET dns_aliases = '{own.cust.example}' WHERE id = '${id(301)}'`);
  await sql(`UPDATE subnet SET dns_zone_prefix = 'lan' WHERE id = '${id(202)}'`);
  expect([await claims('www.dmz.cust.example'), await claims('www.lan.cust.example')]).toEqual([[], ['green 1']]);
  await sql(`DELETE FROM ip_address WHERE id = '${id(304)}'`);
  expect(await claims('both.cust.example')).toEqual(['red 1']);
  expect([await findings(oneTenant), await findings(claimsTrue)]).toEqual([[], []]);
});

it('are as before when the migration is taken back, and claimed anew when it comes again', async () => {
  await client.query(`SET ROLE ${owner}`);
  const since = migrations.slice(AT);
  await migrate('down', [...since].reverse());
  await sql(`UPDATE ip_address SET dns_name = 'own.cust.example' WHERE id = '${id(303)}'`);
  await migrate('up', since);
  expect(await claims('own.cust.example')).toEqual(['blue 1', 'red 2']);
});

describe('while somebody is naming an address with the release of before', () => {
  let other: pg.Client;
  beforeEach(async () => {
    await client.query(`SET ROLE ${owner}`);
    await migrate('down', migrations.slice(AT).reverse());
    other = new pg.Client({ connectionString: url.href });
    await other.connect();
    await other.query('BEGIN; SET LOCAL ROLE trame_system');
    await other.query(`UPDATE ip_address SET dns_name = 'late.cust.example' WHERE id = '${id(303)}'`);
  });
  afterEach(() => other.end());

  it('it waits, and claims that name, too', async () => {
    const migrated = migrate('up', migrations.slice(AT));
    const waiting = () => sql(`SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'ip_address'::regclass`);
    await eventually(waiting, (found) => found.length > 0);
    await other.query('COMMIT');
    await migrated;
    expect(await claims('late.cust.example')).toEqual(['blue 1']);
  });

  it('it gives up in time, says why, and leaves everything as it was', async () => {
    const impatient = new ClaimNames1767225600041(0);
    await client.query('BEGIN');
    const query = (text: string) => client.query(text);
    await expect(impatient.up({ query } as unknown as QueryRunner)).rejects.toMatchObject({
      code: '55P03',
      message: expect.stringContaining('migration 0041 was not carried out') as string,
      hint: expect.stringContaining('migrate again') as string,
    });
    await client.query('ROLLBACK');
    await other.query('ROLLBACK');
    await migrate('up', migrations.slice(AT));
    expect(await claims('late.cust.example')).toEqual(['blue 1']);
  });
});
