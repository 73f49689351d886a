// The database goes away for a moment in the middle of a rollout: that is no device's fault, and nothing is halted, counted or given up for it.
import { FabricService, SecretService } from '#contexts/fabric';
import { systemScope } from '#platform';
import { createWorld, type World } from '../../../../test/support/world.js';
import { DriftCollector } from './drift-collector.js';
import { RolloutService } from './rollout.service.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { ProofStore } from './store/proof.store.js';

let world: World;
beforeEach(async () => {
  world = await createWorld();
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
