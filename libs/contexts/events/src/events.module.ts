import { Module } from '@nestjs/common';
import { AuditService } from './audit.service.js';
import { EventService } from './event.service.js';
import { JobQueues } from './job-queues.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxService } from './outbox.service.js';

@Module({ providers: [JobQueues, OutboxService, OutboxRelay, AuditService, EventService], exports: [JobQueues, OutboxService, OutboxRelay, AuditService, EventService] })
export class EventsModule {}
