/** Many callers in several processes that are killed, on connections that are cut; and then: was anything given twice, lost, or leaked? */
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { INestApplicationContext } from '@nestjs/common';
import { InvariantInspector, InvariantRegistry, ReconcilerRegistry } from '#contexts/events';
import { migrateDatabase, startEmbeddedPostgres } from '#platform';
import { scratchDirectory } from '../../scratch-directory.js';
import { ChaosDatabase } from '../chaos-database.js';
import { Dice } from '../dice.js';
import { Supervisor } from '../supervisor.js';
import { pause } from '../timing.js';
import { openAllocationApp } from './allocation-app.js';
import { type AllocationReport, allocationReport } from './allocation-report.js';
import type { CallerOrders } from './caller.js';
import { checkHistory, type StoredRow } from './check-history.js';
import { historyOf } from './history.js';
import { readJournals } from './journal.js';
import type { KeeperOrders } from './keeper.js';
import { NAIVE_TABLE } from './naive-allocator.js';
import { makePools, type Pools, QUARANTINE_SECONDS } from './pools.js';

export interface AllocationChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  /** True: an allocator that is wrong, to see that the check finds it. */
  readonly isNaive: boolean;
  /** For journals, logs and findings; emptied first. */
  readonly directory: string;
}

export const PROCESSES = 4;
export const CLIENTS_OF_EACH = 16;
const CALLERS = Array.from({ length: PROCESSES }, (_, n) => `caller-${n + 1}`);
const KEEPER = 'keeper';
const READY_WITHIN_MS = 60_000;
/** The longest hold, and what rests after it, and a sweep. */
const UNTIL_ALL_IS_OVER_MS = (2 + QUARANTINE_SECONDS + 1) * 1000;

const STORED = `SELECT id, key, value::text AS value, state FROM number_allocation
  UNION ALL SELECT p.id, p.key, p.cidr::text, p.state FROM prefix p JOIN prefix_pool_range r ON r.prefix_id = p.parent_id WHERE r.pool_id = $1
  UNION ALL SELECT a.id, a.key, host(a.address), a.state FROM ip_address a WHERE a.subnet_id = $2`;

export class AllocationChaosRun {
  private readonly supervisor: Supervisor;
  private readonly cleanups: (() => Promise<unknown> | void)[] = [];
  private readonly over = new AbortController();
  private readonly broken = { kills: 0, terminated: 0 };

  constructor(
    private readonly options: AllocationChaosOptions,
    private readonly say: (line: string) => void,
  ) {
    rmSync(options.directory, { recursive: true, force: true });
    mkdirSync(options.directory, { recursive: true });
    this.supervisor = new Supervisor(options.directory);
  }

  /** @throws when the set-up fails, which is no verdict about the product. */
  async run(): Promise<AllocationReport> {
    const url = await this.startPostgres();
    await migrateDatabase(url);
    const database = new ChaosDatabase(url);
    this.cleanups.push(() => database.close());
    if (this.options.isNaive) await database.rows(NAIVE_TABLE);
    const environment = environmentOf(url);
    const app = await openAllocationApp(environment);
    this.cleanups.push(() => app.close());
    const pools = await makePools(app);
    this.startProcesses(environment, pools);
    await this.untilAllAsk();
    this.say(`${PROCESSES} processes with ${CLIENTS_OF_EACH} callers each, for ${this.options.seconds} s`);
    await this.breakThings(database);
    await this.supervisor.stop();
    this.say('everybody has stopped; waiting until holds and quarantines are over');
    return this.check(app, database, pools);
  }

  /** Ends everything that was started. May be called at any time, more than once. */
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

  private async startPostgres(): Promise<string> {
    const directory = await scratchDirectory('trame-chaos-');
    this.cleanups.push(() => rm(directory, { recursive: true, force: true }));
    const log = createWriteStream(join(this.options.directory, 'postgres.log'));
    const postgres = await startEmbeddedPostgres({
      directory: join(directory, 'postgres'),
      durable: true,
      log: (line) => void log.write(`${line}\n`),
    });
    this.cleanups.push(() => postgres.stop());
    return postgres.url;
  }

