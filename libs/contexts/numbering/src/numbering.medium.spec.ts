import { type AllocationId, type FabricId, type PoolId, Slug, type TenantId } from '#engines/kernel';
import { newId, systemScope, type Tx, tenantScope } from '#platform';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { type Numbering, numberingOn } from '../../../../test/support/numbering.js';
import { numberingEntities } from './store/number-pool.entity.js';

const system = systemScope('spec');
let opened: OpenDatabase;
let numbering: Numbering['numbering'];
let admin: Numbering['admin'];
let fabricId: FabricId;
let serial = 0;

beforeAll(async () => {
  opened = await openTestDatabase(numberingEntities);
  ({ numbering, admin } = numberingOn(opened));
  fabricId = newId<FabricId>();
  await opened.db.inTransaction(system, (tx) =>
    tx.run(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
      [fabricId],
    ),
  );
});
afterAll(() => opened.close());

async function tenant(): Promise<TenantId> {
  const id = newId<TenantId>();
  await opened.db.inTransaction(system, (tx) =>
    tx.run('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [id, Slug.parse(`t${++serial}`)]),
  );
  return id;
}
/** Each pool has its own stretch of the VNI space. */
async function pool(size: number, quarantineSeconds = 86_400): Promise<{ id: PoolId; first: number }> {
  const first = ++serial * 10_000;
  const id = await opened.db.inTransaction(system, (tx) =>
    admin.create(tx, {
      fabricId,
      kind: 'VNI',
      slug: `p${serial}`,
      name: 'P',
      ranges: [{ first, last: first + size - 1 }],
      quarantineSeconds,
    }),
  );
  return { id, first };
}
const inTenant = <T>(tenantId: TenantId, work: (tx: Tx) => Promise<T>): Promise<T> =>
  opened.db.inTransaction(tenantScope(tenantId, 'spec'), work);
const claim = (tenantId: TenantId, poolId: PoolId, key: string, prefer?: number) =>
  inTenant(tenantId, (tx) =>
    numbering.claim(tx, { poolId, tenantId, key, holder: 'network', ...(prefer === undefined ? {} : { prefer }) }),
  );
/** Free and allocated values together are what the pool was given, and no value is in both. */
async function expectConserved(poolId: PoolId): Promise<void> {
  const row = await opened.db.inTransaction(system, (tx) =>
    tx.one<{ configured: string; free: string; allocated: string; both: string; adjacent: string }>(
      `SELECT (SELECT sum(last - first + 1) FROM number_pool_range WHERE pool_id = $1) AS configured,
              coalesce((SELECT sum(last - first + 1) FROM free_number WHERE pool_id = $1), 0) AS free,
              (SELECT count(*) FROM number_allocation WHERE pool_id = $1) AS allocated,
              (SELECT count(*) FROM number_allocation a JOIN free_number f ON f.pool_id = a.pool_id AND a.value BETWEEN f.first AND f.last WHERE a.pool_id = $1) AS both,
              (SELECT count(*) FROM free_number a JOIN free_number b ON b.pool_id = a.pool_id AND b.first = a.last + 1 WHERE a.pool_id = $1) AS adjacent`,
      [poolId],
    ),
  );
  expect(row).toMatchObject({ both: '0', adjacent: '0' });
  expect(Number(row?.free) + Number(row?.allocated)).toBe(Number(row?.configured));
}

describe('claiming numbers', () => {
  it('gives the lowest free number, and the same one again to the same key', async () => {
    const [t, p] = [await tenant(), await pool(10)];
    const values = [];
    for (const key of ['a', 'b', 'a', 'c']) values.push(await claim(t, p.id, key));
    expect(values.map((v) => [v.value - p.first, v.replayed])).toEqual([
      [0, false],
      [1, false],
      [0, true],
      [2, false],
    ]);
    await expectConserved(p.id);
  });

  it('gives a wanted number, and refuses one that is taken without saying by whom', async () => {
    const [a, b, p] = [await tenant(), await tenant(), await pool(10)];
    expect((await claim(a, p.id, 'x', p.first + 5)).value).toBe(p.first + 5);
    const refused = await claim(b, p.id, 'x', p.first + 5).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(JSON.stringify(refused)).not.toContain(a);
    await expect(claim(b, p.id, 'y', p.first + 10)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expectConserved(p.id);
  });

  it('says that a pool is used up', async () => {
    const [t, p] = [await tenant(), await pool(2)];
    await claim(t, p.id, 'a');
    await claim(t, p.id, 'b');
    await expect(claim(t, p.id, 'c')).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { poolId: p.id, free: 0 } });
    expect((await claim(t, p.id, 'b')).replayed).toBe(true);
  });

  it('never gives a number twice, whoever asks at once, with repetitions', async () => {
    const [a, b, p] = [await tenant(), await tenant(), await pool(500)];
    const keys = Array.from({ length: 200 }, (_, i) => `k${i % 120}`);
    const claims = await Promise.all(keys.flatMap((key) => [claim(a, p.id, key), claim(b, p.id, key)]));
    const fresh = claims.filter((c) => !c.replayed);
    expect(fresh).toHaveLength(240);
    expect(new Set(fresh.map((c) => c.value)).size).toBe(240);
    expect(Math.max(...fresh.map((c) => c.value))).toBe(p.first + 239);
    await expectConserved(p.id);
  });

  it('leaves nothing behind when the transaction is rolled back', async () => {
    const [t, p] = [await tenant(), await pool(10)];
    await expect(
      inTenant(t, async (tx) => {
        await numbering.claim(tx, { poolId: p.id, tenantId: t, key: 'a', holder: 'network' });
        throw new Error('the order was refused');
      }),
    ).rejects.toThrow('refused');
    expect((await claim(t, p.id, 'b')).value).toBe(p.first);
    await expectConserved(p.id);
  });

  it('does not tell an unknown pool from one that does not exist', async () => {
    await expect(claim(await tenant(), newId<PoolId>(), 'a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('giving numbers back', () => {
  const release = (t: TenantId, ids: AllocationId[]) => inTenant(t, (tx) => numbering.quarantine(tx, ids));
  const sweep = () => opened.db.inTransaction(system, (tx) => numbering.sweep(tx));

  it('keeps a released number out of use until its quarantine is over', async () => {
    const [t, p] = [await tenant(), await pool(3)];
    const first = await claim(t, p.id, 'a');
    await release(t, [first.allocationId]);
    await sweep();
    expect((await claim(t, p.id, 'a')).value).toBe(p.first + 1);
    await opened.db.inTransaction(system, (tx) =>
      tx.run(`UPDATE number_allocation SET reusable_at = now() WHERE id = $1`, [first.allocationId]),
    );
    await sweep();
    expect((await claim(t, p.id, 'b')).value).toBe(p.first);
    await expectConserved(p.id);
  });

  it('joins what comes back with its neighbours, in any order', async () => {
    const [t, p] = [await tenant(), await pool(50)];
    const claims = [];
    for (let i = 0; i < 50; i++) claims.push(await claim(t, p.id, `k${i}`));
    const shuffled = claims.map((c) => c.allocationId).sort((x, y) => (x.slice(-6) < y.slice(-6) ? -1 : 1));
    for (const id of shuffled) await inTenant(t, (tx) => numbering.free(tx, [id]));
    await expectConserved(p.id);
    const extents = await opened.db.inTransaction(system, (tx) => tx.sql('SELECT first, last FROM free_number WHERE pool_id = $1', [p.id]));
    expect(extents).toEqual([{ first: String(p.first), last: String(p.first + 49) }]);
  });

  it("cannot give back another tenant's number", async () => {
    const [a, b, p] = [await tenant(), await tenant(), await pool(5)];
    const theirs = await claim(a, p.id, 'a');
    await inTenant(b, (tx) => numbering.free(tx, [theirs.allocationId]));
    await release(b, [theirs.allocationId]);
    expect(await claim(a, p.id, 'a')).toMatchObject({ value: theirs.value, replayed: true });
  });
});

describe('pools', () => {
  it('refuses ranges that overlap another pool of the same space, L2 and L3 alike', async () => {
    const p = await pool(100);
    const create = (kind: 'VNI' | 'L3VNI' | 'EVI', ranges: { first: number; last: number }[]) =>
      opened.db.inTransaction(system, (tx) => admin.create(tx, { fabricId, kind, slug: `x${++serial}`, name: 'X', ranges }));
    await expect(create('L3VNI', [{ first: p.first + 99, last: p.first + 200 }])).rejects.toMatchObject({ code: 'OVERLAPS' });
    await expect(create('EVI', [{ first: 10_000, last: 65_536 }])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(create('VNI', [{ first: 9, last: 8 }])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(create('EVI', [{ first: 9_999, last: 20_000 }])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await create('EVI', [{ first: 10_000, last: 10_010 }]);
  });
});
