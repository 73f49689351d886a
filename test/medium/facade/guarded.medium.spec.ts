// Whose a range is, and what somebody gets who has a token and means ill.
import { FacadeService } from '#contexts/facade';
import { type Ask, clientOf, results, type Said } from './facade-client.js';
import { createFacadeWorld, type FacadeWorld } from './facade-world.js';

let facade: FacadeWorld;
let ask: Ask;
let other: Ask;
/** Another façade of the same customer, in the same VRF. */
let beside: Ask;
beforeAll(async () => {
  facade = await createFacadeWorld();
  [ask, other] = [clientOf(facade.url, facade.a.token), clientOf(facade.url, facade.b.token)];
  const { tenantId, vrfId } = facade.a;
  const second = { slug: 'beside', tenantId, vrfId, poolSlugs: ['vrf-a-v4'], dnsZone: null, actor: 'test' };
  beside = clientOf(facade.url, await facade.world.api.get(FacadeService, { strict: false }).create(second));
});
afterAll(() => facade?.world.close());

const path = ({ body }: Said, kind: string, rest = ''): string => `/ipam/${kind}/${String(body['id'])}/${rest}`;

describe('a range', () => {
  it('is of whoever claimed its subnet: nobody else makes, changes or deletes one there', async () => {
    await ask('POST', '/ipam/prefixes/', { prefix: '10.1.0.0/24' });
    const range = { start_address: '10.1.0.100', end_address: '10.1.0.110', description: 'guests' };
    expect(await beside('POST', '/ipam/ip-ranges/', range)).toMatchObject({ status: 409 });
    const made = await ask('POST', '/ipam/ip-ranges/', range);
    expect([made.status, made.body['description']]).toEqual([201, 'guests']);
    for (const client of [beside, other])
      for (const [method, body] of [
        ['PATCH', { description: 'mine' }],
        ['DELETE', undefined],
      ] as const)
        expect((await client(method, path(made, 'ip-ranges'), body)).status).toBe(client === beside ? 409 : 404);
    expect((await beside('GET', path(made, 'ip-ranges'))).body).toMatchObject({ description: 'guests', start_address: '10.1.0.100/24' });
    expect((await ask('PATCH', path(made, 'ip-ranges'), { description: 'hosts', start_address: '10.1.0.100/24' })).body).toMatchObject({
      description: 'hosts',
    });
    expect(await ask('PATCH', path(made, 'ip-ranges'), { end_address: '10.1.0.120' })).toMatchObject({ status: 400 });
    expect((await ask('DELETE', path(made, 'ip-ranges'))).status).toBe(204);
    expect((await ask('GET', path(made, 'ip-ranges'))).status).toBe(404);
  });

  it('shows what is free in it, and is listed in pages with all others', async () => {
    for (const n of [1, 2, 3]) {
      await ask('POST', '/ipam/prefixes/', { prefix: `10.2.${n}.0/24` });
      for (const start of [50, 100])
        await ask('POST', '/ipam/ip-ranges/', { start_address: `10.2.${n}.${start}`, end_address: `10.2.${n}.${start + 9}` });
    }
    const all = await ask('GET', '/ipam/ip-ranges/?parent=10.2.0.0/16&limit=4&offset=4');
    expect(all.body).toMatchObject({ count: 6, next: null });
    expect(results(all).map(({ start_address: start }) => start)).toEqual(['10.2.3.50/24', '10.2.3.100/24']);
    const [range] = results(await ask('GET', '/ipam/ip-ranges/?start_address=10.2.2.100&end_address=10.2.2.109'));
    const inRange = `/ipam/ip-ranges/${String(range?.['id'])}/available-ips/`;
    await ask('POST', inRange, {});
    const free = async (of: string): Promise<string[]> =>
      ((await ask('GET', of)).body as unknown as { address: string }[]).map(({ address }) => address);
    expect(await free(`${inRange}?limit=3`)).toEqual(['10.2.2.101/24', '10.2.2.102/24', '10.2.2.103/24']);
    expect(await free(inRange)).toHaveLength(9);
    const [subnet] = results(await ask('GET', '/ipam/prefixes/?prefix=10.2.2.0/24'));
    expect(await free(`/ipam/prefixes/${String(subnet?.['id'])}/available-ips/?limit=2`)).toEqual(['10.2.2.1/24', '10.2.2.2/24']);
  });
});

