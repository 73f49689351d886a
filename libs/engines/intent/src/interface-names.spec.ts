import fc from 'fast-check';
import { bridgeName, isDerivedName, vrfBridgeName, vrfVxlanName, vxlanName } from '#engines/intent';
import { Vni } from '#engines/kernel';

const makers = [bridgeName, vxlanName, vrfBridgeName, vrfVxlanName];

describe('names of kernel interfaces', () => {
  // A name grows only with the number of digits, so the ends of every length stand for all of the 16,777,214 VNIs.
  const ends = [1, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 99_999, 100_000, 999_999, 1_000_000, 9_999_999, 10_000_000, Vni.max];

  it.each(ends)('of VNI %d have at most 15 characters', (vni) => {
    for (const make of makers) expect(make(Vni.parse(vni)).length).toBeLessThanOrEqual(15);
  });

  it('are at most 15 characters, recognised as ours, and of one VNI and one purpose alone, for any VNI', () => {
    const vni = fc.integer({ min: Vni.min, max: Vni.max }).map(Vni.parse);
    fc.assert(
      fc.property(vni, vni, (a, b) => {
        const names = new Set([a, b].flatMap((value) => makers.map((make) => make(value))));
        expect(names.size).toBe(a === b ? makers.length : 2 * makers.length);
        for (const name of names) {
          expect(name.length).toBeLessThanOrEqual(15);
          expect(isDerivedName(name)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['ens19', 'vnet', 'vmbr0', 'vnet10a', 'lo'])('do not include %s', (name) => {
    expect(isDerivedName(name)).toBe(false);
  });
});
