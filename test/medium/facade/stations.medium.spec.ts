// Who asks twice is given once, whatever became of it meanwhile; who asks for several gets all or none.
import { randomUUID } from 'node:crypto';
import { AddressAllocationService } from '#contexts/addressing';
import { FacadeService } from '#contexts/facade';
import { IdempotencyKey, Mac, type SubnetId } from '#engines/kernel';
import { tenantScope } from '#platform';
import { eventually } from '../../support/eventually.js';
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
    const rounds: number[] = [];
    for (let round = 1; round <= 3; round++) {
      const all = Array.from({ length: 16 }, (_, n) => mac(16 * round + n));
      const sent = await sentStatements(() => Promise.all(all.map((description) => given(path, { description }))));
      rounds.push(sent.length);
    }
    expect(Math.min(...rounds)).toBeLessThan(8); // On a busy machine they do not always arrive together.
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

const subnetOf = async (cidr: string): Promise<SubnetId> =>
  (await facade.rows<{ id: SubnetId }>('SELECT id FROM subnet WHERE cidr = $1 AND tenant_id = $2', [cidr, facade.a.tenantId]))[0]
    ?.id as SubnetId;
/** As it is told by another system, or by somebody in Trame. */
const write = (address: string, what: string): Promise<object[]> =>
  facade.rows(`UPDATE ip_address SET ${what} WHERE address = $1 AND tenant_id = $2 RETURNING id`, [address, facade.a.tenantId]);

describe('what is written of a station', () => {
  it('keeps its MAC address, whatever people write about it and whatever it is called', async () => {
    const path = await prefix('10.20.0.0/24');
    const first = await given(path, { description: mac(1) });
    await write('10.20.0.1', `description = 'db primary'`);
    expect((await ask('PATCH', `/ipam/ip-addresses/${first.id}/`, { dns_name: 'x' })).body).toMatchObject({ description: 'db primary' });
    expect((await ask('PATCH', `/ipam/ip-addresses/${first.id}/`, { description: 'db secondary' })).status).toBe(200);
    expect(results(await ask('GET', '/ipam/ip-addresses/?parent=10.20.0.0/24&description__ic=02:00:00:00:00:01'))).toMatchObject([
      { id: first.id, dns_name: 'x.vrf-a.cust.example', description: 'db secondary' },
    ]);
    expect((await given(path, { description: mac(1) })).id).toBe(first.id);
    // Emptied in so many words, it is nobody's.
    expect((await ask('PATCH', `/ipam/ip-addresses/${first.id}/`, { description: '' })).body).toMatchObject({ description: '' });
    expect((await given(path, { description: mac(1) })).address).toBe('10.20.0.2/24');
  });

  it('stays when it asks again, name and text, and the audit tells what became of the text', async () => {
    const path = await prefix('10.21.0.0/24');
    const first = await given(path, { description: mac(1), dns_name: 'web21' });
    await write('10.21.0.1', `description = 'db primary'`);
    const generation = async (): Promise<object[]> => facade.rows(`SELECT generation FROM ip_address WHERE address = '10.21.0.1'`);
    const before = await generation();
    expect(await given(path, { description: mac(1) })).toMatchObject({
      id: first.id,
      description: 'db primary',
      dns_name: 'web21.vrf-a.cust.example',
    });
    expect((await ask('PATCH', `/ipam/ip-addresses/${first.id}/`, { description: mac(1) })).body).toMatchObject({
      description: 'db primary',
    });
    expect(await generation()).toEqual(before);
    expect(await given(path, { description: mac(1), dns_name: 'app21' })).toMatchObject({
      description: 'db primary',
      dns_name: 'app21.vrf-a.cust.example',
    });
    const told = await facade.rows(
      `SELECT e.detail->>'description' AS text FROM audit_entry e JOIN ip_address a ON a.id = e.subject_id WHERE e.action = 'address.changed' AND a.address = '10.21.0.1'`,
    );
    expect(told).toEqual([{ text: 'db primary' }]);
  });

  it('is not taken from whoever is called so: a host of an order, a gateway, a guest, what another façade gave', async () => {
    const path = await prefix('10.22.0.0/24');
    const { tenantId, vrfId } = facade.a;
    const next = { slug: 'next', tenantId, vrfId, poolSlugs: ['vrf-a-v4'], dnsZone: null, actor: 'test' };
    const neighbour = clientOf(facade.url, await facade.world.api.get(FacadeService, { strict: false }).create(next));
    for (const n of [1, 2]) await given(path, { description: mac(n) });
    await given(path, { description: mac(3), dns_name: 'guest22' });
    await given(path, { dns_name: 'theirs.cust.example' }, neighbour);
    await write(
      '10.22.0.1',
      `holder_kind = 'network', holder = NULL, key = 'db', fingerprint = '', mac = NULL, dns_name = 'db22.vrf-a.cust.example'`,
    );
    await write(
      '10.22.0.2',
      `holder_kind = 'subnet', role = 'GATEWAY', key = NULL, fingerprint = '', mac = NULL, dns_name = 'gw22.vrf-a.cust.example'`,
    );
    const rows = (): Promise<object[]> =>
      facade.rows(
        `SELECT host(address), mac::text, dns_name, generation FROM ip_address WHERE address <= '10.22.0.4' AND address >= '10.22.0.1' ORDER BY address`,
      );
    const before = await rows();
    for (const [at, name] of ['db22', 'gw22', 'guest22', 'theirs.cust.example'].entries()) {
      const own = await given(path, { dns_name: name });
      expect([own.address, own.dns_name]).toEqual([`10.22.0.${5 + at}/24`, '']);
      expect((await given(path, { dns_name: name })).id).toBe(own.id);
    }
    expect(await rows()).toEqual(before);
    expect((await given(path, { description: mac(3) })).address).toBe('10.22.0.3/24');
  });

  it('that had its name first and its MAC address later is known by both', async () => {
    const path = await prefix('10.23.0.0/24');
    const first = await given(path, { dns_name: 'late' });
    await write('10.23.0.1', `mac = '02:00:00:00:00:01'`);
    expect(await given(path, { dns_name: 'late' })).toMatchObject({ id: first.id, description: mac(1) });
    expect((await given(path, { description: mac(1) })).id).toBe(first.id);
  });
});