describe('a prefix that is there twice, in two address spaces of one token', () => {
  it('is not guessed: nothing is claimed, given or set aside in either', async () => {
    const facades = facade.world.api.get(FacadeService, { strict: false });
    const client = async (slug: string, poolSlugs: readonly string[]): Promise<Ask> =>
      clientOf(
        facade.url,
        await facades.create({ slug, tenantId: facade.a.tenantId, vrfId: null, poolSlugs, dnsZone: null, actor: 'test' }),
      );
    for (const slug of ['vrf-a-v4', 'vrf-b-v4']) {
      const single = await client(`only-${slug}`, [slug]);
      expect((await single('POST', '/ipam/prefixes/', { prefix: '10.90.0.0/24' })).status).toBe(201);
    }
    const both = await client('both', ['vrf-a-v4', 'vrf-b-v4']);
    expect(results(await both('GET', '/ipam/prefixes/?prefix=10.90.0.0/24'))).toHaveLength(2);
    for (const [kind, body] of [
      ['prefixes', { prefix: '10.90.0.0/24' }],
      ['ip-addresses', { address: '10.90.0.5/24' }],
      ['ip-ranges', { start_address: '10.90.0.100', end_address: '10.90.0.110' }],
    ] as const)
      expect([kind, (await both('POST', `/ipam/${kind}/`, body)).status]).toEqual([kind, 400]);
    expect(results(await both('GET', '/ipam/ip-addresses/?parent=10.90.0.0/24'))).toEqual([]);
    expect(results(await both('GET', '/ipam/ip-ranges/?parent=10.90.0.0/24'))).toEqual([]);
  });
});

