import { Module } from '@nestjs/common';
import { AuditService } from './audit.service.js';
import { EventService } from './event.service.js';
import { EventStreams } from './event-streams.js';
import { InboundSourceService } from './inbound-source.service.js';
import { InboxService } from './inbox.service.js';
import { InvariantRegistry } from './invariant.js';
import { InvariantInspector } from './invariant-inspector.js';
import { InvariantWatch } from './invariant-watch.js';
import { JobQueues } from './job-queues.js';
import { OperatorActs } from './operator-acts.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxService } from './outbox.service.js';
import { ReconcilerRegistry } from './reconciler.js';
import { InboundSourceStore } from './store/inbound-source.store.js';
import { InboxStore } from './store/inbox.store.js';
import { InvariantFindingStore } from './store/invariant-finding.store.js';

const open = [
  JobQueues,
  OutboxService,
  OutboxRelay,
  AuditService,
  OperatorActs,
  EventService,
  EventStreams,
  InboxService,
  InboundSourceService,
  ReconcilerRegistry,
  InvariantRegistry,
  InvariantInspector,
  InvariantWatch,
];

@Module({ providers: [...open, InboundSourceStore, InboxStore, InvariantFindingStore], exports: open })
export class EventsModule {}
