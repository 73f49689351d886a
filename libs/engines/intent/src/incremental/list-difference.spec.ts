import fc from 'fast-check';
import { isSame, listDifference } from './list-difference.js';

const fact = fc.record({ id: fc.integer({ min: 0, max: 12 }), port: fc.constantFrom('a', 'b', null) });
const sorted = (list: readonly object[]): string[] => list.map((one) => JSON.stringify(one)).sort();

describe('the difference of two lists of facts', () => {
  it('makes the one of the other, in whatever order they are', () => {
    fc.assert(
      fc.property(fc.array(fact), fc.array(fact), (before, after) => {
        const { removed, added } = listDifference(before, after);
        expect(sorted([...before, ...added])).toEqual(sorted([...after, ...removed]));
      }),
    );
  });

  it('is what went and came, where the rest stays in its order', () => {
    const list = Array.from({ length: 50 }, (_, id) => ({ id }));
    const read = structuredClone(list);
    expect(listDifference(list, read)).toEqual({ removed: [], added: [] });
    expect(listDifference(list, [...read.slice(0, 20), { id: 99 }, ...read.slice(22)])).toEqual({
      removed: [{ id: 20 }, { id: 21 }],
      added: [{ id: 99 }],
    });
    expect(listDifference(list, [{ id: 99 }, ...read])).toEqual({ removed: [], added: [{ id: 99 }] });
  });

  it.each([
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true],
    [{ a: [1, 2] }, { a: [1] }, false],
    [{ a: [] }, { a: {} }, false],
    [{ a: 1 }, { b: 1 }, false],
    [{ a: null }, { a: undefined }, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
  ])('compares by content: %j and %j', (a, b, same) => {
    expect(isSame(a, b)).toBe(same);
    expect(isSame(b, a)).toBe(same);
  });
});
