import { FabricService } from '#contexts/fabric';
import { OrderReconciler, OrderService } from '#contexts/provisioning';
import { TenancyService } from '#contexts/tenancy';
import { type DeviceId, Fqdn, Label, type NetworkId, type PoolId, PortName, Slug } from '#engines/kernel';
import { systemScope, type Tx, tenantScope } from '#platform';
import { createWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const orders = (): OrderService => world.app.get(OrderService);
const system = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => world.db.inTransaction(systemScope('spec'), work);
const leafPort = (port: string, tagging: 'TAGGED' | 'UNTAGGED') => ({
  deviceId: world.deviceIds.get('test') as DeviceId,
  port: PortName.parse(port),
  tagging,
  vlan: null,
});

describe('orders among others', () => {
  it('a VRF under the key of an order gets numbers of its own, and the same again under its own key', async () => {
    const request = world.order();
    const { order } = await orders().provision(world.tenantId, 'portal', request);
    const l3vniPoolId = await system(
      async (tx) => (await tx.one<{ id: PoolId }>(`SELECT id FROM number_pool WHERE kind = 'L3VNI'`))?.id as PoolId,
    );
    const create = (key: string, slug = 'blue') =>
      world.db.inTransaction(tenantScope(world.tenantId, 'x'), (tx) =>
        world.app
          .get(FabricService)
          .createVrf(tx, { tenantId: world.tenantId, l3vniPoolId, slug: Slug.parse(slug), name: Label.parse('Blue'), key }),
      );
    const vrf = await create(`order/${request.idempotencyKey}`);
    const network = await system((tx) => world.app.get(TenancyService).network(tx, order.networkId as NetworkId));
    expect(vrf.eviId).not.toBe(network.eviId);
    expect(await create(`order/${request.idempotencyKey}`)).toEqual(vrf);
    await expect(create(`order/${request.idempotencyKey}`, 'green')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await world.settle(order.id)).toBe('ACTIVE');
  });

  it('a port in use is not shared with another tenant, tagged or not', async () => {
    await orders().provision(world.tenantId, 'portal', world.order({ attachments: [leafPort('Ethernet2', 'UNTAGGED')] }));
    const mallory = await system((tx) => world.app.get(TenancyService).createTenant(tx, { slug: 'mallory', name: 'Mallory' }));
    for (const tagging of ['TAGGED', 'UNTAGGED'] as const) {
      await expect(
        orders().provision(mallory.id, 'portal', world.order({ attachments: [leafPort('Ethernet2', tagging)] })),
      ).rejects.toMatchObject({ code: 'IN_USE' });
    }
    await orders().provision(world.tenantId, 'portal', world.order({ attachments: [leafPort('Ethernet2', 'TAGGED')] }));
  });

  it('a network may have two subnets in one zone; their gateways have names of their own', async () => {
    const [subnet] = world.order().subnets as [ReturnType<World['order']>['subnets'][number]];
    const zoned = { ...subnet, zone: Fqdn.parse('cust.example') };
    const { order } = await orders().provision(world.tenantId, 'portal', world.order({ subnets: [zoned, zoned] }));
    const names = await system((tx) =>
      tx.sql<{ name: string }>(
        `SELECT split_part(i.dns_name, '.', 1) AS name FROM ip_address i JOIN subnet s ON s.id = i.subnet_id WHERE s.network_id = $1 ORDER BY 1`,
        [order.networkId],
      ),
    );
    expect(names).toEqual([{ name: 'gw' }, { name: 'gw2' }]);
    const host = { name: 'gw', mac: null, address: null };
    await expect(
      orders().provision(world.tenantId, 'portal', world.order({ subnets: [{ ...zoned, hosts: [host] }] })),
    ).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });

  it('an outage of ours does not use up the time of an order', async () => {
    const { order } = await orders().provision(world.tenantId, 'portal', world.order());
    await system((tx) =>
      tx.run(
        `UPDATE network_order SET deadline_at = clock_timestamp() - interval '1 h', attended_at = clock_timestamp() - interval '2 h' WHERE id = $1`,
        [order.id],
      ),
    );
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await world.state(order.id)).toBe('RUNNING');
    expect(await world.settle(order.id)).toBe('ACTIVE');
  });

  it('time that passed while we looked is used up, and the order is undone', async () => {
    const { order } = await orders().provision(world.tenantId, 'portal', world.order());
    await system((tx) => tx.run(`UPDATE network_order SET deadline_at = clock_timestamp() - interval '1 s' WHERE id = $1`, [order.id]));
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await world.state(order.id)).toBe('COMPENSATING');
    expect(await world.settle(order.id)).toBe('FAILED_COMPENSATED');
  });

  it('a removal of a network that is undone at the same time ends, and nothing stays', async () => {
    const { order } = await orders().provision(world.tenantId, 'portal', world.order());
    const removal = await orders().deprovision(world.tenantId, 'portal', {
      idempotencyKey: 'bye',
      networkId: order.networkId as NetworkId,
      ifVersion: null,
    });
    await system((tx) => tx.run('UPDATE network_order SET network_id = NULL WHERE id = $1', [removal.order.id]));
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await world.state(removal.order.id)).toBe('RETIRED');
    expect(await world.state(order.id)).toBe('CANCELLED');
  });
});
