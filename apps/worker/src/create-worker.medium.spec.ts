import { Module } from '@nestjs/common';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { eventually } from '../../../test/support/eventually.js';
import { tcpProxy } from '../../../test/support/tcp-proxy.js';
import { testConfig } from '../../../test/support/world.js';
import {
  EventsModule,
  JOB_HANDLERS,
  type JobHandler,
  OutboxService,
  type Reconciler,
  ReconcilerRegistry,
  TOPICS,
  type Topic,
} from '#contexts/events';
import { Database, LeaseService, newId, PlatformModule, systemScope } from '#platform';
import { type RunningWorker, startWorker } from './create-worker.js';
import { WorkerModule } from './worker.module.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Fakes {
  readonly handlers?: Partial<Record<Topic, JobHandler>>;
  readonly reconcilers?: readonly Reconciler[];
  readonly without?: readonly Topic[];
  readonly env?: NodeJS.ProcessEnv;
  readonly patienceMs?: number;
}

const idle: JobHandler = { run: () => Promise.resolve() };

/** The worker as it runs, with handlers of the test instead of those of the contexts. */
function start({ handlers = {}, reconcilers = [], without = [], env = {}, patienceMs = 7000 }: Fakes): Promise<RunningWorker> {
  const providers = TOPICS.filter((topic) => !without.includes(topic)).map((topic) => ({
    provide: JOB_HANDLERS[topic],
    useValue: handlers[topic] ?? idle,
  }));
  @Module({ imports: [PlatformModule.forRoot(testConfig(database.url, env), [], 'test'), EventsModule], providers })
  class FakeContexts {
    constructor(registry: ReconcilerRegistry) {
      for (const reconciler of reconcilers) registry.add(reconciler);
    }
  }
  return startWorker(FakeContexts, patienceMs);
}

const signal = ({ app }: RunningWorker, topic: Topic, key: string): Promise<void> =>
  app.get(Database).inTransaction(systemScope('test'), (tx) => app.get(OutboxService, { strict: false }).append(tx, topic, key));

