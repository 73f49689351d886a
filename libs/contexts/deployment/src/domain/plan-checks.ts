/** What a person wants to know before approving a plan: one line each, as of now. */
import type { Finding } from '#engines/intent';
import type { DeviceId } from '#engines/kernel';
import type { DeploymentPlan } from './plan.js';

export interface PlanCheck {
  readonly name: 'CURRENT' | 'FABRIC' | 'APPROVALS' | 'LOCKS' | 'REDUNDANCY';
  readonly ok: boolean;
  readonly message: string;
}

export interface PlanView {
  readonly isStale: boolean;
  readonly findings: readonly Finding[];
  readonly locks: ReadonlyMap<DeviceId, { readonly reason: string }>;
}

export function planChecks(plan: DeploymentPlan, { isStale, findings, locks }: PlanView): readonly PlanCheck[] {
  const locked = plan.items.filter(({ deviceId }) => locks.has(deviceId)).map(({ slug }) => slug);
  const together = clashes(plan);
  const lines = findings.map(({ severity, message }) => `${severity.toLowerCase()}: ${message}`);
  const { length } = plan.approvals;
  return [
    {
      name: 'CURRENT',
      ok: !isStale,
      message: isStale ? 'The fabric asks for something else by now.' : 'It is what the fabric asks for.',
    },
    {
      name: 'FABRIC',
      ok: !findings.some(({ severity }) => severity === 'ERROR'),
      message: lines.length === 0 ? 'The checks find nothing.' : lines.join('; '),
    },
    { name: 'APPROVALS', ok: length >= plan.approvalsNeeded, message: `${length} of ${plan.approvalsNeeded}` },
    {
      name: 'LOCKS',
      ok: locked.length === 0,
      message: locked.length === 0 ? 'No device is locked.' : `Locked and left out: ${locked.join(', ')}.`,
    },
    {
      name: 'REDUNDANCY',
      ok: together.length === 0,
      message: together.length === 0 ? 'No two members of a group are changed at once.' : `Changed at once: ${together.join(', ')}.`,
    },
  ];
}

/** Shown, not trusted: the order was made when the plan was. */
function clashes({ items }: DeploymentPlan): string[] {
  const seen = new Set<string>();
  return items.flatMap(({ wave, step, redundancy, slug }) =>
    redundancy.flatMap((group) => {
      const key = `${wave}.${step} ${group}`;
      if (seen.has(key)) return [`${slug} (${group})`];
      seen.add(key);
      return [];
    }),
  );
}
