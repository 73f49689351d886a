import { Inject, Injectable } from '@nestjs/common';
import { AuditService, type OperatorAct, OperatorActs } from '#contexts/events';
import { FabricService, LockService, NetworkCheckService, SecretService } from '#contexts/fabric';
import { checkFabric, type FabricIntent, type FabricSnapshot, refusedNetworks } from '#engines/intent';
import { type DeviceId, DomainError, type FabricId, isDomainError, notFound, type PlanId } from '#engines/kernel';
import { CONFIG, type Config, Database, LOGGER, type Logger, systemScope, type Tx } from '#platform';
import { causeIds } from './domain/cause-ids.js';
import { FabricIntents } from './domain/fabric-intents.js';
import {
  artefactsDigest,
  attendedPart,
  type Draft,
  type DraftPlan,
  draftPlan,
  everydayPart,
  unguardedPlan,
  wholePlan,
} from './domain/make-plan.js';
import { type PlanCheck, planChecks } from './domain/plan-checks.js';
import type { DeploymentPlan, DeviceRecord } from './domain/plan.js';
import { pushedArtefacts } from './domain/pushed-artefacts.js';
import type { PlanCircumstances } from './domain/risk.js';
import type { StrategyWish } from './domain/strategy.js';
import { ExternalKeeper } from './external-keeper.js';
import { RollbackKeeper } from './rollback-keeper.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';
import { SteeringStore } from './store/steering.store.js';
import { TakeoverStore } from './store/takeover.store.js';

const PLAN_LIFETIME_SECONDS = 3600;
const SCOPE = systemScope('planner');

