import fc from 'fast-check';
import { carried } from './carried.js';

const pool = Array.from({ length: 12 }, (_, id) => ({ id }));
const lists = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 11 })), { maxLength: 8 });
const listOf = (ids: readonly number[]) => ids.toSorted((a, b) => a - b).map((id) => pool[id] as { readonly id: number });

describe('what is worked out of a list and of the one before', () => {
  it('is told what went and what came, so that the list of before and the changes are the list', () => {
    fc.assert(
      fc.property(lists, (steps) => {
        const idsOf = carried<{ readonly id: number }, readonly number[]>((list, before) => {
          if (!before) return list.map(({ id }) => id);
          const gone = new Set(before.removed.map(({ id }) => id));
          return [...before.value.filter((id) => !gone.has(id)), ...before.added.map(({ id }) => id)].sort((a, b) => a - b);
        });
        for (const step of steps) expect(idsOf(listOf(step))).toEqual(step.toSorted((a, b) => a - b));
      }),
    );
  });

  it('is worked out once for one list, and from the one before where most entries are the same', () => {
    const seen: (readonly [number, number] | null)[] = [];
    const count = carried<object, number>((list, before) => {
      seen.push(before && [before.removed.length, before.added.length]);
      return list.length;
    });
    const first = listOf([1, 2, 3]);
    expect([count(first), count(first), count(listOf([1, 4, 3])), count(listOf([0, 4, 3]))]).toEqual([3, 3, 3, 3]);
    expect(seen).toEqual([null, [1, 1], [1, 1]]);
    expect(count(listOf([7, 8]))).toBe(2);
    expect(seen.at(-1)).toBeNull();
  });
});
