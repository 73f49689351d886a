import type { Worker } from 'bullmq';
import pg from 'pg';
import { describeWith } from '../../../../test/support/describe-with.js';
import { eventually } from '../../../../test/support/eventually.js';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { missingForRedis, startRedis, type TestRedis } from '../../../../test/support/redis.js';
import { testConfig } from '../../../../test/support/world.js';
import { createLogger, createQueueBackend, newId, type QueueBackend, systemScope } from '#platform';
import type { Topic } from './domain/topic.js';
import { JobQueues, queueName } from './job-queues.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxService } from './outbox.service.js';

const TOPIC: Topic = 'fabric.changed';

describeBackend('Postgres', [], async (database) => ({
  backend: createQueueBackend(database.url, undefined),
  wipe: async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%'`,
    );
    await client.query(`TRUNCATE ${rows.map((row) => row.name).join(', ')}`);
    await client.end();
  },
}));

let redis: TestRedis | undefined;
describeBackend('Redis', missingForRedis(), async (database) => {
  redis = await startRedis();
  const running = redis;
  return { backend: createQueueBackend(database.url, running.url), wipe: () => running.flush(), stop: () => running.stop() };
});

interface Backend {
  readonly backend: QueueBackend;
  wipe(): Promise<void>;
  stop?(): Promise<void>;
}

