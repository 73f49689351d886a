import { Injectable } from '@nestjs/common';
import { FabricService, LockService, RecallService } from '#contexts/fabric';
import type { DeviceId, FabricId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { DeploymentPlan } from './domain/plan.js';
import { recallEnd } from './domain/rollback.js';
import { RollbackStore } from './store/rollback.store.js';

/** So long a rollback waits for provisioning; its devices are locked meanwhile. */
const RESTORED_WITHIN_SECONDS = 300;

/** What the planner and the executor ask about rollbacks: may one still run, what begins with it, when do its locks end. */
@Injectable()
export class RollbackKeeper {
  constructor(
    private readonly store: RollbackStore,
    private readonly locks: LockService,
    private readonly recalls: RecallService,
    private readonly fabric: FabricService,
  ) {}

  /** It is not what the fabric asks for, and is not meant to be: its devices carry what it takes back, and the numbers are nobody else's by now. */
  async isCurrent(tx: Tx, plan: DeploymentPlan): Promise<boolean> {
    if (plan.rollbackOf === null || (await this.store.isOvertaken(tx, plan.id, plan.rollbackOf))) return false;
    const asOf = await this.store.madeAt(tx, plan.rollbackOf);
    return (await this.recalls.takenBy(tx, plan.fabricId, asOf, networksOf(plan.items))) === undefined;
  }

  /**
   * What it restores is in the books before a device carries it: else the next customer who is given the number would meet who had it before.
   * @returns null when it may run; WAIT while provisioning is asked, for a bounded time; otherwise why it never may.
   */
  async obstacle(tx: Tx, plan: DeploymentPlan): Promise<'WAIT' | { readonly reason: string } | null> {
    if (plan.rollbackOf === null || plan.state !== 'APPROVED') return null;
    await this.recalls.wantRestored(tx, plan.fabricId, plan.id);
    const restored = (await this.recalls.ofPlan(tx, plan.id)).filter(({ action }) => action === 'RESTORE');
    const refused = restored.filter(({ state }) => state === 'REFUSED').map(({ networkSlug, reason }) => `${networkSlug}: ${reason}`);
    if (refused.length > 0) return { reason: `what it would bring back on its devices cannot be restored: ${refused.join('; ')}` };
    if (!restored.some(({ state }) => state === 'WANTED')) return null;
    const overdue = await this.recalls.overdue(tx, plan.id, RESTORED_WITHIN_SECONDS);
    if (overdue.length === 0) return 'WAIT';
    return {
      reason: `what it would bring back on its devices was not restored within ${RESTORED_WITHIN_SECONDS} s: ${overdue.join(', ')}`,
    };
  }

  /** With the first step: the fabric is not at rest until every device is where the intent wants it, or locked. */
  async begin(tx: Tx, plan: DeploymentPlan): Promise<void> {
    if (plan.rollbackOf !== null) await this.fabric.raiseRevision(tx, plan.fabricId);
  }

  /**
   * Networks follow the devices: what a rollback that is over withdraws goes when all of its devices are back and nobody carries it by then; the rest
   * stays as it was, and is named.
   */
  async endRecalls(tx: Tx, fabricId: FabricId): Promise<void> {
    for (const { planId, recallId, isBegun, devices } of await this.store.unjudged(tx, fabricId)) {
      const recall = (await this.recalls.ofPlan(tx, planId)).find(({ id }) => id === recallId);
      if (recall?.state !== 'PROPOSED' && recall?.state !== 'WANTED' && recall?.state !== 'ORDERED') continue;
      const carriers = recall.action === 'WITHDRAW' ? await this.store.carriers(tx, fabricId, recall) : [];
      const end = recallEnd({ action: recall.action, state: recall.state }, devices, isBegun, carriers);
      if (end) await this.recalls.judge(tx, fabricId, recall, end.state, end.reason);
    }
  }

  /** A rollback that is over holds a device until the fabric asks for what the device carries; what it did not bring back it does not hold. */
  async endLocks(tx: Tx, fabricId: FabricId, settled: readonly DeviceId[] = []): Promise<void> {
    const held = await this.locks.heldForPlans(tx, fabricId);
    if (held.length === 0) return;
    const done = await this.store.done(tx, held, settled);
    for (const { id, planId, deviceId } of held) if (done.has(`${planId} ${deviceId}`)) await this.locks.end(tx, id);
  }
}

export const networksOf = (items: readonly Pick<DeploymentPlan['items'][number], 'deviceId' | 'intent'>[]) =>
  items.flatMap(({ deviceId, intent }) =>
    intent.l2vnis.map(({ networkSlug, vni, vlan }) => ({
      deviceId,
      networkSlug: networkSlug as string,
      vni: vni as number,
      vlan: vlan as number | null,
    })),
  );
