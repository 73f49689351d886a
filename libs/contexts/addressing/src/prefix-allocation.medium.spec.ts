import { Cidr, type FabricId, IdempotencyKey, type PrefixPoolId, type TenantId } from '#engines/kernel';
import { newId, systemScope, type Tx, tenantScope } from '#platform';
import { type Addressing, addressingOn } from '../../../../test/support/addressing.js';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import type { PrefixRequest } from './domain/allocation.js';
import { addressInvariants } from './address-invariants.js';
import { prefixInvariants } from './prefix-invariants.js';
import type { NewPrefixPool } from './prefix-pool-admin.service.js';
import { addressingEntities } from './store/addressing.entity.js';

const system = systemScope('spec');
let opened: OpenDatabase;
let a: Addressing;
let fabricId: FabricId;
let serial = 0;

beforeAll(async () => {
  opened = await openTestDatabase(addressingEntities);
  a = addressingOn(opened);
  fabricId = newId<FabricId>();
  await asSystem((tx) =>
    tx.run(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
      [fabricId],
    ),
  );
});
afterAll(async () => {
  await expectSound();
  await opened.close();
});

const asSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(system, work);

/** Nothing lost, nothing twice, every count true: asked of everything that these tests left. */
async function expectSound(): Promise<void> {
  for (const invariant of [...prefixInvariants, ...addressInvariants])
    for (let after: string | null = null; ; ) {
      const ids: readonly string[] = await asSystem((tx) => invariant.slices.next(tx, after));
      if (ids.length === 0) break;
      expect(await asSystem((tx) => invariant.violations(tx, ids, 5)), invariant.name).toEqual([]);
      after = ids.at(-1) ?? null;
    }
}