describe('somebody who means ill', () => {
  it('gets nothing by the numbers of another customer, with any method', async () => {
    const prefix = await ask('POST', '/ipam/prefixes/', { prefix: '10.3.0.0/24' });
    const range = await ask('POST', '/ipam/ip-ranges/', { start_address: '10.3.0.100', end_address: '10.3.0.110' });
    const address = await ask('POST', path(prefix, 'prefixes', 'available-ips/'), { dns_name: 'secret' });
    const places = [
      path(prefix, 'prefixes'),
      path(prefix, 'prefixes', 'available-ips/'),
      path(range, 'ip-ranges'),
      path(range, 'ip-ranges', 'available-ips/'),
      path(address, 'ip-addresses'),
    ];
    for (const place of places) {
      const methods = place.endsWith('available-ips/') ? ['GET', 'POST'] : ['GET', 'PATCH', 'PUT', 'DELETE'];
      for (const method of methods) {
        const said = await other(method, place, method === 'GET' || method === 'DELETE' ? undefined : {});
        // As for what never was.
        const never = await other(method, place.replace(/\d+/, '999999999'), method === 'GET' || method === 'DELETE' ? undefined : {});
        expect([method, place, said.status, said.body]).toEqual([method, place, 404, never.body]);
      }
      if (place.endsWith('available-ips/')) expect((await other('POST', place, [{}, {}])).status).toBe(404);
    }
    const numbers = [prefix, range, address].map(({ body }) => `id=${String(body['id'])}`).join('&');
    expect(results(await other('GET', `/ipam/prefixes/?${numbers}`))).toEqual([]);
    expect(results(await other('GET', `/ipam/ip-addresses/?${numbers}`))).toEqual([]);
    expect(results(await ask('GET', '/ipam/ip-addresses/?parent=10.3.0.0/24'))).toHaveLength(1);
  });

  it('is answered in words, whatever is asked for', async () => {
    const odd = [
      '',
      '%',
      '10.0.0.0/',
      '/24',
      '10.0.0.0/33',
      '1'.repeat(5000),
      "' OR 1=1 --",
      '\u0000',
      '::ffff:10.0.0.1',
      '10.1',
      '10.0.0.1%25eth0',
    ];
    const filters = {
      'ipam/prefixes': ['id', 'q', 'prefix', 'within_include', 'contains', 'vrf_id', 'limit', 'site'],
      'ipam/ip-addresses': ['id', 'q', 'address', 'parent', 'description__ic', 'dns_name', 'tenant_id', 'offset'],
      'ipam/ip-ranges': ['start_address', 'end_address', 'parent'],
      'ipam/aggregates': ['limit'],
      'ipam/vrfs': ['id', 'name'],
      'tenancy/tenants': ['slug', 'q'],
    };
    for (const [kind, names] of Object.entries(filters))
      for (const filter of names)
        await Promise.all(
          odd.map(async (text) => {
            const said = await ask('GET', `/${kind}/?${filter}=${encodeURIComponent(text)}`);
            expect([200, 400, 414, 431], `${kind} ${filter}=${text.slice(0, 20)} ${JSON.stringify(said.body)}`).toContain(said.status);
          }),
        );
    for (const tail of [
      'limit=999999999',
      'offset=999999999',
      'limit=0',
      `id=${'9'.repeat(15)}`,
      `id=${'9'.repeat(30)}`,
      'id=-1',
      'id=1e3',
    ])
      for (const kind of ['prefixes', 'ip-addresses', 'ip-ranges', 'aggregates'])
        expect([200, 400], `${kind} ${tail}`).toContain((await ask('GET', `/ipam/${kind}/?${tail}`)).status);
    for (const wrong of [
      '/ipam/prefixes/0/',
      `/ipam/prefixes/${'9'.repeat(15)}/`,
      `/ipam/prefixes/${'9'.repeat(40)}/`,
      '/ipam/prefixes/%2e%2e/',
      '/ipam/prefixes/-1/',
    ])
      expect((await ask('GET', wrong)).status, wrong).toBe(404);
    expect((await ask('GET', `/ipam/ip-addresses/?${Array.from({ length: 400 }, (_, n) => `id=${n}`).join('&')}`)).status).toBe(200);
  });

  it('makes nothing of a body that is not what it should be', async () => {
    const prefix = await ask('POST', '/ipam/prefixes/', { prefix: '10.4.0.0/24' });
    const into = path(prefix, 'prefixes', 'available-ips/');
    const bodies: readonly unknown[] = [
      '',
      'null',
      '5',
      '"x"',
      '[[]]',
      '[null]',
      '{"description":"a\\u0000b"}',
      '{"description":"a\\u001bb"}',
      '{"description":"\\ud800"}',
      '{"description":{"a":1}}',
      '{"description":["mac:02:00:00:00:00:01"]}',
      '{"description":"mac:02:00:00:00:00:0g"}',
      '{"dns_name":"a\\nb.example"}',
      '{"dns_name":"a_b.example"}',
      '{"dns_name":5}',
      '{"dns_name":"*.example"}',
      `{"dns_name":"${'a.'.repeat(200)}example"}`,
      '{"vrf":"other"}',
      '{"tenant":{"slug":"umbrella"}}',
      '{"status":"reserved"}',
      '{"role":"vip"}',
      '{"nat_inside":1}',
      '{"assigned_object_type":"dcim.interface","assigned_object_id":1}',
      '{"address":"10.4.0.77/24"}',
      '{"prefix_length":16}',
      '['.repeat(50_000),
      JSON.stringify(Array.from({ length: 101 }, () => ({}))),
    ];
    for (const body of bodies) {
      const said = await ask('POST', into, body);
      const text = String(body).slice(0, 60);
      if (text === '' || text === 'null') continue;
      expect([text, said.status, JSON.stringify(said.body)]).toEqual([text, 400, expect.any(String)]);
    }
    // What a NetBox does not know either it passes over.
    for (const body of ['{"unheard_of":true}', '{"__proto__":{"a":1}}']) expect((await ask('POST', into, body)).status, body).toBe(201);
    const big = await ask('POST', into, { description: 'x'.repeat(1024 * 1024) });
    expect([413, big.body]).toEqual([big.status, { detail: expect.any(String) as unknown }]);
    for (const kind of ['prefixes', 'ip-addresses', 'ip-ranges'])
      for (const body of [
        '{}',
        '[]',
        '5',
        '{"prefix":[],"address":{},"start_address":1}',
        '{"prefix":"10.4.0.0/24\\u0000","address":"10.4.0.1\\u0000"}',
      ])
        expect((await ask('POST', `/ipam/${kind}/`, body)).status, `${kind} ${body}`).toBe(400);
    for (const description of ['a\u0000b', 'a\u001bb', 5, {}, 'x'.repeat(201)]) {
      expect((await ask('PATCH', path(prefix, 'prefixes'), { description })).status).toBe(400);
      const range = { start_address: '10.4.0.100', end_address: '10.4.0.101', description };
      expect((await ask('POST', '/ipam/ip-ranges/', range)).status, JSON.stringify(description)).toBe(400);
    }
    const made = results(await ask('GET', '/ipam/ip-addresses/?parent=10.4.0.0/24'));
    expect(made.length).toBeLessThanOrEqual(4); // Of those, and of the empty bodies.
    expect(results(await ask('GET', '/ipam/ip-ranges/?parent=10.4.0.0/24'))).toEqual([]);
  });

  it('takes no more of IPv6 than it asks for', async () => {
    const prefix = await ask('POST', '/ipam/prefixes/', { prefix: '2001:db8:8888:1::/64' });
    const free = await ask('GET', path(prefix, 'prefixes', 'available-ips/?limit=0'));
    expect((free.body as unknown as unknown[]).length).toBe(1000);
    for (const [start, end] of [
      ['2001:db8:8888:1::1', '2001:db8:8888:1:ffff:ffff:ffff:fffe'],
      ['2001:db8:8888:1::', '10.0.0.1'],
      ['2001:db8:8888:1::9', '2001:db8:8888:1::1'],
    ])
      expect([201, 400]).toContain((await ask('POST', '/ipam/ip-ranges/', { start_address: start, end_address: end })).status);
    expect((await ask('GET', '/ipam/ip-ranges/?parent=2001:db8:8888:1::/64')).status).toBe(200);
    for (const text of ['2001:DB8:8888:1:0:0:0:0', '2001:db8:8888:1::'])
      expect(results(await ask('GET', `/ipam/prefixes/?q=${text}`)), text).toHaveLength(1);
  });
});
