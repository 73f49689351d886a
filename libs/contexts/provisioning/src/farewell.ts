import { Injectable } from '@nestjs/common';
import { FarewellService, type GivenUpDevice } from '#contexts/fabric';
import { TenancyService } from '#contexts/tenancy';
import type { DeviceId } from '#engines/kernel';
import type { Tx } from '#platform';
import { OrderStore } from './store/order.store.js';

/** A device that never comes back, and the orders that wait for it. */
@Injectable()
export class Farewell {
  constructor(
    private readonly devices: FarewellService,
    private readonly orders: OrderStore,
    private readonly tenancy: TenancyService,
  ) {}

  /**
   * Nobody waits for it any more: what was ordered there cannot be built and is undone elsewhere; removals end when the other devices are clean.
   * @throws DomainError NOT_FOUND | CHECK_FAILED.
   */
  async giveUp(tx: Tx, id: DeviceId, reason: string): Promise<GivenUpDevice> {
    // Orders before the revision: the order of locks of whoever advances them. Those that came in between are seen after it.
    await this.release(tx, id);
    const given = await this.devices.giveUp(tx, id, reason);
    await this.release(tx, id);
    return given;
  }

  private async release(tx: Tx, id: DeviceId): Promise<void> {
    for (const { id: orderId, kind, networkId, deviceIds } of await this.orders.lockOpenOn(tx, id)) {
      // One that is undone already goes on without the device, and so does one that brings back what was live, where another device is left.
      const isPointless = kind === 'PROVISION' || (kind === 'RESTORE' && deviceIds.every((one) => one === id));
      if (isPointless && networkId !== null)
        await this.tenancy.refuse(tx, networkId, { code: 'DEVICE_UNREACHABLE', message: 'a device of it was given up' });
      await this.orders.forgetDevice(tx, orderId, id);
    }
  }
}