  private startProcesses(env: Record<string, string>, pools: Pools): void {
    const { seed, directory, isNaive } = this.options;
    const dice = new Dice(seed);
    const start = (name: string, file: string, orders: CallerOrders | KeeperOrders): void => {
      const script = fileURLToPath(new URL(file, import.meta.url));
      this.supervisor.keep({ name, command: process.execPath, args: [script, JSON.stringify(orders)], env });
    };
    const draw = (): number => dice.integer(0, 2 ** 31);
    for (const name of CALLERS) start(name, './caller.js', { name, seed: draw(), clients: CLIENTS_OF_EACH, directory, isNaive, pools });
    if (!isNaive) start(KEEPER, './keeper.js', { seed: draw(), pools });
  }

  /** The first entry of each journal. @throws Error when a process does not get that far. */
  private async untilAllAsk(): Promise<void> {
    const hasBegun = (name: string): boolean => readJournals(this.options.directory, name).length > 0;
    for (const deadline = Date.now() + READY_WITHIN_MS; !CALLERS.every(hasBegun); await pause(50, this.over.signal))
      if (Date.now() > deadline) throw new Error(`not every process asks after ${READY_WITHIN_MS / 1000} s; see their logs`);
  }

  private async breakThings(database: ChaosDatabase): Promise<void> {
    const dice = new Dice(this.options.seed + 1);
    const [killing, cutting] = [dice.fork(), dice.fork()];
    const deadline = Date.now() + this.options.seconds * 1000;
    const until = async (ms: number): Promise<boolean> => {
      await pause(Math.min(ms, deadline - Date.now()), this.over.signal);
      return Date.now() < deadline && !this.over.signal.aborted;
    };
    // A new process needs a second to begin, of both cores' time.
    const killEvery = Math.max(2500, this.options.seconds * 110);
    const kill = async (): Promise<void> => {
      while (await until(killing.between(0.7, 1.3) * killEvery))
        if (this.supervisor.signal(killing.pick([...CALLERS, KEEPER]), 'SIGKILL')) this.broken.kills += 1;
    };
    const cut = async (): Promise<void> => {
      while (await until(cutting.between(300, 1500)))
        this.broken.terminated += (
          await database.rows<{ done: boolean }>(
            `SELECT pg_terminate_backend(pid) AS done FROM (SELECT pid FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' ORDER BY random() LIMIT 1) one`,
          )
        ).length;
    };
    await Promise.all([kill(), cut()]);
  }

  private async check(app: INestApplicationContext, database: ChaosDatabase, pools: Pools): Promise<AllocationReport> {
    const { directory, isNaive } = this.options;
    if (!isNaive) await pause(UNTIL_ALL_IS_OVER_MS, this.over.signal);
    for (const { name, run } of app
      .get(ReconcilerRegistry, { strict: false })
      .all()
      .map((one) => ({ name: one.name, run: () => one.run(this.over.signal) })))
      if (name.endsWith('-sweep')) await run();
    const rows = isNaive
      ? await database.rows<StoredRow>(`SELECT id, key, value::text AS value, 'BOUND' AS state FROM naive_allocation`)
      : (await database.rows<StoredRow>(STORED, [pools.prefixPoolId, pools.subnetId])).filter(({ key }) => key !== null);
    const history = historyOf(readJournals(directory));
    const report = allocationReport({
      options: this.options,
      history,
      findings: checkHistory(history, rows, isNaive ? 0 : QUARANTINE_SECONDS * 1000),
      invariants: await violations(app),
      broken: this.broken,
      selfExits: this.supervisor.selfExits.length,
    });
    writeFileSync(join(directory, 'result.json'), `${JSON.stringify(report, null, 1)}\n`);
    return report;
  }
}

/** Every invariant of the product, over everything. */
async function violations(app: INestApplicationContext): Promise<string[]> {
  const [registry, inspector] = [app.get(InvariantRegistry, { strict: false }), app.get(InvariantInspector, { strict: false })];
  const found: string[] = [];
  for (const invariant of registry.all())
    for (const { what } of (await inspector.inspect(invariant, 'chaos')).violations) found.push(`${invariant.name}: ${what}`);
  return found;
}

function environmentOf(url: string): Record<string, string> {
  const key = (): string => randomBytes(32).toString('base64');
  return { DATABASE_URL: url, PG_POOL: '10', LOG_LEVEL: 'error', TRAME_KEK: key(), TRAME_TOKEN_PEPPER: key() };
}
