import { checkHistory, type StoredRow, unitsOf } from './check-history.js';
import { historyOf } from './history.js';
import type { Entry } from './journal.js';

const asked = (key: string): Entry => ({ is: 'asked', at: 0, key });
const given = (at: number, key: string, id: string, value: string, expiresAt: number | null = null): Entry => ({
  is: 'given',
  at,
  key,
  id,
  value,
  expiresAt,
  replayed: false,
});
const releasing = (at: number, id: string): Entry => ({ is: 'releasing', at, id });
const row = (id: string, key: string, value: string, state: StoredRow['state'] = 'BOUND'): StoredRow => ({ id, key, value, state });
const NOTHING = { duplicates: [], keysWithTwoValues: [], leaks: [], lost: [] };
const QUARANTINE_MS = 1000;

const check = (entries: readonly Entry[], rows: readonly StoredRow[]) => {
  const found = checkHistory(historyOf(entries), rows, QUARANTINE_MS);
  return Object.fromEntries(Object.entries(found).map(([name, findings]) => [name, findings.length]));
};
const none = Object.fromEntries(Object.keys(NOTHING).map((name) => [name, 0]));

describe('the check of a run finds', () => {
  it('nothing where each value has one holder after the other', () => {
    const entries = [
      asked('a'),
      asked('b'),
      given(10, 'a', 'A', '5'),
      given(11, 'a', 'A', '5'),
      releasing(20, 'A'),
      { is: 'released', at: 21, id: 'A' } as const,
      given(1021, 'b', 'B', '5'),
    ];
    expect(check(entries, [row('B', 'b', '5')])).toEqual(none);
  });

  it('a value that two have at once', () => {
    const entries = [asked('a'), asked('b'), given(10, 'a', 'A', '5'), given(12, 'b', 'B', '5')];
    expect(check(entries, [row('A', 'a', '5'), row('B', 'b', '5')])).toEqual({ ...none, duplicates: 2 });
  });

  it('a value that came back before its rest was over', () => {
    const entries = [asked('a'), asked('b'), given(10, 'a', 'A', '5'), releasing(20, 'A'), given(900, 'b', 'B', '5')];
    expect(check(entries, [row('B', 'b', '5')])).toEqual({ ...none, duplicates: 1 });
  });

  it('a value that was given to another while it was held, and not after', () => {
    const held = [asked('a'), asked('b'), given(10, 'a', 'A', '5', 500)];
    expect(check([...held, given(499, 'b', 'B', '5')], [row('B', 'b', '5')])).toEqual({ ...none, duplicates: 1 });
    expect(check([...held, given(501, 'b', 'B', '5')], [row('B', 'b', '5')])).toEqual(none);
    const extended: Entry = { is: 'extended', at: 490, id: 'A', expiresAt: 900 };
    expect(check([...held, extended, given(501, 'b', 'B', '5')], [row('B', 'b', '5')])).toEqual({ ...none, duplicates: 1 });
    const bound: Entry = { is: 'bound', at: 490, id: 'A' };
    expect(check([...held, bound, given(501, 'b', 'B', '5')], [row('B', 'b', '5')])).toEqual({ ...none, duplicates: 1, lost: 1 });
  });

  it('a prefix within another', () => {
    const entries = [asked('a'), asked('b'), given(10, 'a', 'A', '10.0.0.0/28'), given(12, 'b', 'B', '10.0.0.8/29')];
    expect(checkHistory(historyOf(entries), [], 0).duplicates).toHaveLength(2);
    expect(unitsOf('10.0.0.8/29')).toEqual([`block ${10 * 2 ** 24 + 8}`, `block ${10 * 2 ** 24 + 12}`]);
  });

  it('a key with two values, and one with a second value after it was released', () => {
    const entries = [asked('a'), given(10, 'a', 'A', '5'), given(12, 'a', 'B', '6')];
    expect(check(entries, [row('A', 'a', '5'), row('B', 'a', '6')])).toEqual({ ...none, keysWithTwoValues: 1 });
    const later = [asked('a'), given(10, 'a', 'A', '5'), releasing(11, 'A'), given(12, 'a', 'B', '6')];
    expect(check(later, [row('B', 'a', '6')])).toEqual(none);
    expect(check([asked('a'), given(10, 'a', 'A', '5'), given(12, 'a', 'A', '6')], [row('A', 'a', '6')])).toMatchObject({
      keysWithTwoValues: 1,
    });
  });

  it('an allocation that is gone, and one that is stored otherwise', () => {
    expect(check([asked('a'), given(10, 'a', 'A', '5')], [])).toEqual({ ...none, lost: 1 });
    expect(check([asked('a'), given(10, 'a', 'A', '5')], [row('A', 'a', '6')])).toEqual({ ...none, lost: 1 });
  });

  it('rows that nobody asked for, that were released, and whose time is over', () => {
    expect(check([], [row('A', 'a', '5')])).toEqual({ ...none, leaks: 1 });
    const released: readonly Entry[] = [asked('a'), given(10, 'a', 'A', '5'), releasing(20, 'A'), { is: 'released', at: 21, id: 'A' }];
    expect(check(released, [row('A', 'a', '5')])).toEqual({ ...none, leaks: 1 });
    expect(check([asked('a'), given(10, 'a', 'A', '5', 20)], [row('A', 'a', '5', 'HELD')])).toEqual({ ...none, leaks: 1 });
  });

  it('nothing where a request was killed before its answer', () => {
    expect(check([asked('a'), asked('b')], [row('A', 'a', '5')])).toEqual(none);
  });
});
