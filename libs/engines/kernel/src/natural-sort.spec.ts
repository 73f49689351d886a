import fc from 'fast-check';
import { compareNatural } from '#engines/kernel';

describe('natural order', () => {
  it('puts Ethernet2 before Ethernet10', () => {
    expect(['Ethernet10', 'Ethernet2', 'Ethernet2/10', 'Ethernet2/9', 'ens19', 'ens2'].sort(compareNatural)).toEqual([
      'Ethernet2',
      'Ethernet2/9',
      'Ethernet2/10',
      'Ethernet10',
      'ens2',
      'ens19',
    ]);
  });

  it('is one order: the same list in any order comes out the same', () => {
    const word = fc.stringMatching(/^[a-c0-2/]{0,6}$/);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        const sorted = [...words].sort(compareNatural);
        expect([...words].reverse().sort(compareNatural)).toEqual(sorted);
        expect([...sorted].sort(compareNatural)).toEqual(sorted);
      }),
    );
  });

  it('calls only equal words equal', () => {
    const word = fc.stringMatching(/^[a0-1]{0,5}$/);
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(compareNatural(a, b) === 0).toBe(a === b);
      }),
    );
  });

  it('is that of the runs of digits and of other characters, one after the other', () => {
    const runs = (text: string): string[] => text.match(/\d+|\D+/g) ?? [];
    const order = (a: string, b: string): number => {
      const [left, right] = [runs(a), runs(b)];
      const first = left.findIndex((run, place) => run !== right[place]);
      const [x, y] = [left[first], right[first]];
      if (x === undefined || y === undefined) return Math.sign(left.length - right.length);
      const byValue = /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : 0;
      return Math.sign(byValue) || (x < y ? -1 : 1);
    };
    const word = fc.array(fc.constantFrom('a', 'B', '0', '1', '2', '9', '-', '.', 'é'), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(Math.sign(compareNatural(a, b))).toBe(order(a, b));
      }),
      { numRuns: 3000 },
    );
  });
});
