// The counter: what other systems are given over HTTP, once, whoever asks and however often.
import { PoolAdminService } from '#contexts/numbering';
import { decodeId, encodeId, type PoolId, type TenantId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { DatabaseState } from '../support/database-state.js';
import { sentStatements } from '../support/sent-statements.js';

let world: ApiWorld;
let database: DatabaseState;
let other: { readonly tenantId: TenantId; readonly token: string };
let tenant: string;
beforeAll(async () => {
  world = await createApiWorld({ quarantineSeconds: 3600 });
  database = await DatabaseState.of(world.url);
  other = await world.newTenant('other', 'Other SA');
  tenant = encodeId('tenant', world.tenantId);
});
afterAll(async () => {
  await database?.close();
  await world?.close();
});

const ALLOCATION = `{ id version kind text state idempotencyKey holder holderKind externalRef expiresAt
  value { __typename ... on VniValue { vni } ... on VlanValue { vlan } ... on EviValue { evi } ... on AsnValue { asn } ... on RouteTargetValue { routeTarget }
    ... on MulticastGroupValue { group } ... on EsiValue { esi } ... on MacValue { mac } } }`;
const ERRORS = `errors { __typename code message path ... on InvalidInputError { accepted } ... on PoolExhaustedError { pool free largestFreeBlock }
  ... on QuotaExceededError { pool room } ... on AlreadyExistsError { heldBy } ... on VersionConflictError { currentVersion } ... on InUseError { holderKind }
  ... on InvalidStateError { state allowedStates } }`;

interface Allocation {
  readonly id: string;
  readonly version: number;
  readonly kind: string;
  readonly text: string;
  readonly state: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly expiresAt: string | null;
}
interface Payload {
  readonly allocation: Allocation | null;
  readonly allocations: readonly Allocation[];
  readonly replayed: boolean;
  readonly dryRun: boolean;
  readonly errors: readonly Readonly<Record<string, unknown>>[];
}

let serial = 0;
const key = (): string => `key-${++serial}`;
const capitalized = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

function allocate(field: string, input: Readonly<Record<string, unknown>>, token = world.customer): Promise<Payload> {
  const document = `mutation ($input: ${capitalized(field)}Input!) { ${field}(input: $input) { allocation ${ALLOCATION} allocations ${ALLOCATION} replayed dryRun ${ERRORS} } }`;
  return world.ask(token, document, { input: { idempotencyKey: key(), tenant, ...input } });
}

/** A pool of the operator's. */
async function pool(
  kind: 'VNI' | 'ASN' | 'ROUTE_TARGET' | 'MULTICAST_GROUP' | 'ESI' | 'ROUTER_MAC',
  first: number,
  last: number,
): Promise<string> {
  const created = { fabricId: world.fabricId, kind, slug: `pool-${++serial}`, name: 'pool', ranges: [{ first, last }] };
  const id = await world.db.inTransaction(systemScope('test'), (tx) => world.app.get(PoolAdminService).create(tx, created));
  return encodeId('pool', id);
}

let nextVni = 100_000;
const vniPool = (size = 10): Promise<string> => pool('VNI', nextVni, (nextVni += size) - 1);

/** What is asked of the database; a token is read again after three seconds, whatever is done with it. */
const statementsOf = async (work: () => Promise<unknown>): Promise<string[]> =>
  (await sentStatements(work)).filter((text) => !text.includes('api_token'));

async function unchanged<T>(work: () => Promise<T>): Promise<T> {
  const before = await database.read();
  const answer = await work();
  expect(await database.read()).toEqual(before);
  return answer;
}

describe('allocateVni', () => {
  it('gives the lowest free VNI, bound, and the same one to the same key', async () => {
    const vnis = await pool('VNI', 1000, 1002);
    const input = { idempotencyKey: key(), pool: vnis, externalRef: 'ORDER-1', holder: 'vm 17 of the portal' };
    const first = await allocate('allocateVni', input);
    expect(first).toMatchObject({ replayed: false, dryRun: false, errors: [] });
    expect(first.allocation).toMatchObject({
      id: expect.stringMatching(/^alc_/),
      version: 1,
      kind: 'VNI',
      text: '1000',
      value: { __typename: 'VniValue', vni: 1000 },
      state: 'BOUND',
      idempotencyKey: input.idempotencyKey,
      holder: 'vm 17 of the portal',
      holderKind: 'external',
      externalRef: 'ORDER-1',
      expiresAt: null,
    });
    expect(await unchanged(() => allocate('allocateVni', input))).toEqual({ ...first, replayed: true });
    expect((await allocate('allocateVni', { pool: vnis })).allocation?.text).toBe('1001');
  });

  it('refuses the same key for another request, and gives nothing', async () => {
    const vnis = await pool('VNI', 2000, 2009);
    const input = { idempotencyKey: key(), pool: vnis };
    await allocate('allocateVni', input);
    const { allocation, errors } = await unchanged(() => allocate('allocateVni', { ...input, externalRef: 'another' }));
    expect(allocation).toBeNull();
    expect(errors).toMatchObject([{ __typename: 'IdempotencyError', code: 'IDEMPOTENCY_KEY_REUSED' }]);
  });

  it('gives the preferred VNI or says why not, and whose it is only where it is mine', async () => {
    const vnis = await pool('VNI', 3000, 3009);
    expect((await allocate('allocateVni', { pool: vnis, prefer: 3005, externalRef: 'MINE' })).allocation?.text).toBe('3005');
    expect((await allocate('allocateVni', { pool: vnis, prefer: 3005 })).errors).toMatchObject([
      { __typename: 'AlreadyExistsError', code: 'ALREADY_EXISTS', heldBy: 'MINE' },
    ]);
    const theirs = await allocate('allocateVni', { tenant: encodeId('tenant', other.tenantId), pool: vnis, prefer: 3005 }, other.token);
    expect(theirs.errors).toMatchObject([{ code: 'ALREADY_EXISTS', heldBy: null }]);
    expect((await allocate('allocateVni', { pool: vnis, prefer: 4000 })).errors).toMatchObject([
      { code: 'OUT_OF_RANGE', accepted: 'it has 3000 to 3009' },
    ]);
  });

  it('says what is left of a pool that cannot give', async () => {
    const vnis = await pool('VNI', 4000, 4001);
    for (const _ of [1, 2]) expect((await allocate('allocateVni', { pool: vnis })).errors).toEqual([]);
    expect((await allocate('allocateVni', { pool: vnis })).errors).toMatchObject([
      { __typename: 'PoolExhaustedError', code: 'POOL_EXHAUSTED', pool: expect.stringMatching(/^pool-/), free: '0', largestFreeBlock: '0' },
    ]);
  });

  it('refuses a pool of other numbers', async () => {
    const asns = await pool('ASN', 64_512, 64_520);
    expect((await unchanged(() => allocate('allocateVni', { pool: asns }))).errors).toMatchObject([
      { code: 'INVALID_VALUE', accepted: 'a pool of VNI or L3VNI' },
    ]);
  });

  it('asks the database once, for the allocation and nothing else', async () => {
    const vnis = await pool('VNI', 5000, 5999);
    await allocate('allocateVni', { pool: vnis });
    const statements = await statementsOf(() => allocate('allocateVni', { pool: vnis, ttlSeconds: 60 }));
    expect(statements).toEqual([expect.stringContaining('number_allocate(')]);
  });

  it('tells pool and tenant of an allocation where they are asked for', async () => {
    const vnis = await pool('VNI', 6000, 6009);
    const { allocation } = await world.ask<{ allocation: unknown }>(
      world.customer,
      'mutation ($input: AllocateVniInput!) { allocateVni(input: $input) { allocation { pool { id free } tenant { id slug } } } }',
      { input: { idempotencyKey: key(), tenant, pool: vnis } },
    );
    expect(allocation).toEqual({ pool: { id: vnis, free: '9' }, tenant: { id: tenant, slug: 'acme' } });
  });
});

describe('allocateNumber', () => {
  it.each([
    ['ASN', 4_200_000_000, 4_200_000_009, '4200000003', { __typename: 'AsnValue', asn: 4_200_000_003 }],
    ['ROUTE_TARGET', 65_000 * 2 ** 32 + 10, 65_000 * 2 ** 32 + 20, '65000:12', { __typename: 'RouteTargetValue', routeTarget: '65000:12' }],
    ['MULTICAST_GROUP', 0xef010000, 0xef0100ff, '239.1.0.9', { __typename: 'MulticastGroupValue', group: '239.1.0.9' }],
    ['ESI', 1, 9, '0000:0000:0000:0000:0004', { __typename: 'EsiValue', esi: '0000:0000:0000:0000:0004' }],
    ['ROUTER_MAC', 0x020000000001, 0x020000000009, '02:00:00:00:00:05', { __typename: 'MacValue', mac: '02:00:00:00:00:05' }],
  ] as const)('gives a preferred %s, written as its kind is', async (kind, first, last, prefer, value) => {
    const { allocation, errors } = await allocate('allocateNumber', { pool: await pool(kind, first, last), prefer });
    expect(errors).toEqual([]);
    expect(allocation).toMatchObject({ kind, text: prefer, value });
  });

  it('takes the two spellings of one route target for one', async () => {
    const targets = await pool('ROUTE_TARGET', 65_001 * 2 ** 32 + 1, 65_001 * 2 ** 32 + 9);
    expect((await allocate('allocateNumber', { pool: targets, prefer: '65001:1' })).errors).toEqual([]);
    expect((await allocate('allocateNumber', { pool: targets, prefer: '0:65001:1' })).errors).toMatchObject([{ code: 'ALREADY_EXISTS' }]);
  });

  it('says how the kind is written where it is written otherwise', async () => {
    const groups = await pool('MULTICAST_GROUP', 0xef020000, 0xef0200ff);
    const { errors } = await allocate('allocateNumber', { pool: groups, prefer: '239.2.0' });
    expect(errors).toMatchObject([{ __typename: 'InvalidInputError', code: 'INVALID_VALUE', path: ['prefer'] }]);
  });

  it('gives several in a row, or as many as there are', async () => {
    const vnis = await pool('VNI', 7000, 7009);
    await allocate('allocateNumber', { pool: vnis, prefer: 7004 });
    const row = await allocate('allocateNumber', { pool: vnis, count: 5, contiguous: true });
    expect(row.allocations.map(({ text }) => text)).toEqual(['7005', '7006', '7007', '7008', '7009']);
    expect(row.allocation).toEqual(row.allocations[0]);
    expect((await unchanged(() => allocate('allocateNumber', { pool: vnis, count: 5 }))).errors).toMatchObject([
      { code: 'POOL_EXHAUSTED', free: '4', largestFreeBlock: '4' },
    ]);
    expect((await allocate('allocateNumber', { pool: vnis, count: 5, partial: true })).allocations).toHaveLength(4);
  });

  it('stops at the quota of the tenant, and says what is left of it', async () => {
    const vnis = await pool('VNI', 8000, 8099);
    await world.db.inTransaction(systemScope('test'), (tx) =>
      world.app.get(PoolAdminService).setQuota(tx, decodeId<PoolId>('pool', vnis), world.tenantId, 3),
    );
    expect((await allocate('allocateNumber', { pool: vnis, count: 2 })).errors).toEqual([]);
    expect((await unchanged(() => allocate('allocateNumber', { pool: vnis, count: 2 }))).errors).toMatchObject([
      { __typename: 'QuotaExceededError', code: 'QUOTA_EXCEEDED', room: '1' },
    ]);
    expect((await allocate('allocateVni', { pool: vnis })).errors).toEqual([]);
    expect((await allocate('allocateVni', { pool: vnis })).errors).toMatchObject([{ code: 'QUOTA_EXCEEDED', room: '0' }]);
  });

  it.each([{ count: 1 }, { count: 3, contiguous: true }])('rehearses %j: the answer is true, and nothing of it stays', async (how) => {
    const vnis = await vniPool();
    const input = { idempotencyKey: key(), pool: vnis, ...how };
    const rehearsed = await unchanged(() => allocate('allocateNumber', { ...input, dryRun: true }));
    expect(rehearsed).toMatchObject({ dryRun: true, replayed: false, errors: [] });
    const given = await allocate('allocateNumber', input);
    expect(given.replayed).toBe(false);
    expect(given.allocations.map(({ text }) => text)).toEqual(rehearsed.allocations.map(({ text }) => text));
  });
});

describe('allocateVlan', () => {
  it('gives VLANs of a domain, the preferred one or the next', async () => {
    const pools = await world.ask<{ slug: string; vlanDomain: string | null }[]>(world.customer, '{ numberPools { slug vlanDomain } }');
    const domain = pools.find(({ slug }) => slug.startsWith('vlan-'))?.vlanDomain;
    expect((await allocate('allocateVlan', { domain, prefer: 101 })).allocation).toMatchObject({ kind: 'VLAN', value: { vlan: 101 } });
    const texts = [];
    for (const _ of [1, 2]) texts.push((await allocate('allocateVlan', { domain })).allocation?.text);
    expect(texts).toEqual(['100', '102']);
    expect((await allocate('allocateVlan', { domain, prefer: 101 })).errors).toMatchObject([{ code: 'ALREADY_EXISTS' }]);
    expect((await allocate('allocateVlan', { domain: encodeId('vlanDomain', world.fabricId) })).errors).toMatchObject([
      { code: 'NOT_FOUND' },
    ]);
  });
});

const CHANGED = `allocation ${ALLOCATION} ${ERRORS}`;
type Changed = Pick<Payload, 'allocation' | 'errors'> & { readonly changed?: boolean };
const change = (field: string, type: string, input: Readonly<Record<string, unknown>>, token = world.customer): Promise<Changed> =>
  world.ask(
    token,
    `mutation ($input: ${type}!) { ${field}(input: $input) { ${field === 'releaseAllocation' ? 'changed' : ''} ${CHANGED} } }`,
    { input },
  );
const bind = (input: Readonly<Record<string, unknown>>, token?: string) => change('bindAllocation', 'BindAllocationInput', input, token);
const extend = (input: Readonly<Record<string, unknown>>, token?: string) => change('extendHold', 'ExtendHoldInput', input, token);
const release = (input: Readonly<Record<string, unknown>>, token?: string) =>
  change('releaseAllocation', 'ReleaseAllocationInput', input, token);
const transfer = (input: Readonly<Record<string, unknown>>, token?: string) =>
  change('transferAllocation', 'TransferAllocationInput', input, token);

async function given(field: string, input: Readonly<Record<string, unknown>>): Promise<Allocation> {
  const { allocation, errors } = await allocate(field, input);
  expect(errors).toEqual([]);
  return allocation as Allocation;
}

describe('a hold', () => {
  it('lasts until it expires, longer when it is extended, and for good when it is bound', async () => {
    const vnis = await pool('VNI', 20_000, 20_009);
    const held = await given('allocateVni', { pool: vnis, ttlSeconds: 60 });
    expect(held).toMatchObject({ state: 'HELD', version: 1 });
    const seconds = (text: string | null | undefined): number => (Date.parse(text ?? '') - Date.now()) / 1000;
    expect(seconds(held.expiresAt)).toBeGreaterThan(30);
    expect(seconds(held.expiresAt)).toBeLessThan(61);
    const { allocation: longer } = await extend({ allocation: held.id, ifVersion: 1, ttlSeconds: 3600 });
    expect(seconds(longer?.expiresAt)).toBeGreaterThan(3500);
    const bound = await bind({ allocation: held.id, ifVersion: 1, holder: 'vm 9' });
    expect(bound).toMatchObject({ errors: [], allocation: { state: 'BOUND', version: 2, holder: 'vm 9', expiresAt: null } });
    expect((await bind({ allocation: held.id, ifVersion: 1 })).errors).toMatchObject([
      { __typename: 'VersionConflictError', code: 'VERSION_CONFLICT', currentVersion: 2 },
    ]);
    expect((await bind({ allocation: held.id, ifVersion: 2 })).errors).toMatchObject([
      { __typename: 'InvalidStateError', code: 'INVALID_STATE', state: 'BOUND', allowedStates: ['HELD'] },
    ]);
  });

  it.each([0, -1, 604_801])('of %d seconds is refused', async (ttlSeconds) => {
    const vnis = await vniPool(1);
    expect((await unchanged(() => allocate('allocateVni', { pool: vnis, ttlSeconds }))).errors).toMatchObject([
      { code: 'INVALID_VALUE', accepted: '1 to 604800 seconds' },
    ]);
  });

  it('that is released is free at once, and gone', async () => {
    const vnis = await pool('VNI', 20_200, 20_200);
    const held = await given('allocateVni', { pool: vnis, ttlSeconds: 60 });
    expect(await release({ allocation: held.id, ifVersion: 1 })).toMatchObject({
      changed: true,
      errors: [],
      allocation: { state: 'RELEASED' },
    });
    expect((await release({ allocation: held.id })).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await given('allocateVni', { pool: vnis })).text).toBe('20200');
  });
});

