// What is deleted in a NetBox, and what must not go or change with it; and what can be shown to be gone.
import type { ForeignObject, InventoryKind } from '#contexts/sync/ports';
import type { JsonObject } from '../../apps/lab/src/netbox-simulator/index.js';
import { ALL, closeRooms, connect, doneOf, drop, made, one, ref, type Room, signal, start, to } from '../support/netbox-room.js';

afterEach(closeRooms);

const seed = ({ netbox }: Room, path: string, body: JsonObject): number => netbox.state.seed(path, [body])[0] ?? 0;
/** Everything that is there, beside the log. */
const snapshot = ({ netbox }: Room): unknown => PATHS.map((path) => netbox.state.objects(path));
const PATHS = [
  'dcim/interfaces',
  'dcim/devices',
  'dcim/cables',
  'dcim/sites',
  'dcim/inventory-items',
  'dcim/virtual-device-contexts',
].concat(
  ['virtualization/interfaces', 'virtualization/virtual-machines', 'ipam/services', 'ipam/ip-addresses', 'ipam/vlans', 'ipam/vrfs'],
  ['ipam/asns', 'circuits/providers', 'extras/config-contexts', 'vpn/tunnel-terminations', 'tenancy/tenants', 'dcim/mac-addresses'],
);

/** A device of others with a port; and a machine with one. */
function others(room: Room): { device: number; port: number; machine: number; nic: number; role: number; type: number; site: number } {
  const { netbox } = room;
  const [role, type, site] = ['dcim/device-roles', 'dcim/device-types', 'dcim/sites'].map((path) => netbox.state.objects(path)[0]?.id ?? 0);
  const device = seed(room, 'dcim/devices', { name: 'theirs', role: role ?? 0, device_type: type ?? 0, site: site ?? 0 });
  const port = seed(room, 'dcim/interfaces', { device, name: 'Ethernet1', type: '1000base-t' });
  const machine = seed(room, 'virtualization/virtual-machines', { name: 'vm', site: site ?? 0 });
  const nic = seed(room, 'virtualization/interfaces', { virtual_machine: machine, name: 'eth0' });
  return { device, port, machine, nic, role: role ?? 0, type: type ?? 0, site: site ?? 0 };
}

async function deleted(room: Room, kind: InventoryKind, object: ForeignObject, mark: string): Promise<unknown> {
  const [outcome] = await room.inventory.write(kind, [drop(await one(room, kind, object.remoteId), mark)], signal);
  return outcome;
}

async function isHeld(room: Room, kind: InventoryKind, object: ForeignObject, mark: string, ...words: readonly string[]): Promise<void> {
  const before = snapshot(room);
  const outcome = await deleted(room, kind, object, mark);
  for (const said of words) expect(outcome).toEqual({ refused: expect.stringContaining(said) });
  expect(snapshot(room), 'nothing of others changed').toEqual(before);
}

