// One Postgres for the whole run, with a migrated database that every test database is a copy of.
import fs from 'node:fs';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '#platform';
import { installPowerDns, type RealNetBox, startNetBox } from '../../apps/lab/src/real-systems/index.js';
import { removeAbandoned, scratchDirectory } from './scratch.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A database on the test server from which others can be made; it is empty itself. */
    maintenanceDatabaseUrl: string;
    /** Name of the migrated database. The databases of this run begin with it. */
    templateDatabase: string;
  }
}

interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Yours, where DATABASE_URL names one (its user must be allowed to create databases), else an embedded one in a scratch directory. */
async function testServer(): Promise<TestServer> {
  const { DATABASE_URL } = process.env;
  if (DATABASE_URL) return { url: DATABASE_URL, stop: () => Promise.resolve() };
  removeAbandoned();
  const directory = scratchDirectory('test');
  fs.chmodSync(directory, 0o711); // As root the server runs under another account and has to get in.
  const postgres = await startEmbeddedPostgres({ directory, durable: false });
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Where TRAME_PDNS_INSTALL says so: the suites run against the name server of the next Debian. */
async function installedPowerDns(): Promise<void> {
  if (process.env['TRAME_PDNS_INSTALL']) process.env['TRAME_PDNS_SERVER'] ??= await installPowerDns(process.env['TRAME_PDNS_INSTALL'], say);
}

/** Where TRAME_NETBOX_INSTALL names a release: the contract with NetBox runs against that one, and it goes when the tests have ended. */
async function installedNetBox(): Promise<RealNetBox | null> {
  const { TRAME_NETBOX_INSTALL: release, TRAME_NETBOX_URL: other } = process.env;
  if (!release || other) return null;
  const netbox = await startNetBox(release, say);
  process.env['TRAME_NETBOX_URL'] = netbox.url;
  process.env['TRAME_NETBOX_TOKEN'] = netbox.token;
  return netbox;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await installedPowerDns();
  const netbox = await installedNetBox();
  const server = await testServer().catch(async (error: unknown) => {
    await netbox?.stop();
    throw error;
  });
  const template = `trame_test_${process.pid}_${project.name}`;
  try {
    await dropDatabases(server.url, template);
    await onServer(server.url, (client) => client.query(`CREATE DATABASE ${template}`));
    const { migrateDatabase } = await import('#platform');
    const url = new URL(server.url);
    url.pathname = `/${template}`;
    await migrateDatabase(url.href);
  } catch (error) {
    await server.stop();
    await netbox?.stop();
    throw error;
  }
  project.provide('maintenanceDatabaseUrl', server.url);
  project.provide('templateDatabase', template);
  return async () => {
    await dropDatabases(server.url, template);
    await server.stop();
    await netbox?.stop();
  };
}

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The template and what tests left behind. */
async function dropDatabases(url: string, template: string): Promise<void> {
  await onServer(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [template]);
    for (const { datname } of rows) await client.query(`DROP DATABASE ${client.escapeIdentifier(datname)} WITH (FORCE)`);
  });
}
