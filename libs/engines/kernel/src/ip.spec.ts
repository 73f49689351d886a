import fc from 'fast-check';
import { Cidr, cidrsOverlap, Ip } from '#engines/kernel';

const ipv4 = fc.bigInt(0n, 2n ** 32n - 1n).map((value) => Ip.fromBigInt(4, value));
const ipv6 = fc
  .bigInt(0n, 2n ** 128n - 1n)
  .filter((value) => value >> 32n !== 0xffffn)
  .map((value) => Ip.fromBigInt(6, value));

describe('an IP address', () => {
  it.each([
    ['10.20.0.5', '10.20.0.5'],
    ['2001:DB8:0:0:0:0:0:5', '2001:db8::5'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
  ])('reads %s as %s', (text, canonical) => {
    expect(Ip.parse(text)).toBe(canonical);
  });

  it.each([
    '',
    '10.20.0',
    '010.0.0.1',
    '10.0.0.1/24',
    '10.0.0.256',
    'fe80::1%eth0',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    ' 10.0.0.1',
    '10.0.0.1\n',
    null,
    5,
  ])('refuses %j and says what it takes', (text) => {
    expect(() => Ip.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringContaining('10.20.0.5') }));
  });

  it('comes back unchanged from its number and from its own text', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (ip) => {
        expect(Ip.parse(ip)).toBe(ip);
        expect(Ip.fromBigInt(Ip.family(ip), Ip.toBigInt(ip))).toBe(ip);
      }),
    );
  });
});

describe('a prefix', () => {
  it('names the prefix that was probably meant when host bits are set', () => {
    expect(() => Cidr.parse('10.20.0.5/24')).toThrow(/did you mean 10\.20\.0\.0\/24/);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '2001:db8::/129', '/24', '10.0.0.0/24/24'])('refuses %j', (text) => {
    expect(() => Cidr.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });

  it('holds exactly the addresses between its bounds', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })), fc.tuple(ipv6, fc.integer({ min: 0, max: 128 }))),
        ([ip, length]) => {
          const cidr = prefixOf(ip, length);
          const { first, last } = Cidr.bounds(cidr);
          const family = Ip.family(ip);
          expect(Cidr.contains(cidr, ip)).toBe(true);
          expect(Cidr.length(cidr)).toBe(length);
          expect(last - first + 1n).toBe(2n ** BigInt((family === 4 ? 32 : 128) - length));
          if (first > 0n) expect(Cidr.contains(cidr, Ip.fromBigInt(family, first - 1n))).toBe(false);
        },
      ),
    );
  });

  it('overlaps another one exactly when one holds the network address of the other', () => {
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 32 }), ipv4, fc.integer({ min: 0, max: 32 }), (a, aLength, b, bLength) => {
        const [left, right] = [prefixOf(a, aLength), prefixOf(b, bLength)];
        const nested = Cidr.contains(left, Cidr.network(right)) || Cidr.contains(right, Cidr.network(left));
        expect(cidrsOverlap(left, right)).toBe(nested);
      }),
    );
  });

  it('never overlaps one of the other family', () => {
    expect(cidrsOverlap(Cidr.parse('0.0.0.0/0'), Cidr.parse('::/0'))).toBe(false);
  });

  it('counts host addresses from its network address', () => {
    expect(Cidr.host(Cidr.parse('10.20.0.0/24'), 1)).toBe('10.20.0.1');
    expect(Cidr.host(Cidr.parse('2001:db8::/64'), 1)).toBe('2001:db8::1');
  });
});

function prefixOf(ip: Ip, length: number): Cidr {
  const family = Ip.family(ip);
  const host = BigInt((family === 4 ? 32 : 128) - length);
  return Cidr.parse(`${Ip.fromBigInt(family, (Ip.toBigInt(ip) >> host) << host)}/${length}`);
}
