/** An order that its own eyes find good, and with which the fabric cannot be built: it is refused, and whoever gets past that stops nobody else. */
import { AddressingService } from '#contexts/addressing';
import { type FabricInventory, FabricService } from '#contexts/fabric';
import { OrderReconciler, OrderService, type ProvisionRequest } from '#contexts/provisioning';
import { TenancyService } from '#contexts/tenancy';
import type { SwitchFacts } from '#engines/intent';
import { hostFacts } from '#engines/intent/testing';
import {
  Cidr,
  type DeviceId,
  DomainError,
  Label,
  Mac,
  type NetworkId,
  type PoolId,
  PortName,
  type PrefixPoolId,
  Slug,
  type TenantId,
  VlanId,
  type VrfId,
} from '#engines/kernel';
import { systemScope, type Tx, tenantScope } from '#platform';
import { createWorld, type World } from '../support/world.js';

/** Room for two routed ports and one L3 VNI. */
const narrow: SwitchFacts = {
  internalVlans: { first: VlanId.parse(3700), last: VlanId.parse(3702) },
  varpAddresses: [],
  tunnelPorts: [],
  translations: [],
  domain: null,
};
const bonded = (ports: readonly string[]) => ({
  host: hostFacts({
    bonds: [{ name: 'bond0', mode: '802.3ad', members: ['eno1', 'eno2'] }],
    bridges: [{ name: 'vmbr1', ports, vlans: [[2, 4094]] }],
  }),
});
const edges = (allowedMacs?: readonly Mac[]) => [
  { name: 'eno1', ...(allowedMacs && { allowedMacs }) },
  { name: 'eno2' },
  { name: 'bond0', isEdge: true },
];
/** pve1: a bond below a bridge. pve2: a bond with a card that the provider shuts when it sees another MAC. test: little room for VRFs. */
const wired = (demo: FabricInventory): FabricInventory => ({
  ...demo,
  devices: demo.devices.map((device) =>
    device.slug === 'test'
      ? { ...device, switch: narrow }
      : device.slug === 'pve1'
        ? { ...device, ...bonded(['bond0']), ports: [...device.ports, ...edges()] }
        : { ...device, ...bonded([]), ports: [...device.ports, ...edges([Mac.parse('02:00:00:00:00:01')])] },
  ),
  vlanDomains: [...demo.vlanDomains, { slug: 'hosts', kind: 'SITE', devices: ['pve1', 'pve2'] }],
});

let world: World;
let mallory: TenantId;
beforeAll(async () => {
  world = await createWorld({ fabric: wired });
  mallory = (await system((tx) => world.app.get(TenancyService).createTenant(tx, { slug: 'mallory', name: 'Mallory' }))).id;
});
afterAll(() => world.close());

