/** Connectors from before migration 0032, which says where each keeps its objects and finds what was stopped. */
import pg from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let client: pg.Client;
const id = (n: number): string => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`;

async function upTo(end: number): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url: database.url,
    migrations: migrations.slice(0, end),
    migrationsTableName: 'schema_migration',
    migrationsTransactionMode: 'each',
  });
  await source.initialize();
  await source.runMigrations();
  await source.destroy();
}

beforeAll(async () => {
  database = await createTestDatabase({ isEmpty: true });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const at = migrations.findIndex((Migration) => new Migration().name.startsWith('TryAgain'));
  await upTo(at);
  const urls = ['https://NetBox.example/api/', 'https://netbox.example', 'https://netbox.example/second', 'http://ipam.example//'];
  for (const [n, url] of urls.entries())
    await client.query(
      `INSERT INTO sync_target (id, slug, kind, url, sealed_secret, enabled, settings) VALUES ($1, $2, $3, $4, '', true, '{"markColumn": "custom_trame"}')`,
      [id(n), `c${n}`, n === 3 ? 'PHPIPAM' : 'NETBOX', url],
    );
  await upTo(at + 1);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

it('a place has one connector, however its address is spelled; the second one has none, and is found', async () => {
  const places = await client.query(`SELECT slug, place FROM sync_target ORDER BY slug`);
  expect(places.rows).toEqual([
    { slug: 'c0', place: 'netbox.example custom_trame' },
    { slug: 'c1', place: null },
    { slug: 'c2', place: 'netbox.example/second custom_trame' },
    { slug: 'c3', place: 'ipam.example custom_trame' },
  ]);
  const found = await client.query(`SELECT slug, url FROM sync_target WHERE enabled AND kind <> 'POWERDNS' AND place IS NULL`);
  expect(found.rows).toEqual([{ slug: 'c1', url: 'https://netbox.example' }]);
});

it('the last word on a connector is found without walking through all its runs', async () => {
  await client.query('BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off');
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT id, state FROM sync_run WHERE target_id = '${id(0)}' AND NOT is_dry_run
       AND (state = 'BLOCKED_BY_GUARD' OR (trigger IN ('TIMER', 'PERSON') AND state IN ('SUCCEEDED', 'PARTIAL'))) ORDER BY started_at DESC, id DESC LIMIT 1`,
  );
  await client.query('ROLLBACK');
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('Index Scan using sync_run_word');
  expect(plan).not.toMatch(/Sort|Filter/);
});
