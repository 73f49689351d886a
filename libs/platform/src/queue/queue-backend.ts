/** Where jobs live: Postgres by default, Redis with REDIS_URL. Either may lose everything: jobs are hints, Postgres holds the truth. */
import { createPostgresBackend, Queue, Worker, type Processor, type QueueOptions, type WorkerOptions, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { surviveLostConnections } from '../db/lost-connections.js';

export const QUEUE_SCHEMA = 'bullmq';

export interface QueueBackend {
  readonly kind: 'postgres' | 'redis';
  queue(name: string): Queue;
  worker(name: string, processor: Processor, concurrency: number): Worker;
  close(): Promise<void>;
}

/** After an outage workers look again within a second (15 s by default). A job that runs again is harmless; one that is never given back is not: stalled jobs are found soon and never given up. */
const TIMING = { lockDuration: 15_000, stalledInterval: 5000, maxStalledCount: 1000, runRetryDelay: 1000 } satisfies Partial<WorkerOptions>;

export function createQueueBackend(databaseUrl: string, redisUrl: string | undefined): QueueBackend {
  return redisUrl === undefined ? postgresBackend(databaseUrl) : redisBackend(redisUrl);
}

function postgresBackend(databaseUrl: string): QueueBackend {
  // BullMQ cannot require('pg') from ESM, so it gets a pool; a pool cannot be given a schema, so the search path is pinned.
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 12, keepAlive: true, options: `-c search_path=${QUEUE_SCHEMA}` });
  surviveLostConnections(pool);
  pool.on('error', () => undefined); // An idle connection was lost: the next query opens another.
  pool.setMaxListeners(0); // Every queue and every worker listens for its errors.
  const classes = withBackend(createPostgresBackend);
  const base = { connection: pool } as unknown as QueueOptions<never>;
  return {
    kind: 'postgres',
    queue: (name) => new classes.Queue(name, base as never) as unknown as Queue,
    worker: (name, processor, concurrency) =>
      new classes.Worker(name, processor as never, { ...base, ...TIMING, concurrency } as never) as unknown as Worker,
    close: () => pool.end(),
  };
}

function redisBackend(redisUrl: string): QueueBackend {
  const options = { maxRetriesPerRequest: null, retryStrategy: (n: number) => Math.min(n * 200, 2000) };
  const connections: Redis[] = [];
  const connect = (): Redis => {
    const redis = new Redis(redisUrl, options);
    redis.on('error', () => undefined); // Reconnects by itself; the relay counts what it could not add.
    connections.push(redis);
    return redis;
  };
  return {
    kind: 'redis',
    queue: (name) => new Queue(name, { connection: connect() }),
    worker: (name, processor, concurrency) => new Worker(name, processor, { connection: connect(), ...TIMING, concurrency }),
    close: async () => {
      for (const redis of connections) redis.disconnect();
    },
  };
}
