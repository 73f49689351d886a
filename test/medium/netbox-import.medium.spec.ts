/** A NetBox that was kept for years, and a Trame with a fabric and nothing in it: what is there is here afterwards, and one thing with it. */
import { type NetBoxSimulator, startNetBoxSimulator } from '../../apps/lab/src/netbox-simulator/index.js';
import { foreignInventories } from '../../apps/worker/src/adapters.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';
import { ConnectorService, ImportDesk, ImportRunner, type ImportState, SyncModule, SyncRunner, SyncRunService } from '#contexts/sync';
import type { SyncTargetId } from '#engines/kernel';
import { Secret, systemScope } from '#platform';

const scope = systemScope('operator');
const { signal } = new AbortController();
let netbox: NetBoxSimulator;
let world: InventoryWorld;
let targetId: SyncTargetId;
let state: ImportState;
let untouched: string;

const seed = (path: string, ...bodies: Record<string, never>[] | object[]): number[] => [
  ...netbox.state.seed(path, bodies as Parameters<NetBoxSimulator['state']['seed']>[1]),
];
const everything = (): string =>
  JSON.stringify(
    ['tenancy/tenants', 'ipam/vrfs', 'ipam/vlans', 'vpn/l2vpns', 'ipam/prefixes', 'ipam/ip-ranges', 'ipam/ip-addresses'].map((path) =>
      netbox.state.objects(path),
    ),
  );
const changeWriting = async (): Promise<void> => {
  const connectors = world.app.get(ConnectorService);
  const { version } = await connectors.byId(targetId);
  await connectors.update(targetId, version, { mode: 'WRITE', adoption: 'AUTOMATIC' }, 'operator');
};
const desk = (): ImportDesk => world.app.get(ImportDesk, { strict: false });

beforeAll(async () => {
  netbox = await startNetBoxSimulator();
  const noServer = (): never => {
    throw new Error('there is no name server here');
  };
  world = await createInventoryWorld([], [SyncModule.with(noServer, foreignInventories)]);
  const [blue = 0] = seed('tenancy/tenants', { name: 'Blue', slug: 'blue', description: 'since 2011' });
  const [rt = 0, webRt = 0] = seed('ipam/route-targets', { name: '65051:50007' }, { name: '65051:12345' });
  const [prod = 0] = seed('ipam/vrfs', { name: 'Blue prod', tenant: blue, import_targets: [rt], export_targets: [rt] });
  const [group = 0] = seed('ipam/vlan-groups', { name: 'leaf', slug: 'leaf-test' });
  const [vlan = 0] = seed('ipam/vlans', { name: 'web', vid: 300, group, tenant: blue, status: 'active' }, { name: 'printers', vid: 20 });
  const targets = { import_targets: [webRt], export_targets: [webRt] };
  const [web = 0] = seed('vpn/l2vpns', {
    name: 'Blue web',
    slug: 'blue-web',
    type: 'vxlan-evpn',
    identifier: 12_345,
    tenant: blue,
    ...targets,
  });
  seed('vpn/l2vpn-terminations', { l2vpn: web, assigned_object_type: 'ipam.vlan', assigned_object_id: vlan });
  seed(
    'ipam/prefixes',
    { prefix: '10.30.1.0/24', vrf: prod, tenant: blue, status: 'active', description: 'web servers' },
    { prefix: '10.30.0.0/16', status: 'container' },
    { prefix: '10.20.7.0/24', tenant: blue, vlan, status: 'active' },
    { prefix: '2001:db8:1::/64', tenant: blue, status: 'active' },
    { prefix: '203.0.113.0/24', status: 'active' },
  );
  seed('ipam/ip-ranges', { start_address: '10.30.1.100/24', end_address: '10.30.1.120/24', vrf: prod, status: 'active' });
  seed(
    'ipam/ip-addresses',
    { address: '10.30.1.10/24', vrf: prod, tenant: blue, status: 'active', dns_name: 'www.blue.example' },
    { address: '2001:db8:1::5/64', tenant: blue, status: 'active', description: 'printer' },
    { address: '192.0.2.9/24', status: 'active' },
  );
  untouched = everything();
  const connector = { kind: 'NETBOX', slug: 'netbox', url: netbox.url, secret: new Secret(netbox.token) } as const;
  ({ id: targetId } = await world.app.get(ConnectorService).create(connector as Parameters<ConnectorService['create']>[0], 'operator'));
  const id = await desk().start(scope, { targetId, spaceId: world.spaceId, ownerId: null, pools: 'MAKE' });
  await world.app.get(ImportRunner, { strict: false }).runDue(signal);
  state = await desk().state(scope, id);
});
afterAll(async () => {
  await world.close();
  await netbox.close();
});

