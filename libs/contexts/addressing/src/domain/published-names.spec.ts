import { Fqdn, Ip, type IpAddressId, type TenantId, ZonePrefix } from '#engines/kernel';
import { type KeptName, publishedNames } from './published-names.js';

const kept = (
  name: string,
  over: { prefix?: string; zone?: string | null; ttl?: number; tenant?: string; address?: string; id?: string; isAlias?: boolean } = {},
): KeptName => ({
  addressId: (over.id ?? '1') as IpAddressId,
  tenantId: (over.tenant ?? 'a') as TenantId,
  address: Ip.parse(over.address ?? '10.20.0.9'),
  name: Fqdn.parse(name),
  dnsZone: over.zone === null ? null : Fqdn.parse(over.zone ?? 'cust.example'),
  dnsZonePrefix: over.prefix === undefined ? null : ZonePrefix.parse(over.prefix),
  isAlias: over.isAlias ?? false,
  dnsTtlSeconds: over.ttl ?? null,
});
const called = (...names: KeptName[]): string[] => publishedNames(names).names.map(({ name }) => name);

describe('publishedNames', () => {
  it.each([
    ['web.cust.example', 'dmz', 'web.dmz.cust.example'],
    ['gw.web.cust.example', 'dmz', 'gw.web.dmz.cust.example'],
    ['web.cust.example', 'rack-7.dmz', 'web.rack-7.dmz.cust.example'],
    ['web.dmz.cust.example', 'dmz', 'web.dmz.cust.example'],
    ['web.other.example', 'dmz', 'web.other.example'],
    ['web.notcust.example', 'dmz', 'web.notcust.example'],
    ['cust.example', 'dmz', 'cust.example'],
  ])('calls %s with the prefix %s %s', (name, prefix, expected) => {
    expect(called(kept(name, { prefix }))).toEqual([expected]);
  });

  it('leaves a name as it is where the subnet has no prefix', () => {
    expect(called(kept('web.cust.example'))).toEqual(['web.cust.example']);
    expect(called(kept('web.cust.example', { zone: null }))).toEqual(['web.cust.example']);
  });

  it('gives a name the TTL of its subnet, and none where it has none', () => {
    const { names } = publishedNames([
      kept('a.cust.example', { ttl: 60 }),
      kept('b.cust.example'),
      kept('c.cust.example', { ttl: 5, prefix: 'x' }),
    ]);
    expect(names.map(({ ttlSeconds }) => ttlSeconds)).toEqual([60, null, 5]);
  });

  it('publishes two addresses of one tenant under the same name', () => {
    const plain = kept('web.dmz.cust.example');
    expect(called(kept('web.cust.example', { prefix: 'dmz', address: '10.20.0.8' }), plain)).toEqual([
      'web.dmz.cust.example',
      'web.dmz.cust.example',
    ]);
  });

  it('keeps a prefix from giving a tenant the name of another: it is whose address is called that, or else is older', () => {
    const owner = kept('web.dmz.cust.example', { tenant: 'b', id: '9' });
    const mine = kept('web.cust.example', { prefix: 'dmz', address: '10.20.0.8' });
    for (const order of [
      [owner, mine],
      [mine, owner],
    ]) {
      const { names, withheld } = publishedNames(order);
      expect(names).toEqual([{ address: '10.20.0.9', name: 'web.dmz.cust.example', isAlias: false, ttlSeconds: null }]);
      expect(withheld).toEqual([
        { address: '10.20.0.8', name: 'web.cust.example', called: 'web.dmz.cust.example', reason: 'OF_ANOTHER_TENANT' },
      ]);
    }
    const older = kept('x.cust.example', { prefix: 'p.q', id: '1' });
    const younger = kept('x.q.cust.example', { zone: 'q.cust.example', prefix: 'p', id: '2', tenant: 'b', address: '10.20.0.7' });
    expect(publishedNames([younger, older])).toMatchObject({ names: [{ address: '10.20.0.9' }], withheld: [{ address: '10.20.0.7' }] });
  });

  it('lets two tenants have one name, one of IPv4 and one of IPv6, as where there is no prefix', () => {
    const [v4, v6] = [
      kept('w.cust.example', { prefix: 'd' }),
      kept('w.cust.example', { prefix: 'd', tenant: 'b', address: '2001:db8::1', id: '2' }),
    ];
    expect(publishedNames([v4, v6])).toMatchObject({ names: [{}, {}], withheld: [] });
  });

  it('withholds a name that its prefix makes longer than 253 octets', () => {
    const name = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.cust.example`;
    const prefix = 'd'.repeat(60);
    expect(publishedNames([kept(name, { prefix })])).toEqual({
      names: [],
      withheld: [{ address: '10.20.0.9', name, called: name.replace('cust', `${prefix}.cust`), reason: 'TOO_LONG' }],
    });
  });

  it('publishes an alias as a name, also one that is the name of another address of the tenant', () => {
    const [own, alias] = [kept('web.cust.example'), kept('www.cust.example', { isAlias: true })];
    const shared = kept('www.cust.example', { id: '2', address: '10.20.0.8' });
    expect(publishedNames([own, alias, shared])).toMatchObject({
      names: [{ name: 'web.cust.example' }, { name: 'www.cust.example', isAlias: false }, { name: 'www.cust.example', isAlias: true }],
      withheld: [],
    });
    expect(called(kept('www.cust.example', { isAlias: true, prefix: 'dmz' }))).toEqual(['www.dmz.cust.example']);
  });

  it('does not publish an alias that is the name of another tenant, however young its address', () => {
    const alias = kept('www.cust.o.example', { id: '1', isAlias: true });
    const others = { id: '9', tenant: 'b', address: '10.20.0.8' };
    for (const theirs of [kept('www.cust.o.example', others), kept('www.o.example', { ...others, zone: 'o.example', prefix: 'cust' })])
      expect(publishedNames([alias, theirs])).toMatchObject({
        names: [{ name: 'www.cust.o.example', address: '10.20.0.8' }],
        withheld: [{ address: '10.20.0.9', reason: 'OF_ANOTHER_TENANT' }],
      });
  });
});
