import { Inject, Injectable } from '@nestjs/common';
import { AuditService, type OperatorAct, OperatorActs, OutboxService } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { DomainError, type FabricId, notFound, type PlanId } from '#engines/kernel';
import { crashPoint, Database, type HeldLease, LeaseService, LOGGER, type Logger, systemScope, type Tx } from '#platform';
import type { DeploymentPlan } from './domain/plan.js';
import { FabricRest } from './fabric-rest.js';
import { Incidents } from './incidents.js';
import { inParallel } from './in-parallel.js';
import { notIn, PlannerService, refuseUnlessSeen } from './planner.service.js';
import { RollbackKeeper } from './rollback-keeper.js';
import { RolloutExecutor } from './rollout-executor.js';
import { PlanStore } from './store/plan.store.js';
import { SteeringStore } from './store/steering.store.js';

const SCOPE = systemScope('deployment');
/** Of those that have something to do: a rollout may soak for minutes. */
const FABRICS_AT_ONCE = 4;

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
    private readonly executor: RolloutExecutor,
    private readonly fabric: FabricService,
    private readonly plans: PlanStore,
    private readonly steering: SteeringStore,
    private readonly rollbacks: RollbackKeeper,
    private readonly outbox: OutboxService,
    private readonly audit: AuditService,
    private readonly acts: OperatorActs,
    private readonly incidents: Incidents,
    private readonly rest: FabricRest,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** All fabrics, level-triggered. One that cannot be planned, or takes its time, does not stop the others. */
  async convergeAll(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const fabrics = await this.db.inTransaction(SCOPE, (tx) => this.fabric.fabrics(tx));
    await inParallel(fabrics, FABRICS_AT_ONCE, async (fabricId) => {
      if (signal.aborted) return;
      await this.converge(fabricId, signal, false).catch((error: unknown) => this.log.error('fabric.converge_failed', { fabricId, error }));
    });
  }

  /**
   * @param isAsked something has changed; false: the timer comes round.
   * @returns at once when somebody else is at this fabric: that execution sees what changed, or is followed by another.
   */
  async converge(fabricId: FabricId, signal: AbortSignal = new AbortController().signal, isAsked = true): Promise<void> {
    const ran = await this.leases.withLease(`fabric:${fabricId}`, async (held) => {
      const stop = AbortSignal.any([signal, held.signal]);
      crashPoint('rollout.leased');
      const { retry, isResting } = await this.db.inTransaction(SCOPE, (tx) => this.rest.begin(tx, fabricId, isAsked));
      if (isResting) return;
      try {
        await this.advance(fabricId, held, stop);
      } catch (error) {
        if (!stop.aborted) await this.rest.failed(fabricId, error);
        throw error;
      }
      if (retry && !stop.aborted) await this.rest.over(fabricId, retry);
    });
    if (!ran && isAsked) await this.rest.missed(fabricId);
  }

  /** What keeps the fabric of a plan from going on, in a sentence; null: nothing that Trame knows of. */
  async stalled({ fabricId, state }: Pick<DeploymentPlan, 'fabricId' | 'state'>): Promise<string | null> {
    return state === 'APPLYING' || state === 'APPROVED' ? this.rest.stalled(fabricId) : null;
  }

  private async advance(fabricId: FabricId, held: HeldLease, signal: AbortSignal): Promise<void> {
    const { open, isSettled } = await this.next(fabricId);
    if ((!open && isSettled) || open?.state === 'PAUSED') return;
    const plan = open ?? (await this.planner.planRollout(fabricId));
    if (plan) crashPoint('rollout.planned');
    if (plan && (plan.state === 'APPLYING' || (plan.state === 'APPROVED' && plan.isReleased))) await this.executor.run(plan, held, signal);
    else await this.db.inTransaction(SCOPE, (tx) => this.outbox.append(tx, 'deployment.settled', fabricId));
  }

  /** A person's request to run exactly the plan that was seen. @throws DomainError NOT_FOUND | PLAN_STALE | PLAN_EXPIRED | APPROVAL_REQUIRED | INVALID_STATE. */
  async requestApply(planId: PlanId, digest: string, actor: string, act: OperatorAct | null = null): Promise<DeploymentPlan> {
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      await this.acts.once(tx, act, () => this.releaseSeen(tx, planId, digest));
      return (await this.plans.byId(tx, planId)) as DeploymentPlan;
    });
  }

  private async releaseSeen(tx: Tx, planId: PlanId, digest: string): Promise<void> {
    const plan = await this.plans.byId(tx, planId);
    if (!plan) throw notFound('plan', planId);
    if (plan.state === 'APPLYING' || plan.state === 'APPLIED') return;
    refuseUnlessSeen(plan, digest);
    if (plan.state === 'PROPOSED')
      throw new DomainError('APPROVAL_REQUIRED', `a plan of risk ${plan.risk} needs ${approvals(plan)} first`, {
        planId,
        risk: plan.risk,
      });
    if (plan.state !== 'APPROVED') throw notIn(plan, ['APPROVED']);
    await this.plans.release(tx, planId);
    const detail = { digest };
    await this.audit.append(tx, { tenantId: null, action: 'plan.apply_requested', subjectKind: 'plan', subjectId: planId, detail });
    await this.outbox.append(tx, 'fabric.changed', plan.fabricId);
  }

  /** The newest first. */
  async latest(first: number): Promise<DeploymentPlan[]> {
    return this.db.inTransaction(SCOPE, async (tx) => {
      const plans: DeploymentPlan[] = [];
      for (const id of await this.plans.latest(tx, first)) plans.push((await this.plans.byId(tx, id)) as DeploymentPlan);
      return plans;
    });
  }

  async plan(planId: PlanId): Promise<DeploymentPlan> {
    const plan = await this.db.inTransaction(SCOPE, (tx) => this.plans.byId(tx, planId));
    if (!plan) throw notFound('plan', planId);
    return plan;
  }

  /** What may run now. A rollback that waits for its networks is passed over: its devices are locked, and the fabric's other work goes on. */
  private async next(fabricId: FabricId): Promise<{ open: DeploymentPlan | undefined; isSettled: boolean }> {
    for (const passed: PlanId[] = []; ; ) {
      const { open, isSettled } = await this.db.inTransaction(SCOPE, async (tx) => {
        await this.steering.endLeftovers(tx, fabricId);
        await this.rollbacks.endLocks(tx, fabricId);
        await this.rollbacks.endRecalls(tx, fabricId);
        const plan = await this.plans.next(tx, fabricId, passed);
        if (plan?.state === 'PAUSED') await this.fabric.reportBehind(tx, fabricId, 'PAUSED');
        return { open: plan, isSettled: await this.fabric.isSettled(tx, fabricId) };
      });
      if (!open || open.state === 'PAUSED') return { open, isSettled };
      if (!(await this.isWanted(open))) return { open: undefined, isSettled: false };
      if (open.rollbackOf === null || (await this.isPrepared(open))) return { open, isSettled };
      passed.push(open.id);
    }
  }

  /** A rollback that restores networks waits until they are restored, and ends where one cannot be. */
  private async isPrepared(plan: DeploymentPlan): Promise<boolean> {
    return this.db.inTransaction(SCOPE, async (tx) => {
      const obstacle = await this.rollbacks.obstacle(tx, plan);
      if (obstacle === null || obstacle === 'WAIT') return obstacle === null;
      if (!(await this.plans.setState(tx, plan.id, ['APPROVED'], 'HALTED', obstacle.reason))) return false;
      await this.steering.skipRest(tx, plan.id);
      await this.incidents.record(tx, plan, 'plan.halted', obstacle.reason);
      await this.outbox.append(tx, 'fabric.changed', plan.fabricId);
      return false;
    });
  }

  /** What is under way goes on; what only waits must still be what the fabric asks for, or it would take devices back. */
  private async isWanted(plan: DeploymentPlan): Promise<boolean> {
    if (plan.state === 'APPLYING' || (await this.planner.isCurrent(plan))) return true;
    await this.db.inTransaction(SCOPE, (tx) =>
      this.plans.setState(tx, plan.id, ['APPROVED'], 'SUPERSEDED', 'the fabric asks for something else'),
    );
    return false;
  }
}

const approvals = ({ approvalsNeeded, approvals: given }: DeploymentPlan): string =>
  approvalsNeeded === 1 ? 'an approval' : `approvals of ${approvalsNeeded} people (${given.length} so far)`;
