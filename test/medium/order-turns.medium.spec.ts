// Orders beside other things that happen at the same time: devices that are given away, people who are waited for, keys that come again.
import { FabricService, LockService } from '#contexts/fabric';
import { OrderReconciler, OrderService } from '#contexts/provisioning';
import { type DeviceId, Label, type NetworkId } from '#engines/kernel';
import { systemScope, type Tx } from '#platform';
import { eventually } from '../support/eventually.js';
import { createWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const orders = (): OrderService => world.app.get(OrderService);
const system = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => world.db.inTransaction(systemScope('spec'), work);
const deviceId = (slug: string): DeviceId => world.deviceIds.get(slug) as DeviceId;
const on = (slug: string) => ({ attachments: [{ deviceId: deviceId(slug), port: null, tagging: 'BRIDGE_ONLY' as const, vlan: null }] });

describe('an order that was taken', () => {
  it('is answered again, whatever became of its devices and its network', async () => {
    const request = world.order(on('pve1'));
    const { order } = await orders().provision(world.tenantId, 'portal', request);
    expect(await world.settle(order.id)).toBe('ACTIVE');
    await system((tx) => world.app.get(FabricService).manage(tx, deviceId('pve1'), 'OBSERVE'));
    await expect(orders().provision(world.tenantId, 'portal', { ...request, idempotencyKey: 'another' })).rejects.toMatchObject({
      code: 'INVALID_STATE',
    });
    expect(await orders().provision(world.tenantId, 'portal', request)).toMatchObject({ replayed: true, order: { id: order.id } });
    await expect(orders().provision(world.tenantId, 'portal', { ...request, name: Label.parse('other') })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await system((tx) => tx.run(`UPDATE device SET managed = 'SECTION' WHERE slug = 'pve1'`));
  });
});

describe('a device that is only observed from now on', () => {
  const pve1 = () => deviceId('pve1');
  const waits = () =>
    eventually(
      () => system((tx) => tx.one<{ n: number }>(`SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted`)),
      (answer) => (answer?.n ?? 0) > 0,
    );
  afterEach(() => system((tx) => tx.run(`UPDATE device SET managed = 'SECTION' WHERE slug = 'pve1'`)));

  it('gets no network of an order that was under way at that moment', async () => {
    const networks = await world.count('network');
    let ordered: Promise<unknown> = Promise.resolve();
    await system(async (tx) => {
      await tx.run('UPDATE fabric SET revision = revision + 1 WHERE id = $1', [world.fabricId]);
      ordered = orders().provision(world.tenantId, 'portal', world.order());
      ordered.catch(() => undefined);
      await waits();
      expect(await world.app.get(FabricService).manage(tx, pve1(), 'OBSERVE')).toBe(true);
    });
    await expect(ordered).rejects.toMatchObject({ code: 'INVALID_STATE', message: expect.stringContaining('pve1') as string });
    expect(await world.count('network')).toBe(networks);
  });

  it('is not, where an order was there first', async () => {
    const { order } = await orders().provision(world.tenantId, 'portal', world.order());
    expect(await world.settle(order.id)).toBe('ACTIVE');
    let given: Promise<unknown> = Promise.resolve();
    await system(async (tx) => {
      await tx.run('UPDATE fabric SET revision = revision + 1 WHERE id = $1', [world.fabricId]);
      given = system((other) => world.app.get(FabricService).manage(other, pve1(), 'OBSERVE'));
      given.catch(() => undefined);
      await waits();
      await tx.run(`UPDATE network SET state = 'PROVISIONING' WHERE id = $1`, [order.networkId]);
    });
    await expect(given).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('orders wait for pve1') as string,
    });
    await system((tx) => tx.run(`UPDATE network SET state = 'ACTIVE' WHERE id = $1`, [order.networkId]));
  });
});

describe('orders that wait for a person', () => {
  it('do not keep later ones from their turn, however many they are', async () => {
    const locks = world.app.get(LockService);
    const { id } = await locks.acquire('operator', { scope: 'DEVICE', subject: 'pve2', reason: 'a disk', seconds: 600 });
    for (let i = 0; i < 4; i++) await orders().provision(world.tenantId, 'portal', world.order(on('pve2')));
    const { order } = await orders().provision(world.tenantId, 'portal', world.order(on('pve1')));
    for (let round = 0; round < 5 && (await world.state(order.id)) !== 'ACTIVE'; round++) {
      await world.converge();
      await system((tx) => tx.run(`UPDATE network_order SET attended_at = attended_at - interval '6 s'`)); // Rounds are a second apart.
      await world.app.get(OrderReconciler).advanceOpen(2);
    }
    expect(await world.state(order.id)).toBe('ACTIVE');
    await locks.release('operator', id);
  });
});

describe('an order that was stuck', () => {
  it('needs nobody any more when it has come to a good end', async () => {
    const { order } = await orders().provision(world.tenantId, 'portal', world.order());
    expect(await world.settle(order.id)).toBe('ACTIVE');
    const { order: removal } = await orders().deprovision(world.tenantId, 'portal', {
      idempotencyKey: 'stuck',
      networkId: order.networkId as NetworkId,
      ifVersion: null,
    });
    world.devices.get('pve2')?.failAt('open', 'UNREACHABLE');
    expect(await world.settle(removal.id, ['FAILED_STUCK', 'RETIRED'])).toBe('FAILED_STUCK');
    const failure = async () => (await system((tx) => orders().order(tx, removal.id))).failure;
    expect(await failure()).toMatchObject({ needsOperator: true });
    world.devices.get('pve2')?.heal();
    expect(await world.settle(removal.id, ['RETIRED'])).toBe('RETIRED');
    expect(await failure()).toBeNull();
  });
});
