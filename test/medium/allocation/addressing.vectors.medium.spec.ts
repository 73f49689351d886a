// Where off-by-one errors live in prefixes and addresses: whole pools, both ends, neighbours, and the shortest subnets there are.
import {
  AddressAllocationService,
  addressingEntities,
  AddressingModule,
  AddressingService,
  PrefixAllocationService,
  PrefixPoolAdminService,
  type PrefixRequest,
  SubnetService,
} from '#contexts/addressing';
import { type AddressSpaceId, Cidr, IdempotencyKey, type Ip, type PrefixId, type PrefixPoolId, type SubnetId } from '#engines/kernel';
import { tenantScope } from '#platform';
import { AllocationWorld } from './allocation-world.js';

let world: AllocationWorld;
let spaceId: AddressSpaceId;
const pools: PrefixPoolId[] = [];
const subnets: SubnetId[] = [];
beforeAll(async () => {
  world = await AllocationWorld.open([AddressingModule], addressingEntities);
});
beforeEach(async () => {
  const fabricId = await world.fabric();
  spaceId = await world.system((tx) => world.get(AddressingService).createSpace(tx, { fabricId, slug: `s${world.next()}`, name: 'S' }));
});
afterEach(async () => {
  expect(await world.violations('prefix pools', pools.splice(0))).toEqual([]);
  expect(await world.violations('subnets', subnets.splice(0))).toEqual([]);
});
afterAll(() => world.close());

const tenantId = () => world.tenants[0] as (typeof world.tenants)[number];
const as = () => tenantScope(tenantId(), 'spec');
const key = (): IdempotencyKey => IdempotencyKey.parse(`v${world.next()}`);
const cidrs = (...texts: readonly string[]): Cidr[] => texts.map((text) => Cidr.parse(text));

/** @param lengths shortest and longest prefix that it gives. */
async function pool(ranges: readonly string[], lengths: readonly [number, number]): Promise<PrefixPoolId> {
  const [minLength, maxLength] = lengths;
  const settings = { spaceId, slug: `x${world.next()}`, name: 'X', minLength, defaultLength: maxLength, maxLength, quarantineSeconds: 0 };
  const id = await world.system((tx) => world.get(PrefixPoolAdminService).create(tx, { ...settings, ranges: cidrs(...ranges) }));
  pools.push(id);
  return id;
}
const take = async (poolId: PrefixPoolId, more: Partial<PrefixRequest> = {}) =>
  (await world.get(PrefixAllocationService).allocate(as(), { poolId, tenantId: tenantId(), key: key(), ...more })).allocations;
const given = async (poolId: PrefixPoolId, more: Partial<PrefixRequest> = {}): Promise<string[]> =>
  (await take(poolId, more)).map(({ cidr }) => cidr);
const release = (id: PrefixId) => world.get(PrefixAllocationService).release(as(), id, 1);
const free = (poolId: PrefixPoolId): Promise<Cidr[]> =>
  world.system((tx) => world.get(PrefixPoolAdminService).free(tx, poolId, null, 1000));

const ORDERS = [
  [0, 1, 2, 3],
  [3, 2, 1, 0],
  [1, 2, 0, 3],
  [2, 0, 3, 1],
  [0, 2, 1, 3],
  [1, 3, 0, 2],
];