describe('an import from NetBox', () => {
  it('takes what it knows, names what not, and writes nothing there', async () => {
    expect(state).toMatchObject({
      error: null,
      counts: {
        tenant: { taken: 1, refused: 0 },
        vrf: { taken: 1, refused: 0 },
        l2vpn: { taken: 1, refused: 0 },
        routeTarget: { taken: 2, refused: 0 },
        vlanGroup: { taken: 1, refused: 0 },
        vlan: { taken: 1, refused: 1 },
        prefix: { taken: 4, refused: 1 },
        ipRange: { taken: 1, refused: 0 },
        ipAddress: { taken: 2, refused: 1 },
      },
    });
    const notTaken = await desk().notTaken(scope, state.id, null, 100);
    expect(notTaken.map(({ kind, code }) => `${kind} ${code}`)).toEqual(['vlan INVALID_VALUE', 'prefix NOT_FOUND', 'ipAddress NOT_FOUND']);
    expect(everything()).toBe(untouched);
    expect(netbox.requests.filter((request) => !request.startsWith('GET'))).toEqual([]);
  });

  it('is one thing with what was taken after the next run: nothing is there twice', async () => {
    const before = new Map(
      ['tenancy/tenants', 'ipam/vrfs', 'vpn/l2vpns', 'ipam/vlans', 'ipam/ip-ranges'].map((path) => [path, netbox.state.count(path)]),
    );
    await changeWriting();
    await world.app.get(SyncRunner).run(targetId, signal);
    const [run] = await world.app.get(SyncRunService).runsOf(targetId, { first: 1, after: null });
    const lines = await world.app.get(SyncRunService).changesOf(run?.id as never, { first: 200, after: null });
    expect(run).toMatchObject({
      state: 'SUCCEEDED',
      error: expect.stringMatching(/^asn left alone: .*; device, interface left alone: [^;]*$/),
    });
    const ofAction = (action: string) => lines.filter((line) => line.action === action);
    const createdKinds = new Set(ofAction('CREATE').map(({ kind }) => kind));
    for (const kind of ['vrf', 'vlanGroup', 'vlan', 'l2vpn', 'l2vpnTermination', 'routeTarget', 'ipRange'])
      expect(createdKinds, kind).not.toContain(kind);
    // Targets and ranges have their owner's tenant.
    const rewritten = lines
      .filter(({ action }) => action === 'UPDATE' || action === 'ADOPT')
      .flatMap(({ kind, after }) => Object.keys(after).map((field) => `${kind}.${field}`));
    expect([...new Set(rewritten)]).toEqual(['routeTarget.tenant', 'ipRange.tenant']);
    // A VLAN and a group are called here what their network and their domain are called, and there what people call them.
    const called = (path: 'ipam/vlans' | 'ipam/vlan-groups') =>
      netbox.state.objects(path).map(({ values, custom }) => [values['name'], custom['trame_id'] !== null]);
    expect(called('ipam/vlans')).toEqual([
      ['web', true],
      ['printers', false],
    ]);
    expect(called('ipam/vlan-groups')).toEqual([['leaf', true]]);
    // The tenant and the pool that the fabric came with are new there; nothing of what was taken is.
    expect(netbox.state.count('tenancy/tenants')).toBe(2);
    for (const path of ['ipam/vrfs', 'vpn/l2vpns', 'ipam/vlans', 'ipam/ip-ranges'] as const)
      expect([path, netbox.state.count(path)]).toEqual([path, before.get(path)]);
    const prefixes = netbox.state.objects('ipam/prefixes').map(({ values }) => values['prefix']);
    expect(prefixes.filter((prefix) => prefix === '10.30.1.0/24' || prefix === '10.30.0.0/16')).toHaveLength(2);
    const marked = netbox.state.objects('ipam/vrfs').map(({ custom }) => typeof custom['trame_id']);
    expect(marked).toEqual(['string']);
  });
});
