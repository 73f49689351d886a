/** A device that never comes back: its networks can be removed, and nobody waits for it. */
import { FabricService, PlaceService } from '#contexts/fabric';
import { Farewell, OrderService } from '#contexts/provisioning';
import type { DeviceId, NetworkId, OrderId } from '#engines/kernel';
import { systemScope, type Tx } from '#platform';
import { createWorld, type World } from '../support/world.js';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const system = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => world.db.inTransaction(systemScope('spec'), work);
const deviceId = (slug: string): DeviceId => world.deviceIds.get(slug) as DeviceId;
const giveUp = (slug: string) => system((tx) => world.app.get(Farewell).giveUp(tx, deviceId(slug), 'burnt'));
const on = (...slugs: string[]) => ({
  attachments: slugs.map((slug) => ({ deviceId: deviceId(slug), port: null, tagging: 'BRIDGE_ONLY' as const, vlan: null })),
});
const networkOf = async (order: OrderId): Promise<NetworkId> =>
  (await system((tx) => world.app.get(OrderService).order(tx, order))).networkId as NetworkId;
let serial = 0;
const remove = async (order: OrderId): Promise<OrderId> => {
  const request = { idempotencyKey: `bye-${++serial}`, networkId: await networkOf(order), ifVersion: null };
  return (await world.app.get(OrderService).deprovision(world.tenantId, 'portal', request)).order.id;
};

describe('a device that is given up', () => {
  it('holds no removal, under way or to come', async () => {
    const [both, there] = [await world.provision(on('pve1', 'pve2')), await world.provision(on('pve2'))];
    for (const order of [both, there]) expect(await world.settle(order)).toBe('ACTIVE');
    world.devices.get('pve2')?.failAt('open', 'UNREACHABLE');
    const stuck = await remove(there);
    expect(await world.settle(stuck, ['FAILED_STUCK', 'RETIRED'])).toBe('FAILED_STUCK');

    const { slug, places } = await giveUp('pve2');
    expect({ slug, vnis: places.map(({ vni }) => vni) }).toEqual({ slug: 'pve2', vnis: [10_000, 10_001] });
    expect(await world.settle(stuck, ['RETIRED'])).toBe('RETIRED');
    expect((await system((tx) => world.app.get(FabricService).device(tx, deviceId('pve2')))).managed).toBe('OBSERVE');
    const places1 = await system(async (tx) => world.app.get(PlaceService).attachmentsOf(tx, [await networkOf(both)]));
    expect(places1.map((place) => place.deviceId)).toEqual([deviceId('pve1')]);
    expect(await world.settle(await remove(both))).toBe('RETIRED');
    expect(
      await system((tx) => tx.one(`SELECT actor, detail->>'reason' AS reason FROM audit_entry WHERE action = 'device.given-up'`)),
    ).toEqual({
      actor: 'spec',
      reason: 'burnt',
    });
  });

  it('takes nothing that was ordered there: it is undone elsewhere and said to have failed', async () => {
    world.devices.get('pve2')?.failAt('open', 'UNREACHABLE');
    const order = await world.provision(on('pve1', 'pve2'));
    await giveUp('pve2');
    expect(await world.settle(order)).toBe('FAILED_COMPENSATED');
    expect((await system((tx) => world.app.get(OrderService).order(tx, order))).failure).toMatchObject({ code: 'DEVICE_UNREACHABLE' });
    // What the device carries nobody knows: nobody else is given these numbers yet.
    const [state] = await system((tx) => tx.sql<{ state: string }>('SELECT state FROM network'));
    expect(state).toEqual({ state: 'RETIRED' });
    const resting = await system((tx) => tx.sql(`SELECT FROM number_allocation WHERE state = 'QUARANTINED'`));
    expect(resting.length).toBeGreaterThan(0);
    const later = await world.provision(on('pve1'));
    expect(await world.settle(later)).toBe('ACTIVE');
    await expect(world.provision(on('pve2'))).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});
