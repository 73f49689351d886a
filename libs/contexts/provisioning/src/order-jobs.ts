/** How signals and timers reach orders. Both lead to the same handlers, which read the world again. */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InboxService, type JobHandler, ReconcilerRegistry } from '#contexts/events';
import { OrderEvents } from './order-event.js';
import { OrderReconciler } from './order-reconciler.js';

/** A portal's message becomes an order. */
@Injectable()
export class InboxJob implements JobHandler, OnModuleInit {
  constructor(
    private readonly inbox: InboxService,
    private readonly orders: OrderEvents,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'inbox', everyMs: 1000, run: async (signal) => this.processDue(signal) });
  }

  run(inboxId: string): Promise<void> {
    return this.inbox.process(inboxId, async (message) => ({
      effectId: await this.orders.accept({
        source: message.sourceSlug,
        type: message.type,
        tenantId: message.tenantId,
        timestamp: message.timestamp,
        data: message.data,
      }),
    }));
  }

  private async processDue(signal: AbortSignal): Promise<void> {
    for (const id of await this.inbox.dueIds()) if (!signal.aborted) await this.run(id);
  }
}

/** Devices of a fabric moved on: its open orders may, too. */
@Injectable()
export class OrdersJob implements JobHandler, OnModuleInit {
  constructor(
    private readonly orders: OrderReconciler,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'orders', everyMs: 1000, run: () => this.orders.advanceOpen() });
  }

  run(): Promise<void> {
    return this.orders.advanceOpen();
  }
}
