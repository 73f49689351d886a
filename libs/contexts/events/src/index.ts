export { type AuditEntry, AuditService } from './audit.service.js';
export { TOPICS, type Topic } from './domain/topic.js';
export { EventService, type StreamedEvent } from './event.service.js';
export { EventsModule } from './events.module.js';
export { JobQueues, queueName } from './job-queues.js';
export { OutboxRelay } from './outbox-relay.js';
export { OutboxService } from './outbox.service.js';
