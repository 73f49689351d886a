/** The person at the desk: sees what waits for an approval, approves it and has it run. */
import { encodeId } from '#engines/kernel';
import type { ApiCaller } from './api-caller.js';
import type { ChaosDatabase } from './chaos-database.js';
import { pause } from './timing.js';

const LOOK_EVERY_MS = 500;
const WAITING = `SELECT id, digest FROM plan WHERE state = 'PROPOSED' OR (state = 'APPROVED' AND NOT is_released) ORDER BY generation DESC LIMIT 1`;
const APPROVE = 'mutation ($id: ID!, $digest: String!) { approvePlan(id: $id, digest: $digest) { errors { code message } } }';
const APPLY = 'mutation ($id: ID!, $digest: String!) { applyPlan(input: { plan: $id, digest: $digest }) { errors { code message } } }';

/** A plan that takes many networks from one device is not pushed without a person: the run has one. Until `over`. */
export async function runOperator(database: ChaosDatabase, api: ApiCaller, token: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const [plan] = await database.ask<{ id: string; digest: string }>(WAITING).catch(() => []);
    if (plan) {
      const seen = { id: encodeId('plan', plan.id), digest: plan.digest };
      // A plan that was overtaken meanwhile is refused; the next look finds the one that took its place.
      for (const step of [APPROVE, APPLY]) await api.graphql(token, step, seen);
    }
    await pause(LOOK_EVERY_MS, over);
  }
}
