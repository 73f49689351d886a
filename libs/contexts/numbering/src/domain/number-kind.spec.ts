import { checkRange, formatNumber, type NumberKind, parseNumber } from './number-kind.js';

describe('how numbers are written', () => {
  it.each<[NumberKind, string, number]>([
    ['VNI', '10010', 10_010],
    ['VLAN', '4094', 4094],
    ['ASN', '4200000000', 4_200_000_000],
    ['ROUTE_TARGET', '65000:10010', 65_000 * 2 ** 32 + 10_010],
    ['ROUTE_TARGET', '192.0.2.1:7', 2 ** 48 + 0xc0000201 * 2 ** 16 + 7],
    ['ROUTE_TARGET', '4200000000:65535', 2 * 2 ** 48 + 4_200_000_000 * 2 ** 16 + 65_535],
    ['MULTICAST_GROUP', '239.0.1.51', 0xef000133],
    ['ESI', '0000:0000:0001:0002:00ff', 0x0001000200ff],
    ['ROUTER_MAC', '02:00:00:00:00:01', 0x020000000001],
  ])('%s %s', (kind, text, value) => {
    expect(parseNumber(kind, text)).toBe(value);
    expect(formatNumber(kind, value)).toBe(text);
  });

  it('one route target is one number, however it is written', () => {
    expect(parseNumber('ROUTE_TARGET', '0:65000:1')).toBe(parseNumber('ROUTE_TARGET', '65000:1'));
    expect(parseNumber('ROUTE_TARGET', '4200000000:1')).not.toBe(parseNumber('ROUTE_TARGET', '59904:1'));
  });

  it.each<[NumberKind, string]>([
    ['VNI', '16777215'],
    ['VNI', '0'],
    ['VNI', '1e4'],
    ['VNI', ' 1'],
    ['VNI', ''],
    ['ASN', '23456'],
    ['ROUTE_TARGET', '4200000000:65536'],
    ['MULTICAST_GROUP', '239.0.0'],
    ['MULTICAST_GROUP', 'ff02::1'],
    ['ESI', '0100:0000:0001:0002:00ff'],
    ['ROUTER_MAC', '01:00:5e:00:00:01'],
  ])('%s %s is refused with what would be accepted', (kind, text) => {
    expect(() => parseNumber(kind, text)).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE', facts: expect.objectContaining({ accepted: expect.any(String) }) as object }),
    );
  });
});

describe('ranges of a pool', () => {
  const range = (kind: NumberKind, first: string, last: string) => ({ first: parseNumber(kind, first), last: parseNumber(kind, last) });
  it.each<[NumberKind, string, string]>([
    ['VNI', '1', '16777214'],
    ['ASN', '4200000000', '4294967294'],
    ['ROUTE_TARGET', '65000:0', '65000:4294967295'],
    ['ROUTER_MAC', '02:00:00:00:00:00', '02:ff:ff:ff:ff:ff'],
    ['MULTICAST_GROUP', '239.0.0.0', '239.255.255.255'],
  ])('%s %s to %s', (kind, first, last) => {
    expect(() => checkRange(kind, range(kind, first, last))).not.toThrow();
  });

  it.each<[string, NumberKind, number, number]>([
    ['turned round', 'VNI', 9, 8],
    ['VLAN 1, which is every port’s native VLAN', 'VLAN', 1, 10],
    ['EVI ids that FRR makes itself', 'EVI', 9_999, 20_000],
    ['a fraction', 'VNI', 1.5, 2],
    [
      'from one administrator into the next',
      'ROUTE_TARGET',
      parseNumber('ROUTE_TARGET', '65000:4294967295'),
      parseNumber('ROUTE_TARGET', '65001:0'),
    ],
    ['MAC addresses of vendors', 'ROUTER_MAC', 0x001c73000000, 0x001c730000ff],
    ['local groups of a link', 'MULTICAST_GROUP', 0xe0000001, 0xe00000ff],
  ])('not %s', (_what, kind, first, last) => {
    expect(() => checkRange(kind, { first, last })).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});