async function tenant(): Promise<TenantId> {
  const id = newId<TenantId>();
  await asSystem((tx) => tx.run('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [id, `t${++serial}`]));
  return id;
}

interface Place {
  readonly poolId: PrefixPoolId;
  readonly tenantId: TenantId;
}

/** A pool in an address space of its own, and a tenant. */
async function place(ranges: string | readonly string[], over: Partial<NewPrefixPool> = {}): Promise<Place> {
  const cidrs = (typeof ranges === 'string' ? [ranges] : ranges).map((range) => Cidr.parse(range));
  const length = Cidr.length(cidrs[0] as Cidr);
  const max = over.maxLength ?? (Cidr.family(cidrs[0] as Cidr) === 4 ? 32 : 128);
  const poolId = await asSystem(async (tx) =>
    a.pools.create(tx, {
      spaceId: await a.addressing.createSpace(tx, { fabricId, slug: `s${++serial}`, name: 'S' }),
      slug: `p${serial}`,
      name: 'P',
      ranges: cidrs,
      minLength: length,
      defaultLength: Math.min(length + 8, max),
      maxLength: max,
      quarantineSeconds: 0,
      ...over,
    }),
  );
  return { poolId, tenantId: await tenant() };
}

type Wanted = Partial<Omit<PrefixRequest, 'prefer' | 'key'>> & { readonly key?: string; readonly prefer?: string };
function request({ poolId, tenantId }: Place, { key, prefer, ...wanted }: Wanted = {}): PrefixRequest {
  return {
    poolId,
    tenantId,
    key: IdempotencyKey.parse(key ?? `k${++serial}`),
    ...(prefer !== undefined && { prefer: Cidr.parse(prefer) }),
    ...wanted,
  };
}
const take = (at: Place, wanted: Wanted = {}) => a.prefixes.allocate(tenantScope(at.tenantId, 'spec'), request(at, wanted));
const cidrs = async (at: Place, wanted: Wanted = {}): Promise<string[]> => (await take(at, wanted)).allocations.map(({ cidr }) => cidr);
const one = async (at: Place, wanted: Wanted = {}) => {
  const [allocation] = (await take(at, wanted)).allocations;
  if (!allocation) throw new Error('nothing was given');
  return allocation;
};
const free = ({ poolId }: Place) => asSystem((tx) => a.pools.free(tx, poolId, null, 1000));
const pool = ({ poolId }: Place) => asSystem((tx) => a.pools.pool(tx, poolId));
const scopeOf = ({ tenantId }: Place) => tenantScope(tenantId, 'spec');

describe('the first and the last', () => {
  it.each([
    ['10.0.0.0/24', 25, ['10.0.0.0/25', '10.0.0.128/25']],
    ['10.0.0.0/30', 32, ['10.0.0.0/32', '10.0.0.1/32', '10.0.0.2/32', '10.0.0.3/32']],
    ['10.0.0.0/31', 31, ['10.0.0.0/31']],
    ['255.255.255.254/31', 32, ['255.255.255.254/32', '255.255.255.255/32']],
    ['0.0.0.0/1', 2, ['0.0.0.0/2', '64.0.0.0/2']],
    ['128.0.0.0/1', 1, ['128.0.0.0/1']],
    ['2001:db8::/127', 128, ['2001:db8::/128', '2001:db8::1/128']],
    [
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127',
      128,
      ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/128', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128'],
    ],
    // Across the middle of the low, and of the high 64 bits.
    ['2001:db8::/64', 65, ['2001:db8::/65', '2001:db8:0:0:8000::/65']],
    ['7fff:ffff:ffff:fffe::/63', 64, ['7fff:ffff:ffff:fffe::/64', '7fff:ffff:ffff:ffff::/64']],
    ['4000::/2', 3, ['4000::/3', '6000::/3']],
    ['8000::/1', 2, ['8000::/2', 'c000::/2']],
  ])('%s is given out as /%i to the end, and whole again when all of it is back', async (range, length, expected) => {
    const at = await place(range, { defaultLength: length });
    const given = [];
    for (const _ of expected) given.push(await one(at));
    expect(given.map(({ cidr }) => cidr)).toEqual(expected.map((cidr) => Cidr.parse(cidr)));
    await expect(one(at)).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { free: 0, largestFreePrefixLength: null } });
    expect((await pool(at)).free).toBe(0n);
    for (const { id, generation } of given.reverse()) await a.prefixes.release(scopeOf(at), id, generation);
    expect(await free(at)).toEqual([range]);
    expect((await pool(at)).free).toBe((await pool(at)).size);
  });

  it.each([
    ['the first', [0, 1, 2, 3]],
    ['the second', [1, 0, 3, 2]],
    ['the middle', [1, 2, 0, 3]],
    ['the last', [3, 2, 1, 0]],
  ])('blocks merge when %s neighbour is back first', async (_, order) => {
    const at = await place('10.0.0.0/24', { defaultLength: 26 });
    const given = [await one(at), await one(at), await one(at), await one(at)];
    for (const index of order) await a.prefixes.release(scopeOf(at), (given[index] as (typeof given)[0]).id, null);
    expect(await free(at)).toEqual(['10.0.0.0/24']);
  });

  it('adjacent ranges of a pool stay two: no prefix lies across', async () => {
    const at = await place(['10.0.0.0/25', '10.0.0.128/25'], { minLength: 24, defaultLength: 25 });
    await expect(one(at, { length: 24 })).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { largestFreePrefixLength: 25 } });
    const [low, high] = [await one(at), await one(at)];
    for (const { id } of [low, high]) await a.prefixes.release(scopeOf(at), id, null);
    expect(await free(at)).toEqual(['10.0.0.0/25', '10.0.0.128/25']);
  });
});

describe('which prefix', () => {
  it('is the smallest block that fits (BEST_FIT), or the lowest (LOWEST_FIT)', async () => {
    for (const [strategy, expected] of [
      ['BEST_FIT', '10.0.0.96/28'],
      ['LOWEST_FIT', '10.0.0.0/28'],
    ] as const) {
      const at = await place('10.0.0.0/24', { strategy });
      const low = await one(at, { prefer: '10.0.0.0/26' });
      await one(at, { prefer: '10.0.0.64/27' });
      await one(at, { prefer: '10.0.0.112/28' });
      await a.prefixes.release(scopeOf(at), low.id, null); // Free: .0/26, .96/28, .128/25.
      expect((await one(at, { length: 28 })).cidr).toBe(expected);
    }
  });

  it('is the wanted one or none, and says what would have been accepted', async () => {
    const at = await place('10.1.0.0/16', { maxLength: 28 });
    await one(at, { prefer: '10.1.4.0/22' });
    await expect(one(at, { prefer: '10.1.5.0/24' })).rejects.toMatchObject({ code: 'OVERLAPS', facts: { overlapping: ['10.1.4.0/22'] } });
    await expect(one(at, { prefer: '10.1.0.0/20' })).rejects.toMatchObject({ code: 'OVERLAPS', facts: { overlapping: ['10.1.4.0/22'] } });
    await expect(one(at, { prefer: '10.2.0.0/24' })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
      facts: { accepted: 'a prefix within 10.1.0.0/16' },
    });
    await expect(one(at, { prefer: '2001:d00::/24' })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(one(at, { length: 29 })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
      facts: { accepted: expect.stringContaining('/16 to /28') },
    });
    await expect(one(at, { length: 1.5 })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    const stranger = { ...at, tenantId: await tenant() };
    await expect(one(stranger, { prefer: '10.1.4.0/24' })).rejects.toMatchObject({ code: 'OVERLAPS', facts: { overlapping: [] } });
  });
});

