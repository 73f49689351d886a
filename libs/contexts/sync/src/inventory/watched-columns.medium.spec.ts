// What objects of the inventory are made of, out of the statements that read them, against what the triggers of the journal look at.
import pg from 'pg';
import { createInventoryWorld, type InventoryWorld } from '../../../../../test/support/inventory-world.js';
import { sentStatements } from '../../../../../test/support/sent-statements.js';
import { ContextInventory } from './context-inventory.js';
import { INVENTORY_KINDS } from './kinds.js';

/** Rows are not given another identity, and what belongs to a fabric or a space stays there. */
const NEVER_CHANGES = [
  'id',
  'device.fabric_id',
  'site.fabric_id',
  'vlan_domain.fabric_id',
  'prefix.space_id',
  'address_range.subnet_id',
  'address_range.first',
];

let world: InventoryWorld;
let client: pg.Client;
beforeAll(async () => {
  world = await createInventoryWorld([ContextInventory]);
  client = new pg.Client({ connectionString: world.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await world.close();
});

const rows = async (text: string): Promise<string[]> => (await client.query<{ name: string }>(text)).rows.map(({ name }) => name);

/** `table.column` of each column that a page of a kind depends on, out of what Postgres notes of a view of the same words. */
async function readColumns(): Promise<Set<string>> {
  const read = new Set<string>();
  const inventory = world.app.get(ContextInventory);
  for (const kind of INVENTORY_KINDS) {
    const sent = await sentStatements(() => world.asSystem((tx) => inventory.page(tx, kind, null, 10)));
    const statements = sent.filter((text) => /^\s*SELECT\b/i.test(text));
    expect(statements.length, kind).toBeGreaterThan(0);
    for (const statement of statements) {
      await client.query(`CREATE TEMP VIEW of_inventory AS ${statement.replaceAll(/\$\d+/g, 'NULL')}`);
      const columns = await rows(
        `SELECT DISTINCT t.relname || '.' || a.attname AS name FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
           JOIN pg_class t ON d.refclassid = 'pg_class'::regclass AND t.oid = d.refobjid AND t.relkind = 'r'
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
          WHERE r.ev_class = 'of_inventory'::regclass`,
      );
      await client.query('DROP VIEW of_inventory');
      expect(columns.length, kind).toBeGreaterThan(0);
      for (const column of columns) read.add(column);
    }
  }
  return read;
}

/** The same of what an update has to change for a trigger to write it down. */
async function watchedColumns(): Promise<Set<string>> {
  const functions = await client.query<{ table: string; text: string; events: string[] }>(
    `SELECT t.relname AS table, p.prosrc AS text FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid
      WHERE p.proname LIKE 'journal\\_%' AND g.tgname LIKE '%\\_update'`,
  );
  return new Set(
    functions.rows.flatMap(({ table, text }) => {
      const [, compared = ''] = /WHERE \(([^)]*)\) IS DISTINCT FROM/.exec(text) ?? [];
      return [...compared.matchAll(/\bo\.(\w+)/g)].map(([, column]) => `${table}.${column}`);
    }),
  );
}

describe('the triggers of the journal', () => {
  it('look at every column that an object of the inventory is made of', async () => {
    const [read, watched] = [await readColumns(), await watchedColumns()];
    expect([...read]).toEqual(expect.arrayContaining(['fabric.facts', 'fabric.slug', 'site.slug', 'vlan_mapping.vlan']));
    const isWatched = (column: string): boolean =>
      watched.has(column) || NEVER_CHANGES.includes(column) || NEVER_CHANGES.includes(column.split('.')[1] ?? '');
    expect([...read].filter((column) => !isWatched(column)).sort()).toEqual([]);
  });

  it('are there for rows that come and go as well, of every table that is read', async () => {
    const tables = new Set([...(await readColumns())].map((column) => column.split('.')[0]));
    const events = await rows(
      `SELECT DISTINCT t.relname || ' ' || CASE WHEN g.tgtype & 4 > 0 THEN 'INSERT' WHEN g.tgtype & 8 > 0 THEN 'DELETE' ELSE 'UPDATE' END AS name
         FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid WHERE p.proname LIKE 'journal\\_%'`,
    );
    const missing = [...tables].flatMap((table) =>
      ['INSERT', 'UPDATE', 'DELETE'].map((event) => `${table} ${event}`).filter((each) => !events.includes(each)),
    );
    expect(missing).toEqual([]);
  });
});
