import { Injectable } from '@nestjs/common';
import { crashPoint, Database, systemScope } from '#platform';
import type { Topic } from './domain/topic.js';
import { JobQueues } from './job-queues.js';

const SCOPE = systemScope('relay');
/** Rows of one transaction. Many allocations tell of few pools: thousands of rows are a handful of jobs. */
const ROWS = 5000;
/** Jobs of one transaction: what a crash adds again, and how long the rows stay locked, is bounded. */
const JOBS = 100;
/** Additions under way at once; the queue's own connections are about as many. */
const AT_ONCE = 8;

interface Relayed {
  readonly rows: number;
  /** There may be more. */
  readonly isFull: boolean;
}

/**
 * Outbox → queue. Rows are locked and skipped, never "id > last": ids commit out of order and would be lost. Rows of one topic and key
 * become one job, whose handler reads the world after all of them were committed. A crash between adding a job and committing the
 * deletion adds it again: harmless, jobs carry ids.
 */
@Injectable()
export class OutboxRelay {
  constructor(
    private readonly db: Database,
    private readonly queues: JobQueues,
  ) {}

  /** @returns how many rows were relayed. */
  async relayBatch(): Promise<number> {
    return (await this.relay()).rows;
  }

  async relayAll(): Promise<void> {
    while ((await this.relay()).isFull);
  }

  private async relay(): Promise<Relayed> {
    const relayed = await this.db.inTransaction(SCOPE, async (tx) => {
      const wanted = await tx.sql<{ topic: Topic; key: string; rows: string; picked: string }>(
        // Without OFFSET 0 the planner may look for the picked rows once per job.
        `WITH picked AS MATERIALIZED (SELECT id, topic, key FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED),
              wanted AS MATERIALIZED (SELECT topic, key FROM picked GROUP BY topic, key ORDER BY min(id) LIMIT $2),
              gone AS (DELETE FROM outbox WHERE id = ANY (ARRAY(SELECT id FROM picked JOIN wanted USING (topic, key))) RETURNING topic, key)
         SELECT topic, key, count(*) AS rows, (SELECT count(*) FROM picked) AS picked FROM gone GROUP BY topic, key`,
        [ROWS, JOBS],
      );
      if (wanted.length > 0) crashPoint('relay.picked');
      await this.addAll(wanted);
      if (wanted.length > 0) crashPoint('relay.added');
      return {
        rows: wanted.reduce((sum, { rows }) => sum + Number(rows), 0),
        isFull: wanted.length === JOBS || Number(wanted[0]?.picked ?? 0) === ROWS,
      };
    });
    if (relayed.rows > 0) crashPoint('relay.committed');
    return relayed;
  }

  /** @throws the first failure, after those that were under way have ended: nothing goes on behind a transaction that was rolled back. */
  private async addAll(wanted: readonly { topic: Topic; key: string }[]): Promise<void> {
    const left = [...wanted];
    const add = async (): Promise<void> => {
      for (let next = left.pop(); next; next = left.pop()) await this.queues.add(next.topic, next.key);
    };
    const abandon = (error: unknown): never => {
      left.length = 0;
      throw error;
    };
    const ended = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, wanted.length) }, () => add().catch(abandon)));
    const failed = ended.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
