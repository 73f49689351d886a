import fc from 'fast-check';
import { addressText, bitsOf, blocksOf, firstOf, hostKey, lastOf, parseAddress, prefixKey, sizeOf } from './addresses.js';
import { SortedKeys } from './sorted-keys.js';

const RUNS = { seed: 20_261_121, numRuns: 300 };
const family = fc.constantFrom(4 as const, 6 as const);
const host = family.chain((of) =>
  fc.bigInt({ min: 0n, max: (1n << BigInt(bitsOf(of))) - 1n }).map((value) => ({ family: of, host: value })),
);
const address = host.chain((one) => fc.integer({ min: 1, max: bitsOf(one.family) }).map((length) => ({ ...one, length })));

describe('addresses', () => {
  it.each([
    ['10.0.0.1/24', '10.0.0.1/24'],
    ['10.0.0.1', '10.0.0.1/32'],
    ['2001:DB8:0:0:1:0:0:1/64', '2001:db8::1:0:0:1/64'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1/128'],
    ['::/0', '::/0'],
    ['::1', '::1/128'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3/128'],
    ['fe80::/10', 'fe80::/10'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1/128'],
  ])('%s is printed as %s', (text, printed) => {
    const parsed = parseAddress(text);
    expect(parsed && addressText(parsed)).toBe(printed);
  });

  it.each(['', '10.0.0', '10.0.0.256', '10.0.0.1/33', '10.0.0.1/x', '10.0.0.1/24/1', '010.0.0.1', 'fe80::1%eth0', ':::', 'g::', '::/129'])(
    '%s is none',
    (text) => {
      expect(parseAddress(text)).toBeNull();
    },
  );

  it('are read as they were printed, and sorted as numbers are', () => {
    fc.assert(
      fc.property(address, (one) => {
        expect(parseAddress(addressText(one))).toEqual(one);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(host, host, (a, b) => {
        if (a.family !== b.family || a.host === b.host) return;
        expect(hostKey(a.family, a.host) < hostKey(b.family, b.host)).toBe(a.host < b.host);
      }),
      RUNS,
    );
  });

  it('between two ends are filled by blocks without a gap, each at its own size', () => {
    const ends = fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 5000 }));
    fc.assert(
      fc.property(ends, ([a, b]) => {
        const [from, to] = [BigInt(Math.min(a, b)), BigInt(Math.max(a, b))];
        let next = from;
        for (const block of blocksOf(4, from, to)) {
          expect([block.host, firstOf(block)]).toEqual([next, next]);
          next = lastOf(block) + 1n;
          expect(next - block.host).toBe(sizeOf(block));
        }
        expect(next).toBe(to + 1n);
      }),
      RUNS,
    );
  });

  it('are kept in order, whatever order they came in', () => {
    fc.assert(
      fc.property(fc.array(address, { maxLength: 40 }), fc.array(fc.nat(39)), (all, gone) => {
        const keys = new SortedKeys();
        const texts = [...new Set(all.map(prefixKey))];
        for (const key of texts) keys.add(key);
        const removed = new Set(gone.flatMap((at) => texts[at] ?? []));
        for (const key of removed) keys.remove(key);
        const rest = texts.filter((key) => !removed.has(key)).sort();
        expect(keys.between('', '~')).toEqual(rest);
        expect(keys.countBetween(rest[0] ?? '', '~')).toBe(rest.length);
      }),
      RUNS,
    );
  });
});