describe.each(['4.2', '4.7'] as const)('what NetBox %s would change without a word', (version) => {
  it('a VLAN that interfaces carry is not deleted, and is once they do not', async () => {
    const room = await start(version, {}, ALL);
    const { netbox, inventory } = room;
    const { port, nic } = others(room);
    const [web, db, free] = await Promise.all(
      [5, 6, 7].map((vid) => made(room, 'vlan', `vlan_${vid}`, { vid, name: `v${vid}`, status: 'active' })),
    );
    if (!web || !db || !free) throw new Error('not made');
    // By its untagged VLAN, an interface comes once for each of its tagged ones.
    netbox.state.change('dcim/interfaces', port, { mode: 'tagged', untagged_vlan: web.order, tagged_vlans: [db.order, free.order] });
    netbox.state.change('virtualization/interfaces', nic, { mode: 'tagged', tagged_vlans: [web.order] });
    await isHeld(room, 'vlan', web, 'vlan_5', '1 × interface that carries it', '1 × VM interface that carries it');
    await isHeld(room, 'vlan', db, 'vlan_6', '1 × interface that carries it');
    netbox.state.change('dcim/interfaces', port, { tagged_vlans: [db.order] });
    const drops = await Promise.all([web, db, free].map(async (vlan) => drop(await one(room, 'vlan', vlan.remoteId), vlan.mark ?? '')));
    expect((await inventory.write('vlan', drops, signal)).map((outcome) => Object.keys(outcome)[0])).toEqual([
      'refused',
      'refused',
      'done',
    ]);
    netbox.state.change('dcim/interfaces', port, { untagged_vlan: null, tagged_vlans: [] });
    netbox.state.change('virtualization/interfaces', nic, { tagged_vlans: [] });
    for (const vlan of [web, db]) expect(await deleted(room, 'vlan', vlan, vlan.mark ?? '')).toEqual({ done: null });
  });

  it('a VRF that interfaces are in is not deleted', async () => {
    const room = await start(version, {}, ALL);
    const { port, nic } = others(room);
    const vrf = await made(room, 'vrf', 'vrf_1', { name: 'acme' });
    room.netbox.state.change('dcim/interfaces', port, { vrf: vrf.order });
    room.netbox.state.change('virtualization/interfaces', nic, { vrf: vrf.order });
    await isHeld(room, 'vrf', vrf, 'vrf_1', '1 × interface in it', '1 × VM interface in it');
    room.netbox.state.change('dcim/interfaces', port, { vrf: null });
    room.netbox.state.change('virtualization/interfaces', nic, { vrf: null });
    expect(await deleted(room, 'vrf', vrf, 'vrf_1')).toEqual({ done: null });
  });

  it('an address is not deleted that is the primary one, of a service, or what another is translated to', async () => {
    const room = await start(version, {}, ALL);
    const { netbox } = room;
    const { device, port, machine, nic } = others(room);
    const address = (name: string, host: string) => made(room, 'ipAddress', name, { host, length: 32, status: 'active' });
    const [first, oob, six, virtual, served, inside] = [
      await address('ip_1', '10.0.0.1'),
      await address('ip_2', '10.0.0.2'),
      await made(room, 'ipAddress', 'ip_3', { host: '2001:db8::1', length: 128, status: 'active' }),
      await address('ip_4', '10.0.0.4'),
      await address('ip_5', '10.0.0.5'),
      await address('ip_6', '10.0.0.6'),
    ];
    const on = (type: string, id: number, { order }: ForeignObject) =>
      netbox.state.change('ipam/ip-addresses', order, { assigned_object_type: type, assigned_object_id: id });
    for (const one of [first, oob, six]) on('dcim.interface', port, one);
    on('virtualization.vminterface', nic, virtual);
    netbox.state.change('dcim/devices', device, { primary_ip4: first.order, primary_ip6: six.order, oob_ip: oob.order });
    netbox.state.change('virtualization/virtual-machines', machine, { primary_ip4: virtual.order });
    seed(room, 'dcim/virtual-device-contexts', { name: 'vdc', device, status: 'active', primary_ip4: first.order });
    seed(room, 'ipam/services', { name: 'ssh', protocol: 'tcp', ports: [22], ipaddresses: [served.order] });
    seed(room, 'ipam/ip-addresses', { address: '192.0.2.1/32', nat_inside: inside.order });
    await isHeld(room, 'ipAddress', first, 'ip_1', '1 × device whose primary address it is', '1 × device context whose primary');
    await isHeld(room, 'ipAddress', oob, 'ip_2', '1 × device whose management address it is');
    await isHeld(room, 'ipAddress', six, 'ip_3', '1 × device whose primary address it is');
    await isHeld(room, 'ipAddress', virtual, 'ip_4', '1 × virtual machine whose primary address it is');
    await isHeld(room, 'ipAddress', served, 'ip_5', '1 × service');
    await isHeld(room, 'ipAddress', inside, 'ip_6', '1 × address that is translated to it');
    const free = await address('ip_7', '10.0.0.7');
    expect(await deleted(room, 'ipAddress', free, 'ip_7')).toEqual({ done: null });
  });

  it('an address of a device of ours that goes away with it is deleted, though it is the primary one', async () => {
    const room = await start(version, {}, ALL);
    const { netbox } = room;
    const device = await made(room, 'device', 'dev_1', { name: 'leaf1', status: 'active' });
    const loopback = await made(room, 'interface', 'if_1', { device: ref('device', device), name: 'Loopback0' });
    const on = { interface: ref('interface', loopback), status: 'active' };
    const address = await made(room, 'ipAddress', 'ip_1', { host: '10.0.0.1', length: 32, ...on });
    netbox.state.change('dcim/devices', device.order, { primary_ip4: address.order, oob_ip: address.order });
    await isHeld(room, 'ipAddress', address, 'ip_1', '1 × device whose primary address it is');
    const { version: read } = await one(room, 'device', device.remoteId);
    doneOf((await room.inventory.write('device', [{ verb: 'DEPRECATE', remoteId: device.remoteId, version: read }], signal))[0]);
    for (const [kind, object] of [
      ['ipAddress', address],
      ['interface', loopback],
      ['device', device],
    ] as const)
      expect(await deleted(room, kind, object, object.mark ?? ''), kind).toEqual({ done: null });
    // One that others put out of use is theirs all the same.
    const { device: theirs, port } = others(room);
    const other = await made(room, 'ipAddress', 'ip_2', { host: '10.0.0.2', length: 32, status: 'active' });
    netbox.state.change('ipam/ip-addresses', other.order, { assigned_object_type: 'dcim.interface', assigned_object_id: port });
    netbox.state.change('dcim/devices', theirs, { status: 'decommissioning', primary_ip4: other.order });
    await isHeld(room, 'ipAddress', other, 'ip_2', '1 × device whose primary address it is');
  });

  it('an interface is not deleted with its cable, bundle, tunnel or MAC address, nor a device with what is in it', async () => {
    const room = await start(version, {}, ALL);
    const { netbox } = room;
    const { port, device: theirs } = others(room);
    const device = await made(room, 'device', 'dev_1', { name: 'leaf1', status: 'active' });
    const iface = (name: string) => made(room, 'interface', `if_${name}`, { device: ref('device', device), name });
    const [plugged, bundle, tunnel, mac, optic] = await Promise.all(['e1', 'po1', 'tun0', 'e2', 'e3'].map(iface));
    if (!plugged || !bundle || !tunnel || !mac || !optic) throw new Error('not made');
    seed(room, 'dcim/inventory-items', { device: device.order, name: 'sfp', component_type: 'dcim.interface', component_id: optic.order });
    const end = (id: number) => [{ object_type: 'dcim.interface', object_id: id }];
    seed(room, 'dcim/cables', { a_terminations: end(plugged.order), b_terminations: end(port) });
    const member = seed(room, 'dcim/interfaces', { device: device.order, name: 'e9', type: '1000base-t', lag: bundle.order });
    const gre = seed(room, 'vpn/tunnels', { name: 'gre', status: 'active', encapsulation: 'gre' });
    seed(room, 'vpn/tunnel-terminations', { tunnel: gre, termination_type: 'dcim.interface', termination_id: tunnel.order });
    const at = { assigned_object_type: 'dcim.interface', assigned_object_id: mac.order };
    seed(room, 'dcim/mac-addresses', { mac_address: '00:00:5E:00:53:01', ...at });
    await isHeld(room, 'interface', plugged, 'if_e1', '1 × cable');
    await isHeld(room, 'interface', bundle, 'if_po1', '1 × interface in its bundle');
    await isHeld(room, 'interface', tunnel, 'if_tun0', '1 × tunnel termination');
    await isHeld(room, 'interface', mac, 'if_e2', '1 × MAC address');
    await isHeld(room, 'interface', optic, 'if_e3', '1 × inventory item');
    const item = seed(room, 'dcim/inventory-items', { device: device.order, name: 'psu' });
    await isHeld(room, 'device', device, 'dev_1', '6 × interface', '2 × inventory item');
    const bay = seed(room, 'dcim/device-bays', { device: theirs, name: 'bay1', installed_device: device.order });
    for (const { order } of [plugged, bundle, tunnel, mac, optic]) netbox.state.remove('dcim/interfaces', order);
    netbox.state.remove('dcim/interfaces', member);
    netbox.state.remove('dcim/inventory-items', item);
    await isHeld(room, 'device', device, 'dev_1', '1 × device that it is in a bay of');
    netbox.state.remove('dcim/device-bays', bay);
    expect(await deleted(room, 'device', device, 'dev_1')).toEqual({ done: null });
  });

  it('an AS number of sites and providers is not deleted, nor a tenant whose config context would become everybody’s', async () => {
    const room = await start(version, {}, ALL);
    const { site } = others(room);
    const asn = await made(room, 'asn', 'asn_1', { asn: 65001 });
    room.netbox.state.change('dcim/sites', site, { asns: [asn.order] });
    seed(room, 'circuits/providers', { name: 'isp', slug: 'isp', asns: [asn.order] });
    await isHeld(room, 'asn', asn, 'asn_1', '1 × site, 1 × provider');
    const tenant = await made(room, 'tenant', 'ten_1', { name: 'acme', slug: 'acme' });
    seed(room, 'extras/config-contexts', { name: 'ntp', tenants: [tenant.order], data: {} });
    await isHeld(room, 'tenant', tenant, 'ten_1', '1 × config context');
    const free = await made(room, 'tenant', 'ten_2', { name: 'free', slug: 'free' });
    expect(await deleted(room, 'tenant', free, 'ten_2')).toEqual({ done: null });
  });

  it('where it cannot be told, nothing is deleted: no permission, or a filter that is not known', async () => {
    const room = await start(version, {}, ALL);
    const { netbox } = room;
    const { port, nic } = others(room);
    const vrf = await made(room, 'vrf', 'vrf_1', { name: 'acme' });
    const all = { view: true, add: true, change: true, delete: true } as const;
    const token = netbox.state.user('trame', { 'extras.customfield': all, 'ipam.vrf': all, 'dcim.interface': { view: true } });
    const narrow = connect(netbox, { token: token.value });
    netbox.state.change('virtualization/interfaces', nic, { vrf: vrf.order });
    const now = await one(room, 'vrf', vrf.remoteId);
    expect(await narrow.write('vrf', [drop(now, 'vrf_1')], signal)).toEqual([
      { refused: expect.stringMatching(/cannot be told .*virtualization\/interfaces.*permission/) },
    ]);
    netbox.state.change('virtualization/interfaces', nic, { vrf: null });
    const asked = to('GET', 'dcim/interfaces');
    // Another release, whose interfaces have no such filter any more: all of them come.
    const rows = [{ id: port, vrf: null }];
    netbox.faults.add({ kind: 'rewritten', when: asked, rewrite: (page) => ({ ...(page as JsonObject), results: rows }) });
    expect(await deleted(room, 'vrf', vrf, 'vrf_1')).toEqual({ refused: expect.stringMatching(/ignored the filter vrf_id/) });
    expect(await deleted(room, 'vrf', vrf, 'vrf_1')).toEqual({ done: null });
  });

  it('where it cannot be asked now, that is an error, and asked again later', async () => {
    const room = await start(version);
    const vlan = await made(room, 'vlan', 'vlan_5', { vid: 5, name: 'v', status: 'active' });
    room.netbox.faults.add({ kind: 'bad-gateway', when: to('GET', 'dcim/interfaces'), times: 3 });
    await expect(deleted(room, 'vlan', vlan, 'vlan_5')).rejects.toMatchObject({ code: 'NETBOX_UNREACHABLE', facts: { retriable: true } });
    expect(await deleted(room, 'vlan', vlan, 'vlan_5')).toEqual({ done: null });
  });
});

