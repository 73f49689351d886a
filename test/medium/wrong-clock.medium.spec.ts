// A worker whose clock is wrong, or jumps while it works: what holds is the time of the database and of the devices.
import { PlannerService, RolloutService } from '#contexts/deployment';
import { LeaseService, systemScope } from '#platform';
import { createWorld, type World } from '../support/world.js';

const TWO_HOURS = 7_200_000;
let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.close();
});
const jump = (ms: number): void => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
const device = (slug: 'pve1' | 'pve2') => world.devices.get(slug) as NonNullable<ReturnType<World['devices']['get']>>;
const leaseEndsIn = async (resource: string): Promise<number> =>
  (
    await world.db.inTransaction(systemScope('spec'), (tx) =>
      tx.one<{ seconds: number }>(
        'SELECT extract(epoch FROM until - clock_timestamp())::float8 AS seconds FROM lease WHERE resource = $1',
        [resource],
      ),
    )
  )?.seconds ?? Number.NaN;

describe.each([
  ['ahead', TWO_HOURS],
  ['behind', -TWO_HOURS],
])('a worker whose clock is two hours %s', (_where, ms) => {
  it('takes no lease that somebody holds, and holds its own no longer than others do', async () => {
    const leases = world.app.get(LeaseService);
    await leases.withLease('device:x', async () => {
      jump(ms);
      expect(await leases.withLease('device:x', () => Promise.resolve('stolen'))).toBeUndefined();
    });
    await leases.withLease('device:y', async () => {
      const seconds = await leaseEndsIn('device:y');
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(3);
    });
  });

  it('rolls out as any other, and pushes to no device twice', async () => {
    jump(ms);
    const id = await world.provision();
    expect(await world.settle(id)).toBe('ACTIVE');
    for (const slug of ['pve1', 'pve2'] as const) expect(device(slug).unconfirmed).toHaveLength(2); // The takeover, and this one.
  });

  it('goes on with what it does when its clock jumps in the middle of a push', async () => {
    const release = device('pve1').holdAt('verify');
    const id = await world.provision();
    const running = world.converge();
    await vi.waitFor(() => expect(device('pve1').pending?.applied).toBe(true), { timeout: 10_000 });
    jump(ms);
    release();
    await running;
    expect(await world.settle(id)).toBe('ACTIVE');
    expect(device('pve1').unconfirmed).toHaveLength(2);
  });
});

it('a plan is as old as the database says, for whoever asks to run it', async () => {
  await world.db.inTransaction(systemScope('spec'), async (tx) => {
    await tx.run('UPDATE bgp_session SET keepalive_seconds = keepalive_seconds + 1, hold_seconds = hold_seconds + 3');
    await tx.run('UPDATE fabric SET revision = revision + 1');
  });
  const plan = await world.app.get(PlannerService).propose('operator');
  if (!plan) throw new Error('nothing to plan');
  jump(TWO_HOURS);
  await world.app.get(PlannerService).approve(plan.id, plan.digest, 'operator', null);
  await world.app.get(RolloutService).requestApply(plan.id, plan.digest, 'operator');
  vi.useRealTimers();
  await world.converge();
  expect((await world.app.get(RolloutService).plan(plan.id)).state).toBe('APPLIED');
});
