/** One run: start everything, load it, break it, let it settle, and hold it to its promises. */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { appendFileSync, createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeId } from '#engines/kernel';
import { type Config, type EmbeddedPostgres, loadConfig, migrateDatabase, startEmbeddedPostgres } from '#platform';
import { administrate } from '../demo/administration.js';
import { takeOver } from '../demo/journey.js';
import { freePort } from '../demo/stack.js';
import { TrameClient } from '../demo/trame-client.js';
import { chaosInventory, type ChaosHostName, type ChaosLeafName } from '../fabrics/chaos-inventory.js';
import type { DeviceEndpoint } from '../fabrics/demo-inventory.js';
import { ApiCaller } from './api-caller.js';
import { ChaosDatabase } from './chaos-database.js';
import type { ChaosReport } from './chaos-result.js';
import { check } from './checks/check.js';
import type { DeviceUnderTest } from './device-under-test.js';
import { Dice } from './dice.js';
import { leaveBehind } from './leave-behind.js';
import { Ledger } from './ledger.js';
import { Nemesis } from './nemesis.js';
import { runOperator } from './operator.js';
import { type Customer, OrderClient } from './order-client.js';
import { type QueueUnderTest, startQueue } from './queue-under-test.js';
import { settle } from './settle.js';
import { startDevices } from './start-devices.js';
import { Supervisor } from './supervisor.js';
import { CLIENTS, GIVE_UP_AFTER_SECONDS, pause, QUARANTINE_SECONDS, TIMING, WORKERS } from './timing.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly queue: QueueUnderTest['kind'];
  /** False: jobs are added directly after the commit, and nobody looks for lost ones. */
  readonly outbox: boolean;
  /** For logs, ledgers and findings; emptied first. */
  readonly directory: string;
}

export type Say = (line: string) => void;

const DIST = fileURLToPath(new URL('../../../../', import.meta.url));
const READY_WITHIN_MS = 30_000;

export class ChaosRun {
  private readonly supervisor: Supervisor;
  private readonly cleanups: (() => Promise<unknown> | void)[] = [];
  private readonly over = new AbortController();

  constructor(
    private readonly options: ChaosOptions,
    private readonly say: Say,
  ) {
    rmSync(options.directory, { recursive: true, force: true });
    mkdirSync(options.directory, { recursive: true });
    this.supervisor = new Supervisor(options.directory);
  }

  /** @throws when the set-up fails, which is no verdict about the product. */
  async run(): Promise<ChaosReport> {
    const postgres = await this.startPostgres();
    const database = new ChaosDatabase(postgres.url);
    this.cleanups.push(() => database.close());
    const queue = await startQueue(this.options.queue, database, this.supervisor, this.options.directory);
    this.cleanups.push(() => queue.close());
    const devices = await startDevices(this.options.directory);
    this.cleanups.push(async () => Promise.all([...devices.values()].map((device) => device.close())));
    const config = await this.configure(postgres.url, queue);
    const customer = await this.populate(config, database, devices);
    return this.breakAndCheck(config, { database, postgres, queue, devices, customer });
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
    const directory = await mkdtemp(join(tmpdir(), 'trame-chaos-'));
    this.cleanups.push(() => rm(directory, { recursive: true, force: true }));
    const log = createWriteStream(join(this.options.directory, 'postgres.log'));
    const postgres = await startEmbeddedPostgres({
      directory: join(directory, 'postgres'),
      durable: true,
      log: (line) => void log.write(`${line}\n`),
    });
    this.cleanups.push(() => postgres.stop());
    return postgres;
  }