/** Makes plans; changes nothing else. The same fabric and the same devices give the same digest, whoever asks. */
@Injectable()
export class PlannerService {
  constructor(
    private readonly db: Database,
    private readonly fabric: FabricService,
    private readonly plans: PlanStore,
    private readonly devices: DeviceStateStore,
    private readonly audit: AuditService,
    private readonly steering: SteeringStore,
    private readonly locks: LockService,
    private readonly secrets: SecretService,
    private readonly rollbacks: RollbackKeeper,
    private readonly externals: ExternalKeeper,
    private readonly acts: OperatorActs,
    private readonly intents: FabricIntents,
    private readonly takeovers: TakeoverStore,
    private readonly networkChecks: NetworkCheckService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * The rollout's own planning, under the lease of the fabric: only then nothing is being pushed, and a device whose record is what is
   * asked can be reported at the target revision. What is of at most LOW risk needs no person and is planned alone; the rest is proposed
   * beside it at once: where there is always everyday work it would never come to it otherwise.
   * A network that is not live yet and that the fabric cannot be built with is left out: nobody else waits for it.
   * @returns undefined when there is nothing to push. @throws DomainError CHECK_FAILED with the findings: then nothing was planned.
   */
  async planRollout(fabricId: FabricId): Promise<DeploymentPlan | undefined> {
    const whole = await this.draftOfAllThatCanBe(fabricId);
    const locked = whole.withheld.filter(({ isLocked }) => isLocked).map(({ deviceId }) => deviceId);
    for (const device of whole.withheld) if (!device.isLocked) this.log.warn('plan.device_withheld', { ...device });
    const soak = this.config.ROLLOUT_SOAK_SECONDS;
    const [everyday, attended] = [everydayPart(whole, soak), attendedPart(whole, soak)];
    return this.db.inTransaction(SCOPE, async (tx) => {
      await this.externals.keepAsking(tx, fabricId, whole.awaited, whole.targetRevision);
      await this.fabric.reportStage(tx, locked, 'AWAITING_MAINTENANCE', whole.targetRevision);
      await this.fabric.reportVerified(tx, whole.settled, whole.targetRevision);
      // What a device failed at is not asked of it any more: the next order starts its own count of tries.
      await this.devices.succeeded(tx, whole.settled);
      await this.steering.unbarSettled(tx, whole.settled);
      await this.rollbacks.endLocks(tx, fabricId, whole.settled);
      await this.retireProposals(tx, fabricId, whole);
      const proposal = await this.keepPart(tx, fabricId, attended, 'PROPOSED');
      return (await this.keepPart(tx, fabricId, everyday, 'APPROVED')) ?? proposal;
    });
  }

  /** Does the plan still ask of its devices what the fabric asks of them? A stale one would take them back. */
  async isCurrent(plan: DeploymentPlan): Promise<boolean> {
    if (plan.rollbackOf !== null) return this.db.inTransaction(SCOPE, (tx) => this.rollbacks.isCurrent(tx, plan));
    const { snapshot, circumstances, records } = await this.read(plan.fabricId);
    // Of a device that was only observed meanwhile nobody has approved what becomes of what stands there now.
    if (plan.items.some(({ deviceId, risk }) => records.get(deviceId)?.isRetaken === true && risk !== 'HIGH')) return false;
    return isWhatIsAsked(plan, this.intents.of(snapshot), circumstances);
  }

  /** What a person wants to know before approving, as of now. */
  async checks(plan: DeploymentPlan): Promise<readonly PlanCheck[]> {
    const world = await this.read(plan.fabricId);
    return planChecks(plan, {
      isStale: !(await this.isCurrent(plan)),
      findings: checkFabric(world.snapshot),
      locks: new Map([...world.circumstances.locks].filter(([, { planId }]) => planId !== plan.id)),
    });
  }

  /**
   * A person's question: what would be pushed? Nothing changes but that there is a plan. The fabric is that of the devices, or the
   * only one there is. @throws DomainError NOT_FOUND | INVALID_VALUE | CHECK_FAILED.
   */
  async propose(
    actor: string,
    only?: ReadonlySet<DeviceId>,
    wish?: StrategyWish,
    act: OperatorAct | null = null,
    mayTouchManagement = false,
  ): Promise<DeploymentPlan | undefined> {
    const [fabricIds, earlier] = await this.db.inTransaction(systemScope(actor), async (tx) => [
      only
        ? [...new Set(await Promise.all([...only].map(async (id) => (await this.fabric.device(tx, id)).fabricId)))]
        : await this.fabric.fabrics(tx),
      await this.acts.earlier<PlanId | null>(tx, act),
    ]);
    const [fabricId] = fabricIds;
    if (fabricId === undefined || fabricIds.length > 1) {
      throw new DomainError('INVALID_VALUE', 'a plan is for one fabric: name devices of one', {
        path: ['devices'],
        accepted: 'devices of one fabric',
      });
    }
    const make = mayTouchManagement ? unguardedPlan : wholePlan;
    const draft = earlier ? undefined : make(await this.draft(fabricId, only), this.config.ROLLOUT_SOAK_SECONDS, wish);
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      const id = await this.acts.once(tx, act, async () =>
        draft && draft.items.length > 0 ? (await this.keep(tx, fabricId, draft, 'PROPOSED')).id : null,
      );
      return id === null ? undefined : this.plans.byId(tx, id);
    });
  }

  /** @throws DomainError NOT_FOUND | PLAN_STALE (another digest) | PLAN_EXPIRED | INVALID_STATE | APPROVAL_REQUIRED (of somebody else). */
  async approve(
    planId: PlanId,
    digest: string,
    actor: string,
    comment: string | null,
    act: OperatorAct | null = null,
  ): Promise<DeploymentPlan> {
    const [seen, earlier] = await this.db.inTransaction(systemScope(actor), async (tx) => [
      await this.plans.byId(tx, planId),
      await this.acts.earlier(tx, act),
    ]);
    const isCurrent = !earlier && seen !== undefined && (await this.isCurrent(seen));
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      await this.acts.once(tx, act, () => this.approveSeen(tx, planId, digest, isCurrent, comment));
      return (await this.plans.byId(tx, planId)) as DeploymentPlan;
    });
  }

  private async approveSeen(tx: Tx, planId: PlanId, digest: string, isCurrent: boolean, comment: string | null): Promise<void> {
    const plan = await this.plans.byId(tx, planId);
    if (!plan) throw notFound('plan', planId);
    refuseUnlessSeen(plan, digest);
    if (plan.state !== 'PROPOSED' && plan.state !== 'APPROVED') throw notIn(plan, ['PROPOSED']);
    if (!isCurrent) throw stale(plan, 'the fabric asks for something else by now; make a new plan');
    if (plan.approvalsNeeded > 1 && plan.createdBy === tx.scope.actor) throw anotherPerson(plan);
    const approvedBy = await this.plans.approve(tx, planId, tx.scope.actor, comment);
    await this.audit.append(tx, {
      tenantId: null,
      action: 'plan.approved',
      subjectKind: 'plan',
      subjectId: planId,
      detail: { digest, risk: plan.risk, approvals: approvedBy.length, needed: plan.approvalsNeeded },
    });
    if (approvedBy.length >= plan.approvalsNeeded) await this.plans.setState(tx, planId, ['PROPOSED'], 'APPROVED');
  }

  /** What nobody approved in time, or asks for something else by now, is out; what somebody may still be reading stays. */
  private async retireProposals(tx: Tx, fabricId: FabricId, whole: Draft): Promise<void> {
    await this.plans.expire(tx, fabricId);
    const wanted = new Map(whole.changed.map((item) => [item.deviceId, item.desiredDigest]));
    for (const plan of await this.plans.proposals(tx, fabricId)) {
      if (plan.rollbackOf !== null || plan.items.every((item) => wanted.get(item.deviceId) === item.desiredDigest)) continue;
      await this.plans.setState(tx, plan.id, ['PROPOSED'], 'SUPERSEDED');
    }
  }

  private async keepPart(tx: Tx, fabricId: FabricId, part: DraftPlan, state: 'PROPOSED' | 'APPROVED'): Promise<DeploymentPlan | undefined> {
    if (part.items.length === 0) return undefined;
    const deviceIds = part.items.map((item) => item.deviceId);
    await this.fabric.reportStage(tx, deviceIds, state === 'APPROVED' ? 'PLANNED' : 'AWAITING_APPROVAL', part.targetRevision);
    return this.keep(tx, fabricId, part, state);
  }

  private async keep(tx: Tx, fabricId: FabricId, draft: DraftPlan, state: 'PROPOSED' | 'APPROVED'): Promise<DeploymentPlan> {
    const waiting = state === 'PROPOSED' ? await this.plans.waiting(tx, fabricId, draft.digest) : undefined;
    if (waiting) return waiting;
    const id = await this.plans.insert(tx, fabricId, draft, {
      state,
      createdBy: tx.scope.actor,
      expiresInSeconds: PLAN_LIFETIME_SECONDS,
      approvalsNeeded: draft.risk === 'HIGH' ? this.config.APPROVALS_FOR_HIGH : 1,
    });
    return (await this.plans.byId(tx, id)) as DeploymentPlan;
  }

  /** In each round somebody is refused, so there is an end. */
  private async draftOfAllThatCanBe(fabricId: FabricId): Promise<Draft> {
    for (;;) {
      const world = await this.read(fabricId);
      try {
        return this.drafted(world);
      } catch (error) {
        if (!isDomainError(error) || error.code !== 'CHECK_FAILED') throw error;
        const refused = await this.db.inTransaction(SCOPE, async (tx) =>
          this.networkChecks.refuse(tx, fabricId, refusedNetworks(world.snapshot, await this.networkChecks.underWay(tx, fabricId))),
        );
        if (refused === 0) throw error;
        this.log.warn('plan.networks_refused', { fabricId, networks: refused, error });
      }
    }
  }

  private async draft(fabricId: FabricId, only?: ReadonlySet<DeviceId>): Promise<Draft> {
    return this.drafted(await this.read(fabricId), only);
  }

  private drafted({ snapshot, records, circumstances }: FabricWorld, only?: ReadonlySet<DeviceId>): Draft {
    return draftPlan(this.intents.of(snapshot), records, { ...circumstances, ids: causeIds(snapshot) }, only);
  }

  /** In one REPEATABLE READ transaction: revision, intent and device records belong together. */
  private read(fabricId: FabricId): Promise<FabricWorld> {
    return this.db.inTransaction(
      SCOPE,
      async (tx) => ({
        snapshot: await this.fabric.snapshot(tx, fabricId),
        records: await this.devices.records(tx, fabricId),
        circumstances: {
          management: await this.fabric.managementPaths(tx, fabricId),
          protectedNetworks: await this.fabric.protectedNetworks(tx, fabricId),
          locks: await this.locks.ofDevices(tx, fabricId),
          secrets: await this.secrets.versions(tx, fabricId),
          barred: await this.steering.barred(tx, fabricId),
          attended: await this.fabric.attended(tx, fabricId),
          observed: await this.fabric.observed(tx, fabricId),
          takeovers: await this.takeovers.readings(tx, fabricId),
          ...(await this.externals.circumstances(tx, fabricId)),
        },
      }),
      { isolation: 'REPEATABLE READ' },
    );
  }
}

