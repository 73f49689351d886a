import { Inject, Injectable } from '@nestjs/common';
import { OutboxService } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { CONFIG, type Config, crashPoint, Database, type HeldLease, LOGGER, type Logger, systemScope } from '#platform';
import { DevicePusher } from './device-pusher.js';
import { DeviceWatch, type LostDevice } from './device-watch.js';
import { changedNetworks } from './domain/changed-networks.js';
import type { DeploymentPlan, PlanItem } from './domain/plan.js';
import { type Ending, endingOf, type Fault, faultOf, type Halt } from './domain/rollout-ending.js';
import { ExternalKeeper } from './external-keeper.js';
import { isFaultOfDatabase } from './fault-of-database.js';
import { inParallel } from './in-parallel.js';
import { Incidents } from './incidents.js';
import { RollbackKeeper } from './rollback-keeper.js';
import { RolloutProver } from './rollout-prover.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';
import { ProofStore } from './store/proof.store.js';
import { SteeringStore } from './store/steering.store.js';

const SCOPE = systemScope('deployment');
/** How long a look waits for a database that is away: three times what a proof may take. */
const PROOFS_WITHOUT_DATABASE = 3;
const SOAK_LOOK_MS = 2000;
/** Null: all was tried. WAIT: a person has paused it. STOPPED: somebody else has ended it. LEAVE: the canary is locked, and without it nothing goes. */
type Word = 'WAIT' | 'STOPPED' | 'LEAVE';

/**
 * Runs one plan under the lease of its fabric. The plan is the programme and rows are the steering wheel: before each step it reads whether
 * it may go on, and what it has done is written, so that another execution goes on where this one died.
 */
