import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { compileFabric } from '#engines/intent';
import { type DeviceId, DomainError, type FabricId, notFound, type PlanId } from '#engines/kernel';
import { Database, systemScope } from '#platform';
import { type DraftPlan, lowRiskPart, makeDeploymentPlan } from './domain/make-plan.js';
import type { DeploymentPlan } from './domain/plan.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';

const PLAN_LIFETIME_SECONDS = 3600;

/** Makes plans; changes nothing else. The same fabric and the same devices give the same digest, whoever asks. */
@Injectable()
export class PlannerService {
  constructor(
    private readonly db: Database,
    private readonly fabric: FabricService,
    private readonly plans: PlanStore,
    private readonly devices: DeviceStateStore,
    private readonly audit: AuditService,
  ) {}

  /**
   * Plans what the fabric needs now. Devices that already do what is asked are reported at the target revision.
   * @param autoApprove what is of at most LOW risk needs no person: it is planned first and alone, the rest is proposed after it.
   * @returns undefined when there is nothing to do.
   * @throws DomainError CHECK_FAILED with the findings: then nothing was planned.
   */
  async plan(fabricId: FabricId, actor: string, autoApprove: boolean, only?: ReadonlySet<DeviceId>): Promise<DeploymentPlan | undefined> {
    const whole = await this.draft(fabricId, only);
    const everyday = autoApprove ? lowRiskPart(whole) : undefined;
    const isApproved = everyday !== undefined && everyday.items.length > 0;
    const draft = isApproved ? everyday : whole;
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      await this.fabric.reportVerified(tx, draft.settled, draft.targetRevision);
      // What a device failed at is not asked of it any more: the next order starts its own count of tries.
      await this.devices.succeeded(tx, draft.settled);
      if (draft.items.length === 0) {
        await this.plans.supersedeProposed(tx, fabricId, null);
        return undefined;
      }
      const waiting = await this.plans.proposed(tx, fabricId);
      const deviceIds = draft.items.map((item) => item.deviceId);
      if (waiting?.digest === draft.digest) {
        await this.fabric.reportStage(tx, deviceIds, 'AWAITING_APPROVAL', draft.targetRevision);
        return waiting;
      }
      const id = await this.plans.insert(tx, fabricId, draft, isApproved ? 'APPROVED' : 'PROPOSED', actor, PLAN_LIFETIME_SECONDS);
      await this.plans.supersedeProposed(tx, fabricId, id);
      await this.fabric.reportStage(tx, deviceIds, isApproved ? 'PLANNED' : 'AWAITING_APPROVAL', draft.targetRevision);
      return this.plans.byId(tx, id);
    });
  }

  /** A person's question: what would be pushed? The fabric is that of the devices, or the only one there is. @throws DomainError NOT_FOUND | INVALID_VALUE. */
  async planOnly(actor: string, only?: ReadonlySet<DeviceId>): Promise<DeploymentPlan | undefined> {
    const fabricIds = await this.db.inTransaction(systemScope(actor), async (tx) =>
      only
        ? [...new Set(await Promise.all([...only].map(async (id) => (await this.fabric.device(tx, id)).fabricId)))]
        : this.fabric.fabrics(tx),
    );
    const [fabricId] = fabricIds;
    if (fabricId === undefined || fabricIds.length > 1) {
      throw new DomainError('INVALID_VALUE', 'a plan is for one fabric: name devices of one', {
        path: ['devices'],
        accepted: 'devices of one fabric',
      });
    }
    return this.plan(fabricId, actor, false, only);
  }

  /** @throws DomainError NOT_FOUND | PLAN_STALE (another digest) | PLAN_EXPIRED | INVALID_STATE. */
  async approve(planId: PlanId, digest: string, actor: string, comment: string | null): Promise<DeploymentPlan> {
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      const plan = await this.plans.byId(tx, planId);
      if (!plan) throw notFound('plan', planId);
      refuseUnlessCurrent(plan, digest);
      if (plan.state !== 'PROPOSED' && plan.state !== 'APPROVED') throw notIn(plan, ['PROPOSED']);
      await this.plans.approve(tx, planId, actor, comment);
      await this.audit.append(tx, {
        tenantId: null,
        action: 'plan.approved',
        subjectKind: 'plan',
        subjectId: planId,
        detail: { digest, risk: plan.risk },
      });
      await this.plans.setState(tx, planId, ['PROPOSED'], 'APPROVED');
      return (await this.plans.byId(tx, planId)) as DeploymentPlan;
    });
  }

  /** Reads in one REPEATABLE READ transaction: revision, intent and device records belong together. */
  private async draft(fabricId: FabricId, only?: ReadonlySet<DeviceId>): Promise<DraftPlan> {
    const { snapshot, records } = await this.db.inTransaction(
      systemScope('planner'),
      async (tx) => ({ snapshot: await this.fabric.snapshot(tx, fabricId), records: await this.devices.records(tx, fabricId) }),
      { isolation: 'REPEATABLE READ' },
    );
    return makeDeploymentPlan(compileFabric(snapshot), records, only);
  }
}

function refuseUnlessCurrent(plan: DeploymentPlan, digest: string): void {
  if (plan.digest !== digest)
    throw new DomainError('PLAN_STALE', 'this is not the plan that you saw: its digest differs', { planId: plan.id, digest: plan.digest });
  if (plan.expiresAt.getTime() < Date.now())
    throw new DomainError('PLAN_EXPIRED', 'the plan is too old; make a new one', {
      planId: plan.id,
      expiresAt: plan.expiresAt.toISOString(),
    });
}

export function notIn(plan: DeploymentPlan, allowedStates: readonly string[]): DomainError<'INVALID_STATE'> {
  return new DomainError('INVALID_STATE', `the plan is ${plan.state}`, { state: plan.state, allowedStates });
}

export { refuseUnlessCurrent };
