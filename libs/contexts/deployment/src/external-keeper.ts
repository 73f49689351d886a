import { Injectable } from '@nestjs/common';
import { FabricService } from '#contexts/fabric';
import type { DeviceId, FabricId, PlanId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { DeploymentPlan } from './domain/plan.js';
import { endingOf } from './domain/rollout-ending.js';
import { Incidents } from './incidents.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { ExternalStore } from './store/external.store.js';
import { PlanStore } from './store/plan.store.js';
import { SteeringStore } from './store/steering.store.js';

/** What the planner and the executor do about devices that people configure: whom to ask for what, and when that is over. */
@Injectable()
export class ExternalKeeper {
  constructor(
    private readonly store: ExternalStore,
    private readonly plans: PlanStore,
    private readonly steering: SteeringStore,
    private readonly devices: DeviceStateStore,
    private readonly fabric: FabricService,
    private readonly incidents: Incidents,
  ) {}

  /** What a plan has to know of them. */
  async circumstances(
    tx: Tx,
    fabricId: FabricId,
  ): Promise<{ readonly external: ReadonlySet<DeviceId>; readonly awaited: ReadonlyMap<DeviceId, string> }> {
    const awaited = await this.store.awaited(tx, fabricId);
    return {
      external: await this.fabric.externals(tx, fabricId),
      awaited: new Map(awaited.map(({ deviceId, digest }) => [deviceId, digest])),
    };
  }

  /**
   * All that Trame pushes is proven: people are asked for the rest. From here on it may be on the device, for nobody sees a person paste:
   * should the intent go back before the answer comes, the device is asked for what it had before, and not taken for untouched.
   */
  async ask(tx: Tx, plan: DeploymentPlan): Promise<void> {
    const external = plan.items.filter(({ isExternal, state }) => isExternal && state === 'PENDING');
    const ids = external.map(({ deviceId }) => deviceId);
    await this.endWithoutItems(tx, await this.store.withdraw(tx, ids, 'a newer plan asks for something else', plan.id));
    const asked = new Set(await this.store.ask(tx, plan.id));
    for (const { deviceId, artefacts } of external.filter((item) => asked.has(item.deviceId))) {
      await this.steering.keepBefore(tx, plan.id, deviceId);
      await this.devices.markUncertain(tx, deviceId, artefacts);
    }
    await this.fabric.reportStage(tx, [...asked], 'AWAITING_PERSON', plan.targetRevision);
    await this.incidents.record(tx, plan, 'plan.awaiting_person', external.map(({ slug }) => slug).join(', '));
  }

  /** The planner's word: these are asked of people already and still wanted, everything else that is asked is not wanted any more. */
  async keepAsking(tx: Tx, fabricId: FabricId, wanted: readonly DeviceId[], revision: number): Promise<void> {
    const stale = (await this.store.awaited(tx, fabricId)).filter(({ deviceId, isRollback }) => !isRollback && !wanted.includes(deviceId));
    const ids = stale.map(({ deviceId }) => deviceId);
    // First the plan, then the device: as whoever confirms.
    await this.endWithoutItems(tx, await this.store.withdraw(tx, ids, 'the fabric asks for something else'));
    await this.fabric.reportStage(tx, wanted, 'AWAITING_PERSON', revision);
  }

  /** A plan of which nobody is asked for anything any more is over. */
  async endWithoutItems(tx: Tx, ids: readonly PlanId[]): Promise<void> {
    for (const id of ids) {
      const plan = await this.plans.byId(tx, id);
      if (!plan || plan.items.some(({ state }) => state === 'AWAITING_PERSON')) continue;
      const { state, reason } = endingOf(plan);
      if (!(await this.plans.setState(tx, id, ['AWAITING_PERSON'], state, reason))) continue;
      await this.incidents.record(tx, plan, state === 'APPLIED' ? 'plan.applied' : 'plan.superseded', reason);
    }
  }
}
