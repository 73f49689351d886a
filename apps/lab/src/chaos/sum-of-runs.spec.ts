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
    const runs = [run(1, { never: ['halt'] }), run(2, { overlaps: 1, never: ['disk-full'], ok: false })];
    expect(sumOfRunsText(sumOfRuns('rollout', runs, false))).toBe('seed 1: every promise was kept\nseed 2: FAILED: overlaps 1\n');
  });

  it('are not ok where something happened with no seed, however well each of them went', () => {
    const runs = [run(1), run(2, { never: ['disk-full', 'editsInBetween'] })];
    const sum = sumOfRuns('rollout', runs, true);
    expect(sum).toMatchObject({ never: ['disk-full'], ok: false });
    expect(sumOfRunsText(sum)).toMatch(/^seed 1: every promise was kept\nseed 2: .*\nFAILED: NEVER HAPPENED, with any seed: disk-full\n$/);
  });

  it('are ok where each went well and everything happened with one seed or the other, or nothing is named', () => {
    expect(sumOfRuns('rollout', [run(1, { never: ['halt'] }), run(2, { never: ['disk-full'] })], true)).toMatchObject({
      never: [],
      ok: true,
    });
    expect(
      sumOfRuns(
        'orders',
        [
          { seed: 1, lost: 0 },
          { seed: 2, lost: 0 },
        ],
        true,
      ).ok,
    ).toBe(true);
    expect(
      sumOfRuns(
        'orders',
        [
          { seed: 1, lost: 0 },
          { seed: 2, lost: 1 },
        ],
        false,
      ).ok,
    ).toBe(false);
  });
});
