import fc from 'fast-check';
import { assignWaves, type Place, type WaveMember, waveEnds } from './waves.js';

const STRATEGY = { canary: 1, percents: [10, 50, 100], minWave: 5 };
const named = (count: number, over: (index: number) => Partial<WaveMember> = () => ({})): WaveMember[] =>
  Array.from({ length: count }, (_, index) => ({
    slug: `d${index + 1}`,
    isSwitch: false,
    isReflector: false,
    redundancy: [],
    ...over(index),
  }));
const rank = ({ wave, step }: Place): number => wave * 10_000 + step;

describe('waves', () => {
  it('of a small fabric are the canary and the rest, in one step', () => {
    const places = assignWaves(named(3), STRATEGY, 'HOSTS');
    expect([...places.values()]).toEqual([
      { wave: 0, step: 0 },
      { wave: 1, step: 0 },
      { wave: 1, step: 0 },
    ]);
  });

  it('of a hundred devices end at 1, 10, 50 and 100', () => {
    expect(waveEnds(100, STRATEGY)).toEqual([1, 10, 50, 100]);
  });

  it('begin with switches where networks come, and with hosts where they go', () => {
    const members = named(4, (index) => ({ isSwitch: index >= 2 }));
    const order = (first: 'SWITCHES' | 'HOSTS'): string[] => [...assignWaves(members, STRATEGY, first).keys()];
    expect(order('SWITCHES')).toEqual(['d3', 'd4', 'd1', 'd2']);
    expect(order('HOSTS')).toEqual(['d1', 'd2', 'd3', 'd4']);
  });

  it('do not begin with the switch that reflects the routes of all others', () => {
    const members = named(3, (index) => ({ isSwitch: true, isReflector: index === 0 }));
    expect(assignWaves(members, STRATEGY, 'SWITCHES').get('d2')).toEqual({ wave: 0, step: 0 });
  });
});

describe('any waves', () => {
  const members = fc
    .array(
      fc.record({
        isSwitch: fc.boolean(),
        isReflector: fc.boolean(),
        redundancy: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 3 }),
      }),
      { maxLength: 120 },
    )
    .map((list): WaveMember[] => list.map((member, index) => ({ ...member, slug: `d${index}` })));
  const strategy = fc.record({
    canary: fc.integer({ min: 1, max: 4 }),
    percents: fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { maxLength: 5 }).map((list) => list.sort((a, b) => a - b)),
    minWave: fc.integer({ min: 1, max: 8 }),
  });
  const first = fc.constantFrom('SWITCHES' as const, 'HOSTS' as const);

  it('have every device once, and never two of a redundancy group in one step', () => {
    fc.assert(
      fc.property(members, strategy, first, (list, how, kind) => {
        const places = assignWaves(list, how, kind);
        expect([...places.keys()].sort()).toEqual(list.map(({ slug }) => slug).sort());
        const taken = list.flatMap(({ slug, redundancy }) => redundancy.map((group) => `${group} ${rank(places.get(slug) as Place)}`));
        expect(new Set(taken).size).toBe(taken.length);
      }),
    );
  });

  it('never have both kinds of device in a step, and finish one kind before the other begins', () => {
    fc.assert(
      fc.property(members, strategy, first, (list, how, kind) => {
        const places = assignWaves(list, how, kind);
        const at = (isSwitch: boolean): number[] =>
          list.filter((member) => member.isSwitch === isSwitch).map(({ slug }) => rank(places.get(slug) as Place));
        const [early, late] = [at(kind === 'SWITCHES'), at(kind !== 'SWITCHES')];
        expect(Math.max(-1, ...early)).toBeLessThan(Math.min(Number.MAX_SAFE_INTEGER, ...late));
      }),
    );
  });

  it('rise to the last device, without a wave that is smaller than asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), strategy, (count, how) => {
        const ends = waveEnds(count, how);
        expect(ends[0]).toBe(Math.min(count, how.canary));
        expect(ends.at(-1)).toBe(count);
        for (const [index, end] of ends.entries())
          if (index > 1) expect(end - (ends[index - 1] as number)).toBeGreaterThanOrEqual(how.minWave);
      }),
    );
  });
});
