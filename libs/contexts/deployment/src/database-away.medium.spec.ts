// The database goes away for a moment in the middle of a rollout: that is no device's fault, and nothing is halted, counted or given up for it.
import { InvariantInspector, InvariantRegistry } from '#contexts/events';
import { FabricService, SecretService } from '#contexts/fabric';
import { systemScope } from '#platform';
import { createWorld, type World } from '../../../../test/support/world.js';
import { DriftCollector } from './drift-collector.js';
import { RolloutService } from './rollout.service.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';
import { ProofStore } from './store/proof.store.js';

let world: World;
beforeEach(async () => {
  world = await createWorld({ env: { VERIFY_WITHIN_SECONDS: '1' } });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await world.close();
});
const away = (): Error => Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' });
const from = <T>(service: new (...args: never[]) => T): T => world.app.get(service as never, { strict: false });
const pve1 = () => world.devices.get('pve1') as NonNullable<ReturnType<World['devices']['get']>>;
const failures = () => world.db.inTransaction(systemScope('spec'), (tx) => tx.sql('SELECT failures FROM device_state WHERE failures > 0'));

const MOMENTS: readonly (readonly [string, () => void])[] = [
  ['what is known of the device is read', () => void vi.spyOn(from(DeviceStateStore), 'record').mockRejectedValueOnce(away())],
  ['its secrets are read', () => void vi.spyOn(from(SecretService), 'open').mockRejectedValueOnce(away())],
  ['what it says that it would change is kept', () => void vi.spyOn(from(DeviceStateStore), 'keepDiff').mockRejectedValueOnce(away())],
  ['it is about to go live', () => void vi.spyOn(from(DeviceStateStore), 'markUncertain').mockRejectedValueOnce(away())],
  ['what it has confirmed is written down', () => void vi.spyOn(from(DeviceStateStore), 'confirm').mockRejectedValueOnce(away())],
  [
    'it is looked at afterwards',
    () => pve1().afterConfirm(() => void vi.spyOn(from(FabricService), 'access').mockImplementation(() => Promise.reject(away()))),
  ],
  ['it was proven', () => void vi.spyOn(from(ProofStore), 'record').mockRejectedValueOnce(away())],
];

describe('a rollout under which the database goes away', () => {
  it.each(MOMENTS)('when %s ends there, and the next execution goes on', async (_when, disturb) => {
    const order = await world.provision();
    disturb();
    await expect(world.converge()).rejects.toMatchObject({ code: '57P01' });
    vi.restoreAllMocks();
    expect(await world.settle(order)).toBe('ACTIVE');
    expect((await from(RolloutService).latest(20)).map(({ state }) => state)).toEqual(['APPLIED', 'APPLIED']);
    expect(await failures()).toEqual([]);
  });
});

describe('a rollout with a statement that is always too slow', () => {
  const tooSlow = (): Error => Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
  const sql = (text: string) => world.db.inTransaction(systemScope('spec'), (tx) => tx.sql<{ id: string; what: string }>(text));
  const again = async (): Promise<unknown> => world.converge().catch((error: unknown) => error);

  it('is tried again later each time, tells people, and goes on by itself', async () => {
    const order = await world.provision();
    const slow = vi.spyOn(from(DeviceStateStore), 'keepDiff').mockImplementation(() => Promise.reject(tooSlow()));
    for (const until = performance.now() + 1200; performance.now() < until; ) await again();
    expect(slow.mock.calls.length).toBeGreaterThanOrEqual(2);
    expect(slow.mock.calls.length).toBeLessThanOrEqual(4);
    const [plan] = await from(RolloutService).latest(1);
    if (!plan) throw new Error('no plan');
    expect(await from(RolloutService).stalled(plan)).toBeNull();

    await sql(`UPDATE fabric_retry SET failures = 4, retry_at = clock_timestamp()`);
    expect(await again()).toMatchObject({ code: '57014' });
    expect(await from(RolloutService).stalled(plan)).toMatch(
      /^the last 5 executions ended in 57014: canceling statement due to statement timeout; the next one begins at /,
    );
    const goesOn = from(InvariantRegistry)
      .all()
      .find(({ name }) => name === 'deployment.fabrics-go-on');
    if (!goesOn) throw new Error('no such invariant');
    expect(goesOn.remedy).toContain('or what the checks say of the intent'); // CHECK_FAILED comes this way, too.
    expect((await from(InvariantInspector).inspect(goesOn, 'spec')).violations).toMatchObject([
      { what: expect.stringContaining('57014') as string },
    ]);

    vi.restoreAllMocks();
    await sql(`UPDATE fabric_retry SET retry_at = clock_timestamp()`);
    expect(await world.settle(order)).toBe('ACTIVE');
    expect(await world.count('fabric_retry')).toBe(0);
    expect(await from(RolloutService).stalled(plan)).toBeNull();
    expect(await failures()).toEqual([]);
  });

  it('is not kept waiting by another fault once something has changed', async () => {
    await world.provision();
    const faulty = vi.spyOn(from(DeviceStateStore), 'record').mockRejectedValue(new Error('a row that nobody can read'));
    await sql(
      `INSERT INTO fabric_retry (fabric_id, failures, retry_at, by_database, reason) SELECT id, 9, clock_timestamp() + interval '1 hour', false, 'x' FROM fabric`,
    );
    await from(RolloutService).convergeAll();
    expect(faulty).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    await world.converge();
    expect(await world.count('fabric_retry')).toBe(0);
  });
});

