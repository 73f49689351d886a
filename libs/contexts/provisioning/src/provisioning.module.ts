import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { AddressingModule } from '#contexts/addressing';
import { EventsModule, JOB_HANDLERS } from '#contexts/events';
import { FabricModule } from '#contexts/fabric';
import { NumberingModule } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { Farewell } from './farewell.js';
import { NetworkAdoptionService } from './network-adoption.service.js';
import { NetworkKeepsake } from './network-keepsake.js';
import { NetworkRecalls } from './network-recalls.js';
import { OrderResolver } from './api/order.resolver.js';
import { OrderAllocator } from './order-allocator.js';
import { OrderEvents } from './order-event.js';
import { InboxJob, OrdersJob } from './order-jobs.js';
import { OrderReconciler } from './order-reconciler.js';
import { OrderRecords } from './order-records.js';
import { OrderService } from './order.service.js';
import { OrderStore } from './store/order.store.js';

const jobs = [
  { provide: JOB_HANDLERS['inbox.received'], useClass: InboxJob },
  { provide: JOB_HANDLERS['deployment.settled'], useClass: OrdersJob },
  { provide: JOB_HANDLERS['recall.wanted'], useExisting: NetworkRecalls },
];

@Module({
  imports: [AccessModule, EventsModule, NumberingModule, TenancyModule, AddressingModule, FabricModule],
  providers: [
    OrderStore,
    Farewell,
    NetworkAdoptionService,
    NetworkKeepsake,
    NetworkRecalls,
    OrderAllocator,
    OrderRecords,
    OrderService,
    OrderReconciler,
    OrderEvents,
    OrderResolver,
    ...jobs,
  ],
  exports: [
    Farewell,
    NetworkAdoptionService,
    OrderService,
    OrderReconciler,
    OrderEvents,
    NetworkRecalls,
    ...jobs.map((job) => job.provide),
  ],
})
export class ProvisioningModule {}
