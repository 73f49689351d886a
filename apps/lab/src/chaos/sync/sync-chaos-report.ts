/** The counts from `twins` to `selfExits` are zero when the product kept its promises. */
export interface SyncChaosResult {
  readonly seed: number;
  readonly seconds: number;
  /** Of ours, in NetBox, at the end. */
  readonly objects: number;
  /** By the state that they ended in. */
  readonly runs: Readonly<Record<string, number>>;
  /** Lines of runs that were carried out, by what was done. */
  readonly lines: Readonly<Record<string, number>>;
  readonly conflicts: number;
  /** What people did, here, there, and for the connector. */
  readonly acts: Readonly<Record<string, number>>;
  readonly refusedActs: Readonly<Record<string, number>>;
  readonly edits: Readonly<Record<string, number>>;
  /** Faults of processes. */
  readonly faults: Readonly<Record<string, number>>;
  /** Faults of NetBox and of the line to it that met a request. */
  readonly troubles: Readonly<Record<string, number>>;
  /** What did not happen in this run, though it might have: of that it proves nothing. */
  readonly never: readonly string[];
  readonly twins: number;
  readonly foreign: number;
  readonly wrong: number;
  readonly lostEdits: number;
  readonly unlisted: number;
  /** Processes that ended although nobody killed them. */
  readonly selfExits: number;
  readonly settleSeconds: number;
  readonly ok: boolean;
}

export interface SyncChaosReport {
  readonly result: SyncChaosResult;
  /** One line per violation. */
  readonly findings: readonly string[];
}

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

export function syncChaosSummary({ result: r, findings }: SyncChaosReport, directory: string): string {
  const lines = [
    `seed ${r.seed}, ${r.seconds} s; broken: ${counts(r.faults)}; ended by themselves: ${r.selfExits}`,
    `NetBox: ${counts(r.troubles)}`,
    `people: ${counts(r.acts)}; refused: ${counts(r.refusedActs)}; wrote: ${counts(r.edits)}`,
    `runs: ${counts(r.runs)}; lines: ${counts(r.lines)}; ${r.conflicts} conflicts; ${r.objects} objects at the end`,
    r.never.length === 0 ? 'every kind of fault happened' : `NEVER HAPPENED: ${r.never.join(', ')}`,
    `twins ${r.twins}, of others ${r.foreign}, wrong ${r.wrong}, lost edits ${r.lostEdits}, unlisted ${r.unlisted}`,
    `settled after ${r.settleSeconds} s`,
    ...findings.slice(0, 40).map((finding) => `  - ${finding}`),
    r.ok ? 'every promise was kept' : `FAILED: seed ${r.seed}, logs and findings in ${directory}`,
  ];
  return `${lines.join('\n')}\n`;
}
