// What the door of a façade lets through, and to whom.
import { spawnSync } from 'node:child_process';
import { describeWith, missing } from '../../support/describe-with.js';
import { createFacadeWorld, type FacadeWorld } from './facade-world.js';

let facade: FacadeWorld;
beforeAll(async () => {
  facade = await createFacadeWorld();
});
afterAll(() => facade?.world.close());

interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

async function ask(method: string, path: string, body?: unknown, authorization = `Token ${facade.a.token}`): Promise<Said> {
  const response = await fetch(`${facade.url}${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Said['body']), headers: response.headers };
}
const results = ({ body }: Said): readonly Readonly<Record<string, unknown>>[] =>
  body['results'] as readonly Readonly<Record<string, unknown>>[];

describe('the door of a façade', () => {
  it('opens for its own tokens only, in both ways of saying them, and they open nothing else', async () => {
    expect((await ask('GET', '/status/')).body).toMatchObject({ 'netbox-version': '4.2.0' });
    expect((await ask('GET', '/status/', undefined, `Bearer ${facade.a.token}`)).status).toBe(200);
    for (const authorization of ['', 'Token nonsense', `Token ${facade.world.operator}`, `Token ${facade.world.customer}`])
      expect(await ask('GET', '/ipam/prefixes/', undefined, authorization)).toMatchObject({
        status: 403,
        body: { detail: 'Invalid token' },
      });
    const { errors } = await facade.world.graphql(facade.a.token, '{ networks(first: 1) { nodes { id } } }');
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  });

  it('shows one customer nothing of another, by number neither', async () => {
    const made = await ask('POST', '/ipam/prefixes/', { prefix: '10.30.0.0/24' });
    const address = await ask('POST', `/ipam/prefixes/${String(made.body['id'])}/available-ips/`, { dns_name: 'secret' });
    const b = `Token ${facade.b.token}`;
    for (const path of [`/ipam/prefixes/${String(made.body['id'])}/`, `/ipam/ip-addresses/${String(address.body['id'])}/`])
      for (const method of ['GET', 'DELETE', 'PATCH'])
        expect(await ask(method, path, method === 'GET' ? undefined : {}, b)).toMatchObject({ status: 404 });
    for (const path of ['/ipam/prefixes/?q=10.30.0.0', '/ipam/prefixes/', '/ipam/ip-addresses/', '/ipam/ip-addresses/?q=10.30.0.1'])
      expect(results(await ask('GET', path, undefined, b)), path).toEqual([]);
    expect(results(await ask('GET', '/ipam/vrfs/', undefined, b)).map(({ name }) => name)).toEqual(['vrf-b']);
  });

  it('answers in pages, with the exact object for every filter that it knows, and refuses those that it does not', async () => {
    const { body } = await ask('POST', '/ipam/prefixes/', { prefix: '10.40.0.0/28' });
    const list = await ask('POST', `/ipam/prefixes/${String(body['id'])}/available-ips/`, [
      { description: 'one' },
      { description: 'two' },
      {},
    ]);
    expect((list.body as unknown as { address: string }[]).map(({ address }) => address)).toEqual([
      '10.40.0.1/28',
      '10.40.0.2/28',
      '10.40.0.3/28',
    ]);
    const page = await ask('GET', '/ipam/ip-addresses/?parent=10.40.0.0/28&limit=2');
    expect(page.body).toMatchObject({ count: 3, previous: null, next: expect.stringContaining('offset=2') as string });
    const next = await fetch(String(page.body['next']), { headers: { authorization: `Token ${facade.a.token}` } });
    expect(((await next.json()) as { results: unknown[] }).results).toHaveLength(1);
    expect(results(await ask('GET', '/ipam/ip-addresses/?address=10.40.0.2')).map(({ description }) => description)).toEqual(['two']);
    expect(results(await ask('GET', '/ipam/prefixes/?prefix=10.40.0.0/28'))).toHaveLength(1);
    expect(results(await ask('GET', '/ipam/prefixes/?contains=10.40.0.9')).map(({ prefix }) => prefix)).toEqual(['10.40.0.0/28']);
    expect(results(await ask('GET', '/ipam/prefixes/?prefix=10.40.0.0/28&vrf_id=999999'))).toEqual([]);
    expect(await ask('GET', '/ipam/prefixes/?site=par1')).toMatchObject({
      status: 400,
      body: { site: [expect.stringContaining('Known here') as string] },
    });
    const none = await ask('GET', '/ipam/aggregates/?prefix=10.0.0.0/8');
    expect(none).toMatchObject({ status: 400, body: { prefix: ['Unknown filter. Known here: none.'] } });
    expect(await ask('GET', '/ipam/ip-addresses/?description__ic=web')).toMatchObject({ status: 400 });
    expect(await ask('GET', '/dcim/devices/')).toMatchObject({ status: 404, body: { detail: 'Not found.' } });
  });

  it('says what is wrong where it is wrong, and keeps nothing of it', async () => {
    const refusals: readonly (readonly [unknown, string])[] = [
      [{ prefix: '10.0.0.5/24' }, 'prefix'],
      [{ prefix: '172.16.0.0/24' }, 'prefix'],
      [{ prefix: '10.50.0.0/24', vrf: 999_999 }, 'vrf'],
      [{ prefix: '10.50.0.0/24', status: 'container' }, 'status'],
      [{ prefix: '10.50.0.0/24', tags: [{ name: 'x' }] }, 'tags'],
      ['{"prefix":', 'detail'],
      ['[1]', 'non_field_errors'],
    ];
    for (const [body, field] of refusals)
      expect(await ask('POST', '/ipam/prefixes/', body), JSON.stringify(body)).toMatchObject({
        status: 400,
        body: { [field]: expect.anything() as unknown },
      });
    const { body } = await ask('POST', '/ipam/prefixes/', { prefix: '10.50.0.0/24' });
    for (const wrong of [
      { dns_name: 'bad name' },
      { dns_name: '-x.example' },
      { description: 'mac:01:00:5e:00:00:01' },
      { description: 'x'.repeat(201) },
      { description: 'a\u0000b' },
    ])
      expect(await ask('POST', `/ipam/prefixes/${String(body['id'])}/available-ips/`, wrong), JSON.stringify(wrong)).toMatchObject({
        status: 400,
      });
    expect(await ask('POST', '/ipam/ip-addresses/', { address: '10.99.0.1/24' })).toMatchObject({ status: 400 });
    expect(results(await ask('GET', '/ipam/ip-addresses/?parent=10.50.0.0/24'))).toEqual([]);
  });

  it('claims a subnet that Trame made for a network, and gives back the claim and nothing else', async () => {
    const [subnet] = await facade.rows<{ id: string; cidr: string; gateway: string }>(
      `INSERT INTO prefix (id, space_id, cidr, role, parent_id, tenant_id, holder_kind) SELECT gen_random_uuid(), space_id, '10.60.0.0/24', 'SUBNET', parent_id, tenant_id, 'subnet'
         FROM prefix WHERE cidr = '10.50.0.0/24' AND space_id = $1 RETURNING id, cidr::text AS cidr, '10.60.0.1' AS gateway`,
      [facade.a.spaceId],
    );
    await facade.rows(
      `INSERT INTO subnet (id, tenant_id, vrf_id, prefix_id, space_id, cidr, gateway_mode, gateway_address, quarantine_seconds) VALUES ($1, $2, $3, $1, $4, '10.60.0.0/24', 'ANYCAST_VTEP', '10.60.0.1', 3600)`,
      [subnet?.id, facade.a.tenantId, facade.a.vrfId, facade.a.spaceId],
    );
    await facade.rows('SELECT address_rebuild($1)', [subnet?.id]);
    await facade.rows(
      `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, holder_kind) VALUES (gen_random_uuid(), $2, $3, $1, '10.60.0.1', 'GATEWAY', 'subnet')`,
      [subnet?.id, facade.a.tenantId, facade.a.spaceId],
    );
    expect(results(await ask('GET', '/ipam/prefixes/?q=10.60.0.0'))).toEqual([]);
    expect(results(await ask('GET', '/ipam/prefixes/?prefix=10.60.0.0/24'))).toHaveLength(1);
    const claimed = await ask('POST', '/ipam/prefixes/', { prefix: '10.60.0.0/24' });
    expect(claimed.status).toBe(201);
    expect(results(await ask('GET', '/ipam/prefixes/?q=10.60.0.0'))).toHaveLength(1);
    expect(await ask('POST', '/ipam/ip-addresses/', { address: '10.60.0.1/24', description: 'gateway' })).toMatchObject({ status: 400 });
    const [gateway] = results(await ask('GET', '/ipam/ip-addresses/?q=10.60.0.1'));
    expect(gateway).toMatchObject({ description: 'gateway', address: '10.60.0.1/24' });
    expect((await ask('DELETE', `/ipam/ip-addresses/${String(gateway?.['id'])}/`)).status).toBe(204);
    expect((await ask('DELETE', `/ipam/prefixes/${String(claimed.body['id'])}/`)).status).toBe(204);
    expect(results(await ask('GET', '/ipam/ip-addresses/?q=10.60.0.1'))).toHaveLength(1);
    expect((await ask('DELETE', `/ipam/prefixes/${String(claimed.body['id'])}/`)).status).toBe(409);
  });
});

const SCRIPT = `
import sys, pynetbox
nb = pynetbox.api(sys.argv[1], token=sys.argv[2])
print(nb.version)
prefix = nb.ipam.prefixes.create({"prefix": "10.80.0.0/24"})
first = prefix.available_ips.create({"dns_name": "py1.vrf-a.cust.example", "description": "made by a script"})
again = prefix.available_ips.create({"dns_name": "py1.vrf-a.cust.example", "description": "made by a script"})
many = prefix.available_ips.create([{} for _ in range(3)])
print(first, again.id == first.id, [str(one) for one in many])
print([str(one) for one in nb.ipam.ip_addresses.filter(parent="10.80.0.0/24", limit=2)])
one = nb.ipam.ip_addresses.get(address="10.80.0.1")
one.description = "changed"
print(one.save(), nb.ipam.ip_addresses.get(one.id).description, str(one.vrf), one.status.value)
print(str(prefix.available_ips.list()[0]), nb.ipam.prefixes.get(prefix="10.80.0.0/16"), nb.ipam.vrfs.get(name="vrf-a"))
for each in list(nb.ipam.ip_addresses.filter(parent="10.80.0.0/24")):
    each.delete()
print(prefix.delete(), nb.ipam.prefixes.get(prefix="10.80.0.0/24"))
try:
    nb.ipam.prefixes.create({"prefix": "192.0.2.0/24"})
except pynetbox.RequestError as refused:
    print(refused.req.status_code, refused.error)
`;

const python = spawnSync('/usr/bin/python3', ['-c', 'import pynetbox'], { stdio: 'ignore' }).status === 0;
describeWith(
  { missing: [...missing({ programs: { python3: '/usr/bin/python3' } }), ...(python ? [] : ['python3-pynetbox'])] },
  'pynetbox',
  () => {
    it('works with the façade as with a NetBox', async () => {
      const { spawn } = await import('node:child_process');
      const child = spawn('/usr/bin/python3', ['-c', SCRIPT, facade.url.replace(/\/api$/, ''), facade.a.token]);
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect({ code, said: said.trim().split('\n') }).toEqual({
        code: 0,
        said: [
          '4.2',
          "10.80.0.1/24 True ['10.80.0.2/24', '10.80.0.3/24', '10.80.0.4/24']",
          "['10.80.0.1/24', '10.80.0.2/24', '10.80.0.3/24', '10.80.0.4/24']",
          'True changed vrf-a active',
          '10.80.0.5/24 None vrf-a',
          'True None',
          expect.stringMatching(/^400 .*is in no pool of this token: 10\.0\.0\.0\/8/) as string,
        ],
      });
    });
  },
);
