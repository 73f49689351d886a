import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { OutboundHttp } from '#adapters/outbound';
import { DomainError } from '#engines/kernel';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#platform';
import { freePort } from '../powerdns/free-port.js';
import { cacheDirectory } from './debian-root.js';
import { beside, type CommandLine, inside, InsideProcess, run } from './inside.js';
import { installNetBox, type InstalledNetBox } from './install-netbox.js';

const READY_WITHIN_MS = 180_000;
const USER = 'admin';
const NOBODY = 65_534;
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
 * A NetBox with nothing in it, on 127.0.0.1, with the process that sends its webhooks; its database is thrown away. One of a release at a time. Its passwords are new each time, and it
 * runs as an account that owns nothing: who may sign in may have it run programs.
 *
 * @throws NotToBeHad | Error where it cannot be installed (`installNetBox`) or does not come up, with its last words.
 */
export async function startNetBox(release: string, say: (line: string) => void): Promise<RealNetBox> {
  const installed = await installNetBox(release, say);
  const closing: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step().catch((error: unknown) => say(`NetBox: ${(error as Error).message}`));
  };
  try {
    const postgres = await startPostgres(release, say);
    closing.push(() => postgres.stop());
    const redis = { port: await freePort(), password: randomBytes(24).toString('hex') };
    const queue = startRedis(redis);
    closing.push(() => queue.stop());
    const instance = new Instance(installed, postgres, redis);
    closing.push(() => instance.remove());
    await removeAbandoned(path.join(installed.root, 'srv'));
    await instance.prepare(say);
    const port = await freePort();
    const server = instance.serve(port);
    let isStopping = false;
    void server.ended.then(() => isStopping || say(`NetBox ended by itself: ${server.lastWords}`));
    closing.push(() => {
      isStopping = true;
      return server.stop();
    });
    const url = `http://127.0.0.1:${port}`;
    await untilReady(url, server);
    return { url, token: await newToken(url, instance.password), release, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Settings, with their passwords, of those who were killed. */
async function removeAbandoned(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const [, pid] = /^netbox-(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(path.join(directory, name), { recursive: true, force: true });
  }
}

/** Keeps a migrated database from one time to the next: migrating takes minutes. One that does not open (another version, a crash) is made anew. */
async function startPostgres(release: string, say: (line: string) => void): Promise<EmbeddedPostgres> {
  const directory = path.join(cacheDirectory(), `netbox-${release}`);
  try {
    return await startEmbeddedPostgres({ directory, durable: true });
  } catch (error) {
    if (!(error instanceof DomainError && error.code === 'EMBEDDED_POSTGRES_FAILED')) throw error;
    say(`${directory} is made anew: ${error.message}`);
    await rm(directory, { recursive: true, force: true });
    return startEmbeddedPostgres({ directory, durable: true });
  }
}

interface Queue {
  readonly port: number;
  /** Jobs are programs: who may write them may run what he likes. */
  readonly password: string;
}

const startRedis = ({ port, password }: Queue): InsideProcess =>
  new InsideProcess(beside(['/usr/bin/redis-server', '-']), `port ${port}\nbind 127.0.0.1\nsave ""\ndir /tmp\nrequirepass ${password}\n`);

class Instance {
  /** Of the superuser. */
  readonly password = randomBytes(24).toString('hex');
  private readonly template: string;
  private readonly database = 'netbox';
  /** Within the folder of its Debian. */
  private readonly home = `/srv/netbox-${process.pid}`;

  constructor(
    private readonly installed: InstalledNetBox,
    private readonly postgres: EmbeddedPostgres,
    private readonly queue: Queue,
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
      await this.sql(`COMMENT ON DATABASE ${this.template} IS 'migrated'`);
    }
    await this.sql(`CREATE DATABASE ${this.database} TEMPLATE ${this.template}`);
    await this.configure(this.database);
    await run(this.netbox(['netbox', 'createsuperuser', '--no-input', '--username', USER, '--email', 'admin@example.net']));
  }

  /** What answers, and what sends webhooks. */
  serve(port: number): InsideProcess {
    const answering = `gunicorn --bind 127.0.0.1:${port} --workers 2 --threads 2 --timeout 120 netbox.wsgi`;
    return new InsideProcess(this.netbox(['/bin/bash', '-c', `${answering} & netbox rqworker high default low & wait -n`]));
  }

  remove(): Promise<void> {
    return rm(path.join(this.installed.root, this.home), { recursive: true, force: true });
  }

  private netbox(argv: readonly string[]): CommandLine {
    const env = {
      PATH: `${this.installed.bin}:/usr/bin:/bin`,
      HOME: this.home,
      NETBOX_ROOT: this.home,
      DJANGO_SUPERUSER_PASSWORD: this.password,
    };
    const program = argv[0]?.startsWith('/') ? argv : [`${this.installed.bin}/${argv[0] ?? ''}`, ...argv.slice(1)];
    return inside(this.installed.root, program, { env, isNobody: true });
  }

  private async configure(database: string): Promise<void> {
    const home = path.join(this.installed.root, this.home);
    const conf = path.join(home, 'conf');
    await mkdir(conf, { recursive: true, mode: 0o750 });
    const { username, password, hostname, port } = new URL(this.postgres.url);
    const place = {
      NAME: database,
      USER: username,
      PASSWORD: password,
      HOST: hostname,
      PORT: port,
      ENGINE: 'django.db.backends.postgresql',
    };
    const queue = (number: number) => ({
      HOST: '127.0.0.1',
      PORT: this.queue.port,
      PASSWORD: this.queue.password,
      DATABASE: number,
      SSL: 0,
    });
    const settings = {
      ALLOWED_HOSTS: ['127.0.0.1'],
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
    const files = { '__init__.py': '', 'configuration.py': `${lines.join('\n')}\n` };
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(conf, name), text, { mode: 0o640 });
    // To be read and no more: what it could write here, this process would follow, as who it is.
    const owner = process.getuid?.() ?? 0;
    for (const file of [home, conf, ...Object.keys(files).map((name) => path.join(conf, name))]) await chown(file, owner, NOBODY);
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

async function newToken(url: string, password: string): Promise<string> {
  const { status, body } = await http.request({
    method: 'POST',
    url: `${url}/api/users/tokens/provision/`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: USER, password }),
  });
  if (status !== 201) throw new Error(`NetBox gave no token: ${status} ${body.slice(0, 500)}`);
  const { key, token } = JSON.parse(body) as { key: string; token: string };
  return `nbt_${key}.${token}`;
}
