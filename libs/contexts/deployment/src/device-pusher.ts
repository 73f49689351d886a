import { Inject, Injectable } from '@nestjs/common';
import { FabricService, SecretService } from '#contexts/fabric';
import { type DeviceId, DomainError } from '#engines/kernel';
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
import { backoffSeconds, failureOf } from './domain/failure.js';
import type { DeploymentPlan, DeviceRecord, PlanItem } from './domain/plan.js';
import {
  type DeviceConnection,
  type DeviceTransport,
  type PushIdentity,
  secretNames,
  TransportError,
  type VerifyReport,
} from './ports/index.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';

export const DEVICE_TRANSPORTS = Symbol('DeviceTransports');
/** VTEP addresses by VNI: the devices that carry a network by now. */
export type Carriers = ReadonlyMap<number, ReadonlySet<string>>;
export type DeviceTransports = ReadonlyMap<'SSH' | 'EAPI', DeviceTransport>;

const SCOPE = systemScope('pusher');

interface Pushed {
  readonly outcome: 'CONFIRMED' | 'NOOP';
  /** Versions by name of the secrets that were sent. */
  readonly secrets: Readonly<Record<string, number>>;
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
    private readonly secrets: SecretService,
    private readonly plans: PlanStore,
    private readonly devices: DeviceStateStore,
    @Inject(DEVICE_TRANSPORTS) private readonly transports: DeviceTransports,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** @returns true when the device confirmed; false when it failed (and is as it was before, or will be by its own timer). */
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
      // The lease or the database was lost: what is written stands, and the next execution goes on from there.
      this.log.warn('device.push_abandoned', { device: item.slug, planId: plan.id, error });
    }
    return false;
  }

  /** Reads the device against its networks: each must know the VTEPs that carry it too. @throws TransportError. */
  async verifyReach(plan: DeploymentPlan, item: PlanItem, carriers: Carriers, signal: AbortSignal): Promise<VerifyReport> {
    const { connection, identity } = await this.open(plan, item, 0, signal);
    try {
      const expectations = {
        vnis: item.intent.l2vnis.map((network) => network.vni as number),
        neighbors: [],
        remoteVteps: new Map(
          item.intent.l2vnis.map((network) => [
            network.vni as number,
            network.remoteVteps.filter((vtep) => carriers.get(network.vni)?.has(vtep)),
          ]),
        ),
      };
      return await connection.verify(identity, item.artefacts, expectations, this.config.VERIFY_WITHIN_SECONDS * 1000);
    } finally {
      await this.close(connection, item.slug);
    }
  }

  private async pushHolding(plan: DeploymentPlan, item: PlanItem, held: HeldLease, signal: AbortSignal): Promise<boolean> {
    const startedAt = performance.now();
    crashPoint('push.leased');
    const attemptId = await held.inTransaction(SCOPE, async (tx) => {
      // The lease says that nobody else is at this device, not that this is still what it shall carry.
      if (!(await this.plans.holdApplying(tx, plan.id))) throw overtaken(plan, item);
      await this.plans.setItem(tx, plan.id, item.deviceId, 'PUSHING');
      await this.fabric.reportStage(tx, [item.deviceId], 'PUSHING', plan.targetRevision);
      return this.devices.beginAttempt(tx, plan.id, item.deviceId, held.lease.fence);
    });
    crashPoint('push.begun');
    try {
      const { outcome, secrets } = await this.configure(plan, item, held, AbortSignal.any([signal, held.signal]));
      await held.inTransaction(SCOPE, async (tx) => {
        await this.devices.confirm(tx, item.deviceId, item.desiredDigest, item.artefacts, item.intent, secrets);
        await this.devices.endAttempt(tx, attemptId, outcome, null);
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
      await this.recordFailure(plan, item, held, attemptId, error);
      return false;
    }
  }

  private async configure(plan: DeploymentPlan, item: PlanItem, held: HeldLease, signal: AbortSignal): Promise<Pushed> {
    const record = await this.db.inTransaction(SCOPE, (tx) => this.devices.record(tx, item.deviceId));
    const { connection, identity, secrets } = await this.open(plan, item, held.lease.fence, signal);
    try {
      crashPoint('push.opened');
      const findings = await connection.inspect(item.artefacts.map((artefact) => artefact.path));
      crashPoint('push.inspected');
      if (findings.pending) await connection.recover(identity);
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
      const lasting = establishedWithSameSecret(findings.establishedNeighbors, item, record, secrets);
      await this.goLive(connection, identity, item, held, record, lasting);
      return { outcome: 'CONFIRMED', secrets };
    } finally {
      await this.close(connection, item.slug);
    }
  }

  private async goLive(
    connection: DeviceConnection,
    identity: PushIdentity,
    item: PlanItem,
    held: HeldLease,
    record: DeviceRecord | undefined,
    established: readonly string[],
  ): Promise<void> {
    await held.inTransaction(SCOPE, (tx) => this.devices.markUncertain(tx, item.deviceId, item.artefacts));
    crashPoint('push.uncertain');
    try {
      await connection.apply(identity, this.config.CONFIRM_WITHIN_SECONDS);
      crashPoint('push.applied');
      const wanted = new Set((item.intent.bgp?.neighbors ?? []).map((neighbor) => neighbor.address as string));
      const expectations = {
        vnis: item.intent.l2vnis.map((network) => network.vni as number),
        neighbors: established.filter((neighbor) => wanted.has(neighbor)),
      };
      const report = await connection.verify(identity, item.artefacts, expectations, this.config.VERIFY_WITHIN_SECONDS * 1000);
      if (!report.ok) throw verifyFailed(item.slug, report);
      crashPoint('push.verified');
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

  private async recordFailure(plan: DeploymentPlan, item: PlanItem, held: HeldLease, attemptId: string, error: unknown): Promise<void> {
    const failure = failureOf(error);
    this.log.warn('device.push_failed', { device: item.slug, planId: plan.id, fence: held.lease.fence, error });
    crashPoint('push.failing');
    await held.inTransaction(SCOPE, async (tx) => {
      await this.devices.endAttempt(tx, attemptId, 'FAILED', `${failure.code}: ${failure.message}`);
      await this.fail(tx, plan, item, failure);
    });
    crashPoint('push.failed');
  }

  /** The device failed: it rests, whoever waits for it is told, its item ends. */
  async fail(tx: Tx, plan: DeploymentPlan, item: PlanItem, failure: ReturnType<typeof failureOf>): Promise<void> {
    const error = { code: failure.code, message: failure.message };
    await this.plans.setItem(tx, plan.id, item.deviceId, 'FAILED', error);
    await this.devices.failed(tx, item.deviceId, backoffSeconds);
    if (!failure.isCounted) return;
    await this.fabric.reportFailed(tx, item.deviceId, plan.targetRevision, failure.isHopeless ? this.config.MAX_PUSH_ATTEMPTS : 1, error);
  }

  private async open(
    plan: DeploymentPlan,
    { deviceId, artefacts }: PlanItem,
    fence: number,
    signal: AbortSignal,
  ): Promise<{ connection: DeviceConnection; identity: PushIdentity; secrets: Readonly<Record<string, number>> }> {
    const names = [...new Set(artefacts.flatMap(({ content }) => secretNames(content)))];
    const { access, opened } = await this.db.inTransaction(SCOPE, async (tx) => ({
      access: await this.fabric.access(tx, deviceId),
      opened: await this.secrets.open(tx, plan.fabricId, names),
    }));
    const transport = this.transports.get(access.transport);
    if (!transport) throw new DomainError('INTERNAL', `there is no transport ${access.transport}`, { transport: access.transport });
    const connection = await transport.open(
      {
        slug: access.slug,
        address: access.managementAddress,
        port: access.managementPort,
        username: access.username,
        secret: access.secret.reveal(),
        sshHostKeys: access.sshHostKeys,
        tlsSpkiSha256: access.tlsSpkiSha256,
        secrets: { names: [...opened.keys()], resolve: (name) => opened.get(name)?.secret.reveal() },
      },
      signal,
    );
    const secrets = Object.fromEntries([...opened].map(([name, { version }]) => [name, version]));
    return { connection, identity: { planId: plan.id, revision: plan.targetRevision, fence }, secrets };
  }

  private async close(connection: DeviceConnection, device: string): Promise<void> {
    await connection.close().catch((error: unknown) => this.log.warn('device.close_failed', { device, error }));
  }
}

const overtaken = ({ id }: DeploymentPlan, { slug }: PlanItem): DomainError<'PLAN_STALE'> =>
  new DomainError('PLAN_STALE', `the rollout was taken over by another execution and is over: nothing is pushed to ${slug}`, {
    planId: id,
  });

/** A session whose password is another one now comes back when its other end has it, too: not before this device is confirmed. */
function establishedWithSameSecret(
  established: readonly string[],
  { intent }: PlanItem,
  record: DeviceRecord | undefined,
  secrets: Readonly<Record<string, number>>,
): readonly string[] {
  const before = new Map(
    (record?.verifiedIntent?.bgp?.neighbors ?? []).map((neighbor) => [neighbor.address as string, neighbor.passwordSecret]),
  );
  const after = new Map((intent.bgp?.neighbors ?? []).map((neighbor) => [neighbor.address as string, neighbor.passwordSecret]));
  return established.filter((address) => {
    const [was = null, is = null] = [before.get(address), after.get(address)];
    return was === is && (is === null || record?.secrets?.[is] === secrets[is]);
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const deviceLease = (deviceId: DeviceId): string => `device:${deviceId}`;

export function verifyFailed(device: string, report: VerifyReport): TransportError {
  const failed = report.checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.message}`);
  return new TransportError('VERIFY_FAILED', `${device} does not do what was asked: ${failed.join('; ')}`, {
    device,
    detail: failed.join('\n'),
  });
}