@Injectable()
export class RolloutExecutor {
  constructor(
    private readonly db: Database,
    private readonly pusher: DevicePusher,
    private readonly prover: RolloutProver,
    private readonly watch: DeviceWatch,
    private readonly fabric: FabricService,
    private readonly plans: PlanStore,
    private readonly steering: SteeringStore,
    private readonly devices: DeviceStateStore,
    private readonly proofs: ProofStore,
    private readonly incidents: Incidents,
    private readonly rollbacks: RollbackKeeper,
    private readonly externals: ExternalKeeper,
    private readonly outbox: OutboxService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  async run(plan: DeploymentPlan, held: HeldLease, signal: AbortSignal): Promise<void> {
    const isOurs = await held.inTransaction(SCOPE, async (tx) => {
      await this.outbox.append(tx, 'deployment.settled', plan.fabricId);
      if (plan.state === 'APPLYING') return true;
      const isBegun = await this.plans.setState(tx, plan.id, ['APPROVED'], 'APPLYING');
      if (isBegun) await this.rollbacks.begin(tx, plan);
      return isBegun;
    });
    if (!isOurs) return;
    crashPoint('rollout.applying');
    const halt = await this.pushSteps(plan, held, signal);
    if (signal.aborted) return; // Another execution goes on from what is written.
    if (halt === 'WAIT') return;
    if (halt === 'LEAVE') await held.inTransaction(SCOPE, (tx) => this.steering.skipRest(tx, plan.id));
    else if (halt !== null && halt !== 'STOPPED') await this.halt(plan, held, halt);
    crashPoint('rollout.proving');
    await this.prover.prove(plan, held, signal);
    if (signal.aborted) return;
    crashPoint('rollout.finishing');
    await this.finish(plan, held);
    crashPoint('rollout.finished');
  }

  private async pushSteps(plan: DeploymentPlan, held: HeldLease, signal: AbortSignal): Promise<Halt | Word | null> {
    let soakedBefore = 0;
    for (const step of stepsOf(plan)) {
      const todo = await this.todo(plan, step, held);
      const wave = step[0]?.wave ?? 0;
      if (wave > soakedBefore && todo.length > 0) {
        const ended = await this.soak(plan, wave - 1, held, signal);
        if (ended !== null) return ended;
        soakedBefore = wave;
      }
      const stopped = (await this.mayGoOn(plan, held)) ?? (await this.pushStep(plan, wave, todo, held, signal));
      if (signal.aborted) return null;
      if (stopped !== null) return stopped;
    }
    return null;
  }

  private async pushStep(
    plan: DeploymentPlan,
    wave: number,
    todo: readonly PlanItem[],
    held: HeldLease,
    signal: AbortSignal,
  ): Promise<Halt | Word | null> {
    if (todo.length > 0) {
      let isOver = false;
      await inParallel(todo, plan.strategy.parallel, async (item) => {
        if (isOver || signal.aborted) return;
        if (!(await this.pusher.push(plan, item, signal))) isOver ||= await this.isOver(plan);
      });
      if (signal.aborted) return null;
      await held.inTransaction(SCOPE, (tx) => this.outbox.append(tx, 'deployment.settled', plan.fabricId));
      crashPoint('rollout.stepped');
    }
    const steered = await this.mayGoOn(plan, held);
    if (steered !== null) return steered;
    await this.giveUpDeferred(plan, todo, held);
    const current = await this.current(plan);
    const fault = faultOf(current, wave);
    if (fault) return this.withBars(fault);
    if (current.items.some((item) => item.wave === 0 && item.state === 'SKIPPED')) return 'LEAVE';
    if (todo.length === 0) return null;
    const lost = await this.lookAt(plan, todo, signal);
    return lost ? this.lostHalt(plan, lost, held) : null;
  }

  /** After so many failures nothing else of the step is begun. */
  private async isOver(plan: DeploymentPlan): Promise<boolean> {
    const current = await this.current(plan);
    return current.state !== 'APPLYING' || faultOf(current, Number.MAX_SAFE_INTEGER) !== null;
  }

  /** What is not done yet; what stands in for a device that has failed is left alone. */
  private async todo(plan: DeploymentPlan, step: readonly PlanItem[], held: HeldLease): Promise<PlanItem[]> {
    return held.inTransaction(SCOPE, async (tx) => {
      const states = await this.steering.itemStates(tx, plan.id);
      const failed = plan.items.filter(({ deviceId }) => states.get(deviceId) === 'FAILED');
      const open = step.filter(({ deviceId }) => ['PENDING', 'PUSHING'].includes(states.get(deviceId) ?? ''));
      const todo: PlanItem[] = [];
      for (const item of open) {
        const partner = failed.find(({ redundancy }) => redundancy.some((group) => item.redundancy.includes(group)));
        if (!partner) todo.push(item);
        else
          await this.plans.setItem(tx, plan.id, item.deviceId, 'SKIPPED', {
            code: 'ABORTED',
            message: `${partner.slug} failed, and ${item.slug} stands in for it`,
          });
      }
      return todo;
    });
  }

  /** One read: the state of the plan. What a person wrote there holds from now on. */
  private async mayGoOn(plan: DeploymentPlan, held: HeldLease): Promise<'WAIT' | 'STOPPED' | null> {
    const row = await this.db.inTransaction(SCOPE, (tx) => this.steering.steering(tx, plan.id));
    if (row?.state === 'APPLYING') return null;
    if (row?.state !== 'PAUSED') return 'STOPPED';
    await held.inTransaction(SCOPE, (tx) => this.fabric.reportBehind(tx, plan.fabricId, 'PAUSED'));
    return 'WAIT';
  }

  /** A whole wave is watched for its time. Whoever goes on after a crash finds how long it still has to be. */
  private async soak(plan: DeploymentPlan, wave: number, held: HeldLease, signal: AbortSignal): Promise<Halt | Word | null> {
    const { soakSeconds } = plan.strategy;
    const touched = plan.items.filter((item) => item.wave <= wave);
    const before = await this.db.inTransaction(SCOPE, (tx) => this.steering.vitalsBefore(tx, plan.id));
    if (soakSeconds === 0 || before.size === 0) return null;
    await held.inTransaction(SCOPE, (tx) => this.steering.beginSoak(tx, plan.id, wave, soakSeconds));
    while (!signal.aborted) {
      const steered = await this.mayGoOn(plan, held);
      if (steered !== null) return steered;
      const lost = await this.watch.look(plan.fabricId, touched, before, signal);
      if (lost) return this.lostHalt(plan, lost, held);
      const left = (await this.db.inTransaction(SCOPE, (tx) => this.steering.steering(tx, plan.id)))?.soakSecondsLeft ?? 0;
      if (left === 0) return null;
      await pause(Math.min(SOAK_LOOK_MS, left * 1000), signal);
    }
    return null;
  }

  private async lookAt(plan: DeploymentPlan, items: readonly PlanItem[], signal: AbortSignal): Promise<LostDevice | undefined> {
    const before = await this.db.inTransaction(SCOPE, (tx) => this.steering.vitalsBefore(tx, plan.id));
    // Nothing tells the next execution that this step was not looked at: a database that is away for a moment is waited for.
    for (const deadline = performance.now() + PROOFS_WITHOUT_DATABASE * this.config.VERIFY_WITHIN_SECONDS * 1000; ; ) {
      try {
        return await this.watch.look(plan.fabricId, items, before, signal);
      } catch (error) {
        if (!isFaultOfDatabase(error) || performance.now() > deadline || signal.aborted) throw error;
        await pause(SOAK_LOOK_MS, signal);
      }
    }
  }

  /** It confirmed and has lost something since: it is read again before anything else is believed of it. */
  private async lostHalt(plan: DeploymentPlan, { item, loss }: LostDevice, held: HeldLease): Promise<Halt> {
    const message = `${item.slug}: ${loss.message}`;
    await held.inTransaction(SCOPE, async (tx) => {
      await this.plans.setItem(tx, plan.id, item.deviceId, 'FAILED', { code: 'VERIFY_FAILED', message, live: true });
      await this.devices.markUncertain(tx, item.deviceId, item.artefacts);
      await this.devices.failed(tx, item.deviceId, () => 1);
    });
    return { reason: `${message} (check ${loss.check})`, deviceId: item.deviceId, bars: 'ALL' };
  }

  /** Its lease was held by somebody else all the time, or was lost: neither done nor failed. */
  private async giveUpDeferred(plan: DeploymentPlan, todo: readonly PlanItem[], held: HeldLease): Promise<void> {
    await held.inTransaction(SCOPE, async (tx) => {
      const states = await this.steering.itemStates(tx, plan.id);
      const failed = [...states.values()].includes('FAILED');
      for (const { deviceId, slug } of todo) {
        const state = states.get(deviceId);
        if (state === 'PUSHING' || (state === 'PENDING' && !failed))
          await this.plans.setItem(tx, plan.id, deviceId, 'FAILED', {
            code: 'PUSH_IN_PROGRESS',
            message: `another push was at ${slug} all the time`,
          });
      }
    });
  }

  /** What went live and had to be undone is tried again a few times, as orders are; the rest of that plan waits until it has worked. */
  private async withBars({ isLive, ...halt }: Fault): Promise<Halt> {
    if (!isLive) return { ...halt, bars: 'NONE' };
    const failures = await this.db.inTransaction(SCOPE, (tx) => this.devices.failuresInRow(tx, halt.deviceId));
    return { ...halt, bars: failures >= this.config.MAX_PUSH_ATTEMPTS ? 'ALL' : 'NOT_BEGUN' };
  }

  private async halt(plan: DeploymentPlan, held: HeldLease, { reason, deviceId, bars }: Halt): Promise<void> {
    await held.inTransaction(SCOPE, async (tx) => {
      const haltReason = `${reason}; planned by ${plan.createdBy}`;
      if (!(await this.plans.setState(tx, plan.id, ['APPLYING', 'PAUSED'], 'HALTED', haltReason, deviceId))) return;
      await this.steering.skipRest(tx, plan.id);
      if (bars !== 'NONE') await this.steering.bar(tx, plan.id, bars === 'ALL' ? ['FAILED', 'SKIPPED', 'PUSHING'] : ['SKIPPED']);
      await this.incidents.record(tx, plan, 'plan.halted', haltReason);
    });
    this.log.error('rollout.halted', { planId: plan.id, reason });
  }

  private async finish(plan: DeploymentPlan, held: HeldLease): Promise<void> {
    await held.inTransaction(SCOPE, async (tx) => {
      const current = (await this.plans.byId(tx, plan.id)) ?? plan;
      const ending: Ending = endingOf(current);
      const touched = current.items.filter(({ state }) => state !== 'SKIPPED').flatMap((item) => [...changedNetworks(item)]);
      await this.proofs.want(tx, plan.fabricId, [...new Set(touched)]); // From both ends, and what a rollout does not wait for.
      await this.outbox.append(tx, 'deployment.settled', plan.fabricId);
      await this.outbox.append(tx, 'fabric.changed', plan.fabricId); // There may be a newer intent already.
      if (!(await this.plans.setState(tx, plan.id, ['APPLYING', 'PAUSED'], ending.state, ending.reason))) return;
      if (ending.state === 'AWAITING_PERSON') return this.externals.ask(tx, current);
      await this.steering.skipRest(tx, plan.id); // Nobody is asked to follow what has not come to its end.
      await this.incidents.record(tx, plan, ending.state === 'APPLIED' ? 'plan.applied' : 'plan.failed', ending.reason);
    });
  }

  private async current(plan: DeploymentPlan): Promise<DeploymentPlan> {
    return (await this.db.inTransaction(SCOPE, (tx) => this.plans.byId(tx, plan.id))) ?? plan;
  }
}

function stepsOf({ items }: DeploymentPlan): PlanItem[][] {
  const steps = new Map<string, PlanItem[]>();
  for (const item of items.filter(({ isExternal }) => !isExternal))
    steps.set(`${item.wave}.${item.step}`, [...(steps.get(`${item.wave}.${item.step}`) ?? []), item]);
  return [...steps.values()]; // The store gives items in the order of waves and steps.
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
    signal.addEventListener('abort', end);
  });
}
