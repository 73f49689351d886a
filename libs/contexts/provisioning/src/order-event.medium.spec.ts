import { createWorld, type World } from '../../../../test/support/world.js';
import { AddressingService } from '#contexts/addressing';
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

describe('a subnet, as a portal orders it', () => {
  const order = (dns: object) => {
    const subnet = { pool: 'cust-v4', zone: 'cust.example', hosts: [{ name: 'db' }], ...dns };
    const data = { order: JSON.stringify(dns), name: 'names', vniPool: 'cust-vni', attachments: [{ device: 'pve1' }], subnets: [subnet] };
    return world.app
      .get(OrderEvents)
      .accept({ source: 'shop', type: 'order.created', tenantId: world.tenantId, timestamp: new Date(0), data });
  };

  it('has the prefix and the TTL of the records that it asks for', async () => {
    const id = await order({ dnsZonePrefix: 'Dmz', dnsTtlSeconds: 60 });
    expect(await world.settle(id)).toBe('ACTIVE');
    const { names } = await system(async (tx) => world.app.get(AddressingService).names(tx, world.fabricId));
    expect(names.map(({ name, ttlSeconds }) => [name.replace(/\.names-\d+\./, '.<slug>.'), ttlSeconds])).toEqual([
      ['gw.<slug>.dmz.cust.example', 60],
      ['db.<slug>.dmz.cust.example', 60],
    ]);
  });

  it.each([{ dnsZonePrefix: 'a_b' }, { dnsZonePrefix: 'dmz', zone: undefined }, { dnsTtlSeconds: 0 }])(
    'is refused with %j',
    async (wrong) => {
      await expect(order(wrong)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    },
  );
});

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
