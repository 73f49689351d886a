import fc from 'fast-check';
import { Ip, RouteDistinguisher, RouteTarget } from '#engines/kernel';

const ip = fc.bigInt(0n, 2n ** 32n - 1n).map((value) => Ip.fromBigInt(4, value));
const encodable = fc
  .oneof(
    fc.tuple(fc.integer({ min: 0, max: 65_535 }), fc.integer({ min: 0, max: 4_294_967_295 })),
    fc.tuple(ip, fc.integer({ min: 0, max: 65_535 })),
    fc.tuple(fc.integer({ min: 65_536, max: 4_294_967_295 }), fc.integer({ min: 0, max: 65_535 })),
  )
  .map(([admin, assigned]) => `${admin}:${assigned}`);

const distinguisher = (text: unknown): { text: string; hex: string } => {
  const value = RouteDistinguisher.parse(text);
  return { text: value, hex: RouteDistinguisher.toHex(value) };
};
const target = (text: unknown): { text: string; hex: string } => {
  const value = RouteTarget.parse(text);
  return { text: value, hex: RouteTarget.toHex(value) };
};

describe.each([
  ['route distinguisher', distinguisher],
  ['route target', target],
])('a %s', (_name, read) => {
  it('has eight bytes, and one text for them', () => {
    fc.assert(
      fc.property(encodable, (text) => {
        expect(read(text)).toEqual({ text, hex: expect.stringMatching(/^[0-9a-f]{16}$/) });
      }),
    );
  });

  it('has other bytes than any other one', () => {
    fc.assert(
      fc.property(encodable, encodable, (a, b) => {
        expect(read(a).hex === read(b).hex).toBe(a === b);
      }),
    );
  });

  it.each([
    '65051',
    '65051:',
    ':1',
    '65051:4294967296',
    '4200000001:70000',
    '10.0.0.1:65536',
    '4294967296:1',
    '1.10:5',
    '01:1',
    '1:01',
    'a:b',
    '1:1\n',
    null,
  ])('refuses %j and says what it takes', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringContaining('4294967295') }));
  });
});

it('writes the types of RFC 4364 and RFC 4360 on the wire', () => {
  expect(distinguisher('65051:10001').hex).toBe('0000fe1b00002711');
  expect(distinguisher('172.16.1.51:1').hex).toBe('0001ac1001330001');
  expect(distinguisher('4200000001:7').hex).toBe('0002fa56ea010007');
  expect(target('65051:10001').hex).toBe('0002fe1b00002711');
  expect(target('172.16.1.51:1').hex).toBe('0102ac1001330001');
  expect(target('4200000001:7').hex).toBe('0202fa56ea010007');
});
