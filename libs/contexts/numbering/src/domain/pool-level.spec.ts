import { type PoolLevel, poolLevel } from './pool-level.js';

const walk = (size: number, lowWaterPercent: number, frees: readonly number[]): PoolLevel[] => {
  let level: PoolLevel = 'OK';
  return frees.map((free) => (level = poolLevel({ size: BigInt(size), free: BigInt(free), lowWaterPercent, level })));
};

describe('the level of a pool', () => {
  it('is low at its mark, exhausted at nothing, and well again a quarter of the mark above it', () => {
    expect(walk(100, 20, [100, 21, 20, 1, 0, 5, 6, 25, 26])).toEqual([
      'OK',
      'OK',
      'LOW',
      'LOW',
      'EXHAUSTED',
      'EXHAUSTED',
      'LOW',
      'LOW',
      'OK',
    ]);
  });

  it.each([
    ['its mark', 100, 20, [20, 21, 20, 21, 20, 21], 'LOW'],
    ['its end', 100, 20, [0, 1, 0, 1, 0, 1], 'EXHAUSTED'],
    ['its end, with a mark of nothing', 10, 5, [0, 1, 0, 1], 'EXHAUSTED'],
  ] as const)('does not flap when one value comes and goes at %s', (_where, size, percent, frees, level) => {
    expect(new Set(walk(size, percent, frees))).toEqual(new Set([level]));
  });

  it.each([
    [1, 10],
    [2, 99],
    [3, 50],
  ])('of a pool of %i is well again when all of it is free, at a mark of %i %%', (size, percent) => {
    expect(walk(size, percent, [0, size])).toEqual(['EXHAUSTED', 'OK']);
  });

  it('goes past low when everything was taken at once', () => {
    expect(walk(1000, 10, [1000, 0])).toEqual(['OK', 'EXHAUSTED']);
  });

  it('is never low without a mark, and never anything in a pool without ranges', () => {
    expect(walk(100, 0, [2, 1, 0, 1, 2])).toEqual(['OK', 'OK', 'EXHAUSTED', 'EXHAUSTED', 'OK']);
    expect(walk(0, 10, [0])).toEqual(['OK']);
  });

  it('follows a mark that was moved', () => {
    expect(poolLevel({ size: 100n, free: 15n, lowWaterPercent: 5, level: 'LOW' })).toBe('OK');
    expect(poolLevel({ size: 100n, free: 15n, lowWaterPercent: 30, level: 'OK' })).toBe('LOW');
  });

  it('is right for pools of any size', () => {
    expect(poolLevel({ size: 2n ** 100n, free: 2n ** 97n, lowWaterPercent: 10, level: 'OK' })).toBe('OK');
    expect(poolLevel({ size: 2n ** 100n, free: 2n ** 96n, lowWaterPercent: 10, level: 'OK' })).toBe('LOW');
  });
});
