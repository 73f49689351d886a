import { stopsAfter } from './zone-stops.js';

const deletes = (held: number) => ({ 'a.example': { codes: ['DELETES'], held } });

describe('what waits for a person is told', () => {
  it.each([
    ['when it begins to wait', {}, deletes(26), true],
    ['not again while it is the same', deletes(26), deletes(26), false],
    ['not again when a little more waits', deletes(26), deletes(51), false],
    ['again when twice as much waits', deletes(26), deletes(52), true],
    ['not again when a few more of a few wait', deletes(1), deletes(5), false],
    ['again when many more of a few wait', deletes(1), deletes(6), true],
    ['when another guard says no in the same zone', deletes(26), { 'a.example': { codes: ['DELETES', 'OURS_SHRUNK'], held: 26 } }, true],
    ['when another zone waits', deletes(26), { ...deletes(26), 'b.example': { codes: ['DELETES'], held: 26 } }, true],
  ] as const)('%s', (_when, before, now, isNews) => {
    expect(stopsAfter(before, now, []).isNews).toBe(isNews);
  });

  it('by what was told, not by the run before; what has become less is measured by that', () => {
    const grown = stopsAfter(deletes(26), deletes(51), []).stops;
    expect(stopsAfter(grown, deletes(52), []).isNews).toBe(true);
    const shrunk = stopsAfter(deletes(26), deletes(5), []).stops;
    expect(stopsAfter(shrunk, deletes(10), []).isNews).toBe(true);
  });
});

it('at the threshold of a guard is told once, however often it comes and goes', () => {
  const both = { 'a.example': { codes: ['DELETES', 'DELETE_SHARE'], held: 26 } };
  let told = 0;
  let before: ReturnType<typeof stopsAfter>['stops'] = {};
  for (const now of [both, deletes(26), both, deletes(26), both]) {
    const { stops, isNews } = stopsAfter(before, now, []);
    told += isNews ? 1 : 0;
    before = stops;
  }
  expect(told).toBe(1);
});

describe('a zone that cannot be read', () => {
  it('waits as it did before, and is no news when it is read again', () => {
    const { stops, isNews } = stopsAfter({ ...deletes(26), 'b.example': { codes: ['DELETES'], held: 3 } }, {}, ['a.example']);
    expect([stops, isNews]).toEqual([{ 'a.example': { codes: ['DELETES'], held: 26, isUnread: true } }, false]);
    expect(stopsAfter(stops, deletes(30), [])).toEqual({ stops: deletes(26), isNews: false });
  });

  it('and did not wait before does not wait', () => {
    expect(stopsAfter({}, {}, ['a.example'])).toEqual({ stops: {}, isNews: false });
  });
});
