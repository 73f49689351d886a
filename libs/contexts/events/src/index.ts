export { type AuditEntry, AuditService } from './audit.service.js';
export { TOPICS, type Topic } from './domain/topic.js';
export { EventService, SETTLED_BELOW, type StreamedEvent } from './event.service.js';
export { EventStreams } from './event-streams.js';
export { EventsModule } from './events.module.js';
export { InboundSourceService } from './inbound-source.service.js';
export {
  type InboxHandler,
  type InboxMessage,
  type InboxOutcome,
  InboxService,
  MAX_WEBHOOK_BYTES,
  type WebhookVerdict,
} from './inbox.service.js';
export { type Invariant, InvariantRegistry, type Slices, type Violation } from './invariant.js';
export { type Inspection, InvariantInspector } from './invariant-inspector.js';
export { JOB_HANDLERS, type JobHandler } from './job-handler.js';
export { queueName } from './job-queues.js';
export { OperatorAct, OperatorActs } from './operator-acts.js';
export { OutboxRelay } from './outbox-relay.js';
export { OutboxService } from './outbox.service.js';
export { type Reconciler, ReconcilerRegistry } from './reconciler.js';
export { isPlausibleWebhook } from './webhook-proof.js';
