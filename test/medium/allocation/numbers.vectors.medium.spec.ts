// Where off-by-one errors live: first and last values, neighbours, ends, and the largest spaces there are.
import {
  formatNumber,
  NumberAllocationService,
  numberingEntities,
  NumberingModule,
  NumberingService,
  type NumberKind,
  type NumberRange,
  type NumberRequest,
  PoolAdminService,
  parseNumber,
} from '#contexts/numbering';
import { type FabricId, IdempotencyKey, type PoolId } from '#engines/kernel';
import { tenantScope } from '#platform';
import { AllocationWorld } from './allocation-world.js';

let world: AllocationWorld;
let fabricId: FabricId;
const pools: PoolId[] = [];
beforeAll(async () => {
  world = await AllocationWorld.open([NumberingModule], numberingEntities);
});
beforeEach(async () => {
  fabricId = await world.fabric();
});
afterEach(async () => expect(await world.violations('number pools', pools.splice(0))).toEqual([]));
afterAll(() => world.close());

const range = (first: number, last: number): NumberRange => ({ first, last });
async function pool(kind: NumberKind, ranges: readonly NumberRange[], exclusions: readonly NumberRange[] = []): Promise<PoolId> {
  const id = await world.system((tx) =>
    world.get(PoolAdminService).create(tx, {
      fabricId,
      kind,
      ranges,
      slug: `v${world.next()}`,
      name: 'V',
      quarantineSeconds: 0,
      exclusions: exclusions.map((one) => ({ ...one, reason: 'in use elsewhere' })),
    }),
  );
  pools.push(id);
  return id;
}

const tenantId = () => world.tenants[0] as (typeof world.tenants)[number];
const allocate = (poolId: PoolId, more: Partial<NumberRequest> = {}) =>
  world
    .get(NumberAllocationService)
    .allocate(tenantScope(tenantId(), 'spec'), { poolId, tenantId: tenantId(), key: IdempotencyKey.parse(`v${world.next()}`), ...more })
    .then(({ allocations }) => allocations);
const values = async (poolId: PoolId, more: Partial<NumberRequest> = {}): Promise<number[]> =>
  (await allocate(poolId, more)).map(({ value }) => value);
const free = (poolId: PoolId): Promise<NumberRange[]> =>
  world.system((tx) => world.get(NumberingService).freeRanges(tx, poolId, null, 1000));
const release = (id: Awaited<ReturnType<typeof allocate>>[number]['id']) =>
  world.get(NumberAllocationService).release(tenantScope(tenantId(), 'spec'), id, 1);
const change = (poolId: PoolId, version: number, what: Parameters<PoolAdminService['update']>[3]) =>
  world.system((tx) => world.get(PoolAdminService).update(tx, poolId, version, what));

