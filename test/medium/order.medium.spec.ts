import { OrderService } from '#contexts/provisioning';
import { Cidr, type DeviceId, Label, type NetworkId, PortName } from '#engines/kernel';
import { createWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const orders = (): OrderService => world.app.get(OrderService);
const files = (): string => JSON.stringify([...world.devices].map(([slug, device]) => [slug, [...device.files].sort()]));
const leafPort = (port: string) => ({
  deviceId: world.deviceIds.get('test') as DeviceId,
  port: PortName.parse(port),
  tagging: 'UNTAGGED' as const,
  vlan: null,
});
const provision = (over: Parameters<World['order']>[0] = {}) => orders().provision(world.tenantId, 'portal', world.order(over));
const TABLES = [
  'network',
  'route_target',
  'subnet',
  'ip_address',
  'attachment',
  'vlan_mapping',
  'route_distinguisher',
  'number_allocation',
];
const traces = async (): Promise<number[]> => Promise.all(TABLES.map((table) => world.count(table)));

describe('an order', () => {
  it('goes live on hosts and leaf, and is removed to the last byte', async () => {
    const before = files();
    const { order } = await provision({ attachments: [...world.order().attachments, leafPort('Ethernet2')] });
    expect(await world.settle(order.id)).toBe('ACTIVE');
    for (const slug of ['pve1', 'pve2', 'test'] as const)
      expect([...(world.devices.get(slug)?.files.values() ?? [])].join('\n')).toContain('10000');
    const removal = await orders().deprovision(world.tenantId, 'portal', {
      idempotencyKey: 'bye',
      networkId: order.networkId as NetworkId,
      ifVersion: null,
    });
    expect(await world.settle(removal.order.id)).toBe('RETIRED');
    expect(files()).toBe(before);
    // The number rests: the next order gets another one.
    expect((await provision()).order.state).toBe('RUNNING');
    const next = await provision();
    expect(await world.settle(next.order.id)).toBe('ACTIVE');
    expect([...(world.devices.get('pve1')?.files.values() ?? [])].join('\n')).not.toContain('10000');
  });

  it('is one order, however often and however simultaneously it is sent', async () => {
    const request = world.order();
    const answers = await Promise.all(Array.from({ length: 8 }, () => orders().provision(world.tenantId, 'portal', request)));
    expect(new Set(answers.map((answer) => answer.order.id)).size).toBe(1);
    expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1);
    await expect(orders().provision(world.tenantId, 'portal', { ...request, name: Label.parse('other') })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect(await world.settle((answers[0] as { order: { id: Parameters<World['settle']>[0] } }).order.id)).toBe('ACTIVE');
  });

  it('leaves no trace when it is refused', async () => {
    const before = await traces();
    const [subnet] = world.order().subnets as [ReturnType<World['order']>['subnets'][number]];
    const unknown = '01890000-0000-7000-8000-000000000000';
    for (const [over, code] of [
      [{ attachments: [] }, 'INVALID_VALUE'],
      [{ attachments: [{ deviceId: unknown as DeviceId, port: null, tagging: 'BRIDGE_ONLY', vlan: null }] }, 'NOT_FOUND'],
      [{ attachments: [leafPort('Ethernet9')] }, 'NOT_FOUND'],
      [{ attachments: [leafPort('Ethernet1')] }, 'NOT_FOUND'],
      [{ attachments: [leafPort('Ethernet4'), leafPort('Ethernet4')] }, 'ALREADY_EXISTS'],
      [{ subnets: [{ ...subnet, cidr: Cidr.parse('10.99.0.0/24') }] }, 'OUT_OF_RANGE'],
      [{ subnets: [{ ...subnet, length: 30 }] }, 'OUT_OF_RANGE'],
      [{ subnets: [{ ...subnet, gateway: 'ANYCAST_VTEP' }] }, 'CHECK_FAILED'],
      [{ vniPoolId: unknown as World['vniPoolId'] }, 'NOT_FOUND'],
    ] as const) {
      await expect(provision(over as Parameters<World['order']>[0]), code).rejects.toMatchObject({ code });
    }
    expect(await traces()).toEqual(before);
  });

  it('gives a port one untagged network', async () => {
    const { order } = await provision({ attachments: [leafPort('Ethernet4')] });
    await expect(provision({ attachments: [leafPort('Ethernet4')] })).rejects.toMatchObject({ code: 'IN_USE' });
    expect(await world.settle(order.id)).toBe('ACTIVE');
  });
});

describe('a device that fails', () => {
  afterEach(() => {
    for (const device of world.devices.values()) device.heal();
  });

  it.each([
    ['open', 'UNREACHABLE'],
    ['open', 'WRONG_HOST_KEY'],
    ['stage', 'CONFIG_REFUSED'],
    ['apply', 'APPLY_FAILED'],
    ['verify', 'VERIFY_FAILED'],
  ] as const)('at %s with %s: the order is undone everywhere and leaves nothing', async (step, code) => {
    const [before, bytes] = [await traces(), files()];
    world.devices.get('pve2')?.failAt(step, code);
    const { order } = await provision();
    const state = await world.settle(order.id, ['FAILED_COMPENSATED']);
    expect(state).toBe('FAILED_COMPENSATED');
    expect(await traces()).toEqual(before);
    world.devices.get('pve2')?.heal();
    expect(files()).toBe(bytes);
  });

  it('that dies after apply keeps its order stuck, and is cleaned when it comes back', async () => {
    const [before, bytes] = [await traces(), files()];
    const pve2 = world.devices.get('pve2');
    pve2?.dieAfterApply();
    const { order } = await provision();
    expect(await world.settle(order.id, ['FAILED_STUCK', 'FAILED_COMPENSATED'])).toBe('FAILED_STUCK');
    expect(await traces()).not.toEqual(before);
    pve2?.heal();
    expect(await world.settle(order.id, ['FAILED_COMPENSATED'])).toBe('FAILED_COMPENSATED');
    expect(await traces()).toEqual(before);
    expect(files()).toBe(bytes);
  });

  it('does not hold up orders for other devices', async () => {
    world.devices.get('pve2')?.failAt('open', 'UNREACHABLE');
    const doomed = await provision();
    const healthy = await provision({ attachments: [world.order().attachments[0] as ReturnType<World['order']>['attachments'][number]] });
    expect(await world.settle(healthy.order.id)).toBe('ACTIVE');
    world.devices.get('pve2')?.heal();
    expect(['ACTIVE', 'FAILED_COMPENSATED']).toContain(await world.settle(doomed.order.id));
  });
});
