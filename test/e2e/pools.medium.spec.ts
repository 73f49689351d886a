// What the operator does to pools, and what everybody sees of them.
import { encodeId } from '#engines/kernel';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { DatabaseState } from '../support/database-state.js';

let world: ApiWorld;
let database: DatabaseState;
let tenant: string;
beforeAll(async () => {
  world = await createApiWorld();
  database = await DatabaseState.of(world.url);
  tenant = encodeId('tenant', world.tenantId);
});
afterAll(async () => {
  await database?.close();
  await world?.close();
});

const POOL = `pool { __typename id version slug name total free used utilization level strategy quarantineSeconds lowWaterPercent
  ... on NumberPool { kind vlanDomain ranges { first last count } exclusions { first last reason } freeRanges { first last } largestFreeBlock quotas { tenant max used } tenants } }`;
const ERRORS =
  'errors { __typename code message path ... on InvalidInputError { accepted } ... on VersionConflictError { currentVersion } }';

interface Pool {
  readonly id: string;
  readonly version: number;
  readonly [field: string]: unknown;
}
interface Payload {
  readonly pool: Pool | null;
  readonly errors: readonly Readonly<Record<string, unknown>>[];
}

let serial = 0;
let nextVni = 200_000;
const vnis = (size: number): { first: number; last: number } => ({ first: nextVni, last: (nextVni += size) - 1 });

const create = (input: Readonly<Record<string, unknown>>, token = world.operator): Promise<Payload> =>
  world.ask(token, `mutation ($input: CreateNumberPoolInput!) { createNumberPool(input: $input) { ${POOL} ${ERRORS} } }`, {
    input: { slug: `p${++serial}`, name: 'a pool', kind: 'VNI', ...input },
  });
async function created(input: Readonly<Record<string, unknown>>): Promise<Pool> {
  const { pool, errors } = await create(input);
  expect(errors).toEqual([]);
  return pool as Pool;
}
const update = ({ id, version }: Pool, input: Readonly<Record<string, unknown>>): Promise<Payload> =>
  world.ask(
    world.operator,
    `mutation ($id: ID!, $version: Int!, $input: UpdatePoolInput!) { updatePool(id: $id, ifVersion: $version, input: $input) { ${POOL} ${ERRORS} } }`,
    { id, version, input },
  );
const read = (id: string, token = world.customer): Promise<Pool> =>
  world.ask(
    token,
    `query ($id: ID) { numberPool(id: $id) { ${POOL.slice(7, -2)} } }`.replace('... on NumberPool {', '').replace('tenants }', 'tenants'),
    { id },
  );
const allocate = (
  pool: string,
  over: Readonly<Record<string, unknown>> = {},
  token = world.customer,
): Promise<{ allocation: { id: string; text: string } | null; errors: { code: string }[] }> =>
  world.ask(token, 'mutation ($input: AllocateNumberInput!) { allocateNumber(input: $input) { allocation { id text } errors { code } } }', {
    input: { idempotencyKey: `k${++serial}`, tenant, pool, ...over },
  });

async function unchanged<T>(work: () => Promise<T>): Promise<T> {
  const before = await database.read();
  const answer = await work();
  expect(await database.read()).toEqual(before);
  return answer;
}