describe('the worker', () => {
  it('runs the handler of each topic with the key of the signal', async () => {
    const ran = new Map<Topic, string>();
    const handlers = Object.fromEntries(TOPICS.map((topic) => [topic, { run: async (key: string) => void ran.set(topic, key) }]));
    const worker = await start({ handlers });
    const wanted = new Map(TOPICS.map((topic) => [topic, newId<string>()]));
    for (const [topic, key] of wanted) await signal(worker, topic, key);
    await eventually(
      () => ran.size,
      (n) => n === TOPICS.length,
    );
    expect(ran).toEqual(wanted);
    await worker.stop();
  });

  it('refuses to start with a hole, and names every one', async () => {
    await expect(start({ without: ['recall.wanted', 'sync.wanted'] })).rejects.toThrow('recall.wanted, sync.wanted');
  });

  it('survives a handler that fails, and hears the next signal', async () => {
    const keys: string[] = [];
    const failing: JobHandler = {
      run: async (key) => {
        keys.push(key);
        throw new Error('the handler failed');
      },
    };
    const worker = await start({ handlers: { 'fabric.changed': failing } });
    const key = newId<string>();
    for (const runs of [1, 2]) {
      await signal(worker, 'fabric.changed', key);
      await eventually(
        () => keys.length,
        (n) => n >= runs,
      );
    }
    expect(new Set(keys)).toEqual(new Set([key]));
    await worker.stop();
  });

  it('runs reconcilers again and again, never one twice at once, and goes on when one fails', async () => {
    let [runs, atOnce, most, failures] = [0, 0, 0, 0];
    const busy: Reconciler = {
      name: 'busy',
      everyMs: 5,
      run: async () => {
        most = Math.max(most, ++atOnce);
        await new Promise((resolve) => setTimeout(resolve, 20));
        atOnce--;
        runs++;
      },
    };
    const failing: Reconciler = {
      name: 'failing',
      everyMs: 5,
      run: async () => {
        failures++;
        throw new Error('the database restarted');
      },
    };
    const worker = await start({ reconcilers: [busy, failing] });
    await eventually(
      () => [runs, failures] as const,
      ([a, b]) => a >= 5 && b >= 2,
    );
    expect(most).toBe(1);
    await worker.stop();
    const after = runs;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(runs).toBe(after);
  });

  it('lets what is under way end before it stops', async () => {
    let ended = false;
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const slow: JobHandler = {
      run: async (_key, aborted) => {
        begin();
        await new Promise((resolve) => setTimeout(resolve, 500));
        ended = !aborted.aborted;
      },
    };
    const worker = await start({ handlers: { 'fabric.changed': slow } });
    await signal(worker, 'fabric.changed', newId());
    await begun;
    await worker.stop();
    expect(ended).toBe(true);
  });

  it('tells what takes too long to end', async () => {
    let reason: unknown;
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const endless: JobHandler = {
      run: (_key, aborted) =>
        new Promise((resolve) => {
          begin();
          aborted.addEventListener('abort', () => {
            reason = aborted.reason;
            resolve();
          });
        }),
    };
    const worker = await start({ handlers: { 'fabric.changed': endless }, patienceMs: 200 });
    await signal(worker, 'fabric.changed', newId());
    await begun;
    const startedAt = performance.now();
    await worker.stop();
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(reason).toMatchObject({ message: 'the process is stopping' });
  });

  it('stops when that has ended, too, which a reconciler began and did not wait for', async () => {
    let [isBegun, isOver] = [false, false];
    let byItself = Promise.resolve();
    const begins: Reconciler = {
      name: 'begins',
      everyMs: 60_000,
      run: async (aborted) => {
        byItself = new Promise((resolve) => aborted.addEventListener('abort', () => setTimeout(resolve, 50)));
        isBegun = true;
      },
      ended: () => byItself.then(() => void (isOver = true)),
    };
    const worker = await start({ reconcilers: [begins] });
    await eventually(
      () => isBegun,
      (yes) => yes,
    );
    await worker.stop();
    expect(isOver).toBe(true);
  });

  it('survives a database that goes away, and hears the next signal', async () => {
    const wire = await tcpProxy(database.url);
    const heard: string[] = [];
    const listening: JobHandler = { run: async (key) => void heard.push(key) };
    const worker = await start({ handlers: { 'fabric.changed': listening }, env: { DATABASE_URL: wire.url } });
    for (const round of [1, 2]) {
      const key = newId<string>();
      await signal(worker, 'fabric.changed', key);
      await eventually(
        () => heard,
        (keys) => keys.includes(key),
        20_000,
      );
      if (round === 2) break;
      await wire.cut();
      await new Promise((resolve) => setTimeout(resolve, 1000)); // Long enough for relay, queues and leases to fail.
      await wire.mend();
    }
    expect(new Set(heard).size).toBe(2);
    await worker.stop();
    await wire.close();
  });

  it('of an older release stands down when a newer one has migrated the database, and goes on when that is taken back', async () => {
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    let aborted = '';
    const heard: string[] = [];
    const listening: JobHandler = {
      run: async (key, ending) => {
        heard.push(key);
        if (key === first) await new Promise((resolve) => ending.addEventListener('abort', resolve));
        if (ending.aborted) aborted = (ending.reason as Error).message;
      },
    };
    const [first, second] = [newId<string>(), newId<string>()];
    const worker = await start({ handlers: { 'fabric.changed': listening } });
    const leases = worker.app.get(LeaseService);
    await signal(worker, 'fabric.changed', first);
    await eventually(
      () => heard,
      (keys) => keys.includes(first),
    );
    await owner.query(`INSERT INTO schema_migration (timestamp, name) VALUES (9999999999999, 'NewerRelease9999999999999')`);
    expect(await leases.withLease('device:x', () => Promise.resolve('pushed'))).toBeUndefined(); // At once, not only when it has looked.
    await eventually(
      () => aborted,
      (reason) => reason === 'the database belongs to another release',
    );
    await signal(worker, 'fabric.changed', second);
    await new Promise((resolve) => setTimeout(resolve, 500)); // The relay runs every 100 ms.
    expect(heard).not.toContain(second);
    await owner.query(`DELETE FROM schema_migration WHERE name = 'NewerRelease9999999999999'`);
    await eventually(
      () => heard,
      (keys) => keys.includes(second),
    );
    expect(await leases.withLease('device:x', () => Promise.resolve('pushed'))).toEqual({ result: 'pushed' });
    await worker.stop();
    await owner.end();
  });

  it('runs no timer when it shows what the outbox is for', async () => {
    let runs = 0;
    const counting: Reconciler = { name: 'counting', everyMs: 1, run: async () => void runs++ };
    const heard: string[] = [];
    const listening: JobHandler = { run: async (key) => void heard.push(key) };
    const worker = await start({
      reconcilers: [counting],
      handlers: { 'fabric.changed': listening },
      env: { TRAME_UNSAFE_DIRECT_ENQUEUE: 'true' },
    });
    const key = newId<string>();
    await signal(worker, 'fabric.changed', key);
    await eventually(
      () => heard,
      (keys) => keys.includes(key),
    );
    expect(runs).toBe(0);
    await worker.stop();
  });
});

describe('the worker of the product', () => {
  it('has a handler for every topic and a timer for everything that must not wait for a signal', async () => {
    const worker = await startWorker(WorkerModule.forRoot(testConfig(database.url)));
    const names = worker.app
      .get(ReconcilerRegistry, { strict: false })
      .all()
      .map((reconciler) => reconciler.name);
    await worker.stop(); // Before anything can fail: nobody else would.
    expect(names.sort()).toEqual([
      'address-sweep',
      'drift',
      'fabrics',
      'inbox',
      'invariants',
      'inventory-import',
      'inventory-sync',
      'number-levels',
      'number-sweep',
      'orders',
      'prefix-levels',
      'proofs',
      'recalls',
      'sync',
      'sync-journal',
      'sync-runs',
      'takeovers',
    ]);
  });
});
