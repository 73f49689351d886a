import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { migrateDatabase, startEmbeddedPostgres } from '#platform';
import { scratchDirectory } from '../scratch-directory.js';

/** What makes a commit a commit. Without them the floor is none, and every ratio is wrong. */
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' } as const;

export interface BenchDatabase {
  /** Migrated, and nobody else's. */
  readonly url: string;
  /** For the report: version and what was checked. */
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * An embedded Postgres, or a new database on your server. @param url of your server, as somebody who may create databases.
 * @throws Error where the server does not keep what it commits.
 */
export async function openBenchDatabase(url: string | undefined): Promise<BenchDatabase> {
  const server = url === undefined ? await startEmbedded() : await createOn(url);
  try {
    const settings = await durableSettings(server.url);
    await migrateDatabase(server.url);
    return { ...server, settings };
  } catch (error) {
    await server.close();
    throw error;
  }
}

type Server = Pick<BenchDatabase, 'url' | 'close'>;

async function startEmbedded(): Promise<Server> {
  const directory = await scratchDirectory('trame-bench-');
  const drop = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), durable: true });
    return { url: postgres.url, close: () => postgres.stop().then(drop) };
  } catch (error) {
    await drop();
    throw error;
  }
}

async function createOn(url: string): Promise<Server> {
  const name = `trame_bench_${process.pid}`;
  const administer = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  await administer(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, close: () => administer(`DROP DATABASE ${name} WITH (FORCE)`) };
}

async function durableSettings(url: string): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const settings: Record<string, string> = {};
    for (const name of ['server_version', ...Object.keys(DURABLE)]) {
      const { rows } = await client.query<{ value: string }>('SELECT current_setting($1) AS value', [name]);
      settings[name] = rows[0]?.value ?? '';
    }
    const loose = Object.entries(DURABLE).filter(([name, wanted]) => settings[name] !== wanted);
    if (loose.length > 0)
      throw new Error(`this server may lose what it commits: ${loose.map(([name]) => `${name}=${settings[name]}`).join(', ')}`);
    return settings;
  } finally {
    await client.end();
  }
}