function describeBackend(name: string, missing: readonly string[], open: (database: OpenDatabase) => Promise<Backend>): void {
  describeWith({ missing }, `signals through ${name}`, () => {
    let database: OpenDatabase;
    let place: Backend;
    let queues: JobQueues;
    let relay: OutboxRelay;
    let outbox: OutboxService;
    const workers: Worker[] = [];

    beforeAll(async () => {
      database = await openTestDatabase([]);
      place = await open(database);
      queues = new JobQueues(place.backend, createLogger('silent'));
      relay = new OutboxRelay(database.db, queues);
      outbox = new OutboxService(queues, testConfig(database.url));
    });
    afterEach(async () => {
      for (const worker of workers.splice(0)) await worker.close();
      await place.wipe();
      await database.db.inTransaction(systemScope('test'), (tx) => tx.run('DELETE FROM outbox'));
    });
    afterAll(async () => {
      await queues.onApplicationShutdown();
      await place.backend.close();
      await place.stop?.();
      await database.close();
    });

    const append = (key: string, count = 1): Promise<void> =>
      database.db.inTransaction(systemScope('test'), async (tx) => {
        for (let i = 0; i < count; i++) await outbox.append(tx, TOPIC, key);
      });
    /** Rows that tell of these keys in turn. */
    const insert = (rows: number, keys: readonly string[]): Promise<unknown> =>
      database.db.inTransaction(systemScope('test'), (tx) =>
        tx.run('INSERT INTO outbox (topic, key) SELECT $1, ($2::text[])[1 + g % $3] FROM generate_series(1, $4) g', [
          TOPIC,
          keys,
          keys.length,
          rows,
        ]),
      );
    const waitingRows = (): Promise<number> =>
      database.db.inTransaction(systemScope('test'), async (tx) =>
        Number((await tx.one<{ n: string }>('SELECT count(*) AS n FROM outbox'))?.n),
      );

    /** Notes the keys of the jobs that run; `hold` keeps them running. */
    const listen = (hold: () => Promise<void> = () => Promise.resolve()): string[] => {
      const ran: string[] = [];
      const worker = place.backend.worker(
        queueName(TOPIC),
        async (job: { data: { key: string } }) => {
          ran.push(job.data.key);
          await hold();
        },
        4,
      );
      worker.on('error', () => undefined);
      workers.push(worker);
      return ran;
    };

    it('carries a committed row to a job, and forgets it', async () => {
      const [ran, key] = [listen(), newId<string>()];
      await append(key);
      expect(await relay.relayBatch()).toBe(1);
      await eventually(
        () => ran,
        (keys) => keys.includes(key),
      );
      expect(await waitingRows()).toBe(0);
      expect(await relay.relayBatch()).toBe(0);
    });

    it('sends nothing for a transaction that was rolled back', async () => {
      const gone = newId<string>();
      const failed = database.db.inTransaction(systemScope('test'), async (tx) => {
        await outbox.append(tx, TOPIC, gone);
        throw new Error('the effect failed');
      });
      await expect(failed).rejects.toThrow('the effect failed');
      expect(await waitingRows()).toBe(0);
    });

    it('lets one job wait, however often a thing changed', async () => {
      const key = newId<string>();
      await append(key, 20);
      await relay.relayAll();
      await append(key, 20);
      await relay.relayAll();
      const ran = listen();
      const other = newId<string>();
      await append(other);
      await relay.relayAll();
      await eventually(
        () => ran,
        (keys) => keys.includes(other),
      );
      expect(ran.filter((each) => each === key)).toHaveLength(1);
    });

    it('runs once more for changes during a run', async () => {
      const key = newId<string>();
      let finish = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const ran = listen(() => held);
      await append(key);
      await relay.relayAll();
      await eventually(
        () => ran.length,
        (n) => n === 1,
      );
      for (let i = 0; i < 5; i++) {
        await append(key);
        await relay.relayAll();
      }
      finish();
      await eventually(
        () => ran.length,
        (n) => n === 2,
      );
      const marker = newId<string>();
      await append(marker);
      await relay.relayAll();
      await eventually(
        () => ran,
        (keys) => keys.includes(marker),
      );
      expect(ran.filter((each) => each === key)).toHaveLength(2);
    });

    it('takes the same key again after a run that failed', async () => {
      const key = newId<string>();
      const ran = listen(() => Promise.reject(new Error('the handler failed')));
      for (const runs of [1, 2, 3]) {
        await append(key);
        await relay.relayAll();
        await eventually(
          () => ran.length,
          (n) => n === runs,
        );
        await settled();
      }
      expect(ran).toEqual([key, key, key]);
    });

    it('loses nothing when it dies between adding a job and forgetting the row', async () => {
      const [ran, key] = [listen(), newId<string>()];
      const dying = Object.create(queues) as JobQueues;
      dying.add = async (topic, each) => {
        await queues.add(topic, each);
        throw new Error('killed here');
      };
      await append(key);
      await expect(new OutboxRelay(database.db, dying).relayBatch()).rejects.toThrow('killed here');
      expect(await waitingRows()).toBe(1);
      await relay.relayAll();
      expect(await waitingRows()).toBe(0);
      await eventually(
        () => ran,
        (keys) => keys.includes(key),
      );
      expect(ran.length).toBeLessThanOrEqual(2); // Twice does no harm.
    });

    it('makes few jobs of many rows that tell of few things', async () => {
      const keys = Array.from({ length: 3 }, () => newId<string>());
      await insert(12_000, keys);
      const added: string[] = [];
      const counting = Object.create(queues) as JobQueues;
      counting.add = async (topic, key) => {
        added.push(key);
        await queues.add(topic, key);
      };
      await new OutboxRelay(database.db, counting).relayAll();
      expect(await waitingRows()).toBe(0);
      expect([...new Set(added)].sort()).toEqual([...keys].sort());
      expect(added.length).toBeLessThanOrEqual(9); // Three jobs for each 5,000 rows.
    });

    it('leaves to the next batch what would be too many jobs for one, and keeps all of a batch when one job is refused', async () => {
      const keys = Array.from({ length: 230 }, () => newId<string>());
      await insert(460, keys);
      const refusing = Object.create(queues) as JobQueues;
      refusing.add = (topic, key) => (key === keys[40] ? Promise.reject(new Error('the queue is full')) : queues.add(topic, key));
      await expect(new OutboxRelay(database.db, refusing).relayAll()).rejects.toThrow('the queue is full');
      expect(await waitingRows()).toBe(460);
      expect(await relay.relayBatch()).toBe(200);
      expect(await waitingRows()).toBe(260);
      await relay.relayAll();
      expect(await waitingRows()).toBe(0);
      const ran = listen();
      await eventually(
        () => new Set(ran).size,
        (n) => n === keys.length,
      );
    });

    it('does not wait for a transaction that has not committed its row, and carries the row when it has', async () => {
      const [ran, late, early] = [listen(), newId<string>(), newId<string>()];
      let commit = (): void => undefined;
      const decided = new Promise<void>((resolve) => {
        commit = resolve;
      });
      let isWritten = (): void => undefined;
      const written = new Promise<void>((resolve) => {
        isWritten = resolve;
      });
      const slow = database.db.inTransaction(systemScope('test'), async (tx) => {
        await outbox.append(tx, TOPIC, late);
        isWritten();
        await decided;
      });
      await written;
      await append(early);
      await relay.relayAll();
      expect(await waitingRows()).toBe(0);
      commit();
      await slow;
      await relay.relayAll();
      await eventually(
        () => ran,
        (all) => all.includes(late) && all.includes(early),
      );
    });

    it('is shared by any number of relays', async () => {
      const ran = listen();
      const keys = Array.from({ length: 250 }, () => newId<string>());
      for (const key of keys) await append(key);
      await Promise.all(Array.from({ length: 4 }, () => new OutboxRelay(database.db, queues).relayAll()));
      await relay.relayAll();
      expect(await waitingRows()).toBe(0);
      await eventually(
        () => new Set(ran).size,
        (n) => n === keys.length,
      );
    });

    it('goes on after everything in the queue was lost', async () => {
      const key = newId<string>();
      await append(key);
      await relay.relayAll();
      await place.wipe();
      await append(key);
      await relay.relayAll();
      const ran = listen();
      await eventually(
        () => ran,
        (keys) => keys.includes(key),
      );
      expect(await waitingRows()).toBe(0);
    });

    if (name === 'Redis') {
      it('gives up on a queue that hangs, keeps the rows, and carries them when it answers again', async () => {
        const key = newId<string>();
        await append(key);
        redis?.freeze();
        const startedAt = performance.now();
        await expect(relay.relayBatch()).rejects.toThrow('did not answer');
        expect(performance.now() - startedAt).toBeLessThan(8000);
        await append(key); // Whoever writes is not held up.
        redis?.thaw();
        expect(await waitingRows()).toBe(2);
        const ran = listen();
        await eventually(
          async () =>
            waitingRows()
              .then((rows) => (rows > 0 ? relay.relayAll().catch(() => undefined) : undefined))
              .then(waitingRows),
          (rows) => rows === 0,
        );
        await eventually(
          () => ran,
          (keys) => keys.includes(key),
        );
      });
    }

    it('without an outbox adds the job itself, and keeps no row', async () => {
      const [ran, key] = [listen(), newId<string>()];
      const naive = new OutboxService(queues, testConfig(database.url, { TRAME_UNSAFE_DIRECT_ENQUEUE: 'true' }));
      await database.db.inTransaction(systemScope('test'), (tx) => naive.append(tx, TOPIC, key));
      expect(await waitingRows()).toBe(0);
      await eventually(
        () => ran,
        (keys) => keys.includes(key),
      );
    });

    /** A job that failed has left the queue. */
    const settled = (): Promise<unknown> => {
      const queue = place.backend.queue(queueName(TOPIC));
      return eventually(
        () => queue.getJobCounts('active', 'waiting'),
        (counts) => counts['active'] === 0 && counts['waiting'] === 0,
      ).finally(() => queue.close());
    };
  });
}
