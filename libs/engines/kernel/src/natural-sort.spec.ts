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
});