describe('in bulk', () => {
  it('gives a run out of one aligned block, and the rest of the block stays free', async () => {
    const at = await place('10.0.0.0/24');
    await one(at, { prefer: '10.0.0.0/28' });
    expect(await cidrs(at, { length: 28, count: 3, isContiguous: true })).toEqual(['10.0.0.64/28', '10.0.0.80/28', '10.0.0.96/28']);
    expect(await free(at)).toEqual(['10.0.0.128/25', '10.0.0.32/27', '10.0.0.16/28', '10.0.0.112/28']);
    await expect(take(at, { length: 28, count: 9, isContiguous: true })).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
      facts: { free: 12, wanted: 9 },
    });
    expect(await cidrs(at, { length: 28, count: 9, isContiguous: true, isPartial: true })).toHaveLength(8);
  });

  it('gives all or none, or as many as there are', async () => {
    const at = await place('10.0.0.0/26');
    await one(at, { prefer: '10.0.0.32/28' });
    await expect(take(at, { length: 28, count: 4 })).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { free: 3 } });
    expect(await cidrs(at, { length: 28, count: 4, isPartial: true })).toEqual(['10.0.0.48/28', '10.0.0.0/28', '10.0.0.16/28']);
    await expect(take(at, { length: 28, count: 4, isPartial: true })).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
  });

  it('takes a thousand /64 of an IPv6 /32 at once, and no more than a thousand', async () => {
    const at = await place('2001:db8::/32', { maxLength: 64 });
    const given = await cidrs(at, { length: 64, count: 1000, isContiguous: true });
    expect([given[0], given[999], new Set(given).size]).toEqual(['2001:db8::/64', '2001:db8:0:3e7::/64', 1000]);
    expect((await pool(at)).free).toBe(2n ** 32n - 1000n);
    await expect(take(at, { count: 1001 })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(take(at, { count: 2, prefer: '2001:db8:8000::/64' })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });
});

