import { Injectable } from '@nestjs/common';
import { FabricService } from '#contexts/fabric';
import { type OperatorAct, OperatorActs, OutboxService } from '#contexts/events';
import { type PlanId, notFound } from '#engines/kernel';
import { Database, systemScope, type Tx } from '#platform';
import type { DeploymentPlan, PlanState } from './domain/plan.js';
import { Incidents } from './incidents.js';
import { notIn, PlannerService, stale } from './planner.service.js';
import { PlanStore } from './store/plan.store.js';
import { SteeringStore } from './store/steering.store.js';

/** A person at the wheel of a rollout: it writes rows, whoever executes reads them before the next step and before each confirmation. What is said again under the same key is answered, and not done. */
@Injectable()
export class SteeringService {
  constructor(
    private readonly db: Database,
    private readonly planner: PlannerService,
    private readonly plans: PlanStore,
    private readonly steering: SteeringStore,
    private readonly fabric: FabricService,
    private readonly incidents: Incidents,
    private readonly outbox: OutboxService,
    private readonly acts: OperatorActs,
  ) {}

  /** What is being pushed is finished, nothing else is begun, and nothing else of the fabric is pushed meanwhile. @throws DomainError NOT_FOUND | INVALID_STATE. */
  pause(planId: PlanId, actor: string, reason: string | null, act: OperatorAct | null = null): Promise<DeploymentPlan> {
    return this.move(planId, actor, act, ['APPLYING'], 'PAUSED', 'plan.paused', reason, (tx, plan) =>
      this.fabric.reportBehind(tx, plan.fabricId, 'PAUSED'),
    );
  }

  /** @throws DomainError NOT_FOUND | INVALID_STATE | PLAN_STALE: the fabric asks for something else by now; cancel it, and another is planned. */
  async resume(planId: PlanId, actor: string, act: OperatorAct | null = null): Promise<DeploymentPlan> {
    const seen = await this.db.inTransaction(systemScope(actor), (tx) => this.plans.byId(tx, planId));
    const isCurrent = seen === undefined || (await this.planner.isCurrent(seen));
    return this.move(planId, actor, act, ['PAUSED'], 'APPLYING', 'plan.resumed', null, async (tx, plan) => {
      if (!isCurrent) throw stale(plan, 'the fabric asks for something else by now: cancel this plan, and another one is made');
      await this.outbox.append(tx, 'fabric.changed', plan.fabricId);
    });
  }

  /** Nobody wants it: what is confirmed stays, what is not goes back, and policy does not push the rest again. */
  cancel(planId: PlanId, actor: string, reason: string | null, act: OperatorAct | null = null): Promise<DeploymentPlan> {
    return this.move(
      planId,
      actor,
      act,
      ['APPROVED', 'APPLYING', 'PAUSED', 'AWAITING_PERSON'],
      'CANCELLED',
      'plan.cancelled',
      reason,
      (tx, plan) => this.leaveRest(tx, plan),
    );
  }

  /** Something is wrong: the same, and an incident. */
  halt(planId: PlanId, actor: string, reason: string | null, act: OperatorAct | null = null): Promise<DeploymentPlan> {
    return this.move(planId, actor, act, ['APPLYING', 'PAUSED'], 'HALTED', 'plan.halted', reason, (tx, plan) => this.leaveRest(tx, plan));
  }

  private async leaveRest(tx: Tx, plan: DeploymentPlan): Promise<void> {
    await this.steering.skipRest(tx, plan.id);
    await this.steering.bar(tx, plan.id, ['SKIPPED', 'PUSHING', 'FAILED']);
    await this.outbox.append(tx, 'fabric.changed', plan.fabricId);
  }

  private move(
    planId: PlanId,
    actor: string,
    act: OperatorAct | null,
    from: readonly PlanState[],
    to: PlanState,
    action: string,
    reason: string | null,
    andThen: (tx: Tx, plan: DeploymentPlan) => Promise<void>,
  ): Promise<DeploymentPlan> {
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      await this.acts.once(tx, act, async () => {
        const plan = await this.plans.byId(tx, planId);
        if (!plan) throw notFound('plan', planId);
        if (plan.state === to) return; // Said twice.
        const words =
          to === 'APPLYING' ? null : `${to.toLowerCase()} by ${actor}${reason === null ? '' : `: ${reason}`}; planned by ${plan.createdBy}`;
        if (!(await this.plans.setState(tx, planId, from, to, words))) throw notIn(plan, from);
        await andThen(tx, plan);
        await this.incidents.record(tx, plan, action, words);
      });
      return (await this.plans.byId(tx, planId)) as DeploymentPlan;
    });
  }
}
