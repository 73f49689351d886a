/** When a rollout is over before its end, and what its end is called. Pure: from the rows of a plan. */
import type { DeviceId } from '#engines/kernel';
import type { DeploymentPlan, PlanState } from './plan.js';

export interface Halt {
  /** Names the device and the check. */
  readonly reason: string;
  readonly deviceId: DeviceId | null;
  /** What policy does not push again. NOT_BEGUN: until the device that failed has managed it. */
  readonly bars: 'ALL' | 'NOT_BEGUN' | 'NONE';
}

export interface Fault extends Omit<Halt, 'bars'> {
  readonly deviceId: DeviceId;
  /** It was in force on the device, and had to go back. */
  readonly isLive: boolean;
}

/** The first fault of a canary is one too many; after it, `maxFailures` may fail. @param upTo failures of later waves are not looked at. */
export function faultOf({ items, strategy }: Pick<DeploymentPlan, 'items' | 'strategy'>, upTo: number): Fault | null {
  const failed = items.filter(({ state, wave }) => state === 'FAILED' && wave <= upTo);
  const later = failed.filter(({ wave }) => wave > 0);
  const culprit = failed.find(({ wave }) => wave === 0) ?? (later.length > strategy.maxFailures ? later.at(-1) : undefined);
  if (!culprit) return null;
  const { code, message, live } = culprit.error ?? { code: 'INTERNAL', message: 'it failed', live: false };
  const others = failed.filter((item) => item !== culprit).map(({ slug }) => slug);
  const beside = others.length > 0 ? ` (and ${others.join(', ')})` : '';
  return {
    reason: `failed on ${culprit.slug}${beside}: ${message} (check ${code})`,
    deviceId: culprit.deviceId,
    isLive: live ?? false,
  };
}

export interface Ending {
  readonly state: Extract<PlanState, 'APPLIED' | 'FAILED' | 'SUPERSEDED' | 'AWAITING_PERSON'>;
  readonly reason: string | null;
}

/** Of a rollout that nobody stopped. */
export function endingOf({ items }: Pick<DeploymentPlan, 'items'>): Ending {
  const failed = items.filter(({ state }) => state === 'FAILED').map(({ slug }) => slug);
  if (failed.length > 0) return { state: 'FAILED', reason: `failed on ${failed.sort().join(', ')}` };
  const open = items.filter(({ state }) => state !== 'VERIFIED');
  if (open.length === 0) return { state: 'APPLIED', reason: null };
  const left = open.filter(({ isExternal, state }) => !isExternal || state === 'SKIPPED');
  // All that Trame does itself is proven: now people are asked.
  if (left.length === 0) return { state: 'AWAITING_PERSON', reason: null };
  // Locked meanwhile: the next plan has them again.
  return { state: 'SUPERSEDED', reason: left.map(({ slug, error }) => error?.message ?? `${slug} was not pushed to`).join('; ') };
}
