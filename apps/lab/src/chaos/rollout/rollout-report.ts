import type { FaultCounts } from '../nemesis.js';
import type { Act } from './steersman.js';

/** The counts from `overlaps` to `leakedSecrets` are zero when the product kept its promises. */
export interface RolloutResult {
  readonly seed: number;
  readonly seconds: number;
  readonly devices: number;
  /** By the state that they ended in. */
  readonly plans: Readonly<Record<string, number>>;
  readonly acts: Readonly<Record<Act, number>>;
  readonly refusedActs: Readonly<Record<string, number>>;
  /** Locks of rollbacks that a person ended, because the fabric asks for more by now. */
  readonly locksReleased: number;
  /** Lines that somebody else wrote on switches meanwhile. */
  readonly edits: number;
  /** Of these: between our last look and our commit; by a session and a commit of his own. */
  readonly editsInBetween: number;
  readonly editsCommitted: number;
  /** Executions that worked on a device. */
  readonly pushes: number;
  readonly faults: FaultCounts;
  /** Faults of devices that met somebody. */
  readonly deviceFaults: Readonly<Record<string, number>>;
  /** What did not happen in this run, though it might have: of that it proves nothing. */
  readonly never: readonly string[];
  /** Processes that ended although nobody killed them: they are waited for, and counted as a violation. */
  readonly selfExits: number;
  readonly overlaps: number;
  readonly unleased: number;
  /** Devices that a worker of an older release pushed to while the database was of a newer one. */
  readonly outdated: number;
  readonly doubled: number;
  readonly orphans: number;
  readonly offIntent: number;
  readonly lostUpdates: number;
  /** Places where a planted secret stands in the open. */
  readonly leakedSecrets: number;
  readonly flagged: readonly { readonly device: string; readonly why: string }[];
  readonly settleSeconds: number;
  readonly ok: boolean;
}

export interface RolloutReport {
  readonly result: RolloutResult;
  /** One line per violation. */
  readonly findings: readonly string[];
}

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

export function rolloutSummary({ result: r, findings }: RolloutReport, directory: string): string {
  const lines = [
    `seed ${r.seed}, ${r.seconds} s, ${r.devices} devices; broken: ${counts(r.faults)}; ended by themselves: ${r.selfExits}`,
    `devices: ${counts(r.deviceFaults)}`,
    `plans: ${counts(r.plans)}; steered: ${counts(r.acts)}; ${r.pushes} pushes, ${r.edits} lines of somebody else (${r.editsInBetween} just before a commit, ${r.editsCommitted} by commits of his own)`,
    r.never.length === 0 ? 'every kind of fault happened' : `NEVER HAPPENED: ${r.never.join(', ')}`,
    `overlaps ${r.overlaps}, without lease ${r.unleased}, outdated ${r.outdated}, doubled ${r.doubled}, orphans ${r.orphans}, off intent ${r.offIntent}, lost lines ${r.lostUpdates}, secrets in the open ${r.leakedSecrets}`,
    `settled after ${r.settleSeconds} s`,
    ...r.flagged.map(({ device, why }) => `  for a person: ${device}: ${why}`),
    ...findings.slice(0, 40).map((finding) => `  - ${finding}`),
    r.ok ? 'every promise was kept' : `FAILED: seed ${r.seed}, logs and findings in ${directory}`,
  ];
  return `${lines.join('\n')}\n`;
}
