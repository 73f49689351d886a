// A name that another tenant has as a further name of an address is not given away at a façade's door, either.
import { AddressNamesService } from '#contexts/addressing';
import { Fqdn, type IpAddressId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type Ask, clientOf } from './facade-client.js';
import { createFacadeWorld, type FacadeWorld } from './facade-world.js';

const [WWW, SHOP] = ['www.shared.example', 'shop.shared.example'];
let facade: FacadeWorld;
let [ours, theirs]: [Ask, Ask] = [null as unknown as Ask, null as unknown as Ask];
beforeAll(async () => {
  facade = await createFacadeWorld();
  [ours, theirs] = [clientOf(facade.url, facade.a.token), clientOf(facade.url, facade.b.token)];
  await given(theirs, await prefix(theirs, '10.3.0.0/24'), { dns_name: 'host.shared.example' });
  const [host] = await facade.rows<{ id: IpAddressId }>(`SELECT id FROM ip_address WHERE dns_name = 'host.shared.example'`);
  if (!host) throw new Error('no address was given');
  const names = facade.world.api.get(AddressNamesService, { strict: false });
  await facade.world.db.inTransaction(systemScope('spec'), (tx) =>
    names.setAliases(
      tx,
      host.id,
      [WWW, SHOP].map((name) => Fqdn.parse(name)),
    ),
  );
});
afterAll(() => facade?.world.close());

async function prefix(client: Ask, cidr: string): Promise<string> {
  const { status, body } = await client('POST', '/ipam/prefixes/', { prefix: cidr });
  expect(status).toBe(201);
  return `/ipam/prefixes/${String(body['id'])}/available-ips/`;
}
async function given(client: Ask, path: string, body: object): Promise<{ address: string; dns_name: string; id: number }> {
  const said = await client('POST', path, body);
  expect([said.status, JSON.stringify(said.body)]).toEqual([201, expect.any(String)]);
  return said.body as unknown as { address: string; dns_name: string; id: number };
}

it('the address is given without it, alone and beside others, the same however often it is asked for', async () => {
  const path = await prefix(ours, '10.4.0.0/24');
  const first = await given(ours, path, { dns_name: WWW });
  expect(first.dns_name).toBe('');
  expect(await given(ours, path, { dns_name: WWW })).toMatchObject({ id: first.id, dns_name: '' });
  const both = await Promise.all([given(ours, path, { dns_name: SHOP }), given(ours, path, { dns_name: 'mine' })]);
  expect(both.map(({ dns_name: name }) => name)).toEqual(['', 'mine.vrf-a.cust.example']);
  const names = await facade.rows<{ name: string | null }>(
    `SELECT dns_name AS name FROM ip_address WHERE tenant_id = $1 AND dns_name LIKE '%.shared.example'`,
    [facade.a.tenantId],
  );
  expect(names).toEqual([]);
});

it('a station keeps the name that it has where it asks for that one, and a change to it is refused', async () => {
  const path = await prefix(ours, '10.5.0.0/24');
  const mac = 'mac:02:00:00:00:00:01';
  const web = await given(ours, path, { dns_name: 'web', description: mac });
  expect(await given(ours, path, { dns_name: WWW, description: mac })).toMatchObject({ id: web.id, dns_name: web.dns_name });
  const { status, body } = await ours('PATCH', `/ipam/ip-addresses/${web.id}/`, { dns_name: WWW });
  expect([status, body]).toEqual([400, { dns_name: [`the name ${WWW} is in use`] }]);
});
