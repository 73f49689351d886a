/** What a device says of the push under way, and what of it is as it should be. */
import type { PendingPush, PushIdentity, VerifyCheck } from '#contexts/deployment/ports';
import { invalidValue } from '#engines/kernel';
import type { Answer } from './answer.js';

export function pendingOf(answer: Answer): PendingPush | null {
  const [, fence, state] = /^(\d+) (staged|applied)$/.exec(answer.get('pending')?.text.trim() ?? '') ?? [];
  return fence === undefined ? null : { fence: Number(fence), applied: state === 'applied' };
}

export function pendingCheck(answer: Answer, push: PushIdentity): VerifyCheck {
  const [pending, name] = [pendingOf(answer), 'push'];
  // Confirmed already, or a drift check without a push: the files say the rest.
  if (pending === null) return { name, ok: true, message: 'no change is waiting for confirmation' };
  const state = pending.applied ? 'live and waits for confirmation' : 'only staged';
  return { name, ok: pending.fence === push.fence && pending.applied, message: `the change with fence ${pending.fence} is ${state}` };
}

export function fenceOf({ fence }: PushIdentity): number {
  if (!Number.isSafeInteger(fence) || fence < 1) throw invalidValue('fence', fence, 'a whole number from 1');
  return fence;
}
