import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { LOGGER, type Logger, QUEUE_BACKEND, type QueueBackend } from '#platform';
import { TOPICS, type Topic } from './domain/topic.js';

/** A queue that does not answer must not hold up a transaction: the row stays, the relay comes again. */
const ADD_WITHIN_MS = 1000;

export const queueName = (topic: Topic): string => topic.replaceAll('.', '-');

/** One queue per topic. A job is a hint that something with this id changed; it may vanish, and it may come twice. */
@Injectable()
export class JobQueues implements OnApplicationShutdown {
  private readonly queues = new Map<Topic, Queue>();

  constructor(
    @Inject(QUEUE_BACKEND) private readonly backend: QueueBackend,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * At most one waiting job per topic and key; a change while it runs leads to one more run afterwards.
   * @throws when the queue did not take it within a second.
   */
  async add(topic: Topic, key: string): Promise<void> {
    const id = `${queueName(topic)}-${key}`; // BullMQ refuses ':' in ids.
    const added = this.queue(topic).add(
      topic,
      { key },
      { deduplication: { id, keepLastIfActive: true }, removeOnComplete: true, removeOnFail: true },
    );
    await withDeadline(added, `the queue ${queueName(topic)} did not answer`);
  }

  /** The naive way, for showing what gets lost: nobody waits and nobody looks again. */
  addUnsafely(topic: Topic, key: string): void {
    void this.add(topic, key).catch((error: unknown) => this.log.warn('queue.add_failed', { topic, error }));
  }

  private queue(topic: Topic): Queue {
    let queue = this.queues.get(topic);
    if (!queue) {
      if (!TOPICS.includes(topic)) throw new Error(`unknown topic ${topic}`);
      queue = this.backend.queue(queueName(topic));
      queue.on('error', (error) => this.log.warn('queue.error', { topic, error }));
      this.queues.set(topic, queue);
    }
    return queue;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled([...this.queues.values()].map((queue) => withDeadline(queue.close(), 'closing')));
  }
}

async function withDeadline<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(what)), ADD_WITHIN_MS);
  });
  work.catch(() => undefined); // Told by the race, or too late to matter.
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
