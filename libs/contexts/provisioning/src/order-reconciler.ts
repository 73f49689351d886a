import { Inject, Injectable } from '@nestjs/common';
import { AddressingService } from '#contexts/addressing';
import { EventService } from '#contexts/events';
import { FabricService, PlaceService } from '#contexts/fabric';
import { type Network, TenancyService } from '#contexts/tenancy';
import type { OrderId } from '#engines/kernel';
import { CONFIG, type Config, crashPoint, Database, LOGGER, type Logger, systemScope, type Tx } from '#platform';
import type { NetworkOrder, OrderState } from './domain/order.js';
import { deviceSteps, judge, rebase, type Verdict } from './domain/order-progress.js';
import { NetworkKeepsake } from './network-keepsake.js';
import { OrderRecords } from './order-records.js';
import { OrderService } from './order.service.js';
import { OrderStore } from './store/order.store.js';

const SCOPE = systemScope('orders');
const STEP_OFFSET: Record<'RUNNING' | 'UNDOING', number> = { RUNNING: 10, UNDOING: 200 };

/**
 * Moves open orders on. It takes no input but an id and reads the world again, so it may run at any time, twice, or after
 * everything was lost from the queue: a signal only makes it run sooner.
 */
@Injectable()
export class OrderReconciler {
  constructor(
    private readonly db: Database,
    private readonly orders: OrderStore,
    private readonly records: OrderRecords,
    private readonly tenancy: TenancyService,
    private readonly addressing: AddressingService,
    private readonly fabric: FabricService,
    private readonly places: PlaceService,
    private readonly events: EventService,
    private readonly keepsake: NetworkKeepsake,
    private readonly service: OrderService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * Advances open orders, whoever was not looked at for the longest time first: however many wait for something, the next round goes on with the
   * others. One that fails does not stop them, and has had its turn.
   */
  async advanceOpen(limit = 1000): Promise<void> {
    const ids = await this.db.inTransaction(SCOPE, (tx) => this.orders.openIds(tx, limit));
    for (const id of ids) {
      try {
        await this.advance(id);
      } catch (error) {
        this.log.error('order.advance_failed', { orderId: id, error });
        await this.db.inTransaction(SCOPE, (tx) => this.orders.attend(tx, id));
      }
    }
  }

  async advance(id: OrderId): Promise<void> {
    await this.db.inTransaction(SCOPE, async (tx) => {
      const locked = await this.orders.lockOpen(tx, id);
      if (!locked) return;
      // Its network was never built and is forgotten: there is nothing left to remove.
      if (locked.networkId === null)
        return this.end(tx, locked, locked.kind === 'DEPROVISION' ? 'RETIRED' : 'CANCELLED', 'There is nothing left to do.');
      await this.orders.attend(tx, id);
      const devices = (await this.fabric.progress(tx, locked.deviceIds)).sort((a, b) => (a.slug < b.slug ? -1 : 1));
      const baseline = rebase(locked, devices);
      if (baseline) await this.orders.setBaseline(tx, id, baseline);
      const order = { ...((await this.orders.byId(tx, id)) ?? locked), failureBaseline: baseline ?? locked.failureBaseline };
      await this.showSteps(tx, order, deviceSteps(order, devices));
      const verdict = judge(order, devices, this.config.MAX_PUSH_ATTEMPTS);
      if (verdict.kind === 'AWAITING_APPROVAL' || verdict.kind === 'ON_HOLD')
        await this.orders.holdDeadline(tx, id, this.config.ORDER_DEADLINE_SECONDS);
      if (isUndoing(order)) await this.advanceUndo(tx, order, verdict);
      else if (order.kind === 'DEPROVISION') await this.advanceDeprovision(tx, order, verdict);
      else await this.advanceProvision(tx, order, verdict);
      crashPoint('order.judged');
    });
    crashPoint('order.advanced');
  }

  private async advanceProvision(tx: Tx, order: NetworkOrder, verdict: Verdict): Promise<void> {
    // Locked: a removal that is ordered now comes before this or after it, and not in between.
    const network = await this.tenancy.lockNetwork(tx, order.networkId as NonNullable<NetworkOrder['networkId']>);
    if (network.state === 'DEPROVISIONING' || network.state === 'RETIRED')
      return this.end(tx, order, 'CANCELLED', 'The network was removed before it was ready.');
    // Read after the progress of its devices: what they were proven to do since it was refused is something without it.
    const refusal = await this.tenancy.refusal(tx, network.id);
    if (refusal && order.kind === 'RESTORE') return this.takeBack(tx, order, network, refusal);
    await this.advanceBuilding(tx, order, refusal ? { kind: 'FAILED', device: null, ...refusal } : verdict);
  }

  private async advanceBuilding(tx: Tx, order: NetworkOrder, verdict: Verdict): Promise<void> {
    switch (verdict.kind) {
      case 'REACHED':
        await this.tenancy.activate(tx, order.networkId as NonNullable<NetworkOrder['networkId']>);
        return this.end(tx, order, 'ACTIVE', 'Your network is live.');
      case 'FAILED':
        // What was live before is not thrown away because a device is slow to have it again.
        if (order.kind === 'RESTORE')
          return this.stick(tx, order, verdict, 'Bringing your network back takes longer than it should; we are on it.');
        return this.compensate(tx, order, verdict);
      default:
        return this.wait(
          tx,
          order,
          verdict,
          order.kind === 'RESTORE' ? 'Your network is being brought back.' : 'Your network is being built.',
        );
    }
  }

  private async advanceDeprovision(tx: Tx, order: NetworkOrder, verdict: Verdict): Promise<void> {
    switch (verdict.kind) {
      case 'REACHED': {
        const network = await this.tenancy.lockNetwork(tx, order.networkId as NonNullable<NetworkOrder['networkId']>);
        await this.orders.keep(tx, order.id, await this.keepsake.of(tx, network));
        await this.retire(tx, network);
        return this.end(tx, order, 'RETIRED', 'Your network was removed.');
      }
      case 'FAILED':
        return this.stick(tx, order, verdict, 'Removing your network takes longer than it should; we are on it.');
      default:
        return this.wait(tx, order, verdict, 'Your network is being removed.');
    }
  }

  /** What cannot be built is not waited for: it goes out of the books as it came in, by a removal that waits for the devices, and its numbers rest. */
  private async takeBack(tx: Tx, order: NetworkOrder, network: Network, refusal: Refusal): Promise<void> {
    const request = { idempotencyKey: `restore:${order.id}:taken-back`, networkId: network.id, ifVersion: null };
    await this.service.deprovisionIn(tx, order.tenantId, request, true);
    const message = 'Your network could not be brought back.';
    await this.end(tx, order, 'CANCELLED', message, { ...refusal, device: null, needsOperator: true });
    this.log.error('order.restore_refused', { orderId: order.id, ...refusal });
  }

  /** Out of the intent, and back to the devices: whatever part of it is live anywhere is removed before its numbers are free. */
  private async compensate(tx: Tx, order: NetworkOrder, verdict: Verdict & { kind: 'FAILED' }): Promise<void> {
    const networkId = order.networkId as NonNullable<NetworkOrder['networkId']>;
    await this.tenancy.beginDeprovision(tx, networkId);
    await this.orders.setState(tx, order.id, 'COMPENSATING', 'We could not build your network and are undoing it.', {
      code: verdict.code,
      message: verdict.message,
      device: verdict.device,
      needsOperator: false,
    });
    await this.records.record(tx, await this.records.aim(tx, order, networkId, order.deviceIds, 'COMPENSATING'), 'order.compensating');
  }

  private async advanceUndo(tx: Tx, order: NetworkOrder, verdict: Verdict): Promise<void> {
    switch (verdict.kind) {
      case 'REACHED': {
        const network = await this.tenancy.lockNetwork(tx, order.networkId as NonNullable<NetworkOrder['networkId']>);
        await (order.wasGivenUp ? this.retire(tx, network) : this.forget(tx, network));
        return this.end(tx, order, 'FAILED_COMPENSATED', 'We could not build your network; nothing of it is left and nothing is charged.');
      }
      case 'FAILED':
        return this.stick(tx, order, verdict, 'We could not build your network; undoing it needs a person.');
      default:
        return this.wait(tx, order, verdict, order.customerMessage);
    }
  }

  /** It was live, or nobody knows whether it is somewhere: its numbers and prefixes rest. */
  private async retire(tx: Tx, network: Network): Promise<void> {
    await this.places.detachAll(tx, network.id, true);
    await this.addressing.retireNetwork(tx, network.id);
    await this.tenancy.retire(tx, network);
  }

  /** Nobody ever carried it, or every device is proven clean. */
  private async forget(tx: Tx, network: Network): Promise<void> {
    await this.places.detachAll(tx, network.id, false);
    await this.addressing.forgetNetwork(tx, network.id);
    await this.orders.forgetNetworkEverywhere(tx, network.id);
    await this.tenancy.forget(tx, network);
  }

  private async wait(tx: Tx, order: NetworkOrder, verdict: Verdict, message: string): Promise<void> {
    const next: OrderState = isUndoing(order) ? 'COMPENSATING' : verdict.kind === 'AWAITING_APPROVAL' ? 'AWAITING_APPROVAL' : 'RUNNING';
    if (order.state === next || order.state === 'FAILED_STUCK') return;
    await this.orders.setState(tx, order.id, next, message, null);
    await this.events.append(tx, { tenantId: order.tenantId, type: 'order.step', subjectId: order.id, body: { state: next } });
  }

  /** It is still tried: a device that comes back ends it. Nobody has to do anything but repair the device. */
  private async stick(tx: Tx, order: NetworkOrder, verdict: Verdict & { kind: 'FAILED' }, message: string): Promise<void> {
    if (order.state === 'FAILED_STUCK') return;
    const failure = { code: verdict.code, message: verdict.message, device: verdict.device, needsOperator: true };
    await this.orders.setState(tx, order.id, 'FAILED_STUCK', message, order.failure ? { ...order.failure, needsOperator: true } : failure);
    await this.records.record(tx, { ...order, state: 'FAILED_STUCK', customerMessage: message }, 'order.stuck');
    this.log.error('order.stuck', { orderId: order.id, ...failure });
  }

  private async end(
    tx: Tx,
    order: NetworkOrder,
    state: OrderState,
    message: string,
    failure: NetworkOrder['failure'] = null,
  ): Promise<void> {
    await this.orders.setState(tx, order.id, state, message, failure);
    await this.orders.setStep(tx, order, 999, { name: state.toLowerCase(), state: 'DONE', message: null });
    await this.records.record(tx, { ...order, state, customerMessage: message }, `order.${state.toLowerCase()}`);
    this.log.info('order.ended', { orderId: order.id, state });
  }

  private async showSteps(tx: Tx, order: NetworkOrder, steps: ReturnType<typeof deviceSteps>): Promise<void> {
    const offset = STEP_OFFSET[isUndoing(order) ? 'UNDOING' : 'RUNNING'];
    for (const [index, step] of steps.entries()) {
      if (!(await this.orders.setStep(tx, order, offset + index, step))) continue;
      await this.events.append(tx, {
        tenantId: order.tenantId,
        type: 'order.step',
        subjectId: order.id,
        body: { state: order.state, step: step.name, stepState: step.state, message: step.message },
      });
    }
  }
}

/** Why a network is built nowhere: the planner's word, or that of a device that was given up. */
type Refusal = Pick<NonNullable<NetworkOrder['failure']>, 'code' | 'message'>;

/** A provision order that failed is on its way back, also while a person is needed for it. */
const isUndoing = (order: NetworkOrder): boolean =>
  order.kind === 'PROVISION' && (order.state === 'COMPENSATING' || (order.state === 'FAILED_STUCK' && order.failure !== null));
