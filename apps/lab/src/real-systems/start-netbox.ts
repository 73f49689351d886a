import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import pg from 'pg';
import { OutboundHttp } from '#adapters/outbound';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#platform';
import { freePort } from '../powerdns/free-port.js';
import { cacheDirectory, inside, InsideProcess, run } from './debian-root.js';
import { installNetBox, type InstalledNetBox } from './install-netbox.js';

const READY_WITHIN_MS = 180_000;
const USER = 'admin';
const PASSWORD = 'for-tests-On-l0opback';
const http = new OutboundHttp({ name: 'lab-netbox', timeoutMs: 20_000, maxResponseBytes: 1_000_000, allowPrivate: true, maxRetries: 0 });

export interface RealNetBox {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Of a superuser: `nbt_<key>.<secret>` */
  readonly token: string;
  readonly release: string;
  stop(): Promise<void>;
}

/**
 * A NetBox with nothing in it, on 127.0.0.1, with the process that sends its webhooks; its database is thrown away. One of a release at a time.
 *
 * @throws Error where it cannot be installed (`installNetBox`) or does not come up, with its last words.
 */
export async function startNetBox(release: string, say: (line: string) => void): Promise<RealNetBox> {
  const installed = await installNetBox(release, say);
  const closing: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    // Postgres keeps a migrated database from one time to the next: migrating takes minutes.
    const postgres = await startEmbeddedPostgres({ directory: path.join(cacheDirectory(), `netbox-${release}`), durable: false });
    closing.push(() => postgres.stop());
    const redisPort = await freePort();
    closing.push(startRedis(redisPort));
    const home = `/srv/netbox-${process.pid}`;
    closing.push(() => rm(path.join(installed.root, home), { recursive: true, force: true }));
    const instance = new Instance(installed, home, postgres, redisPort);
    await instance.prepare(say);
    const httpPort = await freePort();
    const server = await instance.serve(httpPort);
    closing.push(() => server.stop());
    const url = `http://127.0.0.1:${httpPort}`;
    await untilReady(url, server);
    return { url, token: await newToken(url), release, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

class Instance {
  private readonly template: string;
  private readonly database = 'netbox';

  constructor(
    private readonly installed: InstalledNetBox,
    private readonly home: string,
    private readonly postgres: EmbeddedPostgres,
    private readonly redisPort: number,
  ) {
    this.template = `netbox_${installed.release.replaceAll('.', '_')}`;
  }

  /** An empty database that is migrated, with one superuser. */
  async prepare(say: (line: string) => void): Promise<void> {
    await this.sql(`DROP DATABASE IF EXISTS ${this.database} WITH (FORCE)`);
    if (!(await this.isMigrated())) {
      say(`migrating the database of NetBox ${this.installed.release}`);
      await this.sql(`DROP DATABASE IF EXISTS ${this.template} WITH (FORCE)`);
      await this.sql(`CREATE DATABASE ${this.template}`);
      await this.configure(this.template);
      await run(this.netbox(['netbox', 'migrate']));
      await run(this.netbox(['netbox', 'createsuperuser', '--no-input', '--username', USER, '--email', 'admin@example.net']));
      await this.sql(`COMMENT ON DATABASE ${this.template} IS 'migrated'`);
    }
    await this.sql(`CREATE DATABASE ${this.database} TEMPLATE ${this.template}`);
    await this.configure(this.database);
  }

  /** What answers, and what sends webhooks. */
  async serve(port: number): Promise<InsideProcess> {
    const workers = `gunicorn --bind 127.0.0.1:${port} --workers 2 --threads 2 --timeout 120 netbox.wsgi & netbox rqworker high default low & wait -n`;
    return new InsideProcess(this.netbox(['/bin/bash', '-c', workers]));
  }

  private netbox(argv: readonly string[]): [string, ...string[]] {
    return inside(this.installed.root, argv, {
      PATH: `${this.installed.bin}:/usr/bin:/bin`,
      NETBOX_ROOT: this.home,
      DJANGO_SUPERUSER_PASSWORD: PASSWORD,
    });
  }

  private async configure(database: string): Promise<void> {
    const conf = path.join(this.installed.root, this.home, 'conf');
    await mkdir(conf, { recursive: true });
    const { username, password, hostname, port } = new URL(this.postgres.url);
    const place = {
      NAME: database,
      USER: username,
      PASSWORD: password,
      HOST: hostname,
      PORT: port,
      ENGINE: 'django.db.backends.postgresql',
    };
    const queue = (number: number) => ({ HOST: '127.0.0.1', PORT: this.redisPort, DATABASE: number, SSL: 0 });
    const settings = {
      ALLOWED_HOSTS: ['*'],
      DATABASES: { default: place },
      REDIS: { tasks: queue(0), caching: queue(1) },
      SECRET_KEY: randomBytes(40).toString('hex'),
    };
    // JSON of texts, numbers and lists is Python as well.
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    lines.push(
      `API_TOKEN_PEPPERS = {1: '${randomBytes(40).toString('hex')}'}`,
      'CENSUS_REPORTING_ENABLED = False',
      'RELEASE_CHECK_URL = None',
    );
    await writeFile(path.join(conf, '__init__.py'), '');
    await writeFile(path.join(conf, 'configuration.py'), `${lines.join('\n')}\n`, { mode: 0o600 });
  }

  private async isMigrated(): Promise<boolean> {
    const [row] = await this.sql(
      `SELECT shobj_description(oid, 'pg_database') AS said FROM pg_database WHERE datname = '${this.template}'`,
    );
    return row?.['said'] === 'migrated';
  }

  private async sql(statement: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.postgres.url });
    await client.connect();
    try {
      return (await client.query(statement)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }
}

/** @returns what ends it. */
function startRedis(port: number): () => Promise<void> {
  const server = spawn('/usr/bin/redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' });
  const kill = (): void => void server.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<void>((resolve) => void server.once('exit', () => resolve()).once('error', () => resolve()));
  return async () => {
    process.off('exit', kill);
    kill();
    await ended;
  };
}

async function untilReady(url: string, server: InsideProcess): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (server.isRunning && performance.now() < deadline) {
    const status = await http.request({ method: 'GET', url: `${url}/login/` }).then(
      (answer) => answer.status,
      () => null,
    );
    if (status === 200) return;
    await sleep(250);
  }
  throw new Error(`NetBox did not come up: ${server.lastWords}`);
}

async function newToken(url: string): Promise<string> {
  const { status, body } = await http.request({
    method: 'POST',
    url: `${url}/api/users/tokens/provision/`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: USER, password: PASSWORD }),
  });
  if (status !== 201) throw new Error(`NetBox gave no token: ${status} ${body.slice(0, 500)}`);
  const { key, token } = JSON.parse(body) as { key: string; token: string };
  return `nbt_${key}.${token}`;
}