describe('prefixes', () => {
  it.each([
    ['10.0.0.0/24', 24],
    ['128.0.0.0/1', 1],
    ['0.0.0.0/1', 1],
    ['10.9.9.9/32', 32],
    ['10.9.9.8/31', 31],
    ['255.255.255.255/32', 32],
    ['8000::/1', 1],
    ['2001:db8::1/128', 128],
    ['2001:db8::2/127', 127],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128', 128],
  ])('all of %s is given as one, once, and comes back as one', async (range, length) => {
    const id = await pool([range], [length, length]);
    const [all] = await take(id);
    expect(all?.cidr).toBe(range);
    await expect(take(id)).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { free: 0, largestFreePrefixLength: null } });
    if (all) await release(all.id);
    expect(await free(id)).toEqual([range]);
  });

  it('a pool is at most half of all addresses', async () => {
    await expect(pool(['0.0.0.0/0'], [8, 24])).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(pool(['::/0'], [8, 64])).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('the first and the last of a half of all addresses', async () => {
    const id = await pool(['128.0.0.0/1'], [1, 32]);
    expect(await given(id, { length: 32 })).toEqual(['128.0.0.0/32']);
    expect(await given(id, { prefer: Cidr.parse('255.255.255.255/32') })).toEqual(['255.255.255.255/32']);
    expect(await given(id, { length: 2 }).catch((error: unknown) => (error as { facts: object }).facts)).toMatchObject({
      free: 0,
      largestFreePrefixLength: 3,
    });
    expect(await given(id, { length: 3 })).toEqual(['160.0.0.0/3']);
    await expect(take(id, { prefer: Cidr.parse('127.255.255.255/32') })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('ranges that touch, of one pool or of two, are never joined: a prefix lies in one range', async () => {
    const one = await pool(['10.0.0.0/25', '10.0.0.128/25'], [24, 30]);
    const two = await pool(['10.0.1.0/24'], [23, 30]);
    expect([await free(one), await free(two)]).toEqual([['10.0.0.0/25', '10.0.0.128/25'], ['10.0.1.0/24']]);
    await expect(take(one, { length: 24 })).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { largestFreePrefixLength: 25 } });
    await expect(take(two, { prefer: Cidr.parse('10.0.0.0/23') })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    const both = [...(await take(one, { length: 25, count: 2 })), ...(await take(two, { length: 24 }))];
    for (const { id } of both) await release(id);
    expect([await free(one), await free(two)]).toEqual([['10.0.0.0/25', '10.0.0.128/25'], ['10.0.1.0/24']]);
  });

  it.each(ORDERS)('four neighbours come back as one block in the order %i, %i, %i, %i', async (...order) => {
    for (const [range, length] of [
      ['10.0.0.0/24', 26],
      ['2001:db8::/126', 128],
    ] as const) {
      const id = await pool([range], [8, length]);
      const all = await take(id, { count: 4 });
      for (const n of order) await release((all[n] as (typeof all)[number]).id);
      expect(await free(id)).toEqual([range]);
    }
  });

  it('the smallest block that fits, the lowest of these', async () => {
    const id = await pool(['10.0.0.0/26'], [26, 32]);
    for (const text of ['10.0.0.2/32', '10.0.0.9/32', '10.0.0.20/30']) await take(id, { prefer: Cidr.parse(text) });
    expect([...(await free(id))].sort()).toEqual(
      cidrs(
        '10.0.0.0/31',
        '10.0.0.3/32',
        '10.0.0.4/30',
        '10.0.0.8/32',
        '10.0.0.10/31',
        '10.0.0.12/30',
        '10.0.0.16/30',
        '10.0.0.24/29',
        '10.0.0.32/27',
      ).sort(),
    );
    expect(await given(id, { length: 32 })).toEqual(['10.0.0.3/32']);
    expect(await given(id, { length: 32 })).toEqual(['10.0.0.8/32']);
    expect(await given(id, { length: 32 })).toEqual(['10.0.0.0/32']);
    expect(await given(id, { length: 30 })).toEqual(['10.0.0.4/30']);
    expect(await given(id, { length: 29 })).toEqual(['10.0.0.24/29']);
    expect(await given(id, { length: 30, count: 4, isContiguous: true })).toEqual([
      '10.0.0.32/30',
      '10.0.0.36/30',
      '10.0.0.40/30',
      '10.0.0.44/30',
    ]);
  });

  it('an exclusion at both ends leaves what is between, in its largest parts', async () => {
    const id = await pool(['10.0.0.0/28'], [28, 32]);
    for (const [n, text] of ['10.0.0.0/32', '10.0.0.15/32'].entries())
      await world.system((tx) => world.get(PrefixPoolAdminService).exclude(tx, id, n + 1, { cidr: Cidr.parse(text), reason: 'x' }));
    expect([...(await free(id))].sort()).toEqual(
      cidrs('10.0.0.1/32', '10.0.0.2/31', '10.0.0.4/30', '10.0.0.8/30', '10.0.0.12/31', '10.0.0.14/32').sort(),
    );
    await expect(take(id, { prefer: Cidr.parse('10.0.0.0/28') })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });
});

describe('addresses', () => {
  async function subnet(text: string): Promise<SubnetId> {
    const id = await pool([text], [1, Cidr.length(Cidr.parse(text))]);
    const [leaf] = await take(id);
    const on = { prefixId: leaf?.id as PrefixId, generation: 1, tenantId: tenantId(), gatewayMode: 'NONE' as const, quarantineSeconds: 0 };
    const opened = await world.system((tx) => world.get(SubnetService).open(tx, on));
    subnets.push(opened.id);
    return opened.id;
  }
  const takeAddress = async (subnetId: SubnetId, prefer?: string) => {
    const request = { subnetId, tenantId: tenantId(), key: key(), ...(prefer !== undefined && { prefer: prefer as Ip }) };
    return (await world.get(AddressAllocationService).allocate(as(), request)).allocations;
  };

  it.each([
    ['10.0.0.0/24', '10.0.0.1', '10.0.0.254', '10.0.0.0', '10.0.0.255'],
    ['10.0.0.4/30', '10.0.0.5', '10.0.0.6', '10.0.0.4', '10.0.0.7'],
    ['10.0.0.4/31', '10.0.0.4', '10.0.0.5', '10.0.0.3', '10.0.0.6'],
    ['10.0.0.4/32', '10.0.0.4', '10.0.0.4', '10.0.0.3', '10.0.0.5'],
    ['2001:db8::/64', '2001:db8::1', '2001:db8::ffff:ffff:ffff:ffff', '2001:db8::', '2001:db8:0:1::'],
    ['2001:db8::4/126', '2001:db8::5', '2001:db8::7', '2001:db8::4', '2001:db8::8'],
    ['2001:db8::4/127', '2001:db8::4', '2001:db8::5', '2001:db8::3', '2001:db8::6'],
    ['2001:db8::4/128', '2001:db8::4', '2001:db8::4', '2001:db8::3', '2001:db8::5'],
  ])('%s has the hosts %s to %s, and neither %s nor %s', async (text, first, last, below, above) => {
    const id = await subnet(text);
    expect(await takeAddress(id)).toMatchObject([{ address: first }]);
    const rest = first === last ? [] : await takeAddress(id, last);
    expect(rest.map(({ address }) => address)).toEqual(first === last ? [] : [last]);
    for (const outside of [below, above]) await expect(takeAddress(id, outside)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(takeAddress(id, last)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it.each([
    ['10.0.0.4/31', 2],
    ['10.0.0.4/32', 1],
    ['10.0.0.0/30', 2],
    ['10.0.0.0/29', 6],
    ['2001:db8::4/127', 2],
    ['2001:db8::4/128', 1],
    ['2001:db8::/126', 3],
  ])('%s gives %i and no more, and all of them again', async (text, count) => {
    const id = await subnet(text);
    const all = [];
    for (let n = 0; n < count; n++) all.push(...(await takeAddress(id)));
    await expect(takeAddress(id)).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { free: 0 } });
    for (const one of all) await world.get(AddressAllocationService).release(as(), one.id, 1);
    expect((await world.system((tx) => world.get(SubnetService).fill(tx, id))).free).toBe(BigInt(count));
    expect((await takeAddress(id))[0]?.address).toBe(all[0]?.address);
  });
});
