/** An installation of its own to break: PostgreSQL, queue, API and workers as processes that are started again whatever ends them. */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeId } from '#engines/kernel';
import type { FabricInventory } from '#contexts/fabric';
import { type Config, type EmbeddedPostgres, loadConfig, migrateDatabase, startEmbeddedPostgres } from '#platform';
import { administrate, type DemoNameServer } from '../demo/administration.js';
import { takeOver } from '../demo/journey.js';
import { freePort } from '../demo/stack.js';
import { TrameClient } from '../demo/trame-client.js';
import { scratchDirectory } from '../scratch-directory.js';
import { ChaosDatabase } from './chaos-database.js';
import type { DeviceUnderTest } from './device-under-test.js';
import type { Customer } from './order-client.js';
import { type QueueUnderTest, startQueue } from './queue-under-test.js';
import { Supervisor } from './supervisor.js';
import { pause, QUARANTINE_SECONDS, TIMING, WORKERS } from './timing.js';

export type Say = (line: string) => void;

export interface InstallationOptions {
  readonly queue: QueueUnderTest['kind'];
  /** False: jobs are added directly after the commit, and nobody looks for lost ones. */
  readonly outbox: boolean;
  /** For logs, ledgers and findings; emptied first. */
  readonly directory: string;
  readonly workers?: number;
  readonly durable?: boolean;
  /** More settings for API and workers. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The place is ready: nothing is taken over yet. */
export interface Place {
  readonly config: Config;
  readonly apiUrl: string;
  readonly database: ChaosDatabase;
  readonly postgres: EmbeddedPostgres;
  readonly queue: QueueUnderTest;
  /** Settings of a program of an operator who seals everything under a new key. */
  readonly rotationEnv: Readonly<Record<string, string>>;
}

/** The built tree: this file's own, or beside the sources when a test runs from them. */
const HERE = fileURLToPath(new URL('../../../../', import.meta.url));
export const DIST = existsSync(join(HERE, 'apps/api/src/main.js')) ? HERE : join(HERE, 'dist');
const READY_WITHIN_MS = 90_000;
const key = (): string => randomBytes(32).toString('base64');
/** A hundred devices on a busy machine. */
const TAKE_OVER_WITHIN_MS = 300_000;

export class Installation {
  readonly supervisor: Supervisor;
  /** Aborted when nobody is to ask for anything any more. */
  readonly over = new AbortController();
  private readonly cleanups: (() => Promise<unknown> | void)[] = [];

  constructor(
    private readonly options: InstallationOptions,
    private readonly say: Say,
  ) {
    rmSync(options.directory, { recursive: true, force: true });
    mkdirSync(options.directory, { recursive: true });
    this.supervisor = new Supervisor(options.directory);
  }

  async start(): Promise<Place> {
    const postgres = await this.startPostgres();
    const database = new ChaosDatabase(postgres.url);
    this.later(() => database.close());
    const queue = await startQueue(this.options.queue, database, this.supervisor, this.options.directory);
    this.later(() => queue.close());
    const [kek, nextKek] = [key(), key()];
    const config = await this.configure(postgres.url, queue, kek, nextKek);
    const rotationEnv = { DATABASE_URL: postgres.url, TRAME_KEK: nextKek, TRAME_KEK_PREVIOUS: kek, TRAME_TOKEN_PEPPER: key() };
    return { rotationEnv, config, apiUrl: `http://127.0.0.1:${config.HTTP_PORT}`, database, postgres, queue };
  }

  /** What has to be closed at the end, after everything that was begun later. */
  later(close: () => Promise<unknown> | void): void {
    this.cleanups.push(close);
  }

  /**
   * The fabric, the pools, a customer; and the first takeover of every device, approved by the operator as always.
   * @param first comes before anything is pushed.
   */
  async populate(
    { config, apiUrl, database }: Place,
    inventory: FabricInventory,
    first: (client: TrameClient, operatorToken: string) => Promise<void> = () => Promise.resolve(),
    nameServer: DemoNameServer | null = null,
  ): Promise<Customer> {
    const world = await administrate(config, inventory, nameServer, { quarantineSeconds: QUARANTINE_SECONDS });
    const client = new TrameClient(apiUrl);
    await this.untilReady(client, world.operatorToken);
    await first(client, world.operatorToken);
    await takeOver(client, world, this.say, TAKE_OVER_WITHIN_MS);
    const rows = await database.rows<{ id: string; slug: string }>('SELECT id, slug FROM device');
    return { ...world, deviceIds: new Map(rows.map(({ id, slug }) => [slug, encodeId('device', id)])) };
  }

  /** Not AbortSignal.timeout: on Node 20 one that only a composed signal refers to is collected, and never comes. */
  endingAfter(seconds: number): AbortSignal {
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), seconds * 1000);
    this.over.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      ending.abort();
    });
    setMaxListeners(0, ending.signal, this.over.signal); // Everybody who pauses listens.
    return ending.signal;
  }

  /** Ends everything that was started: processes first, then what they used. May be called at any time, more than once. */
  async close(): Promise<void> {
    this.over.abort();
    await this.supervisor.stop();
    for (const cleanup of this.cleanups.splice(0).reverse())
      await Promise.resolve(cleanup()).catch((error: unknown) => this.say(`clean-up: ${String(error)}`));
  }

  /** For the very end of the process: no waiting. */
  killNow(): void {
    this.supervisor.killNow();
  }

  private async startPostgres(): Promise<EmbeddedPostgres> {
    const directory = await scratchDirectory('trame-chaos-');
    this.later(() => rm(directory, { recursive: true, force: true }));
    const log = createWriteStream(join(this.options.directory, 'postgres.log'));
    const postgres = await startEmbeddedPostgres({
      directory: join(directory, 'postgres'),
      durable: this.options.durable ?? true,
      log: (line) => void log.write(`${line}\n`),
    });
    this.later(() => postgres.stop());
    return postgres;
  }

  /** @param nextKek opens what somebody seals under it during the run. */
  private async configure(databaseUrl: string, queue: QueueUnderTest, kek: string, nextKek: string): Promise<Config> {
    const env = {
      DATABASE_URL: databaseUrl,
      ...queue.env,
      HTTP_PORT: String(await freePort()),
      TRAME_KEK: kek,
      TRAME_KEK_PREVIOUS: nextKek,
      TRAME_TOKEN_PEPPER: key(),
      TRAME_UNSAFE_DIRECT_ENQUEUE: String(!this.options.outbox),
      ...TIMING,
      ...this.options.env,
    };
    await migrateDatabase(databaseUrl);
    const program = (name: string, app: 'api' | 'worker') => ({
      name,
      command: process.execPath,
      args: [join(DIST, 'apps', app, 'src', 'main.js')],
      env: { ...env, PGAPPNAME: name }, // The database is to know who asks.
    });
    this.supervisor.keep(program('api', 'api'));
    for (let n = 1; n <= (this.options.workers ?? WORKERS); n++) this.supervisor.keep(program(`worker-${n}`, 'worker'));
    return loadConfig(env);
  }

  private async untilReady(client: TrameClient, token: string): Promise<void> {
    for (const deadline = Date.now() + READY_WITHIN_MS; ; await pause(100)) {
      try {
        await client.graphql(token, '{ __typename }');
        return;
      } catch (error) {
        if (Date.now() > deadline || this.over.signal.aborted) throw error;
      }
    }
  }
}

/** What a run breaks. */
export interface World extends Place {
  readonly devices: ReadonlyMap<string, DeviceUnderTest>;
  readonly customer: Customer;
}
