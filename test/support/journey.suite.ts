import { follow, orderMessage, orderNetwork, terminate } from '../../apps/lab/src/demo/journey.js';
import { type JourneyWorld, startJourney } from './journey.js';

/** What a customer and an operator see of one order, from the signed webhook to a ping and back to identical bytes. */
export function journeySuite(missing: readonly string[]): void {
  const told: string[] = [];
  const say = (line: string): void => void told.push(line);
  let journey: JourneyWorld;
  let before: ReadonlyMap<string, string>;

  beforeAll(async () => {
    journey = await startJourney(missing);
    before = await journey.devices.configurations();
  });
  afterAll(() => journey?.close());

  it('an order that is sent twice goes live once, is verified, and guests reach each other', async () => {
    const result = await orderNetwork(journey.client, journey.world, journey.devices, journey.lookUp, 'ORD-1', say);
    expect(result, told.join('\n')).toMatchObject({
      order: 'ACTIVE',
      ping: missing.length === 0 ? true : null,
      allocations: {
        vni: 10_000,
        vlan: 100,
        prefix: '10.20.0.0/24',
        routeTarget: '65051:10000',
        addresses: ['10.20.0.1', '10.20.0.10', '10.20.0.11', '10.20.0.12'],
      },
      devices: ['pve1', 'pve2', 'test'].map((device) => ({ device, stage: 'VERIFIED' })),
    });
    expect(result.dns).toHaveLength(8);
    expect(result.dns).toContainEqual({ name: '11.0.20.10.in-addr.arpa', type: 'PTR', value: 'vm2.acme-web-10000.cust.example' });
    const { networks } = await journey.client.graphql<{ networks: { nodes: unknown[] } }>(
      journey.world.tenantToken,
      '{ networks(first: 10) { nodes { id } } }',
    );
    expect(networks.nodes).toHaveLength(1);
  });

  it('the same order number under a new message id is the same order', async () => {
    expect(await journey.client.webhook('portal', journey.world.portalSecret, 'msg_again', orderMessage('ORD-1'))).toBe(202);
    const { orders } = await journey.client.graphql<{ orders: { nodes: { externalRef: string }[] } }>(
      journey.world.tenantToken,
      '{ orders(first: 10) { nodes { externalRef } } }',
    );
    expect(orders.nodes).toEqual([{ externalRef: 'ORD-1' }]);
  });

  it('removal leaves every device byte-identical, DNS without our records, and the numbers in quarantine', async () => {
    expect(await terminate(journey.client, journey.world, 'ORD-1', say), told.join('\n')).toBe('RETIRED');
    expect(await journey.devices.configurations()).toEqual(before);
    await vi.waitFor(async () => expect(await journey.lookUp('vm1.acme-web-10000.cust.example', 'A')).toEqual([]), {
      timeout: 15_000,
      interval: 200,
    });
    const { numberPool } = await journey.client.graphql<{ numberPool: { used: string } }>(
      journey.world.operatorToken,
      '{ numberPool(slug: "cust-vni") { used } }',
    );
    expect(numberPool.used).toBe('1');
    // The number and the prefix rest: the next order gets others.
    const message = orderMessage('ORD-2') as { data: { subnets: { hosts: unknown[] }[] } };
    for (const subnet of message.data.subnets) subnet.hosts = [];
    await journey.client.webhook('portal', journey.world.portalSecret, 'msg_ORD-2', message);
    expect(await follow(journey.client, journey.world.tenantToken, 'ORD-2', 'PROVISION', say), told.join('\n')).toBe('ACTIVE');
    const { network } = await journey.client.graphql<{ network: { vni: number; subnets: { cidr: string }[] } }>(
      journey.world.tenantToken,
      '{ network(externalRef: "ORD-2") { vni subnets { cidr } } }',
    );
    expect(network).toEqual({ vni: 10_001, subnets: [{ cidr: '10.20.1.0/24' }] });
  });
}
