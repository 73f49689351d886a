import { Inject, Injectable } from '@nestjs/common';
import { ChassisService, FabricService, LockService, type MaintenanceLock } from '#contexts/fabric';
import { type DeviceId, DomainError, type PlanId } from '#engines/kernel';
import {
  CONFIG,
  type Config,
  crashPoint,
  Database,
  type HeldLease,
  LeaseService,
  LOGGER,
  type Logger,
  systemScope,
  type Tx,
} from '#platform';
import { DeviceConnector, type SentSecrets } from './device-connector.js';
import { changedNetworks } from './domain/changed-networks.js';
import { backoffSeconds, failureOf, verifyFailed } from './domain/failure.js';
import { lockedBecause } from './domain/make-plan.js';
import type { DeploymentPlan, DeviceRecord, PlanItem } from './domain/plan.js';
import { establishedWithSameSecret, keptVitals, withoutLeaving } from './domain/vitals.js';
import { isFaultOfDatabase } from './fault-of-database.js';
import { type DeviceConnection, type DeviceFindings, type DeviceVitals, type PushIdentity, TransportError } from './ports/index.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { ProofStore } from './store/proof.store.js';
import { PlanStore } from './store/plan.store.js';
import { SteeringStore } from './store/steering.store.js';

const SCOPE = systemScope('pusher');

interface Pushed {
  readonly outcome: 'CONFIRMED' | 'NOOP';
  /** Versions by name of the secrets that were sent. */
  readonly secrets: SentSecrets;
}

/**
 * One push to one device, under the device's lease. What is written to the database is written by whoever holds the lease, and
 * `is_uncertain` is written before anything can go live: after a crash the next holder asks the device and not its memory.
 */
