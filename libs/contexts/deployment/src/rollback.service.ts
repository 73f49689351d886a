import { Inject, Injectable } from '@nestjs/common';
import { AuditService, EventService, type OperatorAct, OperatorActs, OutboxService } from '#contexts/events';
import { FabricService, LockService, type NetworkRecall, RecallService, SecretService } from '#contexts/fabric';
import { type DeviceId, DomainError, encodeId, type FabricId, notFound, type PlanId } from '#engines/kernel';
import { CONFIG, type Config, crashPoint, Database, systemScope, type Tx } from '#platform';
import { artefactsDigest, changedItem, type DraftPlan, mayTouchManagement, rollOut, unguarded } from './domain/make-plan.js';
import type { DeploymentPlan, DeviceRecord } from './domain/plan.js';
import { redundancyGroups } from './domain/redundancy-groups.js';
import type { PlanCircumstances } from './domain/risk.js';
import { atMost, networkKey, nothingOf, recallsOf, standingOf, type WayBack } from './domain/rollback.js';
import { notIn, refuseUnlessSeen, stale } from './planner.service.js';
import { networksOf } from './rollback-keeper.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';
import { type EarlierRollback, RollbackStore } from './store/rollback.store.js';
import { SteeringStore } from './store/steering.store.js';

const LIFETIME_SECONDS = 3600;
const OVER: readonly DeploymentPlan['state'][] = ['APPLIED', 'FAILED', 'HALTED', 'CANCELLED', 'SUPERSEDED'];

export interface RollbackWish {
  /** Of the plan that was seen; null: whatever it is. */
  readonly digest: string | null;
  /** Null: all that it confirmed. */
  readonly devices: ReadonlySet<DeviceId> | null;
  readonly reason: string;
}

