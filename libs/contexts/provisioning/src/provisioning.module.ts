import { Module } from '@nestjs/common';
import { AddressingModule } from '#contexts/addressing';
import { EventsModule } from '#contexts/events';
import { FabricModule } from '#contexts/fabric';
import { NumberingModule } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { OrderAllocator } from './order-allocator.js';
import { OrderEvents } from './order-event.js';
import { OrderReconciler } from './order-reconciler.js';
import { OrderRecords } from './order-records.js';
import { OrderService } from './order.service.js';
import { OrderStore } from './store/order.store.js';

@Module({
  imports: [EventsModule, NumberingModule, TenancyModule, AddressingModule, FabricModule],
  providers: [OrderStore, OrderAllocator, OrderRecords, OrderService, OrderReconciler, OrderEvents],
  exports: [OrderService, OrderReconciler, OrderEvents],
})
export class ProvisioningModule {}
