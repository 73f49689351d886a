import type { FaultCounts } from './nemesis.js';
import { SETTLE_WITHIN_SECONDS } from './timing.js';

/** What a run showed. The counts that end in a violation are zero when the product kept its promises. */
export interface ChaosResult {
  readonly seed: number;
  readonly seconds: number;
  readonly queue: 'postgres' | 'redis';
  readonly outbox: boolean;
  readonly faults: FaultCounts;
  /** Requests that were answered with a promise. */
  readonly acked: number;
  readonly refused: number;
  /** Requests without any answer: they may have had an effect or none. */
  readonly unknown: number;
  readonly orders: number;
  readonly active: number;
  readonly retired: number;
  readonly compensated: number;
  /** Executions that worked on a device. */
  readonly pushes: number;
  readonly lost: number;
  readonly doubled: number;
  readonly overlaps: number;
  readonly unleased: number;
  readonly offIntent: number;
  /** Numbers and prefixes that a pool lost, and remains of what was undone or removed. */
  readonly leaked: number;
  /** Processes that ended although nobody killed them. */
  readonly selfExits: number;
  readonly settleSeconds: number;
  readonly ok: boolean;
}

export interface ChaosReport {
  readonly result: ChaosResult;
  /** One line per violation. */
  readonly findings: readonly string[];
}

export function summary({ result, findings }: ChaosReport, directory: string): string {
  const { faults, ...r } = result;
  const lines = [
    `seed ${r.seed}, ${r.seconds} s, queue in ${r.queue}${r.outbox ? '' : ', WITHOUT OUTBOX'}`,
    `broken: ${Object.entries(faults)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}; ended by themselves: ${r.selfExits}`,
    `asked: ${r.acked} promised, ${r.refused} refused, ${r.unknown} unanswered`,
    `orders: ${r.orders}, of these ${r.active} active, ${r.retired} retired, ${r.compensated} undone; ${r.pushes} pushes`,
    `lost ${r.lost}, doubled ${r.doubled}, overlaps ${r.overlaps}, without lease ${r.unleased}, off intent ${r.offIntent}, leaked ${r.leaked}`,
    `settled after ${r.settleSeconds} s (asked for: ${SETTLE_WITHIN_SECONDS} s)`,
    ...findings.slice(0, 40).map((finding) => `  - ${finding}`),
    ...(findings.length > 40 ? [`  … and ${findings.length - 40} more`] : []),
    r.ok ? 'every promise was kept' : `FAILED: seed ${r.seed}, logs and findings in ${directory}`,
  ];
  return `${lines.join('\n')}\n`;
}
