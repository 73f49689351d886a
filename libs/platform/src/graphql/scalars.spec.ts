import { graphqlSync, GraphQLObjectType, type GraphQLScalarType, GraphQLSchema, parseValue } from 'graphql';
import {
  AsnScalar,
  BigCountScalar,
  CidrScalar,
  DateTimeScalar,
  DomainNameScalar,
  IpAddressScalar,
  JsonObjectScalar,
  LabelScalar,
  MacScalar,
  RouteDistinguisherScalar,
  RouteTargetScalar,
  SlugScalar,
  VlanIdScalar,
  VniScalar,
} from './index.js';

const read = (scalar: GraphQLScalarType, value: unknown): unknown => scalar.parseValue(value);
const readLiteral = (scalar: GraphQLScalarType, literal: string): unknown => scalar.parseLiteral(parseValue(literal));

const accepted: [GraphQLScalarType, unknown, unknown][] = [
  [CidrScalar, '10.20.0.0/24', '10.20.0.0/24'],
  [CidrScalar, '2001:DB8::/64', '2001:db8::/64'],
  [IpAddressScalar, '2001:0db8::0005', '2001:db8::5'],
  [MacScalar, 'BC-24-11-8F-74-B6', 'bc:24:11:8f:74:b6'],
  [MacScalar, 'bc24.118f.74b6', 'bc:24:11:8f:74:b6'],
  [VniScalar, 10_000, 10_000],
  [VlanIdScalar, 4094, 4094],
  [AsnScalar, 4_200_000_001, 4_200_000_001],
  [AsnScalar, '64086.59905', 4_200_000_001],
  [RouteDistinguisherScalar, '172.16.1.1:5', '172.16.1.1:5'],
  [RouteTargetScalar, '65051:10000', '65051:10000'],
  [DomainNameScalar, 'Web.Cust.Example', 'web.cust.example'],
  [SlugScalar, 'prod-1', 'prod-1'],
  [LabelScalar, 'Ku\u0308che', 'K\u00fcche'],
  [BigCountScalar, '340282366920938463463374607431768211456', 340282366920938463463374607431768211456n],
  [DateTimeScalar, '2026-01-31T13:00:00+01:00', new Date('2026-01-31T12:00:00Z')],
  [JsonObjectScalar, { a: [1, { b: null }] }, { a: [1, { b: null }] }],
];

const refused: [GraphQLScalarType, readonly unknown[], string][] = [
  [CidrScalar, ['10', '10/8', '10.0.0.0', '10.0.0.0/255.0.0.0', '010.0.0.0/8', '10.0.0.0/33', '::ffff:10.0.0.0/104', 10], '10.20.0.0/24'],
  [CidrScalar, ['10.20.0.1/24'], 'did you mean 10.20.0.0/24?'],
  [
    IpAddressScalar,
    ['10.0.0.256', '010.0.0.1', '0x0a.0.0.1', '10.0.0.1/32', '::ffff:10.0.0.1', 'fe80::1%eth0', '', null, 167772161],
    '10.20.0.5',
  ],
  [MacScalar, ['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '00:00:00:00:00:00', 'bc:24:11:8f:74', 'gg:24:11:8f:74:b6'], 'unicast'],
  [VniScalar, [0, -1, 1.5, 16_777_215, 16_777_216, '1000', '1000 ', true], '1 to 16777214'],
  [VlanIdScalar, [0, 4095, '1'], '1 to 4094'],
  [AsnScalar, [0, 23_456, 65_535, 4_294_967_295, 4_294_967_296, '65051', '1.2.3'], 'integer'],
  [AsnScalar, ['1.70000', '65536.1'], 'two numbers of at most 65535'],
  [RouteTargetScalar, ['65051:4294967296', '4200000001:70000', '65051', 'target:65051:1', 65051], 'ASN:number'],
  [DomainNameScalar, ['-a.example', 'a..b', `${'x'.repeat(64)}.example`, '*.x', 'a.example.', 'a_b.example'], 'labels'],
  [SlugScalar, ['ALL', 'all', 'default', 'vmbr0', 'lo', 'mgmt', 'a b', '-a', '', 'x'.repeat(64)], '1 to 63'],
  [LabelScalar, ['x\nno router bgp 65051', 'a\r\nfoo', 'a\u0000', 'a\u202e', 'a\u200b', 'a\ud800', 'x'.repeat(4000), ' ', ''], 'one line'],
  [BigCountScalar, ['-1', '01', '1e3', 1.5, 2 ** 53, '9'.repeat(40)], 'decimal string'],
  [
    DateTimeScalar,
    [
      '2026-01-31',
      '2026-01-31T12:00:00',
      '2026-02-30T12:00:00Z',
      '2026-13-01T12:00:00Z',
      '1999-12-31T12:00:00Z',
      '2101-01-01T00:00:00Z',
      'now',
      1_767_225_600,
    ],
    'RFC 3339',
  ],
  [JsonObjectScalar, ['{"a":1}', [], null, 1, { a: 'x'.repeat(17 * 1024) }, nested(9), JSON.parse('{"__proto__":{"x":1}}')], 'an object'],
];

function nested(depth: number): object {
  return depth === 0 ? {} : { x: nested(depth - 1) };
}

describe('a scalar', () => {
  it.each(accepted)('%s reads %s', (scalar, value, expected) => {
    expect(read(scalar, value)).toEqual(expected);
  });

  it.each(refused)('%s refuses what it cannot be and says what it takes', (scalar, values, says) => {
    for (const value of values) {
      expect(() => read(scalar, value), JSON.stringify(value)).toThrow(
        expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringContaining(says) }),
      );
    }
  });

  it('does not read 1e3, 1.0 or "1000" as an integer, also when they stand in the document', () => {
    expect(readLiteral(VniScalar, '1000')).toBe(1000);
    for (const literal of ['1e3', '1.0', '"1000"', 'TRUE', 'null', '[1000]'])
      expect(() => readLiteral(VniScalar, literal), literal).toThrow(/is not a value of this type|is not valid/);
  });

  it('reads an object from the document', () => {
    expect(readLiteral(JsonObjectScalar, '{a: [1, "x"], b: {c: true}}')).toEqual({ a: [1, 'x'], b: { c: true } });
  });

  it('writes times in UTC with milliseconds, and counts as text', () => {
    const fields = {
      at: { type: DateTimeScalar, resolve: () => new Date('2026-01-31T12:00:00Z') },
      n: { type: BigCountScalar, resolve: () => 2n ** 64n },
    };
    const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields }) });
    expect(graphqlSync({ schema, source: '{ at n }' }).data).toEqual({ at: '2026-01-31T12:00:00.000Z', n: '18446744073709551616' });
  });
});
