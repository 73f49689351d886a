import { sumOfRuns, sumOfRunsText } from './sum-of-runs.js';

const run = (seed: number, over: object = {}): object => ({
  seed,
  seconds: 120,
  devices: 20,
  overlaps: 0,
  faults: { killWorker: 2 },
  never: ['halt', 'disk-full'],
  flagged: [],
  ok: true,
  ...over,
});

describe('several seeds in one answer', () => {
  it('are added, with each run as it was; what never happened is what happened in none of them', () => {
    const runs = [run(1), run(2, { overlaps: 1, never: ['halt'], flagged: [{ device: 'leaf1', why: 'FAILED' }], ok: false })];
    expect(sumOfRuns('rollout', runs, false)).toEqual({
      scenario: 'rollout',
      seeds: [1, 2],
      overlaps: 1,
      faults: { killWorker: 4 },
      never: ['halt'],
      flagged: [{ device: 'leaf1', why: 'FAILED' }],
      ok: false,
      runs,
    });
  });

  it('have a line each, which says what was broken', () => {
    expect(sumOfRunsText([run(1), run(2, { overlaps: 1, ok: false })])).toBe(
      'seed 1: every promise was kept\nseed 2: FAILED: overlaps 1\n',
    );
  });
});