describe('releaseAllocation', () => {
  it('puts a bound value to rest, once, and not on behalf of somebody who read it earlier', async () => {
    const vnis = await pool('VNI', 21_000, 21_000);
    const allocation = await given('allocateVni', { pool: vnis });
    expect((await unchanged(() => release({ allocation: allocation.id, ifVersion: 7 }))).errors).toMatchObject([
      { code: 'VERSION_CONFLICT' },
    ]);
    const released = await release({ allocation: allocation.id, ifVersion: 1, reason: 'the customer has left' });
    expect(released).toMatchObject({ changed: true, errors: [], allocation: { state: 'QUARANTINED', version: 2 } });
    expect(await unchanged(() => release({ allocation: allocation.id }))).toMatchObject({ changed: false, errors: [] });
    expect((await allocate('allocateVni', { pool: vnis })).errors).toMatchObject([{ code: 'POOL_EXHAUSTED' }]);
    const { detail } = (await world.db.inTransaction(systemScope('test'), (tx) =>
      tx.one(`SELECT detail FROM audit_entry WHERE action = 'number.released' AND subject_id = $1`, [
        decodeId('allocation', allocation.id),
      ]),
    )) as { detail: unknown };
    expect(detail).toMatchObject({ reason: 'the customer has left' });
  });

  it('does not take a number away from a network that uses it', async () => {
    const document =
      'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { network { vni } } errors { code message } } }';
    await world.ask(world.customer, document, { input: world.orderInput({ subnets: [] }) });
    const { nodes } = await world
      .ask<{ nodes: Allocation[] }>(world.customer, '{ numberPool(slug: "cust-vni") { allocations { nodes { id holderKind } } } }')
      .then((found) => (found as unknown as { allocations: { nodes: Allocation[] } }).allocations);
    const [ours] = nodes;
    expect(ours).toMatchObject({ holderKind: 'network' });
    expect((await unchanged(() => release({ allocation: ours?.id }))).errors).toMatchObject([
      { __typename: 'InUseError', code: 'IN_USE', holderKind: 'network' },
    ]);
  });
});