@Injectable()
export class DevicePusher {
  constructor(
    private readonly db: Database,
    private readonly leases: LeaseService,
    private readonly fabric: FabricService,
    private readonly plans: PlanStore,
    private readonly devices: DeviceStateStore,
    private readonly steering: SteeringStore,
    private readonly proofs: ProofStore,
    private readonly locks: LockService,
    private readonly chassis: ChassisService,
    private readonly connector: DeviceConnector,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * @returns true when the device confirmed; false when it failed (and is as it was before, or will be by its own timer).
   * @throws the error of a database that is away: how far the push came is not written, and whoever goes on reads the device.
   */
  async push(plan: DeploymentPlan, item: PlanItem, signal: AbortSignal): Promise<boolean> {
    try {
      // A worker that died holds its lease a little longer: wait for it instead of failing the device for it.
      for (
        const deadline = performance.now() + (this.config.LEASE_SECONDS + 2) * 1000;
        performance.now() < deadline && !signal.aborted;
        await pause(200)
      ) {
        const ran = await this.leases.withLease(deviceLease(item.deviceId), (held) => this.pushHolding(plan, item, held, signal));
        if (ran) return ran.result;
      }
      this.log.info('device.push_deferred', { device: item.slug, planId: plan.id });
    } catch (error) {
      if (isFaultOfDatabase(error)) throw error;
      // The lease was lost: what is written stands, and the next execution goes on from there.
      this.log.warn('device.push_abandoned', { device: item.slug, planId: plan.id, error });
    }
    return false;
  }

  private async pushHolding(plan: DeploymentPlan, item: PlanItem, held: HeldLease, signal: AbortSignal): Promise<boolean> {
    const startedAt = performance.now();
    crashPoint('push.leased');
    const attemptId = await held.inTransaction(SCOPE, async (tx) => {
      // The lease says that nobody else is at this device, not that this is still what it shall carry.
      if ((await this.plans.holdState(tx, plan.id)) !== 'APPLYING') throw overtaken(plan, item);
      const lock = await this.locks.ofDevice(tx, item.deviceId, plan.id);
      if (lock) return this.leaveLocked(tx, plan, item, lock);
      await this.plans.setItem(tx, plan.id, item.deviceId, 'PUSHING');
      await this.steering.keepBefore(tx, plan.id, item.deviceId);
      await this.fabric.reportStage(tx, [item.deviceId], 'PUSHING', plan.targetRevision);
      return this.devices.beginAttempt(tx, plan.id, item.deviceId, held.lease.fence);
    });
    if (attemptId === null) return false;
    crashPoint('push.begun');
    const course: Course = { isLive: false };
    try {
      const { outcome, secrets } = await this.configure(plan, item, held, AbortSignal.any([signal, held.signal]), course);
      await held.inTransaction(SCOPE, async (tx) => {
        await this.devices.confirm(tx, item.deviceId, item.desiredDigest, item.artefacts, item.intent, secrets);
        await this.devices.endAttempt(tx, attemptId, outcome, null);
        if (outcome === 'CONFIRMED') await this.proofs.outdateChanged(tx, plan.fabricId, item.deviceId, [...changedNetworks(item)]);
        await this.plans.setItem(tx, plan.id, item.deviceId, 'CONFIRMED');
        await this.fabric.reportStage(tx, [item.deviceId], 'CONFIRMED', plan.targetRevision);
      });
      crashPoint('push.recorded');
      this.log.info('device.pushed', {
        device: item.slug,
        planId: plan.id,
        fence: held.lease.fence,
        outcome,
        durationMs: Math.round(performance.now() - startedAt),
      });
      return true;
    } catch (error) {
      if (isFaultOfDatabase(error)) throw error;
      await this.recordFailure(plan, item, held, attemptId, course, error);
      return false;
    }
  }

  private async configure(plan: DeploymentPlan, item: PlanItem, held: HeldLease, signal: AbortSignal, course: Course): Promise<Pushed> {
    const record = await this.db.inTransaction(SCOPE, (tx) => this.devices.record(tx, item.deviceId));
    return this.connector.withConnection({ ...item, fabricId: plan.fabricId }, signal, async (connection, secrets) => {
      const identity = identityOf(plan, held.lease.fence);
      crashPoint('push.opened');
      const findings = await connection.inspect(item.artefacts.map((artefact) => artefact.path));
      await held.inTransaction(SCOPE, (tx) => this.keepFindings(tx, plan, item, findings));
      crashPoint('push.inspected');
      if (findings.pending) await connection.recover(identity, record?.verifiedArtefacts ?? []);
      if (findings.pending) crashPoint('push.recovered');
      const staged = await connection.stage(identity, item.artefacts, [
        ...(record?.verifiedArtefacts ?? []),
        ...(record?.uncertainArtefacts ?? []),
      ]);
      crashPoint('push.staged');
      if (staged.isNoop) {
        await connection.revert(identity); // What was staged would look like a push that somebody left behind.
        crashPoint('push.nothing');
        return { outcome: 'NOOP', secrets };
      }
      await held.inTransaction(SCOPE, (tx) => this.devices.keepDiff(tx, item.deviceId, held.lease.fence, staged.diff));
      const establishedNeighbors = establishedWithSameSecret(findings.establishedNeighbors, item.intent, record, secrets);
      const observed = { remoteVteps: [], ...(await connection.observe?.()), establishedNeighbors };
      const vitals = withoutLeaving(observed, record?.verifiedIntent ?? null, item.intent);
      await this.goLive(connection, identity, item, held, record, vitals, course);
      return { outcome: 'CONFIRMED', secrets };
    });
  }

  /** Which box answered is a proposal for a person; where one is on record, another would not have got here. */
  private async keepFindings(tx: Tx, plan: DeploymentPlan, item: PlanItem, findings: DeviceFindings): Promise<void> {
    await this.plans.keepFindings(tx, plan.id, item.deviceId, findings);
    if (findings.chassis) await this.chassis.observe(tx, item.deviceId, findings.chassis);
  }

  private async goLive(
    connection: DeviceConnection,
    identity: PushIdentity,
    item: PlanItem,
    held: HeldLease,
    record: DeviceRecord | undefined,
    vitals: DeviceVitals,
    course: Course,
  ): Promise<void> {
    const planId = identity.planId as PlanId;
    await held.inTransaction(SCOPE, async (tx) => {
      await this.devices.markUncertain(tx, item.deviceId, item.artefacts);
      await this.steering.keepVitals(tx, planId, item.deviceId, vitals);
    });
    crashPoint('push.uncertain');
    course.isLive = true;
    try {
      await connection.apply(identity, this.config.CONFIRM_WITHIN_SECONDS);
      crashPoint('push.applied');
      const wanted = new Set((item.intent.bgp?.neighbors ?? []).map((neighbor) => neighbor.address as string));
      const expectations = {
        vnis: item.intent.l2vnis.map((network) => network.vni as number),
        neighbors: vitals.establishedNeighbors.filter((neighbor) => wanted.has(neighbor)),
        ...keptVitals(vitals, item.intent),
      };
      const report = await connection.verify(identity, item.artefacts, expectations, this.config.VERIFY_WITHIN_SECONDS * 1000);
      if (!report.ok) throw verifyFailed(item.slug, report);
      crashPoint('push.verified');
      await this.refuseIfStopped(planId, item);
      await connection.confirm(identity);
      crashPoint('push.confirmed');
    } catch (error) {
      await this.undo(connection, identity, item, held, record, error);
      throw error;
    }
  }

  /** Back at once where the device answers; where it does not, its own timer does it and the device stays uncertain. */
  private async undo(
    connection: DeviceConnection,
    identity: PushIdentity,
    item: PlanItem,
    held: HeldLease,
    record: DeviceRecord | undefined,
    reason: unknown,
  ): Promise<void> {
    try {
      await connection.revert(identity);
      crashPoint('push.reverted');
      if (record && !record.isUncertain) await held.inTransaction(SCOPE, (tx) => this.devices.markCertain(tx, item.deviceId));
    } catch (error) {
      this.log.warn('device.revert_left_to_timer', { device: item.slug, reason: failureOf(reason).code, error });
    }
  }

  /** Stopped by a person or by another device while it was live and not confirmed: it goes back. Paused, it may end what it began. */
  private async refuseIfStopped(planId: PlanId, { slug }: PlanItem): Promise<void> {
    const state = await this.db.inTransaction(SCOPE, (tx) => this.plans.holdState(tx, planId));
    if (state !== 'APPLYING' && state !== 'PAUSED')
      throw new TransportError('ABORTED', `the rollout is ${state}: what was not confirmed on ${slug} is undone`, {
        device: slug,
        detail: state ?? 'gone',
      });
  }

  /** Somebody works on it: it keeps what it has, and the next plan after the lock has it again. */
  private async leaveLocked(tx: Tx, plan: DeploymentPlan, item: PlanItem, lock: MaintenanceLock): Promise<null> {
    await this.plans.setItem(tx, plan.id, item.deviceId, 'SKIPPED', { code: 'LOCKED', message: `${item.slug} is ${lockedBecause(lock)}` });
    await this.fabric.reportStage(tx, [item.deviceId], 'AWAITING_MAINTENANCE', plan.targetRevision);
    return null;
  }

  private async recordFailure(
    plan: DeploymentPlan,
    item: PlanItem,
    held: HeldLease,
    attemptId: string,
    { isLive }: Course,
    error: unknown,
  ): Promise<void> {
    const failure = failureOf(error);
    this.log.warn('device.push_failed', { device: item.slug, planId: plan.id, fence: held.lease.fence, error });
    crashPoint('push.failing');
    await held.inTransaction(SCOPE, async (tx) => {
      await this.devices.endAttempt(tx, attemptId, 'FAILED', `${failure.code}: ${failure.message}`);
      await this.fail(tx, plan, item, failure, isLive);
      if (isLive) await this.proofs.outdateUncertain(tx, item.deviceId);
    });
    crashPoint('push.failed');
  }

  /** The device failed: it rests, whoever waits for it is told, its item ends. */
  async fail(tx: Tx, plan: DeploymentPlan, item: PlanItem, failure: ReturnType<typeof failureOf>, isLive: boolean): Promise<void> {
    const error = { code: failure.code, message: failure.message };
    await this.plans.setItem(tx, plan.id, item.deviceId, 'FAILED', { ...error, live: isLive });
    await this.devices.failed(tx, item.deviceId, backoffSeconds);
    if (!failure.isTold) return;
    const weight = failure.isHopeless ? this.config.MAX_PUSH_ATTEMPTS : Number(failure.isCounted);
    await this.fabric.reportFailed(tx, item.deviceId, plan.targetRevision, weight, error);
  }
}

/** How far a push came: what went live and failed may be the change's fault, and it is not tried again for ever. */
interface Course {
  isLive: boolean;
}

/** @param fence of the lease that the execution holds; 0 for one that only reads. */
export const identityOf = ({ id, targetRevision, mayTouchManagement }: DeploymentPlan, fence: number): PushIdentity => ({
  planId: id,
  revision: targetRevision,
  fence,
  ...(mayTouchManagement && { mayTouchManagement }),
});

const overtaken = ({ id }: DeploymentPlan, { slug }: PlanItem): DomainError<'PLAN_STALE'> =>
  new DomainError('PLAN_STALE', `the rollout was taken over by another execution and is over: nothing is pushed to ${slug}`, {
    planId: id,
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const deviceLease = (deviceId: DeviceId): string => `device:${deviceId}`;