interface FabricWorld {
  readonly snapshot: FabricSnapshot;
  readonly records: ReadonlyMap<DeviceId, DeviceRecord>;
  readonly circumstances: PlanCircumstances;
}

function isWhatIsAsked(plan: DeploymentPlan, intent: FabricIntent, circumstances: PlanCircumstances): boolean {
  const wanted = new Map(
    intent.devices
      .filter(({ deviceId }) => circumstances.observed?.has(deviceId) !== true)
      .map((device) => [device.deviceId, artefactsDigest(pushedArtefacts(device), circumstances.secrets)]),
  );
  return plan.items.every((item) => wanted.get(item.deviceId) === item.desiredDigest);
}

const anotherPerson = ({ id, approvalsNeeded }: DeploymentPlan): DomainError<'APPROVAL_REQUIRED'> =>
  new DomainError('APPROVAL_REQUIRED', `whoever made a plan is not one of the ${approvalsNeeded} people who approve it`, { planId: id });

export const stale = (plan: DeploymentPlan, message: string): DomainError<'PLAN_STALE'> =>
  new DomainError('PLAN_STALE', message, { planId: plan.id, digest: plan.digest });

/** What was seen is what is run, and not too late. @throws DomainError PLAN_STALE | PLAN_EXPIRED. */
export function refuseUnlessSeen(plan: DeploymentPlan, digest: string): void {
  if (plan.digest !== digest) throw stale(plan, 'this is not the plan that you saw: its digest differs');
  if (plan.isExpired)
    throw new DomainError('PLAN_EXPIRED', 'the plan is too old; make a new one', {
      planId: plan.id,
      expiresAt: plan.expiresAt.toISOString(),
    });
}

export function notIn(plan: DeploymentPlan, allowedStates: readonly string[]): DomainError<'INVALID_STATE'> {
  return new DomainError('INVALID_STATE', `the plan is ${plan.state}`, { state: plan.state, allowedStates });
}
