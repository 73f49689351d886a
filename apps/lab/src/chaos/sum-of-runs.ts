/** Several seeds in one answer: numbers are added, lists are joined, and each run is there as it was. */
export interface SumOfRuns {
  readonly scenario: string;
  readonly seeds: readonly number[];
  readonly ok: boolean;
  readonly runs: readonly object[];
  readonly [name: string]: unknown;
}

/** These say what a run was, and nothing about how it went. */
const SAME = new Set(['seed', 'seconds', 'devices', 'settleSeconds']);

/** @param areGood each of them. What happened in none of them is proven by none: then the sum is not ok. */
export function sumOfRuns(scenario: string, runs: readonly object[], areGood: boolean): SumOfRuns {
  const total: Record<string, unknown> = {};
  for (const run of runs) {
    for (const [name, value] of Object.entries(run) as [string, unknown][]) {
      if (SAME.has(name)) continue;
      const before = total[name];
      if (typeof value === 'number') total[name] = (typeof before === 'number' ? before : 0) + value;
      else if (name === 'never')
        total[name] = before === undefined ? value : (before as string[]).filter((kind) => (value as string[]).includes(kind));
      else if (Array.isArray(value)) total[name] = [...((before as unknown[] | undefined) ?? []), ...(value as unknown[])];
      else if (value !== null && typeof value === 'object')
        total[name] = added(before as Record<string, number> | undefined, value as Record<string, number>);
    }
  }
  const ok = areGood && neverIn(total).length === 0;
  return { scenario, seeds: runs.flatMap((run) => ('seed' in run && typeof run.seed === 'number' ? [run.seed] : [])), ...total, ok, runs };
}

const neverIn = (total: Readonly<Record<string, unknown>>): readonly string[] => (total['never'] as string[] | undefined) ?? [];

const added = (before: Readonly<Record<string, number>> = {}, more: Readonly<Record<string, number>>): Record<string, number> => {
  const sum: Record<string, number> = { ...before };
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
};

/** One line per seed, of what must be nothing; and what happened in none. */
export function sumOfRunsText(sum: SumOfRuns): string {
  const never = neverIn(sum);
  const lines = sum.runs
    .map((run) => {
      const { seed, ok, holds, ...counts } = run as Record<string, unknown>;
      const notNothing = Object.entries(counts).flatMap(([name, value]) =>
        MUST_BE_NOTHING.has(name) && value !== 0 ? [`${name} ${String(value)}`] : [],
      );
      return `seed ${String(seed)}: ${ok === true || holds === true ? 'every promise was kept' : `FAILED: ${notNothing.join(', ') || 'not settled'}`}\n`;
    })
    .join('');
  return never.length === 0 ? lines : `${lines}FAILED: NEVER HAPPENED, with any seed: ${never.join(', ')}\n`;
}

const MUST_BE_NOTHING = new Set(
  'lost doubled overlaps unleased offIntent leaked leaks orphans lostUpdates leakedSecrets outdated selfExits twins foreign wrong lostEdits unlisted duplicates keysWithTwoValues violations'.split(
    ' ',
  ),
);