describe.each(['4.2', '4.7'] as const)('what NetBox %s can show to be deleted', (version) => {
  it('is what its change log says, and not what is hidden, or lost without a word', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    const tenants = await Promise.all(['a', 'b', 'c', 'd'].map((name) => made(room, 'tenant', `ten_${name}`, { name, slug: name })));
    const [a, b, c, d] = tenants;
    if (!a || !b || !c || !d) throw new Error('not made');
    netbox.state.remove('tenancy/tenants', a.order);
    await inventory.write('tenant', [drop(b, 'ten_b')], signal);
    netbox.state.lose('tenancy/tenants', [c.order]);
    netbox.state.seed('ipam/vrfs', [{ name: 'x' }, { name: 'y' }, { name: 'z' }, { name: 'w' }]);
    netbox.state.remove('ipam/vrfs', d.order); // another object with the same number
    const ids = tenants.map(({ remoteId }) => remoteId);
    expect(await inventory.provenGone('tenant', ids, signal)).toEqual(new Set([a.remoteId, b.remoteId]));
    const many = Array.from({ length: 300 }, (_, at) => String(at + 1000));
    expect(await inventory.provenGone('tenant', [...many, b.remoteId], signal)).toEqual(new Set([b.remoteId]));
  });

  it('is nothing where the token may not read the log', async () => {
    const room = await start(version);
    const tenant = await made(room, 'tenant', 'ten_a', { name: 'a', slug: 'a' });
    room.netbox.state.remove('tenancy/tenants', tenant.order);
    const token = room.netbox.state.user('trame', { 'extras.customfield': { view: true }, 'tenancy.tenant': { view: true } });
    const blind = connect(room.netbox, { token: token.value });
    expect(await blind.provenGone('tenant', [tenant.remoteId], signal)).toEqual(new Set());
    token.enabled = false;
    await expect(blind.provenGone('tenant', [tenant.remoteId], signal)).rejects.toMatchObject({ code: 'NETBOX_UNAUTHORIZED' });
  });
});