/** Takes a plan back by another plan: exactly its devices, to exactly what they carried before. */
@Injectable()
export class RollbackService {
  constructor(
    private readonly db: Database,
    private readonly plans: PlanStore,
    private readonly store: RollbackStore,
    private readonly devices: DeviceStateStore,
    private readonly steering: SteeringStore,
    private readonly fabric: FabricService,
    private readonly secrets: SecretService,
    private readonly locks: LockService,
    private readonly recalls: RecallService,
    private readonly audit: AuditService,
    private readonly events: EventService,
    private readonly outbox: OutboxService,
    private readonly acts: OperatorActs,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * The same plan taken back again gives the rollback that there is. Everyday work begins at once; what is HIGH is approved and applied like
   * any plan. @throws DomainError NOT_FOUND | PLAN_STALE (another digest, or a newer plan on a device) | INVALID_STATE | INVALID_VALUE | IN_USE.
   */
  async rollBack(id: PlanId, actor: string, wish: RollbackWish, act: OperatorAct | null = null): Promise<DeploymentPlan> {
    const planId = await this.db.inTransaction(systemScope(actor), (tx) => this.acts.once(tx, act, () => this.rollBackIn(tx, id, wish)));
    return (await this.db.inTransaction(systemScope(actor), (tx) => this.plans.byId(tx, planId))) as DeploymentPlan;
  }

  private async rollBackIn(tx: Tx, id: PlanId, wish: RollbackWish): Promise<PlanId> {
    await this.store.lock(tx, id);
    const taken = await this.plans.byId(tx, id);
    if (!taken) throw notFound('plan', id);
    if (wish.digest !== null && wish.digest !== taken.digest) refuseUnlessSeen(taken, wish.digest);
    if (!OVER.includes(taken.state)) throw notIn(taken, OVER);
    if (taken.baseRevision === null)
      throw new DomainError('INVALID_STATE', 'an older release made it and did not keep what its devices carried before', {
        state: taken.state,
        allowedStates: OVER,
      });
    const ways = named(taken, await this.store.waysBack(tx, id), wish.devices);
    const earlier = await this.store.rollbacksOf(tx, id);
    const open = earlier.find(({ state }) => state !== 'APPLIED');
    if (open) return this.sameAs(tx, open, ways);
    const going = await this.going(tx, taken, ways);
    const before = earlier.find(({ deviceIds }) => ways.some(({ deviceId }) => deviceIds.includes(deviceId)));
    if (going.length === 0 && before) return before.id;
    if (going.length === 0)
      throw new DomainError('INVALID_STATE', 'the plan has changed nothing that could be taken back', {
        state: taken.state,
        allowedStates: OVER,
      });
    const made = await this.make(tx, taken, going, wish.reason);
    crashPoint('rollback.made');
    return made;
  }

  recallsOf(planId: PlanId): Promise<NetworkRecall[]> {
    return this.db.inTransaction(systemScope('deployment'), (tx) => this.recalls.ofPlan(tx, planId));
  }

  private async sameAs(tx: Tx, open: EarlierRollback, ways: readonly WayBack[]): Promise<PlanId> {
    const missing = ways.filter((way) => standingOf(way) === 'GOES_BACK' && !open.deviceIds.includes(way.deviceId));
    if (missing.length === 0) return open.id;
    const plan = (await this.plans.byId(tx, open.id)) as DeploymentPlan;
    throw new DomainError('INVALID_STATE', 'a rollback of other devices of it is under way: wait for its end, or cancel it', {
      state: plan.state,
      allowedStates: ['APPLIED', 'CANCELLED', 'FAILED', 'HALTED'],
      devices: missing.map(({ slug }) => slug),
    });
  }

  private async going(tx: Tx, taken: DeploymentPlan, ways: readonly WayBack[]): Promise<WayBack[]> {
    for (const way of ways) {
      if (standingOf(way) !== 'TOUCHED') continue;
      const newer = await this.store.newestOn(tx, way.deviceId);
      const { code, message, facts } = stale(
        taken,
        `a newer plan${newer ? ` (${encodeId('plan', newer.id)})` : ''} has changed ${way.slug}: take that one back first`,
      );
      throw new DomainError(code, message, {
        ...facts,
        device: way.slug,
        newerPlan: newer?.id ?? null,
        generation: Number(newer?.generation ?? 0),
      });
    }
    return ways.filter((way) => standingOf(way) === 'GOES_BACK' && !isAsItWasFound(way));
  }

  private async make(tx: Tx, taken: DeploymentPlan, going: readonly WayBack[], reason: string): Promise<PlanId> {
    const draft = await this.draft(tx, taken, going);
    const claimed = await this.recalls.takenBy(tx, taken.fabricId, taken.createdAt, networksOf(draft.items));
    if (claimed)
      throw new DomainError('IN_USE', `${claimed.device} cannot have its ${claimed.what} again: another network has it by now`, {
        device: claimed.device,
        vni: claimed.vni,
      });
    const deviceIds = going.map(({ deviceId }) => deviceId);
    const state = draft.risk === 'HIGH' ? 'PROPOSED' : 'APPROVED';
    const id = await this.plans.insert(tx, taken.fabricId, draft, {
      state,
      createdBy: tx.scope.actor,
      expiresInSeconds: LIFETIME_SECONDS,
      approvalsNeeded: draft.risk === 'HIGH' ? this.config.APPROVALS_FOR_HIGH : 1,
      rollbackOf: taken.id,
    });
    await this.locks.holdFor(tx, id, deviceIds, `taken back: ${reason}`);
    await this.recalls.propose(tx, taken.fabricId, id, taken.createdAt, recallsOf(going, await this.elsewhere(tx, taken, deviceIds)));
    const detail = { digest: draft.digest, reason, rollbackOf: taken.id, risk: draft.risk, devices: going.map(({ slug }) => slug) };
    await this.audit.append(tx, { tenantId: null, action: 'plan.rollback_made', subjectKind: 'plan', subjectId: id, detail });
    await this.events.append(tx, { tenantId: null, type: 'plan.rollback_made', subjectId: id, body: detail });
    await this.outbox.append(tx, 'fabric.changed', taken.fabricId);
    return id;
  }

  private async draft(tx: Tx, taken: DeploymentPlan, going: readonly WayBack[]): Promise<DraftPlan> {
    const records = await this.devices.records(tx, taken.fabricId);
    const circumstances = await this.circumstances(tx, taken.fabricId);
    const targets = going.map((way) => ({ way, intent: way.before ?? nothingOf(way.brought) }));
    const groups = redundancyGroups(targets.flatMap(({ way, intent }) => [way.brought, intent]));
    const changed = targets.map(({ way, intent }) =>
      changedItem(
        intent,
        carrying(records.get(way.deviceId), way),
        way.beforeArtefacts,
        artefactsDigest(way.beforeArtefacts, circumstances.secrets),
        groups.get(way.slug) ?? [],
        circumstances,
      ),
    );
    const { revision } = await this.fabric.settings(tx, taken.fabricId);
    const base = { targetRevision: revision, settled: [], withheld: [] };
    const back = atMost(taken.risk, changed);
    // What was let through on the way there is in the way on the way back: the device would refuse it each time.
    if (taken.mayTouchManagement === true) return mayTouchManagement(rollOut(base, unguarded(back), 0, { soakSeconds: 0 }));
    return rollOut(base, back, 0, { soakSeconds: 0 });
  }

  /** Whoever has locked a device keeps it; that is asked again before each push. */
  private async circumstances(tx: Tx, fabricId: FabricId): Promise<PlanCircumstances> {
    return {
      management: await this.fabric.managementPaths(tx, fabricId),
      protectedNetworks: await this.fabric.protectedNetworks(tx, fabricId),
      locks: new Map(),
      secrets: await this.secrets.versions(tx, fabricId),
      barred: await this.steering.barred(tx, fabricId),
      external: await this.fabric.externals(tx, fabricId),
    };
  }

  private async elsewhere(tx: Tx, taken: DeploymentPlan, deviceIds: readonly DeviceId[]): Promise<Map<string, string[]>> {
    const carriers = new Map<string, string[]>();
    for (const { slug, intents } of await this.store.others(tx, taken.fabricId, taken.id, deviceIds)) {
      const carried = new Set(intents.flatMap((intent) => intent?.l2vnis.map(networkKey) ?? []));
      for (const key of carried) carriers.set(key, [...(carriers.get(key) ?? []), slug]);
    }
    return carriers;
  }
}

/** @throws DomainError INVALID_VALUE for a device that the plan has not confirmed. */
function named(taken: DeploymentPlan, ways: readonly WayBack[], devices: ReadonlySet<DeviceId> | null): readonly WayBack[] {
  if (devices === null) return ways;
  const possible = ways.filter((way) => standingOf(way) !== 'NOTHING');
  const known = new Set(possible.map(({ deviceId }) => deviceId));
  if (devices.size > 0 && [...devices].every((id) => known.has(id))) return possible.filter(({ deviceId }) => devices.has(deviceId));
  throw new DomainError('INVALID_VALUE', 'only devices that the plan has changed and that confirmed it are taken back', {
    path: ['devices'],
    accepted: `devices of the plan: ${possible.map(({ slug }) => slug).join(', ')}`,
    planId: taken.id,
  });
}

/** The difference is told against what the plan brought, whatever else is remembered of the device. */
const carrying = (record: DeviceRecord | undefined, way: WayBack): DeviceRecord | undefined =>
  record && { ...record, verifiedIntent: way.brought };

/** It ran before it was ours, and nobody knows its first plan's way back: nothing of ours there would be an end of what runs. */
const isAsItWasFound = ({ before, brought }: WayBack): boolean => before === null && brought.adopted !== undefined;
