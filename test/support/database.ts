import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  /** Migrated and empty; its user owns everything in it. */
  readonly url: string;
  /** Removes it, whoever is still connected. What a test forgets is removed at the end of the run. */
  drop(): Promise<void>;
}

/** A database of its own for one spec file: a copy of the migrated one, in some 30 ms; or one that was never migrated. */
export async function createTestDatabase({ isEmpty = false } = {}): Promise<TestDatabase> {
  const server = inject('maintenanceDatabaseUrl');
  const template = inject('templateDatabase');
  const name = `${template}_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  await run(server, isEmpty ? `CREATE DATABASE ${name}` : `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY = file_copy`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
