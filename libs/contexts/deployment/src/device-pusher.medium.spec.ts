import { systemScope } from '#platform';
import { createWorld, type World } from '../../../../test/support/world.js';
import { DevicePusher } from './device-pusher.js';
import { PlanStore } from './store/plan.store.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe('a push', () => {
  it('of a rollout that others have ended meanwhile is not begun: it would take the device back', async () => {
    await world.settle(await world.provision());
    const plan = await world.db.inTransaction(systemScope('spec'), async (tx) => {
      const row = await tx.one<{ id: Parameters<PlanStore['byId']>[1] }>('SELECT id FROM plan ORDER BY generation DESC LIMIT 1');
      return row && world.app.get(PlanStore, { strict: false }).byId(tx, row.id);
    });
    const item = plan?.items.find(({ slug }) => slug === 'pve1');
    if (!plan || !item) throw new Error('the order led to no plan for pve1');
    await world.settle(await world.provision());
    const before = JSON.stringify([...(world.devices.get('pve1')?.files ?? [])]);
    // What an execution does that slept through the end of its leases and goes on where it stood.
    const isPushed = await world.app
      .get(DevicePusher, { strict: false })
      .push({ ...plan, state: 'APPLYING' }, { ...item, state: 'PENDING' }, new AbortController().signal);
    expect(isPushed).toBe(false);
    expect(JSON.stringify([...(world.devices.get('pve1')?.files ?? [])])).toBe(before);
  });
});
