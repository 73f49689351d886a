// Who asks twice is given once, whatever became of it meanwhile; who asks for several gets all or none.
import { FacadeService } from '#contexts/facade';
import { sentStatements } from '../../support/sent-statements.js';
import { type Ask, addressesOf, clientOf, results } from './facade-client.js';
import { createFacadeWorld, type FacadeWorld } from './facade-world.js';

let facade: FacadeWorld;
let ask: Ask;
let other: Ask;
beforeAll(async () => {
  facade = await createFacadeWorld();
  [ask, other] = [clientOf(facade.url, facade.a.token), clientOf(facade.url, facade.b.token)];
});
afterAll(() => facade?.world.close());

async function prefix(cidr: string, client = ask): Promise<string> {
  const { status, body } = await client('POST', '/ipam/prefixes/', { prefix: cidr });
  expect([status, body['prefix']]).toEqual([201, cidr]);
  return `/ipam/prefixes/${String(body['id'])}/available-ips/`;
}
const mac = (n: number): string => `mac:02:00:00:00:00:${n.toString(16).padStart(2, '0')}`;
async function given(path: string, body: object, client = ask): Promise<{ address: string; dns_name: string; id: number }> {
  const said = await client('POST', path, body);
  expect([said.status, JSON.stringify(said.body)]).toEqual([201, expect.any(String)]);
  return said.body as unknown as { address: string; dns_name: string; id: number };
}
const taken = async (cidr: string): Promise<string[]> =>
  results(await ask('GET', `/ipam/ip-addresses/?parent=${cidr}`)).map(({ address }) => String(address));

describe('a station', () => {
  it('whose address was given to another gets one of its own when it asks again, and keeps that', async () => {
    const path = await prefix('10.1.0.0/24');
    const first = await given(path, { description: mac(1) });
    expect((await ask('PATCH', `/ipam/ip-addresses/${first.id}/`, { description: mac(2) })).status).toBe(200);
    expect((await given(path, { description: mac(2) })).address).toBe('10.1.0.1/24');
    expect((await given(path, { description: mac(1) })).address).toBe('10.1.0.2/24');
    expect((await given(path, { description: mac(1) })).address).toBe('10.1.0.2/24');
  });

  it('that is known by its name alone is the new one after a change of name, and no longer the old one', async () => {
    const path = await prefix('10.2.0.0/24');
    const web = await given(path, { dns_name: 'web' });
    expect((await given(path, { dns_name: 'WEB' })).id).toBe(web.id);
    expect((await ask('PATCH', `/ipam/ip-addresses/${web.id}/`, { dns_name: 'db' })).body).toMatchObject({
      dns_name: 'db.vrf-a.cust.example',
    });
    expect((await given(path, { dns_name: 'db' })).id).toBe(web.id);
    const again = await given(path, { dns_name: 'web' });
    expect([again.address, again.dns_name]).toEqual(['10.2.0.2/24', 'web.vrf-a.cust.example']);
    expect((await given(path, { dns_name: 'web' })).id).toBe(again.id);
  });

  it('whose name somebody else has gets an address without it, the same however often it asks', async () => {
    const theirs = await prefix('10.3.0.0/24', other);
    await given(theirs, { dns_name: 'www.shared.example', description: mac(9) }, other);
    const path = await prefix('10.3.0.0/24');
    for (const body of [{ dns_name: 'www.shared.example' }, { dns_name: 'www.shared.example', description: mac(3) }]) {
      const first = await given(path, body);
      expect(first.dns_name).toBe('');
      expect((await given(path, body)).id).toBe(first.id);
    }
    expect(await taken('10.3.0.0/24')).toEqual(['10.3.0.1/24', '10.3.0.2/24']);
  });

  it('is known by its name without a zone for it, too, until it is called otherwise', async () => {
    const { tenantId, vrfId } = facade.a;
    const bare = { slug: 'bare', tenantId, vrfId, poolSlugs: ['vrf-a-v4'], dnsZone: null, actor: 'test' };
    const client = clientOf(facade.url, await facade.world.api.get(FacadeService, { strict: false }).create(bare));
    const path = await prefix('10.4.0.0/24', client);
    const web = await given(path, { dns_name: 'web' }, client);
    expect((await given(path, { dns_name: 'web' }, client)).id).toBe(web.id);
    expect((await given(path, { dns_name: 'db' }, client)).id).not.toBe(web.id);
    await client('PATCH', `/ipam/ip-addresses/${web.id}/`, { dns_name: 'mail' });
    expect((await given(path, { dns_name: 'web' }, client)).id).not.toBe(web.id);
    expect((await given(path, { dns_name: 'mail' }, client)).id).toBe(web.id);
  });

  it('may name its address again, and nobody else may', async () => {
    await prefix('10.5.0.0/24');
    const named = { address: '10.5.0.9/24', dns_name: 'nine' };
    const first = await given('/ipam/ip-addresses/', named);
    expect((await given('/ipam/ip-addresses/', named)).id).toBe(first.id);
    for (const wrong of [
      { address: '10.5.0.9/24', dns_name: 'ten' },
      { address: '10.5.0.9/24' },
      { address: '10.5.0.10/24', dns_name: 'nine' },
    ])
      expect(await ask('POST', '/ipam/ip-addresses/', wrong)).toMatchObject({
        status: 400,
        body: { address: expect.anything() as unknown },
      });
    expect(await taken('10.5.0.0/24')).toEqual(['10.5.0.9/24']);
  });

  it('gets one address, one number and one line of the audit, however many ask for it at once', async () => {
    const path = await prefix('10.6.0.0/24');
    const asked = Array.from({ length: 40 }, (_, n) => given(path, { description: mac(n % 8) }));
    const addresses = (await Promise.all(asked)).map(({ address, id }) => `${address} ${id}`);
    expect(new Set(addresses).size).toBe(8);
    expect(await taken('10.6.0.0/24')).toHaveLength(8);
    const [told] = await facade.rows<{ n: number; actors: number }>(
      `SELECT count(*)::int AS n, count(DISTINCT e.actor)::int AS actors FROM audit_entry e JOIN ip_address a ON a.id = e.subject_id JOIN subnet s ON s.id = a.subnet_id
        WHERE e.action = 'address.allocated' AND e.detail->>'mac' = a.mac::text AND s.cidr = '10.6.0.0/24'`,
    );
    expect(told).toEqual({ n: 8, actors: 1 });
  });

  it('costs one statement, and sixteen at once cost a few', async () => {
    const path = await prefix('10.7.0.0/24');
    await given(path, { description: mac(0) });
    expect(await sentStatements(() => given(path, { description: mac(1) }))).toHaveLength(1);
    const many = await sentStatements(() => Promise.all(Array.from({ length: 16 }, (_, n) => given(path, { description: mac(n + 2) }))));
    expect(many.length).toBeLessThan(8);
  });
});

