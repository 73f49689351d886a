import { Inject, Injectable } from '@nestjs/common';
import { FabricService } from '#contexts/fabric';
import { CONFIG, type Config, crashPoint, Database, type HeldLease, LOGGER, type Logger, systemScope } from '#platform';
import { DeviceConnector } from './device-connector.js';
import { DevicePusher, identityOf } from './device-pusher.js';
import { changedNetworks } from './domain/changed-networks.js';
import { expectationsOf, type Peer } from './domain/expectations.js';
import { failureOf, verifyFailed } from './domain/failure.js';
import { type NetworkProof, networkProofs } from './domain/network-proof.js';
import type { DeploymentPlan, PlanItem } from './domain/plan.js';
import { isFaultOfDatabase } from './fault-of-database.js';
import { inParallel } from './in-parallel.js';
import type { VerifyReport } from './ports/index.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';
import { ProofStore } from './store/proof.store.js';
import { SteeringStore } from './store/steering.store.js';

const SCOPE = systemScope('deployment');

/** What of the networks was proven, and what was not. */
interface ReachReport extends VerifyReport {
  readonly proofs: readonly NetworkProof[];
}

/** The last step of a rollout: what was confirmed is asked whether it does what it is there for. Only then it is verified. */
@Injectable()
export class RolloutProver {
  constructor(
    private readonly db: Database,
    private readonly connector: DeviceConnector,
    private readonly pusher: DevicePusher,
    private readonly fabric: FabricService,
    private readonly plans: PlanStore,
    private readonly steering: SteeringStore,
    private readonly devices: DeviceStateStore,
    private readonly proofs: ProofStore,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** End to end: every confirmed device knows the others of its networks. Only then it is verified. */
  async prove(plan: DeploymentPlan, held: HeldLease, signal: AbortSignal): Promise<void> {
    const current = (await this.db.inTransaction(SCOPE, (tx) => this.plans.byId(tx, plan.id))) ?? plan;
    const confirmed = current.items.filter((item) => item.state === 'CONFIRMED');
    const peers = peersOf(current);
    await inParallel(confirmed, plan.strategy.parallel, (item) => this.proveOne(plan, held, item, peers, signal));
  }

  private async proveOne(
    plan: DeploymentPlan,
    held: HeldLease,
    item: PlanItem,
    peers: readonly Peer[],
    signal: AbortSignal,
  ): Promise<void> {
    let report: ReachReport | undefined;
    try {
      report = await this.verifyReach(
        plan,
        item,
        peers.filter(({ slug }) => slug !== item.slug),
        signal,
      );
      const { ok, proofs } = report;
      if (!ok) throw verifyFailed(item.slug, report);
      await held.inTransaction(SCOPE, async (tx) => {
        await this.plans.setItem(tx, plan.id, item.deviceId, 'VERIFIED');
        await this.proofs.record(tx, proofOf(plan, item), proofs);
        await this.steering.unbar(tx, item.deviceId, item.desiredDigest);
        await this.devices.succeeded(tx, [item.deviceId]);
        // Taken back is not where the fabric wants it: the planner says when it is.
        if (plan.rollbackOf === null) await this.fabric.reportVerified(tx, [item.deviceId], plan.targetRevision);
      });
      crashPoint('rollout.proved');
    } catch (error) {
      if (signal.aborted) return;
      if (isFaultOfDatabase(error)) throw error;
      this.log.warn('device.unproven', { device: item.slug, planId: plan.id, error });
      await held.inTransaction(SCOPE, async (tx) => {
        if (report?.ok === false) await this.proofs.record(tx, proofOf(plan, item), report.proofs);
        if (report === undefined) await this.proofs.outdateChanged(tx, plan.fabricId, item.deviceId, [...changedNetworks(item)]);
        await this.devices.markUncertain(tx, item.deviceId, item.artefacts); // Its files are right and its network is not: look again.
        await this.pusher.fail(tx, plan, item, failureOf(error), false);
      });
    }
  }

  /**
   * Reads the device against its networks: each must know the VTEPs that carry it too, and of what this plan changes the routes with the right RD
   * and route target. @param peers devices that are there by now. @throws TransportError.
   */
  private async verifyReach(plan: DeploymentPlan, item: PlanItem, peers: readonly Peer[], signal: AbortSignal): Promise<ReachReport> {
    const all = expectationsOf(item.intent, peers);
    const { expectations: changed } = expectationsOf(item.intent, peers, changedNetworks(item));
    const { vnis, remoteVteps } = all.expectations;
    const { routes } = changed;
    const expectations = { vnis, neighbors: [], ...(remoteVteps && { remoteVteps }), ...(routes && { routes }) };
    const report = await this.connector.withConnection({ ...item, fabricId: plan.fabricId }, signal, (connection) =>
      connection.verify(identityOf(plan, 0), item.artefacts, expectations, this.config.VERIFY_WITHIN_SECONDS * 1000),
    );
    const wanted = { excuses: all.excuses, expectations: { ...expectations, vnis: changed.vnis } };
    return { ...report, proofs: networkProofs(item.intent, wanted, report.checks) };
  }
}

/**
 * Only the devices of this plan that confirmed: they are there, so they must see each other. Another member of the network may have
 * been off for hours; that is its own fault to report, and no reason to undo what is new here.
 */
const peersOf = ({ items }: DeploymentPlan): Peer[] =>
  items.map(({ slug, intent, state }) => ({
    slug,
    intent,
    excuse: state === 'CONFIRMED' || state === 'VERIFIED' ? null : `${slug} was not pushed to in this rollout.`,
  }));

const proofOf = ({ id, fabricId }: DeploymentPlan, { deviceId }: PlanItem) => ({ fabricId, deviceId, planId: id, isWhole: false });