const orders = (): OrderService => world.app.get(OrderService);
const system = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => world.db.inTransaction(systemScope('spec'), work);
const at = (device: string, port: string | null, tagging: 'TAGGED' | 'UNTAGGED' | 'BRIDGE_ONLY') => ({
  deviceId: world.deviceIds.get(device) as DeviceId,
  port: port === null ? null : PortName.parse(port),
  tagging,
  vlan: null,
});
const provision = (over: Partial<ProvisionRequest>, tenantId = world.tenantId) => orders().provision(tenantId, 'portal', world.order(over));
const refusal = async (over: Partial<ProvisionRequest>, tenantId = world.tenantId): Promise<DomainError> => {
  try {
    await provision(over, tenantId);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};
const subnet = (over: object = {}) => ({ ...(world.order().subnets[0] as ProvisionRequest['subnets'][number]), ...over });
async function newVrf(tenantId: TenantId, slug: string): Promise<VrfId> {
  const pool = await system((tx) => tx.one<{ id: PoolId }>(`SELECT id FROM number_pool WHERE kind = 'L3VNI'`));
  const vrf = { tenantId, l3vniPoolId: pool?.id as PoolId, slug: Slug.parse(slug), name: Label.parse(slug), key: slug };
  return (await world.db.inTransaction(tenantScope(tenantId, 'x'), (tx) => world.app.get(FabricService).createVrf(tx, vrf))).id;
}

describe('an order is refused', () => {
  it('for a port that the host has another use for: tagged it is a customer’s, untagged it is not', async () => {
    const error = await refusal({ attachments: [at('pve1', 'bond0', 'UNTAGGED')] });
    expect(error.code).toBe('CHECK_FAILED');
    expect(error.message).toMatch(/^network web-\d+ cannot be built: a port of it has another use on its device/);
    // How the host is wired is the operator's, who reads it.
    expect(JSON.stringify(error.facts)).not.toMatch(/vmbr1|bond0/);
    const { order } = await provision({ attachments: [at('pve1', 'bond0', 'TAGGED')] });
    expect(await world.settle(order.id)).toBe('ACTIVE');
  });

  it('for a guest whose MAC the provider of a card below the port does not know', async () => {
    const error = await refusal({ attachments: [at('pve2', 'bond0', 'TAGGED')] });
    expect(error.message).toContain('a port of it takes guests with registered MACs only');
  });

  it('for a VRF that its switch has no room for, and names nobody else’s', async () => {
    const routed = (vrfId: VrfId, port: string): Partial<ProvisionRequest> => ({
      vrfId,
      subnets: [subnet({ gateway: 'ANYCAST_VTEP' })],
      attachments: [at('test', port, 'TAGGED')],
    });
    const [first, second] = [await newVrf(world.tenantId, 'first'), await newVrf(mallory, 'second')];
    const { order } = await provision(routed(first, 'Ethernet2'));
    const error = await refusal(routed(second, 'Ethernet4'), mallory);
    expect(error.message).toMatch(/^network web-\d+ cannot be built: one of its devices has no room for another VRF/);
    expect(JSON.stringify(error.facts)).not.toContain(first);
    // Another network of the VRF that is there needs no room.
    const { order: more } = await provision(routed(first, 'Ethernet2'));
    expect(await world.settle(order.id)).toBe('ACTIVE');
    expect(await world.settle(more.id)).toBe('ACTIVE');
  });

  it('for a VRF of another tenant, which is not to be found, also by an operator who orders for a tenant', async () => {
    const vrfId = await newVrf(mallory, 'hers');
    for (const deploy of [{}, { deploy: 'PLAN_ONLY' as const }]) expect((await refusal({ vrfId, ...deploy })).code).toBe('NOT_FOUND');
  });

  it('for addresses of a protected network of another address space, where both come out', async () => {
    const { order } = await provision({ name: Label.parse('storage'), subnets: [subnet({ cidr: Cidr.parse('10.20.77.0/24') })] });
    expect(await world.settle(order.id)).toBe('ACTIVE');
    await system((tx) => tx.run(`UPDATE network SET facts = '{"isProtected": true}' WHERE id = $1`, [order.networkId]));
    const poolId = await system(async (tx): Promise<PrefixPoolId> => {
      const addressing = world.app.get(AddressingService);
      const spaceId = await addressing.createSpace(tx, { fabricId: world.fabricId, slug: 'other', name: 'Other' });
      const pool = { slug: 'other', name: 'Other', defaultLength: 24, minLength: 16, maxLength: 29 };
      return addressing.createPrefixPool(tx, { spaceId, cidr: Cidr.parse('10.20.0.0/16'), ...pool });
    });
    const same = { subnets: [subnet({ poolId, cidr: Cidr.parse('10.20.77.128/25') })] };
    const error = await refusal(same, mallory);
    expect(error.message).toContain('a subnet of it is the operator’s on one of its devices');
    expect(JSON.stringify(error.facts) + error.message).not.toContain('storage');
    const { order: elsewhere } = await provision({ ...same, attachments: [at('test', 'Ethernet4', 'UNTAGGED')] }, mallory);
    expect(await world.settle(elsewhere.id)).toBe('ACTIVE');
  });
});

describe('a network that the fabric cannot be built with any more', () => {
  /** What the provider of a card of pve2 knows: nobody asks a person for it, and nothing is rendered from it. */
  const cardTakes = (macs: readonly string[] | null) =>
    system((tx) =>
      tx.run(`UPDATE port SET facts = $1 WHERE name = 'eno1' AND device_id = $2`, [
        JSON.stringify(macs === null ? {} : { allowedMacs: macs }),
        world.deviceIds.get('pve2'),
      ]),
    );
  const doomedOrder = async () => {
    await cardTakes(null);
    return provision({ attachments: [at('pve2', 'bond0', 'TAGGED')] });
  };

  it('is left out, its order fails with the words of the check, and its neighbours go live', async () => {
    const { order: doomed } = await doomedOrder();
    const { order: healthy } = await provision({}, mallory);
    await cardTakes(['02:00:00:00:00:01']);
    expect(await world.settle(healthy.id)).toBe('ACTIVE');
    expect(await world.settle(doomed.id)).toBe('FAILED_COMPENSATED');
    const ended = await system((tx) => orders().order(tx, doomed.id));
    expect(ended.failure).toMatchObject({ code: 'CHECK_FAILED', needsOperator: false });
    expect(ended.failure?.message).toContain('name the MACs of the guests of network');
    expect(await system((tx) => tx.sql('SELECT FROM network WHERE refusal IS NOT NULL'))).toEqual([]);
    const told = await system((tx) => tx.one(`SELECT detail->>'code' AS code FROM audit_entry WHERE action = 'network.refused'`));
    expect(told).toEqual({ code: 'MAC_NOT_ALLOWED' });
  });

  it('is not said to be live, though its devices are proven without it', async () => {
    const { order: doomed } = await doomedOrder();
    await cardTakes(['02:00:00:00:00:01']);
    for (let round = 0; round < 3; round++) await world.converge();
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await world.state(doomed.id)).toBe('COMPENSATING');
    expect(await world.settle(doomed.id)).toBe('FAILED_COMPENSATED');
    await expect(system((tx) => world.app.get(TenancyService).network(tx, doomed.networkId as NetworkId))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});
