import { type AllocationId, ExternalRef, type FabricId, IdempotencyKey, type PoolId, Slug, type TenantId } from '#engines/kernel';
import { newId, type Scope, systemScope, type Tx, tenantScope } from '#platform';
import { type Numbering, numberingOn } from '../../../../test/support/numbering.js';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import type { GrantedNumbers, NumberRequest } from './domain/allocation.js';
import { numberingInvariants } from './numbering-invariants.js';
import type { NewNumberPool } from './pool-admin.service.js';
import { numberingEntities } from './store/number-pool.entity.js';

let opened: OpenDatabase;
let on: Numbering;
/** Another process that shares the pools. */
let other: Numbering;
let fabricId: FabricId;
let serial = 0;
const system = systemScope('spec');

beforeAll(async () => {
  opened = await openTestDatabase(numberingEntities);
  [on, other] = [numberingOn(opened), numberingOn(opened)];
  fabricId = newId<FabricId>();
  await inSystem((tx) =>
    tx.run(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
      [fabricId],
    ),
  );
});
/** Whatever the tests did, no invariant of numbers is broken. */
afterEach(async () => {
  for (const invariant of numberingInvariants) expect(await inSystem((tx) => everyViolation(tx, invariant))).toEqual([]);
});
afterAll(() => opened.close());

const inSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(system, work);
async function everyViolation(tx: Tx, { slices, violations }: (typeof numberingInvariants)[number]): Promise<unknown[]> {
  const found = [];
  for (let ids = await slices.next(tx, null); ids.length > 0; ids = await slices.next(tx, ids.at(-1) as string))
    found.push(...(await violations(tx, ids, 10)));
  return found;
}
async function tenant(): Promise<TenantId> {
  const id = newId<TenantId>();
  await inSystem((tx) => tx.run('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [id, Slug.parse(`t${++serial}`)]));
  return id;
}
/** Each pool has its own stretch of the VNI space. */
async function pool(size: number, more: Partial<NewNumberPool> = {}): Promise<{ id: PoolId; first: number; slug: string }> {
  const first = ++serial * 10_000;
  const slug = `p${serial}`;
  const id = await inSystem((tx) =>
    on.admin.create(tx, {
      fabricId,
      kind: 'VNI',
      slug,
      name: 'P',
      ranges: [{ first, last: first + size - 1 }],
      quarantineSeconds: 0,
      ...more,
    }),
  );
  return { id, first, slug };
}
const as = (tenantId: TenantId): Scope => tenantScope(tenantId, 'token:spec');
const key = (text: string): IdempotencyKey => IdempotencyKey.parse(text);
const allocate = (poolId: PoolId, tenantId: TenantId, name: string, more: Partial<NumberRequest> = {}): Promise<GrantedNumbers> =>
  on.allocations.allocate(as(tenantId), { poolId, tenantId, key: key(name), ...more });
const values = (granted: GrantedNumbers): number[] => granted.allocations.map(({ value }) => value);

describe('one allocation', () => {
  it('is the same for the same key and arguments as long as it lives, alone or in a crowd', async () => {
    const [t, p] = [await tenant(), await pool(10)];
    const request = { externalRef: ExternalRef.parse('ORD-1'), holder: 'vm/100', ttlSeconds: 60 };
    const [first, again, ...crowd] = await Promise.all([
      allocate(p.id, t, 'a', request),
      allocate(p.id, t, 'a', request),
      allocate(p.id, t, 'b'),
      allocate(p.id, t, 'c'),
    ]);
    expect([first.replayed, again.replayed, crowd.some(({ replayed }) => replayed)]).toEqual([false, true, false]);
    expect(again.allocations).toEqual(first.allocations);
    expect(await allocate(p.id, t, 'a', request)).toEqual({ allocations: first.allocations, replayed: true });
    expect(first.allocations[0]).toMatchObject({ state: 'HELD', generation: 1, kind: 'VNI', holder: 'vm/100', externalRef: 'ORD-1' });
    const { createdAt, expiresAt } = first.allocations[0] as GrantedNumbers['allocations'][number];
    expect((expiresAt as Date).getTime() - createdAt.getTime()).toBe(60_000);
  });

  it('has its key to itself: other arguments, or another pool, are refused', async () => {
    const [t, p, q] = [await tenant(), await pool(10), await pool(10)];
    await allocate(p.id, t, 'a');
    await expect(allocate(p.id, t, 'a', { prefer: p.first + 5 })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await expect(allocate(p.id, t, 'a', { count: 2 })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await expect(allocate(q.id, t, 'a')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(values(await allocate(p.id, await tenant(), 'a'))).toEqual([p.first + 1]);
  });

  it('gives its key back when it is released', async () => {
    const [t, p] = [await tenant(), await pool(10, { quarantineSeconds: 3600 })];
    const { allocations } = await allocate(p.id, t, 'a');
    await on.allocations.release(as(t), (allocations[0] as { id: AllocationId }).id, 1);
    expect(values(await allocate(p.id, t, 'a'))).toEqual([p.first + 1]);
  });

  it('tells its audit and that the pool changed, once', async () => {
    const [t, p] = [await tenant(), await pool(10)];
    await inSystem((tx) => tx.run('DELETE FROM outbox'));
    const { allocations } = await allocate(p.id, t, 'a');
    await allocate(p.id, t, 'a');
    const [told, sent] = await inSystem(async (tx) => [
      await tx.sql('SELECT actor, action, detail FROM audit_entry WHERE subject_id = $1', [allocations[0]?.id]),
      await tx.sql('SELECT topic, key FROM outbox'),
    ]);
    expect(told).toEqual([{ actor: 'token:spec', action: 'number.allocated', detail: { pool: p.id, value: p.first } }]);
    expect(sent).toEqual([{ topic: 'number-pool.changed', key: p.id }]);
  });
});

describe('several values', () => {
  it('come all or none', async () => {
    const [t, p] = [await tenant(), await pool(5)];
    await expect(allocate(p.id, t, 'a', { count: 6 })).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
      facts: { free: 5, largestFreeBlock: 5, wanted: 6 },
    });
    expect(values(await allocate(p.id, t, 'a', { count: 5 }))).toEqual([0, 1, 2, 3, 4].map((n) => p.first + n));
    expect(await allocate(p.id, t, 'a', { count: 5 })).toMatchObject({ replayed: true });
  });

  it('come as many as there are, where that is asked for', async () => {
    const [t, p] = [await tenant(), await pool(3)];
    expect(values(await allocate(p.id, t, 'a', { count: 9, isPartial: true }))).toHaveLength(3);
    await expect(allocate(p.id, t, 'b', { count: 9, isPartial: true })).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
  });

  it('in a row: the smallest gap that is long enough', async () => {
    const [t, p] = [await tenant(), await pool(20)];
    for (const hole of [2, 7, 11]) await allocate(p.id, t, `hole${hole}`, { prefer: p.first + hole });
    expect(values(await allocate(p.id, t, 'a', { count: 3, isContiguous: true }))).toEqual([8, 9, 10].map((n) => p.first + n));
    expect(values(await allocate(p.id, t, 'b', { count: 3, isContiguous: true }))).toEqual([3, 4, 5].map((n) => p.first + n));
    await expect(allocate(p.id, t, 'c', { count: 9, isContiguous: true })).rejects.toMatchObject({
      facts: { free: 11, largestFreeBlock: 8 },
    });
    expect(values(await allocate(p.id, t, 'd', { count: 3, prefer: p.first + 15 }))).toEqual([15, 16, 17].map((n) => p.first + n));
  });
});

describe('a certain value', () => {
  it('is had once; who holds it is told to its own tenant only', async () => {
    const [a, b, p] = [await tenant(), await tenant(), await pool(10)];
    await allocate(p.id, a, 'x', { prefer: p.first + 3, holder: 'vm/7' });
    const own = await allocate(p.id, a, 'y', { prefer: p.first + 3 }).catch((error: unknown) => error);
    const foreign = await allocate(p.id, b, 'y', { prefer: p.first + 3 }).catch((error: unknown) => error);
    expect(own).toMatchObject({ code: 'ALREADY_EXISTS', facts: { heldBy: 'vm/7' } });
    expect(foreign).toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(JSON.stringify(foreign)).not.toContain('vm/7');
  });

  it('outside or excluded: says what would have been accepted', async () => {
    const [t, first] = [await tenant(), ++serial * 10_000];
    const exclusions = [{ first: first + 2, last: first + 3, reason: 'the old core' }];
    const p = await pool(0, { ranges: [{ first, last: first + 9 }], exclusions });
    await expect(allocate(p.id, t, 'a', { prefer: first + 10 })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
      facts: { accepted: `it has ${first} to ${first + 9}` },
    });
    await expect(allocate(p.id, t, 'a', { prefer: first + 3 })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
      message: expect.stringContaining('the old core') as string,
    });
    expect(values(await allocate(p.id, t, 'a', { count: 4 }))).toEqual([0, 1, 4, 5].map((n) => first + n));
  });
});

describe('holds', () => {
  it('expire unless they are bound or extended', async () => {
    const [t, p] = [await tenant(), await pool(3)];
    const ids = [];
    for (const name of ['a', 'b', 'c']) ids.push((await allocate(p.id, t, name, { ttlSeconds: 1 })).allocations[0]?.id as AllocationId);
    await on.allocations.bind(as(t), ids[0] as AllocationId, 1, 'vm/1');
    await on.allocations.extend(as(t), ids[1] as AllocationId, 1, 600);
    await inSystem((tx) =>
      tx.run(`UPDATE number_allocation SET expires_at = expires_at - interval '2 seconds' WHERE pool_id = $1 AND state = 'HELD'`, [p.id]),
    );
    expect(await inSystem((tx) => on.numbering.sweep(tx))).toBe(1);
    expect(values(await allocate(p.id, t, 'd'))).toEqual([p.first + 2]);
    await expect(on.allocations.bind(as(t), ids[2] as AllocationId, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(on.allocations.bind(as(t), ids[0] as AllocationId, 2)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  it('that nobody carries yet are free at once when they are released', async () => {
    const [t, p] = [await tenant(), await pool(1, { quarantineSeconds: 3600 })];
    const { allocations } = await allocate(p.id, t, 'a', { ttlSeconds: 60 });
    expect(await on.allocations.release(as(t), allocations[0]?.id as AllocationId, 1)).toBeUndefined();
    expect(values(await allocate(p.id, t, 'b'))).toEqual([p.first]);
  });
});

describe('releasing', () => {
  it('too late does not free what has changed hands', async () => {
    const [a, b, p] = [await tenant(), await tenant(), await pool(3, { quarantineSeconds: 3600 })];
    const id = (await allocate(p.id, a, 'x')).allocations[0]?.id as AllocationId;
    const moved = await on.allocations.transfer(system, id, 1, { tenantId: b, holder: 'vm/9' });
    expect(moved).toMatchObject({ generation: 2, tenantId: b, holder: 'vm/9' });
    await expect(on.allocations.release(as(a), id, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(on.allocations.release(as(b), id, 1)).rejects.toMatchObject({ code: 'VERSION_CONFLICT', facts: { currentVersion: 2 } });
    expect(await on.allocations.release(as(b), id, 2)).toMatchObject({ state: 'QUARANTINED', generation: 3 });
    expect(await on.allocations.release(as(b), id, 2)).toMatchObject({ state: 'QUARANTINED', generation: 3 });
  });

  it('what a network uses is refused', async () => {
    const [t, p] = [await tenant(), await pool(3)];
    const claimed = await inSystem((tx) => on.numbering.claim(tx, { poolId: p.id, tenantId: t, key: 'order/1/vni', holder: 'network' }));
    await expect(on.allocations.release(as(t), claimed.allocationId, null)).rejects.toMatchObject({ code: 'IN_USE' });
    await expect(on.allocations.transfer(system, claimed.allocationId, 1, { tenantId: t, holder: null })).rejects.toMatchObject({
      code: 'IN_USE',
    });
  });
});

describe('limits of a tenant', () => {
  it('count what it holds, also when hundreds ask at once', async () => {
    const [a, b, p] = [await tenant(), await tenant(), await pool(100)];
    await inSystem((tx) => on.admin.setQuota(tx, p.id, a, 10));
    const asked = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => [allocate(p.id, a, `k${i}`), allocate(p.id, b, `k${i}`)]).flat(),
    );
    const got = asked.flatMap((result) => (result.status === 'fulfilled' ? result.value.allocations : []));
    expect(got.filter(({ tenantId }) => tenantId === a)).toHaveLength(10);
    expect(got.filter(({ tenantId }) => tenantId === b)).toHaveLength(40);
    expect(asked.flatMap((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : []))).toEqual(
      Array.from({ length: 30 }, () => 'QUOTA_EXCEEDED'),
    );
    const [first] = got.filter(({ tenantId }) => tenantId === a);
    await on.allocations.release(as(a), first?.id as AllocationId, 1);
    await expect(allocate(p.id, a, 'two', { count: 2 })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', facts: { room: 1 } });
    expect(values(await allocate(p.id, a, 'some', { count: 2, isPartial: true }))).toHaveLength(1);
  });

  it('a pool for some tenants does not exist for the others', async () => {
    const [a, b] = [await tenant(), await tenant()];
    const p = await pool(10, { tenants: [a] });
    const asked = await Promise.allSettled([allocate(p.id, a, 'x'), allocate(p.id, b, 'x'), allocate(p.id, b, 'y')]);
    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(allocate(p.id, b, 'z')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('strategies', () => {
  it('rotating goes on after the last one, and round', async () => {
    const [t, p] = [await tenant(), await pool(4, { strategy: 'ROTATING' })];
    const first = await allocate(p.id, t, 'a');
    await on.allocations.release(as(t), first.allocations[0]?.id as AllocationId, 1);
    const rest = [];
    for (const name of ['b', 'c', 'd', 'e']) rest.push(...values(await allocate(p.id, t, name)));
    expect(rest.map((value) => value - p.first)).toEqual([1, 2, 3, 0]);
  });

  it('random gives each value once', async () => {
    const [t, p] = [await tenant(), await pool(60, { strategy: 'RANDOM' })];
    const given = (await Promise.all(Array.from({ length: 60 }, (_, i) => allocate(p.id, t, `k${i}`)))).flatMap(values);
    expect(new Set(given).size).toBe(60);
    expect(given).not.toEqual([...given].sort((a, b) => a - b));
    await expect(allocate(p.id, t, 'more')).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
  });

  it('by hash: a key has its value, in any installation', async () => {
    const t = await tenant();
    const offsets = [];
    for (const p of [await pool(1000, { strategy: 'HASH' }), await pool(1000, { strategy: 'HASH' })]) {
      const { allocations } = await allocate(p.id, t, 'vm-100.example');
      offsets.push((allocations[0]?.value as number) - p.first);
      await on.allocations.release(as(t), allocations[0]?.id as AllocationId, 1);
    }
    expect(offsets[0]).toBe(offsets[1]);
  });
});

describe('adopting', () => {
  it('takes over what exists, and never offers it in between', async () => {
    const [t, first] = [await tenant(), ++serial * 10_000];
    const p = await pool(0, { ranges: [{ first, last: first + 9 }], exclusions: [{ first, last: first + 4, reason: 'existing' }] });
    const numbers = [2, 9].map((n) => ({ value: first + n, key: key(`old-${n}`), holder: `vlan${n}` }));
    const [adopted, asked] = await Promise.all([on.allocations.adopt(system, p.id, t, numbers), allocate(p.id, t, 'new')]);
    expect(adopted.map(({ value, state }) => [value - first, state])).toEqual([
      [2, 'BOUND'],
      [9, 'BOUND'],
    ]);
    expect(values(asked)).toEqual([first + 5]);
    expect(await on.allocations.adopt(system, p.id, t, numbers)).toEqual(adopted);
  });

  it('is for a tenant that is there', async () => {
    const p = await pool(10);
    const numbers = [{ value: p.first, key: key('old') }];
    await expect(on.allocations.adopt(system, p.id, newId<TenantId>(), numbers)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is all or none', async () => {
    const [t, p] = [await tenant(), await pool(10)];
    await allocate(p.id, t, 'a');
    const numbers = [3, 0].map((n) => ({ value: p.first + n, key: key(`old-${n}`) }));
    await expect(on.allocations.adopt(system, p.id, t, numbers)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(on.allocations.adopt(system, p.id, t, [{ value: p.first + 10, key: key('x') }])).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
    expect(values(await allocate(p.id, t, 'b', { prefer: p.first + 3 }))).toEqual([p.first + 3]);
  });
});

describe('many callers', () => {
  it('of two processes get each value once, lowest first, and each key one value', async () => {
    const [t, p] = [await tenant(), await pool(1000)];
    const asked = await Promise.all(
      Array.from({ length: 600 }, (_, i) =>
        (i % 2 ? on : other).allocations.allocate(as(t), { poolId: p.id, tenantId: t, key: key(`k${i % 450}`) }),
      ),
    );
    const byKey = new Map<string, Set<number>>();
    for (const { allocations } of asked) for (const a of allocations) byKey.set(a.key, (byKey.get(a.key) ?? new Set()).add(a.value));
    expect([...byKey.values()].every((given) => given.size === 1)).toBe(true);
    const given = [...byKey.values()].flatMap((one) => [...one]).sort((a, b) => a - b);
    expect(given).toEqual(Array.from({ length: 450 }, (_, i) => p.first + i));
  });

  it('of many pools, some of them too small, get what each pool has', async () => {
    const t = await tenant();
    const pools = await Promise.all([1, 2, 3, 40, 50].map((size) => pool(size)));
    const asked = await Promise.allSettled(
      Array.from({ length: 25 }, (_, i) => pools.map((p) => allocate(p.id, t, `${p.slug}-${i}`))).flat(),
    );
    const got = asked.flatMap((result) => (result.status === 'fulfilled' ? result.value.allocations : []));
    expect(
      pools.map((p) =>
        got
          .filter(({ poolId }) => poolId === p.id)
          .map(({ value }) => value - p.first)
          .sort((a, b) => a - b),
      ),
    ).toEqual([1, 2, 3, 25, 25].map((n) => Array.from({ length: n }, (_, i) => i)));
    expect(new Set(asked.flatMap((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : [])))).toEqual(
      new Set(['POOL_EXHAUSTED']),
    );
  });
});

describe('a pool in use', () => {
  const update = (id: PoolId, version: number, change: Parameters<Numbering['admin']['update']>[3]) =>
    inSystem((tx) => on.admin.update(tx, id, version, change));

  it('grows, shrinks and is excluded from, without touching what is allocated', async () => {
    const [t, p] = [await tenant(), await pool(10)];
    await allocate(p.id, t, 'a', { count: 4 });
    await update(p.id, 1, {
      addRanges: [{ first: p.first + 10, last: p.first + 19 }],
      exclude: [{ first: p.first + 2, last: p.first + 6, reason: 'old core' }],
    });
    expect(values(await allocate(p.id, t, 'b', { count: 3 }))).toEqual([7, 8, 9].map((n) => p.first + n));
    expect(values(await allocate(p.id, t, 'c'))).toEqual([p.first + 10]);
    await expect(update(p.id, 1, { name: 'X' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT', facts: { currentVersion: 2 } });
    await expect(update(p.id, 2, { removeRanges: [{ first: p.first + 10, last: p.first + 12 }] })).rejects.toMatchObject({
      code: 'IN_USE',
    });
    const changed = await update(p.id, 2, { removeRanges: [{ first: p.first + 15, last: p.first + 19 }], include: [p.first + 2] });
    expect([changed.total, changed.free, changed.version]).toEqual([15n, 7n, 3]);
    expect(values(await allocate(p.id, t, 'd', { count: 7 }))).toEqual([4, 5, 6, 11, 12, 13, 14].map((n) => p.first + n));
    await expect(inSystem((tx) => on.admin.remove(tx, p.id))).rejects.toMatchObject({ code: 'IN_USE' });
  });

  it('goes when nothing of it is left', async () => {
    const [t, p] = [await tenant(), await pool(10)];
    const { allocations } = await allocate(p.id, t, 'a');
    await on.allocations.release(as(t), allocations[0]?.id as AllocationId, 1);
    await inSystem((tx) => on.admin.remove(tx, p.id));
    await expect(allocate(p.id, t, 'b')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is drawn as runs of one state', async () => {
    const [t, first] = [await tenant(), ++serial * 10_000];
    const p = await pool(0, {
      ranges: [{ first, last: first + 9 }],
      exclusions: [{ first: first + 8, last: first + 9, reason: 'x' }],
      quarantineSeconds: 60,
    });
    const { allocations } = await allocate(p.id, t, 'a', { count: 3 });
    await on.allocations.release(as(t), allocations[1]?.id as AllocationId, 1);
    expect(await inSystem((tx) => on.numbering.map(tx, p.id, first - 1, 12))).toEqual(
      (
        [
          [-1, -1, 'OUTSIDE'],
          [0, 0, 'USED'],
          [1, 1, 'QUARANTINED'],
          [2, 2, 'USED'],
          [3, 7, 'FREE'],
          [8, 9, 'EXCLUDED'],
          [10, 10, 'OUTSIDE'],
        ] as const
      ).map(([from, to, state]) => ({ first: first + from, last: first + to, state })),
    );
  });
});

describe('extents of any size', () => {
  it('the RFC 6996 range and 2^40 router MACs are made and used like a small pool', async () => {
    const t = await tenant();
    const make = (more: Pick<NewNumberPool, 'kind' | 'ranges'>, slug: string): Promise<PoolId> =>
      inSystem((tx) => on.admin.create(tx, { fabricId, slug, name: slug, quarantineSeconds: 0, ...more }));
    const asn = await make({ kind: 'ASN', ranges: [{ first: 4_200_000_000, last: 4_294_967_294 }] }, 'private-as');
    expect(values(await allocate(asn, t, 'asn'))).toEqual([4_200_000_000]);
    expect(values(await allocate(asn, t, 'last', { prefer: 4_294_967_294 }))).toEqual([4_294_967_294]);
    const mac = await make({ kind: 'ROUTER_MAC', ranges: [{ first: 0x020000000000, last: 0x02ffffffffff }] }, 'router-macs');
    expect((await allocate(mac, t, 'mac', { prefer: 0x02ffffffffff })).allocations[0]).toMatchObject({
      kind: 'ROUTER_MAC',
      value: 0x02ffffffffff,
    });
  });
});
