import fc from 'fast-check';
import { Fqdn, Ip, reverseName } from '#engines/kernel';
import { dnsRecords, type NamedAddress } from './dns-records.js';

const named = (name: string, address: string, ttlSeconds = 300): NamedAddress => ({
  name: Fqdn.parse(name),
  address: Ip.parse(address),
  ttlSeconds,
});
const zonesOf = (...names: string[]): Fqdn[] => names.map((name) => Fqdn.parse(name));
/** `zone: key ttl records` per record set. */
const lines = (names: NamedAddress[], zones: string[]) => {
  const { zones: result } = dnsRecords(names, zonesOf(...zones));
  return [...result].flatMap(([zone, items]) => items.map(({ key, value }) => `${zone}: ${key} ${value.ttl} ${value.records.join(' ')}`));
};

describe('dnsRecords', () => {
  it('gives an IPv4 address its A and its PTR', () => {
    expect(lines([named('gw.cust.example', '10.20.0.1')], ['cust.example', '20.10.in-addr.arpa'])).toEqual([
      '20.10.in-addr.arpa: 1.0.20.10.in-addr.arpa/ptr 300 gw.cust.example.',
      'cust.example: gw.cust.example/a 300 10.20.0.1',
    ]);
  });

  it('gives an IPv6 address its AAAA and its PTR by nibbles', () => {
    expect(lines([named('gw.cust.example', '2001:db8::1')], ['cust.example', '8.b.d.0.1.0.0.2.ip6.arpa'])).toEqual([
      '8.b.d.0.1.0.0.2.ip6.arpa: 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa/ptr 300 gw.cust.example.',
      'cust.example: gw.cust.example/aaaa 300 2001:db8::1',
    ]);
  });

  it.each([
    ['10.in-addr.arpa', '20.10.in-addr.arpa', '0.20.10.in-addr.arpa'],
    ['0.20.10.in-addr.arpa', '10.in-addr.arpa', '20.10.in-addr.arpa'],
  ])('puts a record into the longest zone, in whatever order they are listed', (...reverse) => {
    expect(lines([named('a.dmz.cust.example', '10.20.0.9')], ['cust.example', 'dmz.cust.example', ...reverse])).toEqual([
      '0.20.10.in-addr.arpa: 9.0.20.10.in-addr.arpa/ptr 300 a.dmz.cust.example.',
      'dmz.cust.example: a.dmz.cust.example/a 300 10.20.0.9',
    ]);
  });

  it('puts a name with the prefix of its subnet into the zone, which needs none of its own for it', () => {
    expect(lines([named('web.lab-7.cust.example', '10.20.0.9')], ['cust.example', '20.10.in-addr.arpa'])).toEqual([
      '20.10.in-addr.arpa: 9.0.20.10.in-addr.arpa/ptr 300 web.lab-7.cust.example.',
      'cust.example: web.lab-7.cust.example/a 300 10.20.0.9',
    ]);
  });

  it('gives a PTR to the name of an address and to no alias of it, in whatever order they come', () => {
    const names = [named('web.cust.example', '10.20.0.9'), { ...named('a.cust.example', '10.20.0.9', 60), isAlias: true }];
    for (const order of [names, [...names].reverse()])
      expect(lines(order, ['cust.example', '20.10.in-addr.arpa'])).toEqual([
        '20.10.in-addr.arpa: 9.0.20.10.in-addr.arpa/ptr 300 web.cust.example.',
        'cust.example: a.cust.example/a 60 10.20.0.9',
        'cust.example: web.cust.example/a 300 10.20.0.9',
      ]);
    expect(dnsRecords(names.slice(1), zonesOf('cust.example', '20.10.in-addr.arpa')).outside).toEqual([]);
  });

  it('takes a zone by labels, not by letters, and its apex for a name in it', () => {
    const { outside, zones } = dnsRecords(
      [named('www.notcust.example', '10.0.0.1'), named('cust.example', '10.0.0.2')],
      zonesOf('cust.example'),
    );
    expect(zones.get(Fqdn.parse('cust.example'))).toEqual([{ key: 'cust.example/a', value: { ttl: 300, records: ['10.0.0.2'] } }]);
    expect(outside).toContainEqual({ name: 'www.notcust.example', address: '10.0.0.1', missing: 'FORWARD_ZONE' });
  });

  it('merges the addresses of a name into one set per type, with the lowest TTL', () => {
    const names = [
      named('web.cust.example', '10.20.0.10', 600),
      named('web.cust.example', '10.20.0.9', 60),
      named('web.cust.example', '2001:db8::9', 900),
      named('web.cust.example', '10.20.0.9', 300),
    ];
    expect(lines(names, ['cust.example'])).toEqual([
      'cust.example: web.cust.example/a 60 10.20.0.9 10.20.0.10',
      'cust.example: web.cust.example/aaaa 900 2001:db8::9',
    ]);
  });

  it('gives an address of several names one PTR, to the first in natural order', () => {
    const names = ['web10.cust.example', 'web9.cust.example', 'zeta.cust.example'].map((name) => named(name, '10.20.0.9'));
    expect(lines(names, ['20.10.in-addr.arpa'])).toEqual(['20.10.in-addr.arpa: 9.0.20.10.in-addr.arpa/ptr 300 web9.cust.example.']);
  });

  it.each(['0/26', '0-26'])('gives an address of a classless zone %s its PTR there (RFC 2317)', (label) => {
    const zone = `${label}.2.0.192.in-addr.arpa`;
    const names = [named('a.cust.example', '192.0.2.5'), named('b.cust.example', '192.0.2.64')];
    const { zones, outside } = dnsRecords(names, [zone as Fqdn]);
    expect(zones.get(zone as Fqdn)).toEqual([{ key: `5.${zone}/ptr`, value: { ttl: 300, records: ['a.cust.example.'] } }]);
    expect(outside).toContainEqual({ name: 'b.cust.example', address: '192.0.2.64', missing: 'REVERSE_ZONE' });
  });

  it('takes the smallest classless zone, before a zone larger than the /24, and none where the /24 is in the list', () => {
    const [host, classless] = [named('a.cust.example', '192.0.2.5'), ['0-26.2.0.192.in-addr.arpa', '0-28.2.0.192.in-addr.arpa']];
    expect(lines([host], [...classless, '0.192.in-addr.arpa'])).toEqual([
      '0-28.2.0.192.in-addr.arpa: 5.0-28.2.0.192.in-addr.arpa/ptr 300 a.cust.example.',
    ]);
    expect(lines([host], [...classless, '2.0.192.in-addr.arpa'])).toEqual([
      '2.0.192.in-addr.arpa: 5.2.0.192.in-addr.arpa/ptr 300 a.cust.example.',
    ]);
  });

  it('takes no zone for a classless one that begins where no block of its length does', () => {
    const { outside } = dnsRecords(
      [named('a.cust.example', '192.0.2.5')],
      zonesOf('3-26.2.0.192.in-addr.arpa', '0-63.2.0.192.in-addr.arpa'),
    );
    expect(outside).toHaveLength(2);
  });

  it('reports what fits no zone, and keeps zones that have become empty', () => {
    const { zones, outside } = dnsRecords([named('gw.other.example', '192.0.2.1')], zonesOf('cust.example', '20.10.in-addr.arpa'));
    expect(Object.fromEntries(zones)).toEqual({ 'cust.example': [], '20.10.in-addr.arpa': [] });
    expect(outside).toEqual([
      { name: 'gw.other.example', address: '192.0.2.1', missing: 'FORWARD_ZONE' },
      { name: 'gw.other.example', address: '192.0.2.1', missing: 'REVERSE_ZONE' },
    ]);
  });

  it('loses nothing: every name and address is in a set or reported, whatever the order', () => {
    const entry = fc.record({
      name: fc.constantFrom('a.cust.example', 'b.cust.example', 'b2.x.example', 'b10.cust.example').map((name) => Fqdn.parse(name)),
      address: fc.constantFrom('10.20.0.1', '10.20.1.2', '192.0.2.3', '2001:db8::1').map((address) => Ip.parse(address)),
      ttlSeconds: fc.integer({ min: 1, max: 3 }),
    });
    const zones = zonesOf('cust.example', '20.10.in-addr.arpa', '0.20.10.in-addr.arpa');
    fc.assert(
      fc.property(fc.array(entry), (names) => {
        const result = dnsRecords(names, zones);
        expect(dnsRecords([...names].reverse(), [...zones].reverse())).toEqual(result);
        const sets = new Map([...result.zones.values()].flat().map(({ key, value }) => [key, value]));
        expect(sets.size).toBe([...result.zones.values()].flat().length);
        for (const { name, address, ttlSeconds } of names) {
          const forward = sets.get(`${name}/${Ip.family(address) === 4 ? 'a' : 'aaaa'}`);
          const reported = (missing: string) => result.outside.some((gap) => gap.address === address && gap.missing === missing);
          expect(forward?.records.includes(address) ?? reported('FORWARD_ZONE')).toBe(true);
          if (forward) expect(forward.ttl).toBeLessThanOrEqual(ttlSeconds);
          const pointer = sets.get(`${reverseName(address)}/ptr`);
          expect(pointer ? pointer.records.length === 1 : reported('REVERSE_ZONE')).toBe(true);
        }
      }),
    );
  });
});