describe('an address', () => {
  it('that is held for a station is bound when that asks, and no sweep takes it away', async () => {
    const path = await prefix('10.24.0.0/24');
    const allocations = facade.world.api.get(AddressAllocationService, { strict: false });
    const hold = {
      key: IdempotencyKey.parse('portal-1'),
      tenantId: facade.a.tenantId,
      subnetId: await subnetOf('10.24.0.0/24'),
      mac: Mac.parse('02:00:00:00:00:01'),
      ttlSeconds: 60,
    };
    await allocations.allocate(tenantScope(facade.a.tenantId, 'portal'), hold);
    expect((await given(path, { description: mac(1) })).address).toBe('10.24.0.1/24');
    const bound = `SELECT a.state, a.expires_at, a.generation, e.action FROM ip_address a JOIN audit_entry e ON e.subject_id = a.id WHERE a.address = '10.24.0.1' ORDER BY e.id DESC LIMIT 1`;
    expect(await facade.rows(bound)).toEqual([{ state: 'BOUND', expires_at: null, generation: 2, action: 'address.bound' }]);
    await given(path, { description: mac(1) });
    expect(await facade.rows(bound)).toMatchObject([{ generation: 2 }]);
  });

  it('is given in one subnet while another is locked for long', async () => {
    const [locked, open] = [await prefix('10.25.0.0/24'), await prefix('10.26.0.0/24')];
    const id = await subnetOf('10.25.0.0/24');
    const settled: string[] = [];
    const { asked: inLocked } = await facade.world.db.inTransaction(tenantScope(facade.a.tenantId, 'import'), async (tx) => {
      await tx.sql('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [id]);
      const asked = given(locked, { description: mac(1) }).finally(() => settled.push('locked'));
      await someoneWaits();
      const { address } = await given(open, { description: mac(1) });
      settled.push(address);
      return { asked };
    });
    expect((await inLocked).address).toBe('10.25.0.1/24');
    expect(settled).toEqual(['10.26.0.1/24', 'locked']);
  });

  it('that was given is given once, though its answer was lost and the same request came again', async () => {
    await prefix('10.27.0.0/24');
    const request = await requestsOf('10.27.0.0/24', [null]);
    const [first, again] = [await takeOnce(request), await takeOnce(request)];
    expect([first, again].map(({ rows }) => rows)).toEqual([
      [{ outcome: 'OK', address: '10.27.0.1' }],
      [{ outcome: 'PRESENT', address: '10.27.0.1' }],
    ]);
  });

  it('gets its name without a deadlock, in whatever order two processes name theirs', async () => {
    await prefix('10.28.0.0/24');
    await prefix('10.29.0.0/24');
    const [x, m, y] = ['x.dead.example', 'm.dead.example', 'y.dead.example'];
    const lists = [await requestsOf('10.28.0.0/24', [x, m, y]), await requestsOf('10.29.0.0/24', [y, m, x])];
    await given(await prefix('10.30.0.0/24'), {});
    const { taking } = await facade.world.db.inTransaction(tenantScope(facade.a.tenantId, 'blocker'), async (tx) => {
      await tx.sql(`UPDATE ip_address SET dns_name = $1 WHERE address = '10.30.0.1'`, [m]);
      const both = Promise.all(lists.map((list) => takeOnce(list)));
      await someoneWaits(2);
      return { taking: both };
    });
    for (const { tries, rows } of await taking) expect([tries, rows.length]).toEqual([1, 3]);
  });

  it('whose new name another one gets in the same moment is changed all the same', async () => {
    const path = await prefix('10.31.0.0/24');
    const [web, mail] = [await given(path, { dns_name: 'web31' }), await given(path, { dns_name: 'mail31' })];
    const [known] = await facade.rows<{ key: string }>(`SELECT key FROM ip_address WHERE address = '10.31.0.2'`);
    await ask('PATCH', `/ipam/ip-addresses/${mail.id}/`, { dns_name: 'post31' });
    const { changing } = await facade.world.db.inTransaction(tenantScope(facade.a.tenantId, 'race'), async (tx) => {
      await tx.sql(`UPDATE ip_address SET key = $1 WHERE address = '10.31.0.2'`, [known?.key]);
      const changed = ask('PATCH', `/ipam/ip-addresses/${web.id}/`, { dns_name: 'mail31' });
      await someoneWaits();
      return { changing: changed };
    });
    expect(await changing).toMatchObject({ status: 200, body: { dns_name: 'mail31.vrf-a.cust.example' } });
  });
});

const waiting = async (): Promise<number> =>
  (
    await facade.rows<{ n: number }>(
      'SELECT count(DISTINCT pid)::int AS n FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())',
    )
  )[0]?.n ?? 0;
const someoneWaits = (count = 1): Promise<number> => eventually(waiting, (n) => n === count);

/** For stations that are known by nothing but, some of them, by a name. */
async function requestsOf(cidr: string, names: readonly (string | null)[]): Promise<unknown[]> {
  const { tenantId, vrfId, spaceId } = facade.a;
  const subnetId = await subnetOf(cidr);
  const each = <T>(value: T): T[] => names.map(() => value);
  const nothing = each(null);
  const ids = names.map(() => randomUUID());
  return [
    tenantId,
    vrfId,
    [spaceId],
    'netbox vrf-a',
    each('test'),
    each('prefix'),
    nothing,
    each(subnetId),
    nothing,
    ids,
    nothing,
    nothing,
    names,
    nothing,
  ];
}

async function takeOnce(request: readonly unknown[]): Promise<{ tries: number; rows: object[] }> {
  let tries = 0;
  const rows = await facade.world.db.inTransaction(tenantScope(facade.a.tenantId, 'test'), (tx) => {
    tries++;
    const columns = request.map((_, at) => `$${at + 1}`).join(', ');
    return tx.sql<object>(`SELECT outcome, address FROM facade_take(current_user::text, ${columns}) ORDER BY i`, request);
  });
  return { tries, rows };
}
