import { Injectable } from '@nestjs/common';
import { Database, systemScope } from '#platform';
import type { Topic } from './domain/topic.js';
import { JobQueues } from './job-queues.js';

const SCOPE = systemScope('relay');
const BATCH = 100;

/**
 * Outbox → queue. Rows are locked and skipped, never "id > last": ids commit out of order and would be lost. A crash between adding
 * a job and committing the deletion adds it again: harmless, jobs carry ids.
 */
@Injectable()
export class OutboxRelay {
  constructor(
    private readonly db: Database,
    private readonly queues: JobQueues,
  ) {}

  /** @returns how many rows were relayed; call again at once while it is a full batch. */
  async relayBatch(): Promise<number> {
    return this.db.inTransaction(SCOPE, async (tx) => {
      const rows = await tx.sql<{ id: string; topic: Topic; key: string }>(
        'SELECT id, topic, key FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED',
        [BATCH],
      );
      if (rows.length === 0) return 0;
      const wanted = new Map(rows.map((row) => [`${row.topic} ${row.key}`, row]));
      for (const row of wanted.values()) await this.queues.add(row.topic, row.key);
      await tx.run('DELETE FROM outbox WHERE id = ANY($1)', [rows.map((row) => row.id)]);
      return rows.length;
    });
  }

  async relayAll(): Promise<void> {
    while ((await this.relayBatch()) === BATCH);
  }
}
