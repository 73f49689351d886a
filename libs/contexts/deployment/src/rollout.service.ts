import { Inject, Injectable } from '@nestjs/common';
import { AuditService, OutboxService } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { DomainError, type FabricId, notFound, type PlanId } from '#engines/kernel';
import { crashPoint, Database, type HeldLease, LeaseService, LOGGER, type Logger, systemScope } from '#platform';
import { type Carriers, DevicePusher, verifyFailed } from './device-pusher.js';
import { failureOf } from './domain/failure.js';
import type { DeploymentPlan, PlanItem } from './domain/plan.js';
import { notIn, PlannerService, refuseUnlessSeen } from './planner.service.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';

const SCOPE = systemScope('deployment');
const PARALLEL_PUSHES = 10;

/**
 * Brings a fabric to its intent: plan, canary, the rest, proof. One rollout at a time in a fabric (lease), one push at a time on a
 * device (lease). Started by a signal or a timer, with nothing but the fabric's id; it reads the world again each time.
 */
@Injectable()
export class RolloutService {
  constructor(
    private readonly db: Database,
    private readonly leases: LeaseService,
    private readonly planner: PlannerService,
    private readonly pusher: DevicePusher,
    private readonly fabric: FabricService,
    private readonly plans: PlanStore,
    private readonly devices: DeviceStateStore,
    private readonly outbox: OutboxService,
    private readonly audit: AuditService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** All fabrics, level-triggered. One that cannot be planned does not stop the others. */
  async convergeAll(signal: AbortSignal = new AbortController().signal): Promise<void> {
    for (const fabricId of await this.db.inTransaction(SCOPE, (tx) => this.fabric.fabrics(tx))) {
      if (signal.aborted) return;
      await this.converge(fabricId, signal).catch((error: unknown) => this.log.error('fabric.converge_failed', { fabricId, error }));
    }
  }

  /** @returns at once when somebody else is at this fabric: that execution sees what changed, or is followed by another. */
  async converge(fabricId: FabricId, signal: AbortSignal = new AbortController().signal): Promise<void> {
    await this.leases.withLease(`fabric:${fabricId}`, async (held) => {
      const stop = AbortSignal.any([signal, held.signal]);
      crashPoint('rollout.leased');
      const { open, isSettled } = await this.db.inTransaction(SCOPE, async (tx) => ({
        open: await this.plans.next(tx, fabricId),
        isSettled: await this.fabric.isSettled(tx, fabricId),
      }));
      if (!open && isSettled) return;
      const plan = open && (await this.isWanted(open)) ? open : await this.planner.planRollout(fabricId);
      if (plan) crashPoint('rollout.planned');
      if (plan && (plan.state === 'APPLYING' || (plan.state === 'APPROVED' && plan.isReleased))) await this.apply(plan, held, stop);
      else await this.db.inTransaction(SCOPE, (tx) => this.outbox.append(tx, 'deployment.settled', fabricId));
    });
  }

  /** A person's request to run exactly the plan that was seen. @throws DomainError NOT_FOUND | PLAN_STALE | PLAN_EXPIRED | APPROVAL_REQUIRED | INVALID_STATE. */
  async requestApply(planId: PlanId, digest: string, actor: string): Promise<DeploymentPlan> {
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      const plan = await this.plans.byId(tx, planId);
      if (!plan) throw notFound('plan', planId);
      if (plan.state === 'APPLYING' || plan.state === 'APPLIED') return plan;
      refuseUnlessSeen(plan, digest);
      if (plan.state === 'PROPOSED')
        throw new DomainError('APPROVAL_REQUIRED', `a plan of risk ${plan.risk} needs an approval first`, { planId, risk: plan.risk });
      if (plan.state !== 'APPROVED') throw notIn(plan, ['APPROVED']);
      await this.plans.release(tx, planId);
      await this.audit.append(tx, {
        tenantId: null,
        action: 'plan.apply_requested',
        subjectKind: 'plan',
        subjectId: planId,
        detail: { digest },
      });
      await this.outbox.append(tx, 'fabric.changed', plan.fabricId);
      return plan;
    });
  }

  async plan(planId: PlanId): Promise<DeploymentPlan> {
    const plan = await this.db.inTransaction(SCOPE, (tx) => this.plans.byId(tx, planId));
    if (!plan) throw notFound('plan', planId);
    return plan;
  }

  /** What is under way goes on; what only waits must still be what the fabric asks for, or it would take devices back. */
  private async isWanted(plan: DeploymentPlan): Promise<boolean> {
    if (plan.state === 'APPLYING' || (await this.planner.isCurrent(plan))) return true;
    await this.db.inTransaction(SCOPE, (tx) =>
      this.plans.setState(tx, plan.id, ['APPROVED'], 'SUPERSEDED', 'the fabric asks for something else'),
    );
    return false;
  }

  private async apply(plan: DeploymentPlan, held: HeldLease, signal: AbortSignal): Promise<void> {
    const isOurs = await held.inTransaction(SCOPE, async (tx) => {
      await this.outbox.append(tx, 'deployment.settled', plan.fabricId);
      return plan.state === 'APPLYING' || this.plans.setState(tx, plan.id, ['APPROVED'], 'APPLYING');
    });
    if (!isOurs) return;
    crashPoint('rollout.applying');
    const failed = await this.pushWaves(plan, held, signal);
    if (signal.aborted) return; // Another execution goes on from what is written.
    crashPoint('rollout.proving');
    const unproven = await this.prove(plan, held, signal);
    if (signal.aborted) return;
    crashPoint('rollout.finishing');
    await this.finish(plan, held, [...failed, ...unproven]);
    crashPoint('rollout.finished');
  }

  /** The canary alone, then the others; a canary that fails ends the rollout before it touched anything else. */
  private async pushWaves(plan: DeploymentPlan, held: HeldLease, signal: AbortSignal): Promise<string[]> {
    const failed = plan.items.filter((item) => item.state === 'FAILED').map((item) => item.slug);
    for (const wave of [0, 1]) {
      const todo = plan.items.filter((item) => item.wave === wave && (item.state === 'PENDING' || item.state === 'PUSHING'));
      if (failed.length > 0) {
        await this.skip(plan, held, todo);
        continue;
      }
      for (let start = 0; start < todo.length && !signal.aborted; start += PARALLEL_PUSHES) {
        const batch = todo.slice(start, start + PARALLEL_PUSHES);
        const results = await Promise.all(batch.map((item) => this.pusher.push(plan, item, signal)));
        failed.push(...batch.filter((_, index) => !results[index]).map((item) => item.slug));
        await held.inTransaction(SCOPE, (tx) => this.outbox.append(tx, 'deployment.settled', plan.fabricId));
        crashPoint('rollout.stepped');
      }
    }
    return failed;
  }

  private async skip(plan: DeploymentPlan, held: HeldLease, items: readonly PlanItem[]): Promise<void> {
    await held.inTransaction(SCOPE, async (tx) => {
      for (const item of items) await this.plans.setItem(tx, plan.id, item.deviceId, 'SKIPPED');
    });
  }

  /** End to end: every confirmed device knows the others of its networks. Only then it is verified. */
  private async prove(plan: DeploymentPlan, held: HeldLease, signal: AbortSignal): Promise<string[]> {
    const current = await this.plan(plan.id);
    const confirmed = current.items.filter((item) => item.state === 'CONFIRMED');
    const carriers = this.carriers(current);
    const results = await Promise.all(confirmed.map((item) => this.proveOne(plan, held, item, carriers, signal)));
    return confirmed.filter((_, index) => !results[index]).map((item) => item.slug);
  }

  private async proveOne(plan: DeploymentPlan, held: HeldLease, item: PlanItem, carriers: Carriers, signal: AbortSignal): Promise<boolean> {
    try {
      const report = await this.pusher.verifyReach(plan, item, carriers, signal);
      if (!report.ok) throw verifyFailed(item.slug, report);
      await held.inTransaction(SCOPE, async (tx) => {
        await this.plans.setItem(tx, plan.id, item.deviceId, 'VERIFIED');
        await this.devices.succeeded(tx, [item.deviceId]);
        await this.fabric.reportVerified(tx, [item.deviceId], plan.targetRevision);
      });
      crashPoint('rollout.proved');
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.log.warn('device.unproven', { device: item.slug, planId: plan.id, error });
      await held.inTransaction(SCOPE, async (tx) => {
        await this.devices.markUncertain(tx, item.deviceId, item.artefacts); // Its files are right and its network is not: look again.
        await this.pusher.fail(tx, plan, item, failureOf(error));
      });
      return false;
    }
  }

  /**
   * Only the devices of this plan that confirmed: they are there, so they must see each other. Another member of the network may have
   * been off for hours; that is its own fault to report, and no reason to undo what is new here.
   */
  private carriers(plan: DeploymentPlan): Carriers {
    const carriers = new Map<number, Set<string>>();
    for (const { state, intent } of plan.items) {
      if ((state !== 'CONFIRMED' && state !== 'VERIFIED') || !intent.vtep) continue;
      for (const { vni } of intent.l2vnis) carriers.set(vni, (carriers.get(vni) ?? new Set()).add(intent.vtep.address));
    }
    return carriers;
  }

  private async finish(plan: DeploymentPlan, held: HeldLease, failed: readonly string[]): Promise<void> {
    await held.inTransaction(SCOPE, async (tx) => {
      const reason = failed.length === 0 ? null : `failed on ${[...new Set(failed)].sort().join(', ')}`;
      if (!(await this.plans.setState(tx, plan.id, ['APPLYING'], reason === null ? 'APPLIED' : 'FAILED', reason))) return;
      await this.audit.append(tx, {
        tenantId: null,
        action: reason === null ? 'plan.applied' : 'plan.failed',
        subjectKind: 'plan',
        subjectId: plan.id,
        detail: { digest: plan.digest, reason },
      });
      await this.outbox.append(tx, 'deployment.settled', plan.fabricId);
      await this.outbox.append(tx, 'fabric.changed', plan.fabricId); // There may be a newer intent already.
    });
  }
}
