import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config, type Tx } from '#platform';
import type { Topic } from './domain/topic.js';
import { JobQueues } from './job-queues.js';

/** The only "send": a row that commits with its cause, or not at all. The relay turns it into a job. */
@Injectable()
export class OutboxService {
  constructor(
    private readonly queues: JobQueues,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param key an id; a job carries nothing else, its handler reads the world again. */
  async append(tx: Tx, topic: Topic, key: string): Promise<void> {
    if (this.config.TRAME_UNSAFE_DIRECT_ENQUEUE) return void this.enqueueAfterwards(tx, topic, key);
    await tx.run('INSERT INTO outbox (topic, key) VALUES ($1, $2)', [topic, key]);
  }
  /** What many services do: commit, then add. A process that dies in between has told nobody. */
  private async enqueueAfterwards(tx: Tx, topic: Topic, key: string): Promise<void> {
    while (tx.manager.queryRunner?.isTransactionActive === true) await new Promise((resolve) => setTimeout(resolve, 2));
    this.queues.addUnsafely(topic, key);
  }
}
