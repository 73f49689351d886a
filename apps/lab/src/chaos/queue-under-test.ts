/** Where the jobs of a run live, and how they all vanish at once. */
import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { freePort } from '../demo/stack.js';
import type { ChaosDatabase } from './chaos-database.js';
import type { Supervisor } from './supervisor.js';
import { pause } from './timing.js';

const REDIS = '/usr/bin/redis-server';
const READY_WITHIN_MS = 5000;
/** The schema of BullMQ's Postgres backend; the ledger of its migrations is no job. */
const JOB_TABLES = `SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS tables FROM pg_tables WHERE schemaname = 'bullmq' AND tablename <> 'migration'`;

export interface QueueUnderTest {
  readonly kind: 'postgres' | 'redis';
  /** Settings for API and workers. */
  readonly env: Readonly<Record<string, string>>;
  /** Every job, lock and mark is gone. */
  wipe(): Promise<void>;
  close(): void;
}

/** @throws Error where Redis is wanted and Debian's package redis-server is not there. */
export async function startQueue(
  kind: QueueUnderTest['kind'],
  database: ChaosDatabase,
  supervisor: Supervisor,
  directory: string,
): Promise<QueueUnderTest> {
  if (kind === 'postgres') return { kind, env: {}, wipe: () => wipePostgres(database), close: () => undefined };
  if (!existsSync(REDIS)) throw new Error(`--queue redis needs ${REDIS} (apt-get install redis-server)`);
  const port = await freePort();
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', directory];
  supervisor.keep({ name: 'redis', command: REDIS, args, env: {} });
  const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 100 });
  let wipes = 0;
  redis.on('error', () => undefined); // It reconnects by itself.
  for (const deadline = Date.now() + READY_WITHIN_MS; redis.status !== 'ready'; await pause(20)) {
    if (Date.now() > deadline) throw new Error(`redis-server did not answer within ${READY_WITHIN_MS} ms; see ${directory}/redis.log`);
  }
  return {
    kind,
    env: { REDIS_URL: `redis://127.0.0.1:${port}` },
    // Nothing is persisted: a killed server comes back empty, and every connection to it is lost as well.
    wipe: async () => {
      wipes += 1;
      if (wipes % 2 === 0 && supervisor.signal('redis', 'SIGKILL')) return;
      await redis.flushall();
    },
    close: () => redis.disconnect(),
  };
}

async function wipePostgres(database: ChaosDatabase): Promise<void> {
  const [row] = await database.rows<{ tables: string | null }>(JOB_TABLES);
  if (row?.tables) await database.rows(`TRUNCATE ${row.tables}`);
}
