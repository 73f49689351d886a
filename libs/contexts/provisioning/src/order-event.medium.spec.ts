import { createWorld, type World } from '../../../../test/support/world.js';
import { OrderService } from '#contexts/provisioning';
import { systemScope, type Tx } from '#platform';
import { OrderEvents } from './order-event.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const orders = (): OrderService => world.app.get(OrderService);
const system = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => world.db.inTransaction(systemScope('spec'), work);

describe('the end of an order, as a portal sends it', () => {
  const message = (source: string, type: string, data: object) =>
    world.app.get(OrderEvents).accept({ source, type, tenantId: world.tenantId, timestamp: new Date(0), data });
  const created = (source: string) =>
    message(source, 'order.created', { order: 'PO-7', name: source, vniPool: 'cust-vni', attachments: [{ device: 'pve1' }] });
  const networkOf = async (order: Awaited<ReturnType<typeof created>>) => (await system((tx) => orders().order(tx, order))).networkId;

  it('ends what that portal ordered under that number, and no network of another', async () => {
    const first = await created('shop');
    const second = await created('sales');
    const byHand = await orders().provision(world.tenantId, 'token', world.order({ externalRef: 'PO-7' }));
    for (const id of [first, second, byHand.order.id]) expect(await world.settle(id)).toBe('ACTIVE');
    const ended = await message('shop', 'order.terminated', { order: 'PO-7' });
    expect(await networkOf(ended)).toBe(await networkOf(first));
    await expect(message('other', 'order.terminated', { order: 'PO-7' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await world.settle(ended)).toBe('RETIRED');
  });
});
