// How the names of a subnet are published, as customers say it over GraphQL.
import { encodeId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';

let world: ApiWorld;
let pool: string;
let serial = 0;
beforeAll(async () => {
  world = await createApiWorld();
  pool = (await world.ask<{ id: string }[]>(world.operator, '{ prefixPools { id } }'))[0]?.id as string;
});
afterAll(() => world?.close());

type Errors = readonly { readonly code: string; readonly message: string; readonly path: readonly string[] }[];
interface Subnet {
  readonly id: string;
  readonly dnsZone: string | null;
  readonly dnsZonePrefix: string | null;
  readonly dnsTtlSeconds: number | null;
}
interface Payload {
  readonly subnet: Subnet | null;
  readonly replayed: boolean | null;
  readonly errors: Errors;
}

const SELECTION = '{ subnet { id dnsZone dnsZonePrefix dnsTtlSeconds } replayed errors { code message path } }';
const createSubnet = (input: object): Promise<Payload> => {
  const asked = { idempotencyKey: `net-${++serial}`, tenant: encodeId('tenant', world.tenantId), pool, length: 28, ...input };
  return world.ask(world.customer, `mutation ($input: CreateSubnetInput!) { createSubnet(input: $input) ${SELECTION} }`, { input: asked });
};
const setDns = (input: object, token = world.customer): Promise<Payload> =>
  world.ask(token, `mutation ($input: SetSubnetDnsInput!) { setSubnetDns(input: $input) ${SELECTION} }`, { input });
const created = async (input: object): Promise<Subnet> => {
  const { subnet, errors } = await createSubnet(input);
  expect(errors).toEqual([]);
  return subnet as Subnet;
};
const NAMES = { dnsZone: 'cust.example', dnsZonePrefix: 'dmz', dnsTtlSeconds: 60 };

describe('a subnet', () => {
  it('is made with how its names are published, and the same request gives it again', async () => {
    const input = { idempotencyKey: 'made', ...NAMES };
    const made = await createSubnet(input);
    expect(made).toMatchObject({ errors: [], replayed: false, subnet: NAMES });
    expect(await createSubnet(input)).toMatchObject({ replayed: true, subnet: { id: made.subnet?.id } });
    for (const other of [{ dnsZonePrefix: 'lan' }, { dnsTtlSeconds: 61 }])
      expect((await createSubnet({ ...input, ...other })).errors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    expect(
      await world.ask(world.customer, 'query ($id: ID!) { subnet(id: $id) { dnsZone dnsZonePrefix dnsTtlSeconds } }', {
        id: made.subnet?.id,
      }),
    ).toEqual(NAMES);
  });

  it('is told anew how; the request that made it is answered as before', async () => {
    const input = { idempotencyKey: 'told', ...NAMES };
    const { id } = await created(input);
    expect(await setDns({ subnet: id, dnsZone: 'cust.example', dnsTtlSeconds: 30 })).toMatchObject({
      errors: [],
      subnet: { id, dnsZone: 'cust.example', dnsZonePrefix: null, dnsTtlSeconds: 30 },
    });
    expect(await createSubnet(input)).toMatchObject({ errors: [], replayed: true, subnet: { id, dnsZonePrefix: null, dnsTtlSeconds: 30 } });
    const audited = await world.db.inTransaction(systemScope('spec'), (tx) =>
      tx.sql<{ detail: object }>(`SELECT detail FROM audit_entry WHERE action = 'subnet.dns-set' ORDER BY id`, []),
    );
    expect(audited).toMatchObject([{ detail: { before: NAMES, after: { dnsZonePrefix: null, dnsTtlSeconds: 30 } } }]);
  });

  it.each([
    [{ dnsZone: 'cust.example', dnsZonePrefix: 'a_b' }, ['dnsZonePrefix']],
    [{ dnsZone: 'cust.example', dnsZonePrefix: '' }, ['dnsZonePrefix']],
    [{ dnsZonePrefix: 'dmz' }, []],
    [{ dnsTtlSeconds: 604_801 }, []],
  ])('is neither made nor told so with %j', async (wrong, path) => {
    const { id } = await created(NAMES);
    for (const { errors } of [await createSubnet(wrong), await setDns({ subnet: id, ...wrong })])
      expect(errors).toMatchObject([{ code: 'INVALID_VALUE', path }]);
    expect(await world.ask(world.customer, 'query ($id: ID!) { subnet(id: $id) { dnsZone dnsZonePrefix dnsTtlSeconds } }', { id })).toEqual(
      NAMES,
    );
  });

  it('is told by nobody else', async () => {
    const { id } = await created(NAMES);
    const other = await world.newTenant('other', 'Other SA');
    expect((await setDns({ subnet: id, dnsZonePrefix: null }, other.token)).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

describe('an address', () => {
  interface Aliased {
    readonly ipAddress: { readonly dnsName: string; readonly dnsAliases: readonly string[] } | null;
    readonly errors: Errors;
  }
  const setAliases = (ipAddress: string, aliases: readonly string[], token = world.customer): Promise<Aliased> =>
    world.ask(
      token,
      'mutation ($input: SetAddressAliasesInput!) { setAddressAliases(input: $input) { ipAddress { dnsName dnsAliases } errors { code message path } } }',
      { input: { ipAddress, aliases } },
    );
  const address = async (dnsName: string | null, own: { token: string; tenant: string } = mine()): Promise<string> => {
    const net = await world.ask<Payload>(own.token, `mutation ($input: CreateSubnetInput!) { createSubnet(input: $input) ${SELECTION} }`, {
      input: { idempotencyKey: `net-${++serial}`, tenant: own.tenant, pool, length: 28 },
    });
    const given = await world.ask<{ allocation: { id: string } }>(
      own.token,
      'mutation ($input: AllocateIpInput!) { allocateIp(input: $input) { allocation { id } errors { code message } } }',
      { input: { idempotencyKey: `ip-${serial}`, subnet: net.subnet?.id, dnsName } },
    );
    return given.allocation.id;
  };
  const mine = () => ({ token: world.customer, tenant: encodeId('tenant', world.tenantId) });

  it('has further names, all said anew, which are read back with it', async () => {
    const id = await address('host.cust.example');
    expect(await setAliases(id, ['B.cust.example', 'a.cust.example'])).toMatchObject({
      errors: [],
      ipAddress: { dnsName: 'host.cust.example', dnsAliases: ['a.cust.example', 'b.cust.example'] },
    });
    expect(await setAliases(id, [])).toMatchObject({ errors: [], ipAddress: { dnsAliases: [] } });
    const audited = await world.db.inTransaction(systemScope('spec'), (tx) =>
      tx.sql<{ detail: object }>(`SELECT detail FROM audit_entry WHERE action = 'address.aliases-set' ORDER BY id`, []),
    );
    expect(audited).toMatchObject([{ detail: { after: ['a.cust.example', 'b.cust.example'] } }, { detail: { after: [] } }]);
  });

  it.each([
    ['its own name', ['own.cust.example']],
    ['a name twice', ['a.cust.example', 'a.cust.example']],
    ['more than sixteen', Array.from({ length: 17 }, (_, n) => `a${n}.cust.example`)],
  ])('has not %s', async (_, aliases) => {
    const id = await address(null);
    expect((await setAliases(id, ['a.cust.example'])).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
    const named = await address(`own${serial}.cust.example`);
    const wrong = aliases.map((name) => (name === 'own.cust.example' ? `own${serial - 1}.cust.example` : name));
    expect((await setAliases(named, wrong)).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
  });

  it('has no name or alias of another tenant, who cannot name it either', async () => {
    const { tenantId, token } = await world.newTenant('aliens', 'Aliens SA');
    const theirs = await address('theirs.cust.example', { token, tenant: encodeId('tenant', tenantId) });
    expect((await setAliases(theirs, ['also.cust.example'], token)).errors).toEqual([]);
    const id = await address('ours.cust.example');
    for (const name of ['theirs.cust.example', 'also.cust.example']) {
      const { errors } = await setAliases(id, [name]);
      expect(errors).toMatchObject([{ code: 'ALREADY_EXISTS', message: expect.not.stringContaining('liens') }]);
    }
    expect((await setAliases(theirs, [])).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  it('is not called as one of another tenant is: its subnet gets no such prefix, and it no such name', async () => {
    const { tenantId, token } = await world.newTenant('rivals', 'Rivals SA');
    const theirs = await address('rival.cust.example', { token, tenant: encodeId('tenant', tenantId) });
    expect((await setAliases(theirs, ['web.lan.cust.example'], token)).errors).toEqual([]);
    const { id } = await created({ dnsZone: 'cust.example' });
    const allocate = (dnsName: string): Promise<{ errors: Errors }> =>
      world.ask(world.customer, 'mutation ($input: AllocateIpInput!) { allocateIp(input: $input) { errors { code message path } } }', {
        input: { idempotencyKey: `ip-${++serial}`, subnet: id, dnsName },
      });
    expect((await allocate('web.cust.example')).errors).toEqual([]);
    const { subnet, errors } = await setDns({ subnet: id, dnsZone: 'cust.example', dnsZonePrefix: 'lan' });
    expect([subnet, errors]).toMatchObject([null, [{ code: 'ALREADY_EXISTS', message: 'the name web.lan.cust.example is in use' }]]);
    expect((await setDns({ subnet: id, dnsZone: 'cust.example', dnsZonePrefix: 'dmz' })).errors).toEqual([]);
    expect((await setAliases(theirs, ['db.dmz.cust.example'], token)).errors).toEqual([]);
    const words = 'the name db.dmz.cust.example is in use, and db.cust.example would be published as it';
    expect((await allocate('db.cust.example')).errors).toMatchObject([{ code: 'ALREADY_EXISTS', message: words }]);
  });
});
