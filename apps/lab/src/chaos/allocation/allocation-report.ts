import type { Findings } from './check-history.js';
import type { History } from './history.js';

/** What a run showed. Everything from `duplicates` to `selfExits` is 0 when the product kept its promises. */
export interface AllocationResult {
  readonly scenario: 'allocation';
  readonly seed: number;
  readonly seconds: number;
  readonly naive: boolean;
  /** Allocations that somebody was told of. */
  readonly allocations: number;
  /** Answers to requests whose key was known. */
  readonly repeated: number;
  /** Requests that got no answer: their process or their connection ended. */
  readonly unanswered: number;
  readonly duplicates: number;
  readonly leaks: number;
  readonly keysWithTwoValues: number;
  /** Invariants of the product that are broken, allocations that are gone, and refusals that nobody deserved. */
  readonly violations: number;
  /** Processes that ended although nobody killed them. */
  readonly selfExits: number;
  readonly kills: number;
  /** Connections that were cut. */
  readonly terminated: number;
  readonly holds: boolean;
}

export interface AllocationReport {
  readonly result: AllocationResult;
  /** One line per violation. */
  readonly findings: readonly string[];
}

/** What somebody hears who is late, or whose hold is over. A key never meets other arguments here, and no pool is small. */
const DESERVED = new Set(['NOT_FOUND', 'VERSION_CONFLICT', 'INVALID_STATE']);

export function allocationReport(evidence: {
  readonly options: { readonly seed: number; readonly seconds: number; readonly isNaive: boolean };
  readonly history: History;
  readonly findings: Findings;
  readonly invariants: readonly string[];
  readonly broken: { readonly kills: number; readonly terminated: number };
  readonly selfExits: number;
}): AllocationReport {
  const { options, history, findings, invariants, broken, selfExits } = evidence;
  const undeserved = [...history.refusals].filter(([code]) => !DESERVED.has(code)).map(([code, count]) => `${count} times ${code}`);
  const { duplicates, leaks, keysWithTwoValues } = findings;
  const violations = [...invariants, ...findings.lost, ...undeserved];
  const all = { duplicate: duplicates, leak: leaks, 'key with two values': keysWithTwoValues, violation: violations };
  const lines = Object.entries(all).flatMap(([name, found]) => found.map((what) => `${name}: ${what}`));
  return {
    findings: lines,
    result: {
      scenario: 'allocation',
      seed: options.seed,
      seconds: options.seconds,
      naive: options.isNaive,
      allocations: history.given,
      repeated: history.repeated,
      unanswered: history.unanswered,
      duplicates: duplicates.length,
      leaks: leaks.length,
      keysWithTwoValues: keysWithTwoValues.length,
      violations: violations.length,
      selfExits,
      ...broken,
      holds: lines.length === 0 && selfExits === 0 && history.given > 0,
    },
  };
}

const SHOWN = 20;

export function allocationSummary({ result: r, findings }: AllocationReport, directory: string): string {
  const lines = [
    `seed ${r.seed}, ${r.seconds} s${r.naive ? ', NAIVE ALLOCATOR' : ''}: ${r.kills} processes killed, ${r.terminated} connections cut`,
    `${r.allocations} allocations, ${r.repeated} repeated answers, ${r.unanswered} requests without an answer`,
    `duplicates ${r.duplicates}, keys with two values ${r.keysWithTwoValues}, leaks ${r.leaks}, violations ${r.violations}, ended by themselves ${r.selfExits}`,
    ...findings.slice(0, SHOWN).map((finding) => `  - ${finding}`),
    ...(findings.length > SHOWN ? [`  … and ${findings.length - SHOWN} more`] : []),
    r.holds ? 'every promise was kept' : `FAILED: seed ${r.seed}, journals and findings in ${directory}`,
  ];
  return `${lines.join('\n')}\n`;
}
