// What happens to numbers between two statements of somebody else.
import { NumberAllocationService, numberingEntities, NumberingModule, NumberingService, PoolAdminService } from '#contexts/numbering';
import { type FabricId, IdempotencyKey, type PoolId } from '#engines/kernel';
import { systemScope, tenantScope } from '#platform';
import { eventually } from '../../support/eventually.js';
import { AllocationWorld } from './allocation-world.js';

let world: AllocationWorld;
let fabricId: FabricId;
let numbers: NumberAllocationService;
beforeAll(async () => {
  world = await AllocationWorld.open([NumberingModule], numberingEntities);
  numbers = world.get(NumberAllocationService);
});
beforeEach(async () => {
  fabricId = await world.fabric();
});
afterAll(() => world.close());

const [a, b] = [() => world.tenants[0] as (typeof world.tenants)[number], () => world.tenants[1] as (typeof world.tenants)[number]];
const system = systemScope('spec');
const key = (): IdempotencyKey => IdempotencyKey.parse(`r${world.next()}`);
const pool = (first: number, last: number): Promise<PoolId> =>
  world.system((tx) =>
    world
      .get(PoolAdminService)
      .create(tx, { fabricId, kind: 'VNI', slug: `r${world.next()}`, name: 'R', ranges: [{ first, last }], quarantineSeconds: 0 }),
  );
/** Somebody in this database waits for somebody else. */
const isWaiting = () =>
  eventually(
    () =>
      world.system((tx) =>
        tx.one<{ n: string }>(
          'SELECT count(*) AS n FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE NOT l.granted AND a.datname = current_database()',
        ),
      ),
    (row) => Number(row?.n) > 0,
  );

it('a hold that is extended while the sweeper waits for its pool is kept', async () => {
  const poolId = await pool(1, 3);
  const { allocations } = await numbers.allocate(tenantScope(a(), 'spec'), { poolId, tenantId: a(), key: key(), ttlSeconds: 60 });
  const [held] = allocations;
  if (!held) throw new Error('nothing was given');
  await world.system((tx) => tx.run(`UPDATE number_allocation SET expires_at = now() - interval '1 second' WHERE id = $1`, [held.id]));
  let sweeping: Promise<number> | undefined;
  await world.system(async (tx) => {
    await tx.sql('SELECT number_lock($1)', [poolId]);
    sweeping = world.system((other) => world.get(NumberingService).sweep(other));
    await isWaiting();
    // Another process has the lock; the holder needs none.
    expect(await numbers.extend(tenantScope(a(), 'spec'), held.id, 1, 600)).toMatchObject({ state: 'HELD' });
  });
  expect(await sweeping).toBe(0);
  expect(await world.system((tx) => numbers.allocation(tx, held.id))).toMatchObject({ value: held.value, state: 'HELD' });
});

it('a hold that is bound while the sweeper waits for its pool is kept', async () => {
  const poolId = await pool(1, 3);
  const { allocations } = await numbers.allocate(tenantScope(a(), 'spec'), { poolId, tenantId: a(), key: key(), ttlSeconds: 60 });
  const [held] = allocations;
  if (!held) throw new Error('nothing was given');
  await world.system((tx) => tx.run(`UPDATE number_allocation SET expires_at = now() - interval '1 second' WHERE id = $1`, [held.id]));
  let sweeping: Promise<number> | undefined;
  await world.system(async (tx) => {
    await tx.sql('SELECT number_lock($1)', [poolId]);
    sweeping = world.system((other) => world.get(NumberingService).sweep(other));
    await isWaiting();
    expect(await numbers.bind(tenantScope(a(), 'spec'), held.id, 1)).toMatchObject({ state: 'BOUND' });
  });
  expect(await sweeping).toBe(0);
  expect(await world.system((tx) => numbers.allocation(tx, held.id))).toMatchObject({ value: held.value, state: 'BOUND' });
});

it('a number does not go to a tenant that has its key for other numbers: a key has one answer', async () => {
  const poolId = await pool(1, 9);
  const same = key();
  const own = await numbers.allocate(tenantScope(b(), 'spec'), { poolId, tenantId: b(), key: same });
  const two = await numbers.allocate(tenantScope(a(), 'spec'), { poolId, tenantId: a(), key: same, count: 2 });
  for (const { id } of two.allocations)
    await expect(numbers.transfer(system, id, 1, { tenantId: b(), holder: null })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  expect(await numbers.allocate(tenantScope(b(), 'spec'), { poolId, tenantId: b(), key: same })).toEqual({ ...own, replayed: true });
});

it('a key that two processes use for two pools at once is one of the two, and the other is told so', async () => {
  const [first, second] = [await pool(1, 9), await pool(11, 19)];
  const same = key();
  const ask = (poolId: PoolId) => ({ poolId, tenantId: a(), key: same });
  let other: Promise<unknown> | undefined;
  const given = await world.db.inTransaction(tenantScope(a(), 'spec'), async (tx) => {
    const granted = await numbers.allocateIn(tx, ask(first));
    other = numbers.allocate(tenantScope(a(), 'spec'), ask(second)).catch((error: unknown) => error);
    await isWaiting();
    return granted;
  });
  expect(given.allocations).toMatchObject([{ value: 1 }]);
  expect(await other).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
});
