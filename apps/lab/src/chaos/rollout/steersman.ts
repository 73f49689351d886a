/** Somebody at the desk who proposes plans, approves some of them, and pauses, resumes and cancels what is under way. */
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
const ERRORS = '{ errors { code message } }';
const ACTS = {
  plan: `mutation { planDeployment(input: {}) ${ERRORS} }`,
  approve: `mutation ($id: ID!, $digest: String!) { approvePlan(id: $id, digest: $digest) ${ERRORS} }`,
  apply: `mutation ($id: ID!, $digest: String!) { applyPlan(input: { plan: $id, digest: $digest }) ${ERRORS} }`,
  pause: `mutation ($id: ID!) { pausePlan(id: $id) ${ERRORS} }`,
  resume: `mutation ($id: ID!) { resumePlan(id: $id) ${ERRORS} }`,
  cancel: `mutation ($id: ID!) { cancelPlan(id: $id) ${ERRORS} }`,
} as const;
export type Act = keyof typeof ACTS;

/** Of acts on a plan in this state, the more the more often; what is left to 100 is: nothing. */
const HABITS: Readonly<Record<Plan['state'], Readonly<Partial<Record<Act, number>>>>> = {
  PROPOSED: { approve: 60, cancel: 8 },
  APPROVED: { apply: 70, cancel: 5 },
  APPLYING: { pause: 30, cancel: 12 },
  PAUSED: { resume: 60, cancel: 15 },
};

export class Steersman {
  readonly acts: Record<Act, number> = { plan: 0, approve: 0, apply: 0, pause: 0, resume: 0, cancel: 0 };
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
      if (plans.length > 0) await this.maybe(this.dice.pick(plans));
      else if (this.dice.chance(0.1)) await this.act('plan', {});
      await pause(this.dice.between(150, 700), ending);
    }
  }

  /** When nothing breaks any more: whatever waits for a person is approved, and nothing stays paused. */
  async finish(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      for (const plan of await this.database.ask<Plan>(OPEN).catch(() => [])) {
        if (plan.state === 'PROPOSED') await this.on(plan, 'approve');
        if (plan.state === 'PROPOSED' || plan.state === 'APPROVED') await this.on(plan, 'apply');
        if (plan.state === 'PAUSED') await this.on(plan, 'resume');
        if (plan.state === 'PAUSED' && this.dice.chance(0.3)) await this.on(plan, 'cancel'); // One that is out of date is not resumed.
      }
      await pause(300, over);
    }
  }

  private async maybe(plan: Plan): Promise<void> {
    let left = this.dice.between(0, 100);
    for (const [act, weight] of Object.entries(HABITS[plan.state]) as [Act, number][]) {
      left -= weight;
      if (left >= 0) continue;
      await this.on(plan, act);
      // Most people who approve mean it to happen.
      if (act === 'approve' && this.dice.chance(0.7)) await this.on(plan, 'apply');
      return;
    }
  }

  private on({ id, digest }: Plan, act: Act): Promise<void> {
    const variables = { id: encodeId('plan', id), digest };
    return this.act(act, act === 'approve' || act === 'apply' ? variables : { id: variables.id });
  }

  private async act(act: Act, variables: object): Promise<void> {
    const answer = await this.api.graphql(this.customer.operatorToken, ACTS[act], variables);
    if (answer.kind === 'acked') this.acts[act] += 1;
    if (answer.kind !== 'refused') return;
    const code = answer.code.split(':')[0] ?? '';
    this.refused.set(`${act} ${code}`, (this.refused.get(`${act} ${code}`) ?? 0) + 1);
  }
}