  private async configure(databaseUrl: string, queue: QueueUnderTest): Promise<Config> {
    const key = (): string => randomBytes(32).toString('base64');
    const env = {
      DATABASE_URL: databaseUrl,
      ...queue.env,
      HTTP_PORT: String(await freePort()),
      TRAME_KEK: key(),
      TRAME_TOKEN_PEPPER: key(),
      TRAME_UNSAFE_DIRECT_ENQUEUE: String(!this.options.outbox),
      ...TIMING,
    };
    await migrateDatabase(databaseUrl);
    const program = (name: string, app: 'api' | 'worker') => ({
      name,
      command: process.execPath,
      args: [join(DIST, 'apps', app, 'src', 'main.js')],
      env,
    });
    this.supervisor.keep(program('api', 'api'));
    for (let n = 1; n <= WORKERS; n++) this.supervisor.keep(program(`worker-${n}`, 'worker'));
    return loadConfig(env);
  }

  /** The fabric, the pools, a customer; and the first takeover of every device, approved by the operator as always. */
  private async populate(config: Config, database: ChaosDatabase, devices: ReadonlyMap<string, DeviceUnderTest>): Promise<Customer> {
    const endpoints = Object.fromEntries([...devices].map(([slug, { endpoint }]) => [slug, endpoint]));
    const inventory = chaosInventory(endpoints as Record<ChaosLeafName | ChaosHostName, DeviceEndpoint>);
    const world = await administrate(config, inventory, null, { quarantineSeconds: QUARANTINE_SECONDS });
    const client = new TrameClient(apiUrlOf(config));
    await this.untilReady(client, world.operatorToken);
    await takeOver(client, world, this.say);
    const rows = await database.rows<{ id: string; slug: string }>('SELECT id, slug FROM device');
    return { ...world, deviceIds: new Map(rows.map(({ id, slug }) => [slug, encodeId('device', id)])) };
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

  /** Not AbortSignal.timeout: on Node 20 one that only a composed signal refers to is collected, and never comes. */
  private endingAfter(seconds: number): AbortSignal {
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), seconds * 1000);
    this.over.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      ending.abort();
    });
    setMaxListeners(0, ending.signal, this.over.signal); // Everybody who pauses listens.
    return ending.signal;
  }

  private async breakAndCheck(config: Config, world: World): Promise<ChaosReport> {
    const { seed, seconds, directory } = this.options;
    const dice = new Dice(seed);
    const ledger = new Ledger(join(directory, 'ledger.jsonl'));
    const api = new ApiCaller(apiUrlOf(config));
    const tell = (event: object): void =>
      appendFileSync(join(directory, 'faults.jsonl'), `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
    const nemesis = new Nemesis({ supervisor: this.supervisor, ...world }, dice.fork(), tell);
    const ending = this.endingAfter(seconds);
    this.say(`fabric taken over; ${CLIENTS} clients order, faults begin, for ${seconds} s`);
    const clients = Promise.all(
      Array.from({ length: CLIENTS }, (_, n) =>
        new OrderClient(`c${n + 1}`, dice.fork(), api, world.customer, ledger).run(ending, this.over.signal),
      ),
    );
    const operator = runOperator(world.database, api, world.customer.operatorToken, this.over.signal);
    await nemesis.run(ending);
    tell({ faultsEnded: true });
    this.say('faults are over; waiting until everything is settled');
    const settling = await settle(world.database, clients, GIVE_UP_AFTER_SECONDS);
    this.over.abort();
    await Promise.all([clients, operator]);
    const report = await check({
      ...world,
      config,
      ledger,
      settling,
      faults: nemesis.counts,
      selfExits: this.supervisor.selfExits,
      options: this.options,
    });
    if (!report.result.ok) await leaveBehind(world.database, directory);
    writeFileSync(join(directory, 'result.json'), `${JSON.stringify(report, null, 1)}\n`);
    return report;
  }
}

export interface World {
  readonly database: ChaosDatabase;
  readonly postgres: EmbeddedPostgres;
  readonly queue: QueueUnderTest;
  readonly devices: ReadonlyMap<string, DeviceUnderTest>;
  readonly customer: Customer;
}

const apiUrlOf = ({ HTTP_PORT }: Config): string => `http://127.0.0.1:${HTTP_PORT}`;