describe('a key', () => {
  it('gets the same answer as long as the prefix lives, and stands for one request', async () => {
    const at = await place('10.0.0.0/24');
    const first = await take(at, { key: 'same', length: 28, count: 2 });
    expect(await take(at, { key: 'same', length: 28, count: 2 })).toEqual({ ...first, replayed: true });
    await expect(take(at, { key: 'same', length: 27, count: 2 })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await expect(take(at, { key: 'same', length: 28 })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    for (const { id } of first.allocations) await a.prefixes.release(scopeOf(at), id, null);
    expect((await take(at, { key: 'same', length: 27 })).replayed).toBe(false);
  });

  it('is one prefix however many ask for it at once, in one process and in two', async () => {
    const at = await place('10.0.0.0/16');
    const other = addressingOn(opened);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        (i % 2 ? a : other).prefixes.allocate(scopeOf(at), request(at, { key: `k${i % 3}`, length: 24 })),
      ),
    );
    expect(new Set(answers.map(({ allocations }) => allocations[0]?.cidr)).size).toBe(3);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(3);
  });

  it('in flight for two pools gets one of them', async () => {
    const [p, q] = [await place('10.0.0.0/16'), await place('10.0.0.0/16')];
    const both = await Promise.allSettled([
      take(p, { key: 'x' }),
      addressingOn(opened).prefixes.allocate(scopeOf(p), request({ ...q, tenantId: p.tenantId }, { key: 'x' })),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((answer) => answer.status === 'rejected')?.reason).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });
});

describe('callers that come at once', () => {
  it('get prefixes that do not overlap, of any length, from two processes', async () => {
    const at = await place('10.0.0.0/16');
    const other = addressingOn(opened);
    const given = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const answer = await (i % 2 ? a : other).prefixes.allocate(scopeOf(at), request(at, { length: 24 + (i % 9) }));
        return (answer.allocations[0] as { cidr: Cidr }).cidr;
      }),
    );
    const bounds = given.map((cidr) => Cidr.bounds(cidr)).sort((x, y) => (x.first < y.first ? -1 : 1));
    for (const [i, next] of bounds.slice(1).entries()) expect((bounds[i] as { last: bigint }).last < next.first).toBe(true);
  });

  it('do not fail each other: of five that want one prefix one gets it, and the rest of the batch is served', async () => {
    const at = await place('10.0.0.0/24');
    const answers = await Promise.allSettled([
      ...Array.from({ length: 5 }, () => take(at, { prefer: '10.0.0.64/28' })),
      take(at, { length: 99 }),
      take(at, { length: 28 }),
      take({ ...at, poolId: newId<PrefixPoolId>() }),
    ]);
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? 'OK' : (answer.reason as { code: string }).code)).sort()).toEqual(
      ['NOT_FOUND', 'OK', 'OK', 'OUT_OF_RANGE', ...Array.from({ length: 4 }, () => 'OVERLAPS')].sort(),
    );
  });

  it('are refused by the constraint, whatever the free blocks say', async () => {
    const at = await place('10.0.0.0/24');
    await one(at, { prefer: '10.0.0.0/28' });
    await asSystem((tx) => tx.run(`INSERT INTO free_prefix (pool_id, length, block) VALUES ($1, 28, '10.0.0.0/28')`, [at.poolId]));
    await asSystem((tx) => tx.run(`UPDATE prefix_pool_state SET hints = prefix_first_hints(4) WHERE pool_id = $1`, [at.poolId]));
    await expect(one(at, { length: 28 })).rejects.toMatchObject({
      constraint: expect.stringMatching('prefix_leaf_disjoint|prefix_cidr_unique'),
    });
    await expect(one(at, { prefer: '10.0.0.4/30' })).rejects.toMatchObject({ constraint: 'prefix_leaf_disjoint' });
    await asSystem((tx) => tx.run('SELECT prefix_rebuild($1)', [at.poolId]));
  });
});