describe('the ends of a range', () => {
  it('its first and its last value are given, and nothing around them', async () => {
    const id = await pool('VNI', [range(100, 102)]);
    expect(await values(id)).toEqual([100]);
    expect(await values(id, { prefer: 102 })).toEqual([102]);
    expect(await free(id)).toEqual([range(101, 101)]);
    await expect(values(id, { prefer: 99 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(values(id, { prefer: 103 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(await values(id)).toEqual([101]);
    await expect(values(id)).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { free: 0, largestFreeBlock: 0 } });
  });

  it('a range of one value is given once', async () => {
    const id = await pool('VNI', [range(7, 7)]);
    expect(await values(id)).toEqual([7]);
    await expect(values(id)).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
  });

  it('a block may end with the last value, and not behind it', async () => {
    const id = await pool('VNI', [range(100, 109)]);
    await expect(values(id, { prefer: 108, count: 3 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE', facts: { value: 110 } });
    expect(await values(id, { prefer: 107, count: 3 })).toEqual([107, 108, 109]);
    await expect(values(id, { prefer: 99, count: 2 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE', facts: { value: 99 } });
    await expect(values(id, { count: 8, isContiguous: true })).rejects.toMatchObject({ facts: { free: 7, largestFreeBlock: 7 } });
    expect(await values(id, { count: 7, isContiguous: true })).toEqual([100, 101, 102, 103, 104, 105, 106]);
  });

  it('the whole pool is one block', async () => {
    const id = await pool('VNI', [range(500, 1499)]);
    await expect(values(id, { prefer: 500, count: 1000 })).resolves.toHaveLength(1000);
    expect(await free(id)).toEqual([]);
  });
});

describe('ranges that touch', () => {
  it('of one pool are one: a block runs across', async () => {
    const id = await pool('VNI', [range(10, 19), range(20, 29)]);
    expect(await free(id)).toEqual([range(10, 29)]);
    expect(await values(id, { prefer: 18, count: 4 })).toEqual([18, 19, 20, 21]);
    expect(await free(id)).toEqual([range(10, 17), range(22, 29)]);
  });

  it('of two pools stay two, whatever is given and released at the border', async () => {
    const [below, above] = [await pool('VNI', [range(10, 19)]), await pool('L3VNI', [range(20, 29)])];
    await expect(values(below, { prefer: 19, count: 2 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE', facts: { value: 20 } });
    const [last] = await allocate(below, { prefer: 19 });
    const [first] = await allocate(above, { prefer: 20 });
    for (const one of [last, first]) if (one) await release(one.id);
    expect([await free(below), await free(above)]).toEqual([[range(10, 19)], [range(20, 29)]]);
  });

  it('become one when the second is added, and two when the border is taken away', async () => {
    const id = await pool('VNI', [range(10, 19)]);
    await change(id, 1, { addRanges: [range(20, 29)] });
    expect(await free(id)).toEqual([range(10, 29)]);
    await change(id, 2, { removeRanges: [range(20, 20)] });
    await change(id, 3, { removeRanges: [range(10, 10)] });
    await change(id, 4, { removeRanges: [range(29, 29)] });
    expect(await free(id)).toEqual([range(11, 19), range(21, 28)]);
  });

  it('a range that begins where another one does is refused', async () => {
    const id = await pool('VNI', [range(10, 19)]);
    await expect(change(id, 1, { addRanges: [range(10, 19)] })).rejects.toMatchObject({ code: 'OVERLAPS' });
    await expect(change(id, 1, { addRanges: [range(19, 25)] })).rejects.toMatchObject({ code: 'OVERLAPS' });
    await change(id, 1, { exclude: [{ ...range(12, 13), reason: 'x' }] });
    await expect(change(id, 2, { exclude: [{ ...range(12, 12), reason: 'x' }] })).rejects.toMatchObject({ code: 'OVERLAPS' });
  });
});

describe('releasing neighbours', () => {
  const ORDERS = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];

  it.each(ORDERS)('in the order %i, %i, %i gives one range, in a full pool', async (...order) => {
    const id = await pool('VNI', [range(1, 9)]);
    const all = await allocate(id, { count: 9 });
    for (const n of order) await release((all[3 + n] as (typeof all)[number]).id);
    expect(await free(id)).toEqual([range(4, 6)]);
  });

  it.each(ORDERS)('in the order %i, %i, %i gives everything back, between free ranges', async (...order) => {
    const id = await pool('VNI', [range(1, 9)]);
    const three = await allocate(id, { prefer: 4, count: 3 });
    for (const n of order) await release((three[n] as (typeof three)[number]).id);
    expect(await free(id)).toEqual([range(1, 9)]);
  });

  it.each(ORDERS)('in the order %i, %i, %i gives everything back, at both ends of a pool of three', async (...order) => {
    const id = await pool('VNI', [range(1, 3)]);
    const three = await allocate(id, { count: 3 });
    for (const n of order) await release((three[n] as (typeof three)[number]).id);
    expect(await free(id)).toEqual([range(1, 3)]);
  });

  it('below the hint is seen by the next request, however far the pool was filled', async () => {
    const id = await pool('VNI', [range(1, 2000)]);
    const filled = [...(await allocate(id, { count: 1000 })), ...(await allocate(id, { count: 600 }))];
    await release((filled[0] as (typeof filled)[number]).id);
    await release((filled[777] as (typeof filled)[number]).id);
    expect([await values(id), await values(id), await values(id)]).toEqual([[1], [778], [1601]]);
  });
});

describe('exclusions', () => {
  it('at both ends leave what is between them', async () => {
    const id = await pool('VNI', [range(10, 19)], [range(5, 10), range(19, 25)]);
    expect(await free(id)).toEqual([range(11, 18)]);
    expect(await values(id, { count: 8 })).toEqual([11, 12, 13, 14, 15, 16, 17, 18]);
    await expect(values(id, { prefer: 10 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(values(id, { prefer: 19 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await change(id, 1, { include: [5, 19] });
    expect(await free(id)).toEqual([range(10, 10), range(19, 19)]);
  });

  it('of everything leave nothing, and all of it comes back', async () => {
    const id = await pool('VNI', [range(10, 19)], [range(10, 19)]);
    await expect(values(id)).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
    await change(id, 1, { include: [10] });
    expect(await free(id)).toEqual([range(10, 19)]);
  });

  it('of something allocated hold it back when it is released', async () => {
    const id = await pool('VNI', [range(10, 12)]);
    const [one] = await allocate(id, { prefer: 11 });
    await change(id, 1, { exclude: [{ ...range(11, 11), reason: 'x' }] });
    if (one) await release(one.id);
    expect(await free(id)).toEqual([range(10, 10), range(12, 12)]);
    await change(id, 2, { include: [11] });
    expect(await free(id)).toEqual([range(10, 12)]);
  });
});

describe('the largest spaces', () => {
  const SPACES: readonly (readonly [NumberKind, string, string, string])[] = [
    ['VNI', '1', '16777214', 'all of 24 bits'],
    ['ASN', '4200000000', '4294967294', 'RFC 6996, four octets'],
    ['ASN', '64512', '65534', 'RFC 6996, two octets'],
    ['VLAN', '2', '4094', 'all of 12 bits'],
    ['EVI', '10000', '65535', 'what a route distinguisher holds'],
    ['ROUTE_TARGET', '65051:0', '65051:4294967295', 'type 0'],
    ['ROUTE_TARGET', '172.16.1.1:0', '172.16.1.1:65535', 'type 1'],
    ['ROUTE_TARGET', '4294967295:0', '4294967295:65535', 'type 2: the largest of 8 octets'],
    ['MULTICAST_GROUP', '239.0.0.0', '239.255.255.255', 'RFC 2365'],
    ['ESI', '0000:0000:0000:0000:0001', '0000:0000:ffff:ffff:ffff', 'type 0'],
    ['ROUTER_MAC', '02:00:00:00:00:00', '02:ff:ff:ff:ff:ff', '2^40 of them'],
  ];

  it.each(SPACES)('%s from %s to %s is one pool (%s): first, last, in between, and all of it back', async (kind, from, to) => {
    const [first, last] = [parseNumber(kind, from), parseNumber(kind, to)];
    const id = kind === 'VLAN' ? await vlanPool(range(first, last)) : await pool(kind, [range(first, last)]);
    const middle = first + Math.floor((last - first) / 2);
    const given = [
      ...(await allocate(id)),
      ...(await allocate(id, { prefer: last })),
      ...(await allocate(id, { prefer: middle })),
      ...(await allocate(id, { prefer: last - 3, count: 3 })),
    ];
    expect(given.map(({ value }) => value)).toEqual([first, last, middle, last - 3, last - 2, last - 1]);
    expect(given.map(({ value }) => parseNumber(kind, formatNumber(kind, value)))).toEqual(given.map(({ value }) => value));
    expect(await free(id)).toEqual([range(first + 1, middle - 1), range(middle + 1, last - 4)]);
    await expect(values(id, { prefer: last + 1 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    for (const one of given) await release(one.id);
    expect(await free(id)).toEqual([range(first, last)]);
  });

  async function vlanPool(extent: NumberRange): Promise<PoolId> {
    const [id, domain] = [`v${world.next()}`, crypto.randomUUID()];
    await world.system((tx) =>
      tx.run(`INSERT INTO vlan_domain (id, fabric_id, slug, kind) VALUES ($1, $2, $3, 'SITE')`, [domain, fabricId, id]),
    );
    const vlanDomainId = domain as Parameters<PoolAdminService['create']>[1]['vlanDomainId'] & string;
    const made = await world.system((tx) =>
      world
        .get(PoolAdminService)
        .create(tx, { fabricId, vlanDomainId, kind: 'VLAN', slug: id, name: 'V', ranges: [extent], quarantineSeconds: 0 }),
    );
    pools.push(made);
    return made;
  }

  it.each([
    ['VNI', 0, 5],
    ['VNI', 16_777_214, 16_777_215],
    ['VLAN', 1, 5],
    ['VLAN', 4094, 4095],
    ['ASN', 4_294_967_295, 4_294_967_296],
    ['ROUTE_TARGET', 3 * 2 ** 48 - 1, 3 * 2 ** 48],
    ['ROUTE_TARGET', 2 ** 50, 2 ** 50],
    ['ROUTER_MAC', 2 ** 48 - 1, 2 ** 48],
  ] as const)('%s from %i to %i is refused, and what would be accepted is said', async (kind, first, last) => {
    await expect(pool(kind, [range(first, last)])).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      facts: { accepted: expect.any(String) as string },
    });
  });
});
