// Which box a device is, what it may be asked, and what it says of itself before a push; devices in memory, a real database.
import { encodeId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';

const SEEN = { serialNumber: 'JPE1', systemMac: '50:00:00:d7:ee:0b' };

interface Plan {
  readonly id: string;
  readonly digest: string;
  readonly risk: string;
  readonly mayTouchManagement: boolean;
  readonly devices: readonly {
    readonly riskReasons: readonly string[];
    readonly selfReverted: string | null;
    readonly error: string | null;
  }[];
}

let world: ApiWorld;
let leaf: string;
beforeEach(async () => {
  world = await createApiWorld();
  leaf = encodeId('device', world.deviceIds.get('test') as string);
});
afterEach(() => world?.close());

const device = () => world.devices.get('test') ?? expect.fail('no leaf');
const identity = async (token = world.operator) =>
  (
    await world.ask<{ identity: object | null }>(
      token,
      'query ($id: ID!) { device(id: $id) { identity { serialNumber systemMac seenSerialNumber seenSystemMac seenAt } } }',
      { id: leaf },
    )
  ).identity;
const setIdentity = (input: object) =>
  world.ask<{ errors: readonly { code: string }[] }>(
    world.operator,
    'mutation ($input: DeviceIdentityInput!) { setDeviceIdentity(input: $input) { device { id } errors { code message } } }',
    { input: { device: leaf, ...input } },
  );
/** Its configuration is lost: the next plan puts it back. */
const forget = () =>
  world.db.inTransaction(systemScope('test'), async (tx) => {
    device().files.clear();
    await tx.run(`UPDATE device_state SET verified_digest = 'lost' WHERE device_id = $1`, [world.deviceIds.get('test')]);
  });
const propose = async (mayTouchManagement = false): Promise<Plan> => {
  const { plan } = await world.ask<{ plan: Plan }>(
    world.operator,
    `mutation ($input: PlanDeploymentInput!) { planDeployment(input: $input) { plan { id digest risk mayTouchManagement devices { riskReasons selfReverted error } } errors { code } } }`,
    { input: { devices: [leaf], mayTouchManagement } },
  );
  return plan;
};
const run = async ({ id, digest }: Plan): Promise<Plan> => {
  await world.ask(world.operator, 'mutation ($id: ID!, $digest: String!) { approvePlan(id: $id, digest: $digest) { errors { code } } }', {
    id,
    digest,
  });
  await world.ask(world.operator, 'mutation ($input: ApplyPlanInput!) { applyPlan(input: $input) { errors { code } } }', {
    input: { plan: id, digest },
  });
  await world.converge();
  return world.ask<Plan>(
    world.operator,
    'query ($id: ID!) { plan(id: $id) { id digest risk mayTouchManagement devices { riskReasons selfReverted error } } }',
    { id },
  );
};

describe('the box that a device is', () => {
  it('is proposed to the operator when it first answers, trusted by nobody, and compared once a person says so', async () => {
    expect(await identity()).toEqual({ serialNumber: null, systemMac: null, seenSerialNumber: null, seenSystemMac: null, seenAt: null });
    device().chassis = SEEN;
    await forget();
    await run(await propose());
    expect(await identity()).toMatchObject({ serialNumber: null, seenSerialNumber: 'JPE1', seenSystemMac: SEEN.systemMac });
    expect(device().target?.serialNumber).toBeUndefined();
    expect((await setIdentity(SEEN)).errors).toEqual([]);
    device().chassis = { ...SEEN, serialNumber: 'OTHER' };
    await forget();
    const plan = await run(await propose());
    expect(plan.devices[0]?.error).toContain('another box answers');
    expect(device().target).toMatchObject(SEEN);
    expect(device().files.size).toBe(0);
    expect(await identity()).toMatchObject({ serialNumber: 'JPE1', seenSerialNumber: 'JPE1' });
    expect(await identity(world.customer)).toBeNull();
  });

  it('is none of a host, which its key proves, and is a word without blanks', async () => {
    expect((await setIdentity({ serialNumber: 'two words' })).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
    const host = encodeId('device', world.deviceIds.get('pve1') as string);
    expect((await setIdentity({ device: host, serialNumber: 'JPE1' })).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
  });
});

describe('a push', () => {
  it('may touch the management of its devices only where a person has said so, in a plan of risk HIGH that says why', async () => {
    await forget();
    const guarded = await propose();
    const unguarded = await propose(true);
    expect(unguarded).toMatchObject({ risk: 'HIGH', mayTouchManagement: true });
    expect(unguarded.digest).not.toBe(guarded.digest);
    expect(unguarded.devices[0]?.riskReasons).toContain('The way by which test is managed may change: a person has said so.');
    await run(unguarded);
    expect(device().identity).toMatchObject({ mayTouchManagement: true });
    await forget();
    await run(await propose());
    expect(device().identity?.mayTouchManagement).toBeUndefined();
  });

  it('says what the device had taken back by itself, and is told whether all of the device is ours', async () => {
    device().selfReverted = { fence: 7, by: 'TIMER' };
    await world.db.inTransaction(systemScope('test'), (tx) => tx.run(`UPDATE device SET managed = 'FULL' WHERE slug = 'test'`));
    await forget();
    const plan = await run(await propose());
    expect(plan.devices[0]?.selfReverted).toBe('It took the push with fence 7 back by itself: nobody confirmed it in time.');
    expect(device().target?.managed).toBe('FULL');
  });
});