describe('createNumberPool', () => {
  it('makes a pool of several ranges with exclusions, and counts what it can give', async () => {
    const [a, b] = [vnis(100), vnis(50)];
    const exclusions = [{ first: a.first + 10, last: a.first + 19, reason: 'old fabric' }];
    const pool = await created({
      slug: 'of-two',
      name: 'Two ranges',
      ranges: [a, b],
      exclusions,
      strategy: 'ROTATING',
      quarantineSeconds: 60,
      lowWaterPercent: 20,
    });
    expect(pool).toMatchObject({
      __typename: 'NumberPool',
      version: 1,
      slug: 'of-two',
      name: 'Two ranges',
      kind: 'VNI',
      total: '140',
      free: '140',
      used: '0',
      utilization: 0,
      level: 'OK',
      strategy: 'ROTATING',
      quarantineSeconds: 60,
      lowWaterPercent: 20,
      exclusions: [{ first: String(a.first + 10), last: String(a.first + 19), reason: 'old fabric' }],
      // The two ranges touch: free space knows no border between them.
      freeRanges: [
        { first: String(a.first), last: String(a.first + 9) },
        { first: String(a.first + 20), last: String(b.last) },
      ],
      largestFreeBlock: '130',
      quotas: [],
      tenants: [],
    });
    expect(await read(pool.id)).toMatchObject({ id: pool.id, total: '140' });
  });

  it.each([
    ['ASN', '4200000000', '4294967294', '94967295'],
    ['ROUTE_TARGET', '65010:1', '65010:4294967295', '4294967295'],
    ['ROUTE_TARGET', '10.0.0.1:0', '10.0.0.1:65535', '65536'],
    ['MULTICAST_GROUP', '239.7.0.0', '239.7.255.255', '65536'],
    ['ESI', '0000:0000:0000:0001:0000', '0000:0000:0000:0001:ffff', '65536'],
    ['ROUTER_MAC', '02:00:00:01:00:00', '02:00:00:01:ff:ff', '65536'],
  ])('takes %s ranges as they are written: %s to %s', async (kind, first, last, total) => {
    expect(await created({ kind, ranges: [{ first, last }] })).toMatchObject({ kind, total, ranges: [{ first, last, count: total }] });
  });

  it.each([
    ['a range that ends before it begins', { ranges: [{ first: 300_010, last: 300_000 }] }, 'INVALID_VALUE', []],
    ['no range', { ranges: [] }, 'INVALID_VALUE', []],
    ['a VNI of 0', { ranges: [{ first: 0, last: 9 }] }, 'INVALID_VALUE', ['ranges', '0', 'first']],
    ['a VNI that is none', { ranges: [{ first: 'x', last: 9 }] }, 'INVALID_VALUE', ['ranges', '0', 'first']],
    ['a range over two administrators', { kind: 'ROUTE_TARGET', ranges: [{ first: '65020:1', last: '65021:1' }] }, 'INVALID_VALUE', []],
    [
      'a multicast group of the Internet',
      { kind: 'MULTICAST_GROUP', ranges: [{ first: '224.0.0.1', last: '224.0.0.9' }] },
      'INVALID_VALUE',
      [],
    ],
    ['a global MAC', { kind: 'ROUTER_MAC', ranges: [{ first: '00:1c:73:00:00:01', last: '00:1c:73:00:00:09' }] }, 'INVALID_VALUE', []],
    ['VLANs without a domain', { kind: 'VLAN', ranges: [{ first: 2, last: 9 }] }, 'INVALID_VALUE', []],
    ['a strategy of prefixes', { ranges: [{ first: 300_000, last: 300_009 }], strategy: 'BEST_FIT' }, 'INVALID_VALUE', []],
    ['a quarantine of two years', { ranges: [{ first: 300_000, last: 300_009 }], quarantineSeconds: 63_072_000 }, 'INVALID_VALUE', []],
    ['a low-water mark of 100', { ranges: [{ first: 300_000, last: 300_009 }], lowWaterPercent: 100 }, 'INVALID_VALUE', []],
    ['a slug that is taken', { slug: 'cust-vni', ranges: [{ first: 300_000, last: 300_009 }] }, 'ALREADY_EXISTS', []],
    ['a range of another pool', { ranges: [{ first: 19_999, last: 20_005 }] }, 'OVERLAPS', []],
    ['a VNI range of a pool of L3 VNIs', { ranges: [{ first: 50_000, last: 50_000 }] }, 'OVERLAPS', []],
    ['a fabric that is none', { fabric: 'fab_00000000000000000000000000', ranges: [{ first: 300_000, last: 300_009 }] }, 'NOT_FOUND', []],
    [
      'a tenant that is none',
      { tenants: ['ten_00000000000000000000000000'], ranges: [{ first: 300_000, last: 300_009 }] },
      'NOT_FOUND',
      [],
    ],
  ])('refuses %s', async (_what, input, code, path) => {
    expect((await unchanged(() => create(input))).errors).toMatchObject([{ code, path }]);
  });
});

