/** Every signal there is: the queue it arrives by, what it leads to, and how many of it may run at once in a process. */
import type { INestApplicationContext } from '@nestjs/common';
import type { Job, Worker } from 'bullmq';
import { JOB_HANDLERS, type JobHandler, queueName, TOPICS, type Topic } from '#contexts/events';
import type { Logger, QueueBackend } from '#platform';

/** Handlers serialise what must be serialised by leases and row locks; these numbers only bound the load. */
const CONCURRENCY: Readonly<Record<Topic, number>> = {
  'inbox.received': 8,
  'fabric.changed': 4,
  'deployment.settled': 2,
  'device.hint': 4,
  'recall.wanted': 1,
  'sync.wanted': 2,
  'number-pool.changed': 2,
  'prefix-pool.changed': 2,
};

/** @throws one error that names every topic without a handler: a worker with a hole would swallow signals. */
export function resolveHandlers(app: INestApplicationContext): ReadonlyMap<Topic, JobHandler> {
  const handlers = new Map<Topic, JobHandler>();
  for (const topic of TOPICS) {
    try {
      handlers.set(topic, app.get<JobHandler>(JOB_HANDLERS[topic], { strict: false }));
    } catch {
      // Named below, all of them together.
    }
  }
  const holes = TOPICS.filter((topic) => !handlers.has(topic));
  if (holes.length > 0) throw new Error(`no context handles ${holes.join(', ')} (provide JOB_HANDLERS[…] and export it)`);
  return handlers;
}

/** Takes jobs from the queues. A job that fails is gone: the timers find what there is still to do. */
export class JobRunner {
  private readonly workers: Worker[] = [];

  constructor(
    private readonly backend: QueueBackend,
    private readonly handlers: ReadonlyMap<Topic, JobHandler>,
    private readonly log: Logger,
  ) {}

  /** @param signal handed to every handler; aborted when the process has to end. */
  start(signal: AbortSignal): void {
    for (const [topic, handler] of this.handlers) {
      const worker = this.backend.worker(
        queueName(topic),
        (job: Job<{ key?: unknown }>) => this.run(topic, handler, job, signal),
        CONCURRENCY[topic],
      );
      worker.on('error', (error) => this.log.warn('queue.worker_error', { topic, error }));
      this.workers.push(worker);
    }
  }

  /** Takes no more jobs. Resolves when those under way have ended. */
  async stop(): Promise<void> {
    // A worker of BullMQ that is closed while it connects never ends.
    const closed = await Promise.allSettled(this.workers.map((worker) => worker.waitUntilReady().then(() => worker.close())));
    for (const result of closed)
      if (result.status === 'rejected') this.log.warn('queue.worker_not_closed', { error: result.reason as unknown });
  }

  private async run(topic: Topic, handler: JobHandler, { data: { key } }: Job<{ key?: unknown }>, signal: AbortSignal): Promise<void> {
    if (typeof key !== 'string') return this.log.error('job.without_key', { topic });
    const startedAt = performance.now();
    try {
      await handler.run(key, signal);
      this.log.debug('job.done', { topic, key, durationMs: Math.round(performance.now() - startedAt) });
    } catch (error) {
      this.log.error('job.failed', { topic, key, error });
      throw error;
    }
  }
}
