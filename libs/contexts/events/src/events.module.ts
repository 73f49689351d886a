import { Module } from '@nestjs/common';
import { AuditService } from './audit.service.js';
import { EventService } from './event.service.js';
import { EventStreams } from './event-streams.js';
import { InboundSourceService } from './inbound-source.service.js';
import { InboxService } from './inbox.service.js';
import { JobQueues } from './job-queues.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxService } from './outbox.service.js';
import { ReconcilerRegistry } from './reconciler.js';
import { InboundSourceStore } from './store/inbound-source.store.js';
import { InboxStore } from './store/inbox.store.js';

const open = [
  JobQueues,
  OutboxService,
  OutboxRelay,
  AuditService,
  EventService,
  EventStreams,
  InboxService,
  InboundSourceService,
  ReconcilerRegistry,
];

@Module({ providers: [...open, InboundSourceStore, InboxStore], exports: open })
export class EventsModule {}
