export type PoolLevel = 'OK' | 'LOW' | 'EXHAUSTED';

export interface PoolFill {
  /** What the pool can give in all, and what of it is free, in values or blocks. */
  readonly size: bigint;
  readonly free: bigint;
  /** Percent of the size; at this much and below, the pool is low. 0: never low, only exhausted. */
  readonly lowWaterPercent: number;
  /** Where it was. */
  readonly level: PoolLevel;
}

/**
 * Where a pool is now. The way up needs a quarter of the mark more than the way down (at least one value, and no more than there are), so that a pool
 * that gives and takes at its mark is not low and well in turn.
 */
export function poolLevel({ size, free, lowWaterPercent, level }: PoolFill): PoolLevel {
  if (size <= 0n) return 'OK';
  const mark = (size * BigInt(lowWaterPercent)) / 100n;
  const margin = mark / 4n > 1n ? mark / 4n : 1n;
  const isAbove = (limit: bigint): boolean => free > limit || free >= size;
  if (free <= 0n) return 'EXHAUSTED';
  if (level === 'OK') return isAbove(mark) ? 'OK' : 'LOW';
  if (isAbove(mark + margin)) return 'OK';
  return level === 'EXHAUSTED' && !isAbove(margin) ? 'EXHAUSTED' : 'LOW';
}