describe('updatePool', () => {
  it('grows, shrinks, excludes and includes while the pool is used', async () => {
    const range = vnis(10);
    const more = vnis(5);
    const pool = await created({ ranges: [range] });
    const taken = await allocate(pool.id);
    expect(taken.allocation?.text).toBe(String(range.first));
    const grown = await update(pool, {
      addRanges: [more],
      exclude: [{ first: range.first + 2, last: range.first + 3, reason: 'spare' }],
      name: 'grown',
    });
    expect(grown).toMatchObject({ errors: [], pool: { version: 2, name: 'grown', total: '13', free: '12' } });
    const shrunk = await update(grown.pool as Pool, {
      include: [range.first + 2],
      removeRanges: [{ first: more.first + 1, last: more.last }],
    });
    expect(shrunk).toMatchObject({ errors: [], pool: { version: 3, total: '11', free: '10', exclusions: [], largestFreeBlock: '10' } });
    expect((await unchanged(() => update(grown.pool as Pool, { name: 'late' }))).errors).toMatchObject([
      { code: 'VERSION_CONFLICT', currentVersion: 3 },
    ]);
    expect((await unchanged(() => update(shrunk.pool as Pool, { removeRanges: [range] }))).errors).toMatchObject([{ code: 'IN_USE' }]);
    expect((await unchanged(() => update(shrunk.pool as Pool, { include: [999] }))).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
  });

  it('keeps nothing of a change of which one part is refused', async () => {
    const pool = await created({ ranges: [vnis(10)] });
    const { errors } = await unchanged(() => update(pool, { name: 'half', addRanges: [vnis(5), { first: 19_990, last: 19_999 }] }));
    expect(errors).toMatchObject([{ code: 'OVERLAPS' }]);
  });

  it('changes the strategy from the next allocation on', async () => {
    const range = vnis(10);
    const pool = await created({ ranges: [range], quarantineSeconds: 0 });
    const text = async (): Promise<number> => Number((await allocate(pool.id)).allocation?.text) - range.first;
    expect([await text(), await text()]).toEqual([0, 1]);
    expect((await update(pool, { strategy: 'RANDOM' })).errors).toEqual([]);
    const random = new Set([await text(), await text(), await text()]);
    expect(random.size).toBe(3);
    for (const value of random) expect(value).toBeGreaterThan(1);
  });

  it('opens a pool to some tenants: for the others it does not exist', async () => {
    const { tenantId, token } = await world.newTenant('somebody', 'Somebody SA');
    const pool = await created({ ranges: [vnis(10)], tenants: [tenant] });
    expect(pool).toMatchObject({ tenants: [tenant] });
    expect((await allocate(pool.id)).errors).toEqual([]);
    const theirs = { tenant: encodeId('tenant', tenantId) };
    expect((await allocate(pool.id, theirs, token)).errors).toEqual([{ code: 'NOT_FOUND' }]);
    expect((await update(pool, { tenants: [] })).errors).toEqual([]);
    expect((await allocate(pool.id, theirs, token)).errors).toEqual([]);
  });
});

describe('setQuota', () => {
  const setQuota = (input: Readonly<Record<string, unknown>>): Promise<Payload> =>
    world.ask(world.operator, `mutation ($input: SetQuotaInput!) { setQuota(input: $input) { ${POOL} ${ERRORS} } }`, { input });

  it('limits a tenant, counts what it has, and is taken away by null', async () => {
    const pool = await created({ ranges: [vnis(10)] });
    await allocate(pool.id);
    expect(await setQuota({ pool: pool.id, tenant, max: '2' })).toMatchObject({
      errors: [],
      pool: { quotas: [{ tenant, max: '2', used: '1' }] },
    });
    expect((await allocate(pool.id)).errors).toEqual([]);
    expect((await allocate(pool.id)).errors).toEqual([{ code: 'QUOTA_EXCEEDED' }]);
    const { token } = await world.newTenant('looker', 'Looker SA');
    expect(await read(pool.id, token)).toMatchObject({ quotas: [] }); // What others may have is nobody's business.
    expect(await setQuota({ pool: pool.id, tenant, max: null })).toMatchObject({ errors: [], pool: { quotas: [] } });
    expect((await allocate(pool.id)).errors).toEqual([]);
  });

  it('is refused for a tenant or a pool that is none', async () => {
    const pool = await created({ ranges: [vnis(10)] });
    for (const wrong of [{ tenant: 'ten_00000000000000000000000000' }, { pool: 'pool_00000000000000000000000000' }, { pool: tenant }])
      expect((await unchanged(() => setQuota({ pool: pool.id, tenant, max: 1, ...wrong }))).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

describe('removePool', () => {
  const remove = (id: string): Promise<{ deletedId: string | null; errors: unknown[] }> =>
    world.ask(world.operator, 'mutation ($id: ID!) { removePool(id: $id) { deletedId errors { code message } } }', { id });

  it('removes what has given nothing, and nothing else', async () => {
    const pool = await created({ ranges: [vnis(10)] });
    const { allocation } = await allocate(pool.id);
    expect((await unchanged(() => remove(pool.id))).errors).toMatchObject([{ code: 'IN_USE' }]);
    const release = 'mutation ($id: ID!) { releaseAllocation(input: { allocation: $id }) { errors { code } } }';
    await world.ask(world.customer, release, { id: allocation?.id });
    expect((await remove(pool.id)).errors).toMatchObject([{ code: 'IN_USE' }]); // It rests.
    const unused = await created({ ranges: [vnis(10)] });
    expect(await remove(unused.id)).toEqual({ deletedId: unused.id, errors: [] });
    expect(await read(unused.id)).toBeNull();
    expect((await remove(unused.id)).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

describe('a pool', () => {
  it('shows a window of its values as runs without a gap', async () => {
    const { first, last } = vnis(20);
    const pool = await created({ ranges: [{ first, last }], exclusions: [{ first: first + 5, last: first + 6, reason: 'x' }] });
    for (const prefer of [first, first + 1, first + 9]) await allocate(pool.id, { prefer });
    const rest = await allocate(pool.id, { prefer: first + 2 });
    await world.ask(world.customer, 'mutation ($id: ID!) { releaseAllocation(input: { allocation: $id }) { errors { code } } }', {
      id: rest.allocation?.id,
    });
    const map = (token: string, args: string): Promise<{ map: { from: string; runs: { first: string; last: string; state: string }[] } }> =>
      world.ask(token, `query ($id: ID) { numberPool(id: $id) { map${args} { from runs { first last state } } } }`, { id: pool.id });
    const window = await map(world.operator, '(count: 22)');
    const runs = [
      [0, 1, 'USED'],
      [2, 2, 'QUARANTINED'],
      [3, 4, 'FREE'],
      [5, 6, 'EXCLUDED'],
      [7, 8, 'FREE'],
      [9, 9, 'USED'],
      [10, 19, 'FREE'],
      [20, 21, 'OUTSIDE'],
    ].map(([a, b, state]) => ({ first: String(first + Number(a)), last: String(first + Number(b)), state }));
    expect(window.map).toEqual({ from: String(first), runs });
    const { token } = await world.newTenant('viewer', 'Viewer SA');
    const theirs = await map(token, `(from: ${first}, count: 4)`);
    // Another tenant's quarantine looks like use.
    expect(theirs.map.runs.map(({ state }) => state)).toEqual(['USED', 'FREE']);
    const { errors } = await world.graphql(world.operator, 'query ($id: ID) { numberPool(id: $id) { map(count: 65537) { from } } }', {
      id: pool.id,
    });
    expect(errors[0]?.extensions).toMatchObject({ reason: 'INVALID_VALUE', accepted: '1 to 65536' });
  });

  it('lists its allocations in pages by value; a tenant sees its own', async () => {
    const { first, last } = vnis(10);
    const pool = await created({ ranges: [{ first, last }] });
    const { tenantId, token } = await world.newTenant('neighbour', 'Neighbour SA');
    for (let n = 0; n < 3; n++) await allocate(pool.id);
    await allocate(pool.id, { tenant: encodeId('tenant', tenantId) }, token);
    const page = async (who: string, after: string | null): Promise<{ texts: string[]; cursor: string; hasNextPage: boolean }> => {
      const { allocations } = await world.ask<{
        allocations: { nodes: { text: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } };
      }>(
        who,
        'query ($id: ID, $after: String) { numberPool(id: $id) { allocations(first: 2, after: $after) { nodes { text tenant { slug } pool { id } } pageInfo { endCursor hasNextPage } } } }',
        { id: pool.id, after },
      );
      const { endCursor: cursor, hasNextPage } = allocations.pageInfo;
      return { texts: allocations.nodes.map(({ text }) => text), cursor, hasNextPage };
    };
    const one = await page(world.operator, null);
    const two = await page(world.operator, one.cursor);
    expect([...one.texts, ...two.texts]).toEqual([0, 1, 2, 3].map((n) => String(first + n)));
    expect([one.hasNextPage, two.hasNextPage]).toEqual([true, false]);
    expect((await page(token, null)).texts).toEqual([String(first + 3)]);
  });

  it('shows its free ranges in pages', async () => {
    const { first, last } = vnis(9);
    const pool = await created({ ranges: [{ first, last }] });
    for (const prefer of [first + 1, first + 3, first + 5]) await allocate(pool.id, { prefer });
    const { freeRanges } = await world.ask<{ freeRanges: { first: string; last: string; count: string }[] }>(
      world.customer,
      `query ($id: ID) { numberPool(id: $id) { freeRanges(first: 2, after: ${first}) { first last count } } }`,
      { id: pool.id },
    );
    expect(freeRanges).toEqual([
      { first: String(first + 2), last: String(first + 2), count: '1' },
      { first: String(first + 4), last: String(first + 4), count: '1' },
    ]);
  });
});

describe('the administration of pools', () => {
  it('is the operator’s, whatever the scopes of a token', async () => {
    const pool = await created({ ranges: [vnis(10)] });
    const asked = [
      `createNumberPool(input: { slug: "mine", name: "mine", kind: ASN, ranges: [{ first: 1, last: 2 }] })`,
      `updatePool(id: "${pool.id}", ifVersion: 1, input: { name: "mine" })`,
      `removePool(id: "${pool.id}")`,
      `setQuota(input: { pool: "${pool.id}", tenant: "${tenant}", max: 1000 })`,
      `adoptAllocations(input: { tenant: "${tenant}", numbers: [{ pool: "${pool.id}", value: 1, idempotencyKey: "x" }] })`,
    ];
    for (const field of asked) {
      const { errors } = await unchanged(() => world.graphql(world.customer, `mutation { ${field} { errors { code } } }`));
      expect(errors[0]?.extensions.code, field).toBe('FORBIDDEN');
    }
  });
});
