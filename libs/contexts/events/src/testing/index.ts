import { type Config, createLogger, createQueueBackend } from '#platform';
import { JobQueues } from '../job-queues.js';
import { OutboxService } from '../outbox.service.js';

/** An outbox on a database, without an application around it: rows are written, and nobody relays them. */
export const outboxOf = (config: Config): OutboxService =>
  new OutboxService(new JobQueues(createQueueBackend(config.DATABASE_URL, undefined), createLogger('silent')), config);