describe('transferAllocation', () => {
  it('gives a value to another tenant, for the operator only', async () => {
    const vnis = await pool('VNI', 22_000, 22_009);
    const mine = await given('allocateVni', { pool: vnis });
    const input = { allocation: mine.id, ifVersion: 1, tenant: encodeId('tenant', other.tenantId), holder: 'moved' };
    const document = 'mutation ($input: TransferAllocationInput!) { transferAllocation(input: $input) { errors { code } } }';
    expect((await world.graphql(world.customer, document, { input })).errors[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await transfer(input, world.operator)).toMatchObject({ errors: [], allocation: { id: mine.id, version: 2, holder: 'moved' } });
    expect((await release({ allocation: mine.id })).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await release({ allocation: mine.id }, other.token)).errors).toEqual([]);
  });

  it('is refused where the other tenant is nobody, or has used the key', async () => {
    const vnis = await pool('VNI', 22_100, 22_109);
    const shared = key();
    const mine = await given('allocateVni', { pool: vnis, idempotencyKey: shared });
    const theirs = encodeId('tenant', other.tenantId);
    expect((await allocate('allocateVni', { pool: vnis, idempotencyKey: shared, tenant: theirs }, other.token)).errors).toEqual([]);
    expect((await transfer({ allocation: mine.id, ifVersion: 1, tenant: theirs }, world.operator)).errors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
    const nobody = encodeId('tenant', world.fabricId);
    expect((await transfer({ allocation: mine.id, ifVersion: 1, tenant: nobody }, world.operator)).errors).toMatchObject([
      { code: 'NOT_FOUND' },
    ]);
  });
});

describe('an allocation', () => {
  it('is found by its id and by the key it was asked for with, as long as it lives', async () => {
    const vnis = await pool('VNI', 23_000, 23_009);
    const idempotencyKey = key();
    const { allocations } = await allocate('allocateNumber', { pool: vnis, idempotencyKey, count: 3 });
    const [first] = allocations;
    const byId = 'query ($id: ID) { allocation(id: $id) { id text state } }';
    const byKey = 'query ($key: String, $tenant: ID) { allocation(idempotencyKey: $key, tenant: $tenant) { id } }';
    const ofKey = 'query ($key: String!, $tenant: ID!) { allocationsOfKey(idempotencyKey: $key, tenant: $tenant) { text } }';
    expect(await world.ask(world.customer, byId, { id: first?.id })).toEqual({ id: first?.id, text: '23000', state: 'BOUND' });
    expect(await world.ask(world.customer, byKey, { key: idempotencyKey, tenant })).toEqual({ id: first?.id });
    expect(await world.ask(world.customer, ofKey, { key: idempotencyKey, tenant })).toEqual([
      { text: '23000' },
      { text: '23001' },
      { text: '23002' },
    ]);
    expect(await world.ask(other.token, byId, { id: first?.id })).toBeNull();
    expect(await world.ask(other.token, byKey, { key: idempotencyKey, tenant })).toBeNull();
    expect(await world.ask(world.customer, byKey, { key: 'nothing-of-this-name', tenant })).toBeNull();
    for (const { id } of allocations) await release({ allocation: id });
    expect(await world.ask(world.customer, ofKey, { key: idempotencyKey, tenant })).toEqual([]);
    expect(await world.ask(world.customer, byId, { id: first?.id })).toMatchObject({ state: 'QUARANTINED' });
  });
});

interface Batch {
  readonly items: readonly {
    readonly path: string[];
    readonly allocations: readonly Allocation[];
    readonly replayed: boolean;
    readonly errors: readonly unknown[];
  }[];
  readonly allocations: readonly Allocation[];
  readonly replayed: boolean;
  readonly errors: readonly unknown[];
}
const BATCH = `mutation ($input: AllocateBatchInput!) { allocateBatch(input: $input) { replayed dryRun allocations ${ALLOCATION} ${ERRORS}
  items { path replayed allocations ${ALLOCATION} ${ERRORS} } } }`;
const batch = (input: Readonly<Record<string, unknown>>, token = world.customer): Promise<Batch> => world.ask(token, BATCH, { input });

describe('allocateBatch', () => {
  const wish = (over: Readonly<Record<string, unknown>>) => ({ idempotencyKey: key(), tenant, ...over });

  it('gives everything in one transaction, in the order of the input, and the same again', async () => {
    const [vnis, asns] = [await pool('VNI', 24_000, 24_009), await pool('ASN', 64_600, 64_609)];
    const input = {
      numbers: [wish({ pool: asns, count: 2, contiguous: true }), wish({ pool: vnis, prefer: '24005' })],
      vnis: [wish({ pool: vnis }), wish({ pool: vnis, ttlSeconds: 60 })],
    };
    const first = await batch(input);
    expect(first).toMatchObject({ replayed: false, errors: [] });
    expect(first.items.map(({ path }) => path.join('.'))).toEqual(['numbers.0', 'numbers.1', 'vnis.0', 'vnis.1']);
    expect(first.allocations.map(({ text }) => text)).toEqual(['64600', '64601', '24005', '24000', '24001']);
    const again = await unchanged(() => batch(input));
    expect(again).toMatchObject({ replayed: true, errors: [] });
    expect(again.allocations).toEqual(first.allocations);
  });

  it('that is all or none keeps nothing where one is refused, and says which', async () => {
    const vnis = await pool('VNI', 24_100, 24_101);
    const input = { vnis: [wish({ pool: vnis }), wish({ pool: vnis }), wish({ pool: vnis })] };
    const refused = await unchanged(() => batch(input));
    expect(refused).toMatchObject({ items: [], allocations: [], errors: [{ __typename: 'PoolExhaustedError', path: ['vnis', '2'] }] });
    const misspelt = await unchanged(() => batch({ numbers: [wish({ pool: vnis }), wish({ pool: vnis, prefer: 'x' })] }));
    expect(misspelt.errors).toMatchObject([{ code: 'INVALID_VALUE', path: ['numbers', '1', 'prefer'] }]);
  });

  it('is no way to keep a pool from everybody else: all items together have a limit', async () => {
    const vnis = await pool('VNI', 24_300, 24_399);
    const numbers = [wish({ pool: vnis, count: 600 }), wish({ pool: vnis, count: 401 })];
    for (const mode of ['ALL_OR_NONE', 'BEST_EFFORT'])
      expect((await unchanged(() => batch({ mode, numbers }))).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
  });

  it('of best effort gives each what it can, and a refusal is the item’s own', async () => {
    const vnis = await pool('VNI', 24_200, 24_201);
    const unknown = encodeId('pool', world.fabricId);
    const answer = await batch({
      mode: 'BEST_EFFORT',
      vnis: [
        wish({ pool: vnis, prefer: 24_200 }),
        wish({ pool: vnis, prefer: 24_200 }),
        wish({ pool: unknown }),
        wish({ pool: vnis }),
        wish({ pool: vnis }),
      ],
    });
    expect(answer.items.map(({ allocations }) => allocations.map(({ text }) => text))).toEqual([['24200'], [], [], ['24201'], []]);
    expect(answer.errors).toMatchObject([
      { code: 'ALREADY_EXISTS', path: ['vnis', '1'] },
      { code: 'NOT_FOUND', path: ['vnis', '2'] },
      { code: 'POOL_EXHAUSTED', path: ['vnis', '4'] },
    ]);
    expect(answer.items[4]?.errors).toEqual([(answer.errors as unknown[])[2]]);
  });

  it.each(['ALL_OR_NONE', 'BEST_EFFORT'])('rehearsed as %s leaves nothing', async (mode) => {
    const vnis = await vniPool();
    const input = { mode, vnis: [wish({ pool: vnis }), wish({ pool: vnis })] };
    const rehearsed = await unchanged(() => batch({ ...input, dryRun: true }));
    expect(rehearsed).toMatchObject({ dryRun: true, errors: [] });
    expect((await batch(input)).allocations.map(({ text }) => text)).toEqual(rehearsed.allocations.map(({ text }) => text));
  });

  it('has 1 to 256 items, one dryRun, and needs the scope of each kind', async () => {
    const vnis = await vniPool(600);
    expect((await batch({})).errors).toMatchObject([{ code: 'INVALID_VALUE', accepted: '1 to 256' }]);
    const many = Array.from({ length: 257 }, () => wish({ pool: vnis }));
    expect((await unchanged(() => batch({ vnis: many }))).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
    expect((await batch({ vnis: [wish({ pool: vnis, dryRun: true })] })).errors).toMatchObject([{ path: ['vnis', '0', 'dryRun'] }]);
    const vlansOnly = await world.newToken(world.tenantId, ['vlan:allocate']);
    const { errors } = await world.graphql(vlansOnly, BATCH, { input: { vnis: [wish({ pool: vnis })] } });
    expect(errors[0]).toMatchObject({ message: 'this token lacks the scope vni:allocate', extensions: { code: 'FORBIDDEN' } });
  });

  it('of many callers, each over the same pools in another order, never ends in a deadlock', async () => {
    const pools = [await pool('VNI', 25_000, 25_199), await pool('VNI', 25_200, 25_399), await pool('VNI', 25_400, 25_599)];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        batch({ vnis: [0, 1, 2].map((n) => wish({ pool: pools[(n + i) % 3] })).concat(wish({ pool: pools[i % 3] })) }),
      ),
    );
    const texts = answers.flatMap(({ allocations, errors }) => {
      expect(errors).toEqual([]);
      return allocations.map(({ text }) => text);
    });
    expect(new Set(texts).size).toBe(24 * 4);
  });
});

describe('a token', () => {
  it('changes only what it could have allocated', async () => {
    const [vnis, asns] = [await pool('VNI', 26_000, 26_009), await pool('ASN', 64_700, 64_709)];
    const [vni, asn] = [await given('allocateVni', { pool: vnis }), await given('allocateNumber', { pool: asns })];
    const vnisOnly = await world.newToken(world.tenantId, ['vni:allocate']);
    const document = 'mutation ($input: ReleaseAllocationInput!) { releaseAllocation(input: $input) { changed } }';
    expect((await world.graphql(vnisOnly, document, { input: { allocation: asn.id } })).errors[0]?.message).toContain('number:allocate');
    expect((await world.graphql(vnisOnly, document, { input: { allocation: vni.id } })).data).toEqual({
      releaseAllocation: { changed: true },
    });
  });
});

describe('adoptAllocations', () => {
  const adopt = (input: Readonly<Record<string, unknown>>, token = world.operator): Promise<Pick<Payload, 'allocations' | 'errors'>> =>
    world.ask(
      token,
      `mutation ($input: AdoptAllocationsInput!) { adoptAllocations(input: $input) { allocations ${ALLOCATION} ${ERRORS} } }`,
      {
        input: { tenant, ...input },
      },
    );

  it('takes over what a network carries already, excluded though it may be', async () => {
    const [vnis, targets] = [await pool('VNI', 27_000, 27_009), await pool('ROUTE_TARGET', 65_002 * 2 ** 32, 65_002 * 2 ** 32 + 9)];
    await world.db.inTransaction(systemScope('test'), async (tx) =>
      world.app
        .get(PoolAdminService)
        .update(tx, decodeId<PoolId>('pool', vnis), 1, { exclude: [{ first: 27_003, last: 27_004, reason: 'old network' }] }),
    );
    const numbers = [
      { pool: vnis, value: 27_003, idempotencyKey: key(), externalRef: 'OLD-1', holder: 'vxlan 27003' },
      { pool: targets, value: '0:65002:4', idempotencyKey: key() },
      { pool: vnis, value: '27000', idempotencyKey: key() },
    ];
    const adopted = await adopt({ numbers });
    expect(adopted.errors).toEqual([]);
    expect(adopted.allocations.map(({ text }) => text).sort()).toEqual(['27000', '27003', '65002:4']);
    expect(await unchanged(() => adopt({ numbers }))).toEqual(adopted);
    expect((await given('allocateVni', { pool: vnis })).text).toBe('27001');
  });

  it('is all or none, and names what stands in the way', async () => {
    const vnis = await pool('VNI', 27_100, 27_109);
    await given('allocateVni', { pool: vnis, prefer: 27_105 });
    const numbers = [27_104, 27_105].map((value) => ({ pool: vnis, value, idempotencyKey: key() }));
    const { allocations, errors } = await unchanged(() => adopt({ numbers }));
    expect(allocations).toEqual([]);
    expect(errors).toMatchObject([{ code: 'ALREADY_EXISTS', path: ['numbers', '1'] }]);
  });
});

describe('what cannot be', () => {
  it.each([
    ['a key with a blank', { idempotencyKey: 'a b' }, 'INVALID_VALUE', ['idempotencyKey']],
    ['an empty key', { idempotencyKey: '' }, 'INVALID_VALUE', ['idempotencyKey']],
    ['a key of 129 characters', { idempotencyKey: 'k'.repeat(129) }, 'INVALID_VALUE', ['idempotencyKey']],
    ['a reference with a newline', { externalRef: 'a\nb' }, 'INVALID_VALUE', ['externalRef']],
    ['a holder with a newline', { holder: 'a\nb' }, 'INVALID_VALUE', []],
    ['a holder of 129 characters', { holder: 'h'.repeat(129) }, 'INVALID_VALUE', []],
    ['no value', { count: 0 }, 'INVALID_VALUE', []],
    ['less than no value', { count: -1 }, 'INVALID_VALUE', []],
    ['1001 values', { count: 1001 }, 'INVALID_VALUE', []],
    ['a preferred VNI of 0', { prefer: 0 }, 'INVALID_VALUE', ['prefer']],
    ['a preferred VNI beyond 24 bits', { prefer: '16777216' }, 'INVALID_VALUE', ['prefer']],
    ['a preferred VNI with a leading zero', { prefer: '0100' }, 'INVALID_VALUE', ['prefer']],
    ['a preferred VNI in words', { prefer: '1e3' }, 'INVALID_VALUE', ['prefer']],
    ['the name of nothing', { pool: 'x' }, 'NOT_FOUND', []],
    ['a pool of prefixes', { pool: encodeId('prefixPool', '01890000-0000-7000-8000-000000000000') }, 'NOT_FOUND', []],
    ['another tenant', { tenant: encodeId('tenant', '01890000-0000-7000-8000-000000000000') }, 'NOT_FOUND', []],
  ])('is refused and leaves nothing: %s', async (_what, over, code, path) => {
    const input = { pool: encodeId('pool', world.vniPoolId), ...over };
    const { allocations, errors } = await unchanged(() => allocate('allocateNumber', input));
    expect(allocations).toEqual([]);
    expect(errors).toMatchObject([{ code, path }]);
  });

  it.each(['-1', '1.5', '9007199254740993', 'true', '"a b"', '""', `"${'9'.repeat(65)}"`])('is refused as a number: %s', async (prefer) => {
    const document = `mutation { allocateNumber(input: { idempotencyKey: "k", tenant: "${tenant}", pool: "${encodeId('pool', world.vniPoolId)}", prefer: ${prefer} }) { replayed } }`;
    const { errors } = await unchanged(() => world.graphql(world.customer, document));
    expect(errors[0]?.extensions.code).toBe('BAD_REQUEST');
  });

  it.each([
    '',
    'x',
    'alc_',
    'alc_00000000000000000000000000',
    'pool_00000000000000000000000000',
    'pfx_00000000000000000000000000',
    "' OR 1=1 --",
    'é_',
  ])('has no allocation: %j', async (allocation) => {
    for (const answer of [
      await unchanged(() => release({ allocation })),
      await unchanged(() => bind({ allocation, ifVersion: 1 })),
      await unchanged(() => extend({ allocation, ifVersion: 1, ttlSeconds: 60 })),
    ])
      expect(answer.errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await world.ask(world.customer, 'query ($id: ID) { allocation(id: $id) { id } }', { id: allocation })).toBeNull();
  });
});
