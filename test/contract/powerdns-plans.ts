import type { RrsetValue } from '#contexts/sync/ports';
import { type Item, makePlan, type Plan, type Target } from '#engines/reconcile';

export const item = (key: string, ...records: string[]): Item<RrsetValue> => ({ key, value: { ttl: 300, records } });
export const verbs = (plan: Plan<unknown>): string[] => plan.changes.map(({ verb, key }) => `${verb} ${key}`);

export async function planFor(target: Target<RrsetValue>, desired: Item<RrsetValue>[]): Promise<Plan<RrsetValue>> {
  return makePlan({ subject: target.name, desired, actual: await target.read() });
}
export async function converge(target: Target<RrsetValue>, desired: Item<RrsetValue>[]) {
  const plan = await planFor(target, desired);
  return { plan, refused: await target.apply(plan) };
}
