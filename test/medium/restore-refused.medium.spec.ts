// A rollback brings a network back, and it cannot be built any more: it does not stay between two states for ever.
import { type DeploymentPlan, RollbackService, RolloutService } from '#contexts/deployment';
import { LockService } from '#contexts/fabric';
import { Farewell, NetworkRecalls, OrderReconciler, OrderService } from '#contexts/provisioning';
import { TenancyService } from '#contexts/tenancy';
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
const stateOf = async (id: NetworkId): Promise<string | undefined> =>
  (await system((tx) => tx.one<{ state: string }>('SELECT state FROM network WHERE id = $1', [id])))?.state;
const ordersOf = (id: NetworkId) =>
  system((tx) =>
    tx.sql<{ kind: string; state: string; code: string | null }>(
      `SELECT kind, state, failure->>'code' AS code FROM network_order WHERE network_id = $1 AND kind <> 'PROVISION' ORDER BY created_at`,
      [id],
    ),
  );
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 15_000; performance.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 20))) {
    await world.converge();
    await world.app.get(NetworkRecalls).run();
    await world.app.get(OrderReconciler).advanceOpen();
    if (await isSo()) return;
  }
  throw new Error('it did not come to that');
}

/** On these devices, removed, and a rollback of the removal under way: the network is in the books again, and on no device yet. */
async function restored(...slugs: readonly string[]): Promise<{ readonly networkId: NetworkId; readonly rollback: DeploymentPlan }> {
  const attachments = slugs.map((slug) => ({ deviceId: deviceId(slug), port: null, tagging: 'BRIDGE_ONLY' as const, vlan: null }));
  const order = await world.provision({ attachments });
  expect(await world.settle(order)).toBe('ACTIVE');
  const networkId = (await system((tx) => world.app.get(OrderService).order(tx, order))).networkId as NetworkId;
  const request = { idempotencyKey: 'remove', networkId, ifVersion: null };
  const removal: OrderId = (await world.app.get(OrderService).deprovision(world.tenantId, 'portal', request)).order.id;
  expect(await world.settle(removal)).toBe('RETIRED');
  const [plan] = await world.app.get(RolloutService).latest(1);
  if (!plan) throw new Error('there is no plan');
  const rollback = await world.app.get(RollbackService).rollBack(plan.id, 'alice', { digest: null, devices: null, reason: 'complaints' });
  await world.converge();
  await world.app.get(NetworkRecalls).run();
  expect(await stateOf(networkId)).toBe('PROVISIONING');
  return { networkId, rollback };
}

describe('a network that is brought back', () => {
  it('and is refused by the planner is removed again, and its order says why', async () => {
    const { networkId, rollback } = await restored('pve1', 'pve2');
    await system((tx) =>
      world.app.get(TenancyService).refuse(tx, networkId, { code: 'CHECK_FAILED', message: 'two VTEPs share an address' }),
    );
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await ordersOf(networkId)).toMatchObject([
      { kind: 'DEPROVISION', state: 'RETIRED' },
      { kind: 'RESTORE', state: 'CANCELLED', code: 'CHECK_FAILED' },
      { kind: 'DEPROVISION' },
    ]);
    // What the rollback has put on devices meanwhile is held for a person, and no number of it is given to anybody.
    await until(async () => (await world.app.get(RolloutService).plan(rollback.id)).state === 'APPLIED');
    expect(await stateOf(networkId)).toBe('DEPROVISIONING');
    const locks = await system((tx) => world.app.get(LockService, { strict: false }).active(tx));
    for (const { id } of locks) await world.app.get(LockService, { strict: false }).release('alice', id);
    await until(async () => (await stateOf(networkId)) === 'RETIRED');
    expect((await ordersOf(networkId)).at(-1)).toMatchObject({ kind: 'DEPROVISION', state: 'RETIRED' });
  });

  it('and whose only device is given up is not live nowhere: its numbers rest', async () => {
    const { networkId } = await restored('pve2');
    await system((tx) => world.app.get(Farewell).giveUp(tx, deviceId('pve2'), 'burnt'));
    await until(async () => (await stateOf(networkId)) === 'RETIRED');
    expect(await ordersOf(networkId)).toMatchObject([
      { kind: 'DEPROVISION', state: 'RETIRED' },
      { kind: 'RESTORE', state: 'CANCELLED', code: 'DEVICE_UNREACHABLE' },
      { kind: 'DEPROVISION', state: 'RETIRED' },
    ]);
    const resting = await system((tx) => tx.sql(`SELECT FROM number_allocation WHERE state = 'QUARANTINED'`));
    expect(resting.length).toBeGreaterThan(0);
  });

  it('and loses one device of two is live on the other', async () => {
    const { networkId } = await restored('pve1', 'pve2');
    await system((tx) => world.app.get(Farewell).giveUp(tx, deviceId('pve2'), 'burnt'));
    await until(async () => (await stateOf(networkId)) === 'ACTIVE');
    expect((await ordersOf(networkId)).at(-1)).toMatchObject({ kind: 'RESTORE', state: 'ACTIVE' });
  });
});
