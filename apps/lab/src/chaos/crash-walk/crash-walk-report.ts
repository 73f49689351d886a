import type { CrashPoint } from '#platform';

export interface CrashWalkResult {
  readonly seed: number;
  /** Where workers died, in that order. */
  readonly walked: readonly CrashPoint[];
  /** How often somebody died there. */
  readonly hits: Readonly<Record<string, number>>;
  readonly unreached: readonly CrashPoint[];
  /** Executions that worked on a device. */
  readonly pushes: number;
  readonly selfExits: number;
  readonly overlaps: number;
  readonly unleased: number;
  readonly doubled: number;
  readonly orphans: number;
  readonly offIntent: number;
  /** Places where a planted secret stands in the open. */
  readonly leakedSecrets: number;
  /** That it did get to. */
  readonly devicesWithSecret: number;
  readonly flagged: readonly { readonly device: string; readonly why: string }[];
  readonly settleSeconds: number;
  readonly ok: boolean;
}

export interface CrashWalkReport {
  readonly result: CrashWalkResult;
  /** One line per violation. */
  readonly findings: readonly string[];
}

export function crashWalkSummary({ result: r, findings }: CrashWalkReport, directory: string): string {
  const lines = [
    `somebody died at ${r.walked.length} places: ${r.walked.join(', ')}`,
    ...(r.unreached.length === 0 ? [] : [`NOBODY CAME TO ${r.unreached.join(', ')}`]),
    `${r.pushes} pushes; overlaps ${r.overlaps}, without lease ${r.unleased}, doubled ${r.doubled}, orphans ${r.orphans}, off intent ${r.offIntent}`,
    `settled after ${r.settleSeconds} s`,
    ...findings.slice(0, 40).map((finding) => `  - ${finding}`),
    r.ok ? 'every promise was kept' : `FAILED: seed ${r.seed}, logs and findings in ${directory}`,
  ];
  return `${lines.join('\n')}\n`;
}
