/** Somebody at the desk who proposes plans, approves some of them, pauses, resumes, halts and cancels what is under way, and takes back what is done. */
import { encodeId } from '#engines/kernel';
import type { ApiCaller } from '../api-caller.js';
import type { ChaosDatabase } from '../chaos-database.js';
import type { Dice } from '../dice.js';
import type { Customer } from '../order-client.js';
import { pause } from '../timing.js';

interface Plan {
  readonly id: string;
  readonly digest: string;
  readonly state: 'PROPOSED' | 'APPROVED' | 'APPLYING' | 'PAUSED';
}

const OPEN = `SELECT id, digest, state FROM plan WHERE state IN ('PROPOSED', 'APPLYING', 'PAUSED') OR (state = 'APPROVED' AND NOT is_released)
  ORDER BY generation DESC LIMIT 5`;
/** Ended a moment ago and changed something; the first takeover is not taken back: a run is about what comes after it. */
const TAKEN_BACK = `SELECT p.id, p.digest, p.state FROM plan p WHERE p.generation > 1 AND p.rollback_of IS NULL AND p.state IN ('APPLIED', 'HALTED', 'CANCELLED', 'FAILED')
  AND p.finished_at > clock_timestamp() - interval '15 s' AND EXISTS (SELECT FROM plan_item i WHERE i.plan_id = p.id AND i.state IN ('CONFIRMED', 'VERIFIED'))
  ORDER BY p.generation DESC LIMIT 1`;
const ERRORS = '{ errors { code message } }';
const ACTS = {
  plan: `mutation { planDeployment(input: {}) ${ERRORS} }`,
  approve: `mutation ($id: ID!, $digest: String!) { approvePlan(id: $id, digest: $digest) ${ERRORS} }`,
  apply: `mutation ($id: ID!, $digest: String!) { applyPlan(input: { plan: $id, digest: $digest }) ${ERRORS} }`,
  pause: `mutation ($id: ID!) { pausePlan(id: $id) ${ERRORS} }`,
  resume: `mutation ($id: ID!) { resumePlan(id: $id) ${ERRORS} }`,
  cancel: `mutation ($id: ID!) { cancelPlan(id: $id) ${ERRORS} }`,
  halt: `mutation ($id: ID!) { haltPlan(id: $id, reason: "the graphs look odd") ${ERRORS} }`,
  rollback: `mutation ($id: ID!) { rollbackPlan(id: $id, reason: "customers complain") ${ERRORS} }`,
} as const;
const LOCKED = 'SELECT id FROM maintenance_lock WHERE until > clock_timestamp()';
/** What was taken back is held until the fabric asks for what the device carries; where it asks for more by now, a person lets go. */
const LETS_GO_AFTER_MS = 15_000;
const RELEASE = `mutation ($id: ID!) { releaseLock(id: $id) ${ERRORS} }`;
export type Act = keyof typeof ACTS;

/** Of acts on a plan in this state, the more the more often; what is left to 100 is: nothing. */
const HABITS: Readonly<Record<Plan['state'], Readonly<Partial<Record<Act, number>>>>> = {
  PROPOSED: { approve: 60, cancel: 8 },
  APPROVED: { apply: 70, cancel: 5 },
  APPLYING: { halt: 5, cancel: 5, pause: 25 },
  PAUSED: { resume: 60, cancel: 15 },
};
/** Most people who pause only want to look for a moment. */
const LOOKS = 0.7;
const TAKES_BACK = 0.06;

export class Steersman {
  readonly acts: Record<Act, number> = { plan: 0, approve: 0, apply: 0, pause: 0, resume: 0, cancel: 0, halt: 0, rollback: 0 };
  /** Locks of rollbacks that did not end by themselves. */
  released = 0;
  /** What the API said no to: a plan that had moved on. By code. */
  readonly refused = new Map<string, number>();

  constructor(
    private readonly database: ChaosDatabase,
    private readonly api: ApiCaller,
    private readonly customer: Customer,
    private readonly dice: Dice,
  ) {}

  async run(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      const plans = await this.database.ask<Plan>(OPEN).catch(() => []);
      const underWay = plans.find(({ state }) => state === 'APPLYING');
      if (underWay && this.dice.chance(0.6)) await this.maybe(underWay);
      else if (plans.length > 0) await this.maybe(this.dice.pick(plans));
      else if (this.dice.chance(0.1)) await this.act('plan', {});
      if (this.dice.chance(TAKES_BACK)) await this.takeBack();
      await pause(this.dice.between(100, 500), ending);
    }
  }

  /** When nothing breaks any more: whatever waits for a person is approved, nothing stays paused, and what was taken back may go forward again. */
  async finish(over: AbortSignal): Promise<void> {
    const letsGoAt = performance.now() + LETS_GO_AFTER_MS;
    while (!over.aborted) {
      if (performance.now() > letsGoAt) await this.releaseLocks();
      for (const plan of await this.database.ask<Plan>(OPEN).catch(() => [])) {
        if (plan.state === 'PROPOSED') await this.on(plan, 'approve');
        if (plan.state === 'PROPOSED' || plan.state === 'APPROVED') await this.on(plan, 'apply');
        if (plan.state === 'PAUSED') await this.resume(plan);
      }
      await pause(300, over);
    }
  }

  private async releaseLocks(): Promise<void> {
    const locks = await this.database.ask<{ id: string }>(LOCKED).catch(() => []);
    for (const { id } of locks) {
      const answer = await this.api.graphql(this.customer.operatorToken, RELEASE, { id: encodeId('maintenanceLock', id) });
      if (answer.kind === 'acked') this.released += 1;
    }
  }

  private async takeBack(): Promise<void> {
    const [plan] = await this.database.ask<Plan>(TAKEN_BACK).catch(() => []);
    if (plan) await this.on(plan, 'rollback');
  }

  private async maybe(plan: Plan): Promise<void> {
    let left = this.dice.between(0, 100);
    for (const [act, habit] of Object.entries(HABITS[plan.state]) as [Act, number][]) {
      left -= this.acts[act] === 0 ? habit * 3 : habit; // What nobody has done yet is done sooner.
      if (left >= 0) continue;
      if (act === 'resume') return this.resume(plan);
      await this.on(plan, act);
      // Most people who approve mean it to happen.
      if (act === 'approve' && this.dice.chance(0.7)) await this.on(plan, 'apply');
      if (act === 'pause' && this.dice.chance(LOOKS)) {
        await pause(this.dice.between(50, 400));
        await this.resume(plan);
      }
      return;
    }
  }

  /** One that is out of date is not resumed: it says to cancel it, and that another is made. */
  private async resume(plan: Plan): Promise<void> {
    if ((await this.on(plan, 'resume')) === 'PLAN_STALE') await this.on(plan, 'cancel');
  }

  /** @returns the code of a refusal; null for none. */
  private on({ id, digest }: Plan, act: Act): Promise<string | null> {
    const variables = { id: encodeId('plan', id), digest };
    return this.act(act, act === 'approve' || act === 'apply' ? variables : { id: variables.id });
  }

  private async act(act: Act, variables: object): Promise<string | null> {
    const answer = await this.api.graphql(this.customer.operatorToken, ACTS[act], variables);
    if (answer.kind === 'acked') this.acts[act] += 1;
    if (answer.kind !== 'refused') return null;
    const code = answer.code.split(':')[0] ?? '';
    this.refused.set(`${act} ${code}`, (this.refused.get(`${act} ${code}`) ?? 0) + 1);
    return code;
  }
}
