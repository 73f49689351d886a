import pg from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { allEntities } from '../support/world.js';

let database: TestDatabase;
let client: pg.Client;
let source: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  source = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: allEntities,
    migrations,
    migrationsTableName: 'schema_migration',
  });
  await source.initialize();
});
afterAll(async () => {
  await source.destroy();
  await client.end();
  await database.drop();
});

const TABLES = `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migration' ORDER BY 1`;
const tables = async (): Promise<string[]> => (await client.query<{ name: string }>(TABLES)).rows.map((row) => row.name);

describe('the schema', () => {
  it('has every column that an entity writes, with its type', async () => {
    const { rows } = await client.query<{ key: string; type: string; nullable: boolean }>(
      `SELECT c.relname || '.' || a.attname AS key, format_type(a.atttypid, NULL) AS type, NOT a.attnotnull AS nullable
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0`,
    );
    const columns = new Map(rows.map((row) => [row.key, row]));
    const canonical: Record<string, string> = { int: 'integer', timestamptz: 'timestamp with time zone' };
    const wrong = source.entityMetadatas.flatMap((entity) =>
      entity.columns.flatMap((column) => {
        const key = `${entity.tableName}.${column.databaseName}`;
        const type = `${canonical[String(column.type)] ?? String(column.type)}${column.isArray ? '[]' : ''}`;
        const found = columns.get(key);
        return found && found.type === type && found.nullable === column.isNullable
          ? []
          : [`${key}: ${type} ${column.isNullable ? 'NULL' : 'NOT NULL'}, found ${JSON.stringify(found)}`];
      }),
    );
    expect(source.entityMetadatas.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  it('names every constraint itself: an error is understood by its name', async () => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT c.conname AS name FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
        WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> 'schema_migration' AND c.contype IN ('c', 'u', 'x', 'f', 'p')
          AND (c.conname ~ '_(check|excl|key)[0-9]*$' OR (c.contype = 'f' AND c.conname ~ '_id_fkey[0-9]*$'))`,
    );
    expect(rows).toEqual([]);
  });

  it('keeps the rows of tenants apart in every table that has a tenant', async () => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
    );
    expect(rows).toEqual([]);
  });

  it('goes down as far as nothing is lost by it, and up again; then it refuses in words, and nothing has changed', async () => {
    const before = await tables();
    expect(before.length).toBeGreaterThan(30);
    let refusal: unknown;
    for (const _ of migrations) {
      try {
        await source.undoLastMigration();
      } catch (error) {
        refusal = error;
        break;
      }
    }
    expect(String(refusal)).toContain('restore a backup instead');
    await source.runMigrations();
    expect(await tables()).toEqual(before);
  });
});
