/** What a handful of rounds says. One round says nothing on a shared machine; the median of several is robust, their range is shown beside it. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

const ascending = (values: readonly number[]): number[] => {
  if (values.length === 0) throw new Error('nothing was measured');
  return [...values].sort((a, b) => a - b);
};

/** Of an even count, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** By nearest rank: the smallest value that at least `share` (0…1) of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = ascending(values);
  return { min: sorted[0] as number, median: median(sorted), max: sorted.at(-1) as number };
}

/**
 * Round by round, so that what slows the machine for a moment slows both sides of a ratio.
 * @throws Error when the two sides do not have the same number of rounds.
 */
export function ratiosOf(candidate: readonly number[], reference: readonly number[]): number[] {
  if (candidate.length !== reference.length) throw new Error(`${candidate.length} rounds cannot be compared with ${reference.length}`);
  return candidate.map((value, round) => value / (reference[round] as number));
}
