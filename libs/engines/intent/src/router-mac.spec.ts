import fc from 'fast-check';
import { routerMac } from '#engines/intent';
import { Ip, Mac } from '#engines/kernel';

const ip = (family: 4 | 6) => fc.bigInt(0n, 2n ** (family === 4 ? 32n : 128n) - 1n).map((value) => Ip.fromBigInt(family, value));

describe('the router MAC of a VTEP', () => {
  it('shows the IPv4 address of the VTEP', () => {
    expect(routerMac(Ip.parse('172.16.1.51'))).toBe('02:00:ac:10:01:33');
  });

  it('is a unicast address of the locally administered range, for any VTEP', () => {
    fc.assert(
      fc.property(fc.oneof(ip(4), ip(6)), (vtep) => {
        expect(Mac.parse(routerMac(vtep))).toMatch(/^02:/);
      }),
    );
  });

  it('is another one for another IPv4 VTEP', () => {
    fc.assert(
      fc.property(ip(4), ip(4), (a, b) => {
        expect(routerMac(a) === routerMac(b)).toBe(a === b);
      }),
    );
  });
});
