import { Inject, Injectable } from '@nestjs/common';
import { AuditService, EventService, OutboxService } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import type { DeviceId, NetworkId } from '#engines/kernel';
import { CONFIG, type Config, type Tx } from '#platform';
import type { NetworkOrder } from './domain/order.js';
import { OrderStore } from './store/order.store.js';

/** What every change of an order writes with it: where it is going, the audit row, the event, the wake-ups. */
@Injectable()
export class OrderRecords {
  constructor(
    private readonly orders: OrderStore,
    private readonly fabric: FabricService,
    private readonly outbox: OutboxService,
    private readonly audit: AuditService,
    private readonly events: EventService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  get deadlineSeconds(): number {
    return this.config.ORDER_DEADLINE_SECONDS;
  }

  /**
   * Raises the revision (the last lock of the transaction) and wakes deployment and synchronisation. Whoever makes a device only observed holds
   * that lock, too: so none of the devices was given away meanwhile. @throws DomainError INVALID_STATE.
   */
  async aim(
    tx: Tx,
    order: NetworkOrder,
    networkId: NetworkId,
    deviceIds: readonly DeviceId[],
    state: 'RUNNING' | 'COMPENSATING',
  ): Promise<NetworkOrder> {
    const failureBaseline = Object.fromEntries(
      (await this.fabric.progress(tx, deviceIds)).map((device) => [device.deviceId, device.failureCount]),
    );
    const revision = await this.fabric.raiseRevision(tx, order.fabricId);
    // What is undone was pushed there before, and is waited for: nobody can be told to order something else.
    if (state === 'RUNNING') await this.fabric.refuseObserved(tx, order.fabricId, deviceIds);
    await this.orders.aim(tx, order.id, { state, networkId, revision, deviceIds, failureBaseline, deadlineSeconds: this.deadlineSeconds });
    await this.outbox.append(tx, 'fabric.changed', order.fabricId);
    await this.outbox.append(tx, 'sync.wanted', order.fabricId);
    return (await this.orders.byId(tx, order.id)) as NetworkOrder;
  }

  /** @param more for the audit alone. */
  async record(tx: Tx, order: NetworkOrder, action: string, more: object = {}): Promise<void> {
    await this.audit.append(tx, {
      tenantId: order.tenantId,
      action,
      subjectKind: 'order',
      subjectId: order.id,
      detail: { state: order.state, revision: order.revision, networkId: order.networkId, ...more },
    });
    await this.events.append(tx, {
      tenantId: order.tenantId,
      type: action,
      subjectId: order.id,
      body: { state: order.state, message: order.customerMessage },
    });
  }
}
