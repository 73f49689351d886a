/** What deleting does to others: refused, gone with it, or changed without a word. */
import { against, isAtLeast, isRealNetBox, NetBoxUnderTest, releases } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

describe.each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: what deleting does to others`, (release) => {
  let netbox: NetBoxUnderTest;
  let vrf: number;
  let site: number;
  let leaf: number;
  const make = async (path: string, body: object): Promise<number> => (await netbox.make(path, body as Record<string, string>)).id;
  const drop = async (path: string): Promise<number> => (await netbox.call('DELETE', `${path}/`)).status;
  const one = async (path: string) => (await netbox.get(`${path}/`)).json;
  const set = async (path: string, body: object): Promise<void> => {
    const { status, text } = await netbox.call('PATCH', `${path}/`, body as Record<string, string>);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  };
  const ids = async (path: string): Promise<number[]> => {
    const found = (await netbox.rows(path)).map(({ id }) => Number(id));
    return [...new Set(found)].sort((a, b) => a - b);
  };
  const port = (name: string): Promise<number> => make('dcim/interfaces', { device: leaf, name: netbox.name(name), type: 'virtual' });
  const onPort = (address: string, id: number): Promise<number> =>
    make('ipam/ip-addresses', { address, vrf, assigned_object_type: 'dcim.interface', assigned_object_id: id });
  const device = async (): Promise<number> => {
    const slug = netbox.name('dev');
    const manufacturer = await make('dcim/manufacturers', { name: slug, slug });
    const type = await make('dcim/device-types', { model: slug, slug, manufacturer, subdevice_role: 'parent' });
    const role = await make('dcim/device-roles', { name: slug, slug, color: '00ff00' });
    return make('dcim/devices', { name: slug, site, device_type: type, role });
  };

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
    vrf = (await netbox.vrf()).id;
    const slug = netbox.name('dc');
    site = await make('dcim/sites', { name: slug, slug });
    leaf = await device();
  });
  afterAll(() => netbox.close());

  it('a VLAN is refused while a prefix, a wireless LAN or a customer VLAN names it, and taken off interfaces without a word', async () => {
    const vlan = (vid: number, body = {}) => make('ipam/vlans', { vid, name: netbox.name('v'), ...body });
    const [kept, web, other] = [await vlan(10, { qinq_role: 'svlan' }), await vlan(20), await vlan(30)];
    for (const [path, body] of [
      ['ipam/prefixes', { prefix: '10.20.0.0/24', vrf, vlan: kept }],
      ['wireless/wireless-lans', { ssid: netbox.name('wifi').slice(0, 30), vlan: kept }],
      ['ipam/vlans', { vid: 11, name: netbox.name('c'), qinq_role: 'cvlan', qinq_svlan: kept }],
    ] as const) {
      const user = await make(path, body);
      expect(await drop(`ipam/vlans/${kept}`), path).toBe(409);
      expect(await drop(`${path}/${user}`)).toBe(204);
    }
    const [access, trunk] = [await port('a'), await port('t')];
    await set(`dcim/interfaces/${access}`, { mode: 'access', untagged_vlan: web });
    await set(`dcim/interfaces/${trunk}`, { mode: 'tagged', untagged_vlan: web, tagged_vlans: [kept, other] });
    const machine = await make('virtualization/virtual-machines', { name: netbox.name('vm'), site, status: 'active' });
    const nic = await make('virtualization/interfaces', { virtual_machine: machine, name: 'eth0' });
    await set(`virtualization/interfaces/${nic}`, { mode: 'tagged', tagged_vlans: [web] });
    expect(await ids(`dcim/interfaces/?vlan_id=${web}`)).toEqual([access, trunk]);
    expect(await ids(`dcim/interfaces/?vlan_id=${web}&vlan_id=${other}`), 'the last one counts').toEqual([trunk]);
    expect(await ids('dcim/interfaces/?vlan_id=999999999'), 'one that is not there is not refused').toEqual([]);
    expect(await ids(`virtualization/interfaces/?vlan_id=${web}`)).toEqual([nic]);
    expect(await drop(`ipam/vlans/${web}`)).toBe(204);
    expect(await one(`dcim/interfaces/${access}`)).toMatchObject({ untagged_vlan: null });
    expect(await one(`dcim/interfaces/${trunk}`)).toMatchObject({ untagged_vlan: null, tagged_vlans: [{ id: kept }, { id: other }] });
    expect(await one(`virtualization/interfaces/${nic}`)).toMatchObject({ tagged_vlans: [] });
  });

  it('a VRF is taken off interfaces; a range in it, as a prefix, refuses that', async () => {
    const own = (await netbox.vrf()).id;
    const iface = await port('v');
    await set(`dcim/interfaces/${iface}`, { vrf: own });
    expect(await ids(`dcim/interfaces/?vrf_id=${own}&vrf_id=${vrf}`)).toEqual([iface]);
    const range = await make('ipam/ip-ranges', { start_address: '10.21.0.10/24', end_address: '10.21.0.20/24', vrf: own });
    expect(await drop(`ipam/vrfs/${own}`)).toBe(409);
    expect(await drop(`ipam/ip-ranges/${range}`)).toBe(204);
    expect(await drop(`ipam/vrfs/${own}`)).toBe(204);
    expect(await one(`dcim/interfaces/${iface}`)).toMatchObject({ vrf: null });
  });

  it('an address is taken off devices, machines, services and what is translated to it', async () => {
    const iface = await port('p');
    const [first, oob] = [await onPort('10.22.0.1/32', iface), await onPort('10.22.0.2/32', iface)];
    await set(`dcim/devices/${leaf}`, { primary_ip4: first, oob_ip: oob });
    const parent = isAtLeast(release, '4.3') ? { parent_object_type: 'dcim.device', parent_object_id: leaf } : { device: leaf };
    const service = await make('ipam/services', { name: 'ssh', protocol: 'tcp', ports: [22], ipaddresses: [first, oob], ...parent });
    const outside = await make('ipam/ip-addresses', { address: '192.0.2.7/32', vrf, nat_inside: first });
    expect(await one(`ipam/ip-addresses/${first}`)).toMatchObject({ nat_outside: [{ id: outside }] });
    expect(await ids(`dcim/devices/?primary_ip4_id=${first}&primary_ip4_id=${oob}`)).toEqual([leaf]);
    expect(await ids(`dcim/devices/?oob_ip_id=${oob}`)).toEqual([leaf]);
    expect(await ids(`ipam/services/?ip_address_id=${first}&ip_address_id=${oob}`)).toEqual([service]);
    expect(await ids(`ipam/services/?device_id=${leaf}`)).toEqual([service]);
    expect((await netbox.get('dcim/devices/?primary_ip4_id=999999999')).status).toBe(400);
    for (const id of [first, oob]) expect(await drop(`ipam/ip-addresses/${id}`)).toBe(204);
    expect(await one(`dcim/devices/${leaf}`)).toMatchObject({ primary_ip4: null, oob_ip: null });
    expect(await one(`ipam/services/${service}`)).toMatchObject({ ipaddresses: [] });
    expect(await one(`ipam/ip-addresses/${outside}`)).toMatchObject({ nat_inside: null });
  });

  it('an address is refused while a tunnel ends at it; an interface takes the end of a tunnel with it', async () => {
    const tunnel = await make('vpn/tunnels', { name: netbox.name('t'), status: 'active', encapsulation: 'gre' });
    const [iface, address] = [await port('tun'), await make('ipam/ip-addresses', { address: '192.0.2.9/32', vrf })];
    const at = { termination_type: 'dcim.interface', termination_id: iface, role: 'peer', outside_ip: address };
    const end = await make('vpn/tunnel-terminations', { tunnel, ...at });
    expect(await drop(`ipam/ip-addresses/${address}`)).toBe(409);
    expect(await ids(`vpn/tunnel-terminations/?interface_id=${iface}`)).toEqual([end]);
    expect(await drop(`dcim/interfaces/${iface}`)).toBe(204);
    expect((await netbox.get(`vpn/tunnel-terminations/${end}/`)).status).toBe(404);
  });

  it('an interface takes its addresses and what is plugged into it with it; a cable stays, plugged in nowhere; a bundle loses nobody but is forgotten', async () => {
    const physical = (name: string, type: string) => make('dcim/interfaces', { device: leaf, name: netbox.name(name), type });
    const [plugged, peer] = [await physical('e', '1000base-t'), await physical('e', '1000base-t')];
    const [bundle, member] = [await physical('po', 'lag'), await physical('e', '1000base-t')];
    const address = await onPort('10.23.0.1/32', plugged);
    await set(`dcim/interfaces/${member}`, { lag: bundle });
    const optic = await make('dcim/inventory-items', {
      device: leaf,
      name: netbox.name('sfp'),
      component_type: 'dcim.interface',
      component_id: plugged,
    });
    expect(await ids(`dcim/inventory-items/?component_type=dcim.interface&component_id=${plugged}&component_id=${peer}`)).toEqual([optic]);
    const end = (id: number) => [{ object_type: 'dcim.interface', object_id: id }];
    const cable = await make('dcim/cables', { a_terminations: end(plugged), b_terminations: end(peer) });
    expect(await one(`dcim/interfaces/${plugged}`)).toMatchObject({ cable: { id: cable }, count_ipaddresses: 1, mac_addresses: [] });
    expect(await ids(`dcim/interfaces/?lag_id=${bundle}`)).toEqual([member]);
    for (const id of [plugged, bundle]) expect(await drop(`dcim/interfaces/${id}`)).toBe(204);
    for (const path of [`ipam/ip-addresses/${address}`, `dcim/inventory-items/${optic}`])
      expect((await netbox.get(`${path}/`)).status).toBe(404);
    expect(await one(`dcim/cables/${cable}`)).toMatchObject({ a_terminations: [], b_terminations: [{ object_id: peer }] });
    expect(await one(`dcim/interfaces/${member}`)).toMatchObject({ lag: null });
  });

  it('a device takes with it what is in it, and says how many that are', async () => {
    const own = await device();
    const inside = await make('dcim/interfaces', { device: own, name: 'lo', type: 'virtual' });
    const item = await make('dcim/inventory-items', { device: own, name: 'psu' });
    const none = [
      'console_port',
      'console_server_port',
      'power_port',
      'power_outlet',
      'front_port',
      'rear_port',
      'module_bay',
      'device_bay',
    ];
    expect(await one(`dcim/devices/${own}`)).toMatchObject({
      interface_count: 1,
      inventory_item_count: 1,
      parent_device: null,
      ...Object.fromEntries(none.map((part) => [`${part}_count`, 0])),
    });
    expect(await drop(`dcim/devices/${own}`)).toBe(204);
    for (const path of [`dcim/interfaces/${inside}`, `dcim/inventory-items/${item}`])
      expect((await netbox.get(`${path}/`)).status).toBe(404);
  });

  it('an AS number is taken off sites and providers, which it counts; a tenant off config contexts', async () => {
    const slug = netbox.name('rir');
    const rir = await make('ipam/rirs', { name: slug, slug });
    const asn = await make('ipam/asns', { asn: 4_100_000_000 + (Date.now() % 90_000_000), rir });
    await set(`dcim/sites/${site}`, { asns: [asn] });
    const provider = await make('circuits/providers', { name: slug, slug, asns: [asn] });
    expect(await one(`ipam/asns/${asn}`)).toMatchObject({ site_count: 1, provider_count: 1 });
    expect(await drop(`ipam/asns/${asn}`)).toBe(204);
    expect(await one(`circuits/providers/${provider}`)).toMatchObject({ asns: [] });
    expect(await one(`dcim/sites/${site}`)).toMatchObject({ asns: [] });

    const tenant = await make('tenancy/tenants', { name: slug, slug });
    const context = await make('extras/config-contexts', { name: slug, tenants: [tenant], data: { ntp: '192.0.2.1' } });
    expect(await ids(`extras/config-contexts/?tenant_id=${tenant}`)).toEqual([context]);
    expect(await drop(`tenancy/tenants/${tenant}`)).toBe(204);
    expect(await one(`extras/config-contexts/${context}`), 'it is for everybody now').toMatchObject({ tenants: [] });
  });
});