describe('a hold', () => {
  it('is bound, extended, or free at its end; what is bound meanwhile stays', async () => {
    const at = await place('10.0.0.0/24', { quarantineSeconds: 3600 });
    const [bound, extended, expired] = [
      await one(at, { ttlSeconds: 60 }),
      await one(at, { ttlSeconds: 60 }),
      await one(at, { ttlSeconds: 60 }),
    ];
    expect(bound).toMatchObject({ state: 'HELD', generation: 1 });
    await a.prefixes.extend(scopeOf(at), extended.id, 1, 3600);
    await asSystem((tx) => tx.run(`UPDATE prefix SET expires_at = expires_at - interval '120 s' WHERE state = 'HELD'`));
    expect(await a.prefixes.bind(scopeOf(at), bound.id, 1, 'vm 7')).toMatchObject({
      state: 'BOUND',
      generation: 2,
      holder: 'vm 7',
      expiresAt: null,
    });
    await a.sweep();
    const states = await asSystem((tx) => a.prefixes.allocationsOfPool(tx, at.poolId, null, 10));
    expect(states.map(({ id, state }) => [id, state])).toEqual([
      [bound.id, 'BOUND'],
      [extended.id, 'HELD'],
    ]);
    expect((await one(at)).cidr).toBe(expired.cidr);
    await expect(a.prefixes.bind(scopeOf(at), bound.id, 2)).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await expect(a.prefixes.extend(scopeOf(at), extended.id, 1, 0)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });
});

describe('a release', () => {
  it('rests as long as the pool says, merges then, and its key is free at once', async () => {
    const at = await place('10.0.0.0/24', { defaultLength: 25, quarantineSeconds: 3600 });
    const given = await one(at, { key: 'mine' });
    expect(await a.prefixes.release(scopeOf(at), given.id, 1)).toMatchObject({ state: 'QUARANTINED', generation: 2 });
    expect((await one(at, { key: 'mine' })).cidr).toBe('10.0.0.128/25');
    await expect(one(at)).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
    await expect(one(at, { prefer: '10.0.0.0/26' })).rejects.toMatchObject({ code: 'OVERLAPS' });
    await asSystem((tx) => tx.run(`UPDATE prefix SET reusable_at = now() WHERE state = 'QUARANTINED'`));
    await a.sweep();
    expect((await one(at)).cidr).toBe('10.0.0.0/25');
  });

  it('that comes late changes nothing', async () => {
    const at = await place('10.0.0.0/24');
    const given = await one(at);
    await a.prefixes.transfer(scopeOf(at), given.id, 1, { tenantId: at.tenantId, holder: 'next' });
    await expect(a.prefixes.release(scopeOf(at), given.id, 1)).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      facts: { currentVersion: 2 },
    });
    await a.prefixes.release(scopeOf(at), given.id, 2);
    await one(at);
    await expect(a.prefixes.release(scopeOf(at), given.id, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('of another tenant’s prefix, or of one that a subnet is on, is refused', async () => {
    const at = await place('10.0.0.0/24', { defaultLength: 28 });
    const given = await one(at);
    await expect(a.prefixes.release(tenantScope(await tenant(), 'spec'), given.id, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await opened.db.inTransaction(scopeOf(at), (tx) =>
      a.subnets.open(tx, { prefixId: given.id, generation: 1, tenantId: at.tenantId, gatewayMode: 'NONE' }),
    );
    await expect(a.prefixes.release(scopeOf(at), given.id, null)).rejects.toMatchObject({
      code: 'IN_USE',
      facts: { holderKind: 'subnet' },
    });
    await expect(a.prefixes.transfer(scopeOf(at), given.id, 2, { tenantId: at.tenantId, holder: null })).rejects.toMatchObject({
      code: 'IN_USE',
    });
  });
});

describe('a quota', () => {
  it('counts blocks of the longest length, is given back, and goes along with a transfer', async () => {
    const at = await place('10.0.0.0/24', { maxLength: 30, quarantineSeconds: 3600 });
    const heir = await tenant();
    for (const [tenantId, max] of [
      [at.tenantId, 10n],
      [heir, 100n],
    ] as const)
      await asSystem((tx) => a.pools.setQuota(tx, at.poolId, tenantId, max));
    const given = await one(at, { length: 27 });
    await expect(one(at, { length: 28 })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', facts: { room: 2 } });
    await expect(take(at, { length: 30, count: 3 })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await cidrs(at, { length: 30, count: 3, isPartial: true })).toHaveLength(2);
    await a.prefixes.transfer(system, given.id, 1, { tenantId: heir, holder: null });
    expect((await one(at, { length: 27 })).generation).toBe(1);
    const used = async () => new Map((await asSystem((tx) => a.pools.quotas(tx, at.poolId))).map((quota) => [quota.tenantId, quota.used]));
    expect([(await used()).get(at.tenantId), (await used()).get(heir)]).toEqual([10n, 8n]);
    await a.prefixes.release(system, given.id, null); // It rests, and is not the tenant's any more.
    expect((await used()).get(heir)).toBe(0n);
  });

  it('holds when many ask at once', async () => {
    const at = await place('10.0.0.0/24', { maxLength: 30 });
    await asSystem((tx) => a.pools.setQuota(tx, at.poolId, at.tenantId, 7n));
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => take(at, { length: 30 })));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
  });
});

describe('a pool', () => {
  it('for some tenants is not there for others', async () => {
    const at = await place('10.0.0.0/24');
    const stranger = { ...at, tenantId: await tenant() };
    const { version } = await pool(at);
    await asSystem((tx) => a.pools.update(tx, at.poolId, version, { tenantIds: [at.tenantId] }));
    await expect(take(stranger)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await one(at)).cidr).toBe('10.0.0.0/32');
    await asSystem((tx) => a.pools.update(tx, at.poolId, version + 1, { tenantIds: [] }));
    expect((await one(stranger)).cidr).toBe('10.0.0.1/32');
  });

  it('gives nothing of what is excluded, and what was given out there does not come back', async () => {
    const at = await place('10.0.0.0/24', { defaultLength: 26 });
    const inside = await one(at, { prefer: '10.0.0.64/26' });
    await asSystem((tx) => a.pools.exclude(tx, at.poolId, 1, { cidr: Cidr.parse('10.0.0.0/25'), reason: 'old routers' }));
    expect((await one(at)).cidr).toBe('10.0.0.128/26');
    await expect(one(at, { prefer: '10.0.0.0/26' })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
      message: expect.stringContaining('old routers'),
    });
    await a.prefixes.release(scopeOf(at), inside.id, null);
    expect(await free(at)).toEqual(['10.0.0.192/26']);
    await asSystem((tx) => a.pools.include(tx, at.poolId, 2, Cidr.parse('10.0.0.0/25')));
    expect(await free(at)).toEqual(['10.0.0.0/25', '10.0.0.192/26']);
    await expect(asSystem((tx) => a.pools.include(tx, at.poolId, 3, Cidr.parse('10.0.0.0/25')))).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
    await expect(
      asSystem((tx) => a.pools.exclude(tx, at.poolId, 3, { cidr: Cidr.parse('10.1.0.0/25'), reason: 'x' })),
    ).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
  });

  it('grows by ranges and loses those that nothing is in, for whoever read it last', async () => {
    const at = await place('10.0.0.0/24', { defaultLength: 25 });
    const [one24, two24] = [Cidr.parse('10.0.0.0/24'), Cidr.parse('10.0.8.0/24')];
    const grown = await asSystem((tx) => a.pools.addRanges(tx, at.poolId, 1, [two24]));
    expect(grown).toMatchObject({ ranges: [one24, two24], version: 2, size: 512n, free: 512n });
    await expect(asSystem((tx) => a.pools.addRanges(tx, at.poolId, 1, [two24]))).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await expect(asSystem((tx) => a.pools.addRanges(tx, at.poolId, 2, [Cidr.parse('10.0.8.0/25')]))).rejects.toMatchObject({
      code: 'OVERLAPS',
    });
    await expect(asSystem((tx) => a.pools.addRanges(tx, at.poolId, 2, [Cidr.parse('2001:db8::/32')]))).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
    const given = await one(at);
    await expect(asSystem((tx) => a.pools.removeRanges(tx, at.poolId, 2, [one24]))).rejects.toMatchObject({ code: 'IN_USE' });
    await a.prefixes.release(scopeOf(at), given.id, null);
    expect(await asSystem((tx) => a.pools.removeRanges(tx, at.poolId, 2, [one24]))).toMatchObject({ ranges: [two24], free: 256n });
    await expect(asSystem((tx) => a.pools.removeRanges(tx, at.poolId, 3, [two24]))).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect((await one(at)).cidr).toBe('10.0.8.0/25');
  });

  it('refuses settings that contradict each other, and says which it takes', async () => {
    await expect(place('10.0.0.0/24', { defaultLength: 20 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(place('10.0.0.0/24', { maxLength: 33 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(place([], {})).rejects.toThrow();
    await expect(place('10.0.0.0/24', { quarantineSeconds: -1 })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(place(['10.0.0.0/24', '2001:db8::/32'])).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(place('::/64')).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(place(['10.0.0.0/24', '10.0.0.0/25'])).rejects.toMatchObject({ code: 'OVERLAPS' });
  });
});

describe('prefixes of an existing network', () => {
  const adopt = (at: Place, ...list: string[]) =>
    a.prefixes.adopt(
      scopeOf(at),
      at.poolId,
      at.tenantId,
      list.map((cidr) => ({ cidr: Cidr.parse(cidr), key: IdempotencyKey.parse(`old/${cidr}`), holder: 'router 1' })),
    );

  it('are taken over all or none, excluded or resting though they may be, and the same twice is the same', async () => {
    const at = await place('10.0.0.0/24', { defaultLength: 26, quarantineSeconds: 3600 });
    await asSystem((tx) => a.pools.exclude(tx, at.poolId, 1, { cidr: Cidr.parse('10.0.0.128/26'), reason: 'x' }));
    const resting = await one(at, { prefer: '10.0.0.64/28' });
    await a.prefixes.release(scopeOf(at), resting.id, null);
    const adopted = await adopt(at, '10.0.0.64/26', '10.0.0.128/25');
    expect(adopted).toMatchObject([
      { cidr: '10.0.0.64/26', state: 'BOUND' },
      { cidr: '10.0.0.128/25', holder: 'router 1' },
    ]);
    expect(await adopt(at, '10.0.0.64/26', '10.0.0.128/25')).toEqual(adopted);
    expect(await free(at)).toEqual(['10.0.0.0/26']);
    await expect(adopt(at, '10.0.0.0/27', '10.0.0.96/27')).rejects.toMatchObject({
      code: 'OVERLAPS',
      facts: { overlapping: ['10.0.0.64/26'] },
    });
    expect(await free(at)).toEqual(['10.0.0.0/26']);
    await expect(adopt(at, '10.1.0.0/24')).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });
});
