import { Asn, EviId, Mac, VlanId, Vni } from '#engines/kernel';

describe.each([
  ['VNI', Vni, [1, 10_001, 16_777_214], [0, 16_777_215, -1]],
  ['VLAN id', VlanId, [1, 4094], [0, 4095]],
  ['EVI id', EviId, [1, 65_535], [0, 65_536]],
  ['ASN', Asn, [1, 65_051, 4_200_000_000, 4_294_967_294], [0, 23_456, 65_535, 4_294_967_295]],
] as const)('a %s', (kind, number, accepted, refused) => {
  it.each(accepted.map((value) => [value]))('may be %d', (value) => {
    expect(number.parse(value)).toBe(value);
  });
  it.each([...refused, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined].map((value) => [value]))(
    'may not be %j, and says its range',
    (value) => {
      const thrown = expect.objectContaining({
        code: 'INVALID_VALUE',
        message: expect.stringContaining(`an integer from ${number.min} to ${number.max}`),
      });
      expect(() => number.parse(value)).toThrow(thrown);
      expect(() => number.parse(value)).toThrow(kind);
    },
  );
});

describe('a MAC address', () => {
  it.each(['BC:24:11:8F:74:B6', 'bc-24-11-8f-74-b6', 'bc24.118f.74b6', 'bc24118f74b6'])('reads %s', (text) => {
    expect(Mac.parse(text)).toBe('bc:24:11:8f:74:b6');
  });
  it.each([
    '00:00:00:00:00:00',
    '01:00:5e:00:00:01',
    'ff:ff:ff:ff:ff:ff',
    'bc:24:11:8f:74',
    'bc:24:11:8f:74:b6:00',
    'bc24:118f:74b6',
    'gg:24:11:8f:74:b6',
    '',
  ])('refuses %j', (text) => {
    expect(() => Mac.parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});