describe('a list', () => {
  it('is given whole or not at all, of a prefix and of a range of it', async () => {
    const path = await prefix('10.8.0.0/29');
    await ask('POST', '/ipam/ip-ranges/', { start_address: '10.8.0.5', end_address: '10.8.0.6' });
    const [range] = results(await ask('GET', '/ipam/ip-ranges/?start_address=10.8.0.5&end_address=10.8.0.6'));
    const inRange = `/ipam/ip-ranges/${String(range?.['id'])}/available-ips/`;
    const before = await facade.rows<{ n: number }>('SELECT count(*)::int AS n FROM audit_entry');
    expect(
      (
        await ask(
          'POST',
          path,
          Array.from({ length: 5 }, () => ({})),
        )
      ).status,
    ).toBe(409);
    expect((await ask('POST', path, [{ description: mac(1) }, { dns_name: '-' }])).status).toBe(400);
    expect((await ask('POST', inRange, [{}, {}, {}])).status).toBe(409);
    expect(await taken('10.8.0.0/29')).toEqual([]);
    expect(await facade.rows('SELECT count(*)::int AS n FROM audit_entry')).toEqual(before);
    expect(addressesOf(await ask('POST', inRange, [{}, {}]))).toEqual(['10.8.0.5/29', '10.8.0.6/29']);
    expect(addressesOf(await ask('POST', path, [{}, {}, {}, {}]))).toEqual(['10.8.0.1/29', '10.8.0.2/29', '10.8.0.3/29', '10.8.0.4/29']);
  });

  it('gives every station of it what that has already, and one that stands in it twice the same twice', async () => {
    const path = await prefix('10.9.0.0/24');
    const list = [{ description: mac(1) }, { dns_name: 'two' }, { description: mac(3), dns_name: 'three' }, { description: mac(1) }];
    const first = await ask('POST', path, list);
    expect(addressesOf(first)).toEqual(['10.9.0.1/24', '10.9.0.2/24', '10.9.0.3/24', '10.9.0.1/24']);
    expect(addressesOf(await ask('POST', path, [{}, ...list]))).toEqual(['10.9.0.4/24', ...addressesOf(first)]);
    const renamed = await ask('POST', path, [{ description: mac(3), dns_name: 'drei' }]);
    expect(renamed.body).toMatchObject([{ address: '10.9.0.3/24', dns_name: 'drei.vrf-a.cust.example' }]);
    expect(await taken('10.9.0.0/24')).toHaveLength(4);
  });
});
