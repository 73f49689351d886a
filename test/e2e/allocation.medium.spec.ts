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
    const statements = await sentStatements(() => allocate('allocateVni', { pool: vnis, ttlSeconds: 60 }));
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
    const vnis = await pool('VNI', 9000 + 10 * serial, 9009 + 10 * serial);
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