describe('a change that comes while an execution is about to fail', () => {
  it.each([
    ['is what the next one begins for', true, 0],
    ['is needed for that: without one the fabric rests', false, 1],
  ])('%s', async (_what, changes, resting) => {
    await world.provision();
    await world.db.inTransaction(systemScope('spec'), (tx) =>
      tx.run(`INSERT INTO fabric_retry (fabric_id, failures, by_database, reason) SELECT id, 9, false, 'x' FROM fabric`),
    );
    let fail: (error: Error) => void = () => undefined;
    const read = new Promise<void>((resolve) => {
      vi.spyOn(from(PlanStore), 'next').mockImplementation(() => {
        resolve();
        return new Promise((_, reject) => (fail = reject));
      });
    });
    const failing = from(RolloutService).convergeAll();
    await read;
    if (changes) await world.converge(); // Returns at once: somebody is at it.
    fail(new Error('a row that nobody can read'));
    await failing;
    vi.restoreAllMocks();
    await from(RolloutService).convergeAll(); // The timer.
    expect(await world.count('fabric_retry')).toBe(resting);
  });
});

describe('an execution that a change began, and that ends without a word', () => {
  it('is followed by another one at once', async () => {
    await world.provision();
    const sql = (text: string) => world.db.inTransaction(systemScope('spec'), (tx) => tx.sql<object>(text));
    await sql(
      `INSERT INTO fabric_retry (fabric_id, failures, retry_at, by_database, reason) SELECT id, 9, clock_timestamp() + interval '1 hour', false, 'x' FROM fabric`,
    );
    const stopping = new AbortController();
    vi.spyOn(from(PlanStore), 'next').mockImplementationOnce(() => {
      stopping.abort(new Error('the process is told to end'));
      return Promise.reject(new Error('ended'));
    });
    await expect(from(RolloutService).converge(world.fabricId, stopping.signal)).rejects.toThrow('ended');
    expect(await world.count('fabric_retry')).toBe(1);
    await from(RolloutService).convergeAll(); // The timer, of the process that comes next.
    expect(await world.count('fabric_retry')).toBe(0);
  });
});

describe('a reading for drift under which the database goes away', () => {
  it('says nothing of the device', async () => {
    const pve = world.deviceIds.get('pve1') as NonNullable<ReturnType<World['deviceIds']['get']>>;
    vi.spyOn(from(FabricService), 'access').mockRejectedValueOnce(away());
    await expect(from(DriftCollector).collect(pve)).rejects.toMatchObject({ code: '57P01' });
    const report = await world.db.inTransaction(systemScope('spec'), (tx) =>
      tx.one<{ verdict: string | null }>('SELECT verdict FROM drift_report WHERE device_id = $1', [pve]),
    );
    expect(report?.verdict).not.toBe('UNREACHABLE');
  });
});
