/** Writing one object: what is taken in which form, what is refused, and which rules are not there. */
import { against, isAtLeast, isRealNetBox, itWhere, NetBoxUnderTest, releases } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

const like = (words: RegExp): string => expect.stringMatching(words) as string;
const refused = (field: string, words?: RegExp) => ({
  status: 400,
  json: { [field]: words ? [like(words)] : (expect.anything() as unknown) },
});

describe.each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: writes`, (release) => {
  let netbox: NetBoxUnderTest;
  let vrf: number;
  const post = (path: string, body: object) => netbox.call('POST', `${path}/`, body as Record<string, string>);
  const patch = (path: string, body: object) => netbox.call('PATCH', `${path}/`, body as Record<string, string>);
  const noField = isAtLeast(release, '4.7') ? '__all__' : 'non_field_errors';

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
    vrf = (await netbox.vrf()).id;
  });
  afterAll(() => netbox.close());

  describe('forms', () => {
    it('a choice is written bare, and an object is refused', async () => {
      const prefix = await netbox.make('ipam/prefixes', { prefix: '10.1.0.0/24', vrf, status: 'container' });
      expect(prefix['status']).toEqual({ value: 'container', label: 'Container' });
      expect(await patch(`ipam/prefixes/${prefix.id}`, { status: prefix['status'] ?? null })).toMatchObject(refused('status', /directly/));
      expect(await patch(`ipam/prefixes/${prefix.id}`, { status: 'bogus' })).toMatchObject(refused('status', /not a valid choice/));
    });

    it('a choice that may be empty takes null and nothing', async () => {
      const address = await netbox.make('ipam/ip-addresses', { address: '10.1.0.1/24', vrf, role: 'loopback' });
      for (const role of ['', null]) {
        await patch(`ipam/ip-addresses/${address.id}`, { role: 'loopback' });
        expect((await patch(`ipam/ip-addresses/${address.id}`, { role })).json['role']).toBeNull();
      }
    });

    it('a reference is an id, or attributes that one object has', async () => {
      const slug = netbox.name('tenant');
      const tenant = await netbox.make('tenancy/tenants', { name: slug, slug });
      const prefix = await netbox.make('ipam/prefixes', { prefix: '10.2.0.0/24', vrf, tenant: { slug } });
      expect(prefix['tenant']).toMatchObject({ id: tenant.id, slug });
      expect((await patch(`ipam/prefixes/${prefix.id}`, { tenant: null })).json['tenant']).toBeNull();
      expect(await patch(`ipam/prefixes/${prefix.id}`, { tenant: { slug: 'nobody-has-this' } })).toMatchObject(
        refused('tenant', /not found/),
      );
      expect(await patch(`ipam/prefixes/${prefix.id}`, { tenant: 999_999_999 })).toMatchObject(refused('tenant', /not found/));
      expect(await patch(`ipam/prefixes/${prefix.id}`, { tenant: 'acme' })).toMatchObject(refused('tenant'));
      const name = netbox.name('twin');
      await netbox.vrf({ name });
      await netbox.vrf({ name });
      expect(await patch(`ipam/prefixes/${prefix.id}`, { vrf: { name } })).toMatchObject(refused('vrf', /Multiple/));
    });

    it('a list of references takes ids only', async () => {
      const name = netbox.name('rt').slice(-21);
      const target = await netbox.make('ipam/route-targets', { name });
      const changed = await patch(`ipam/vrfs/${vrf}`, { import_targets: [target.id], export_targets: [target.id] });
      expect(changed.json['import_targets']).toMatchObject([{ id: target.id, name }]);
      expect(await patch(`ipam/vrfs/${vrf}`, { import_targets: [{ name }] })).toMatchObject(refused('import_targets'));
      expect((await patch(`ipam/vrfs/${vrf}`, { import_targets: [], export_targets: [] })).json['import_targets']).toEqual([]);
    });

    it('what is missing is named, what nobody knows is ignored, and blanks around a text go', async () => {
      expect(await post('ipam/prefixes', { vrf })).toMatchObject(refused('prefix', /required/));
      expect(await post('tenancy/tenants', { name: 'x', slug: 'not a slug' })).toMatchObject(refused('slug'));
      const tenant = await netbox.make('tenancy/tenants', { name: ` ${netbox.name('t')} `, slug: netbox.name('t'), colour: 'red' });
      expect(tenant['name']).toMatch(/^\S+$/);
      expect(tenant).not.toHaveProperty('colour');
    });

    it('a PATCH leaves what it does not say; a PUT wants what is required', async () => {
      const prefix = await netbox.make('ipam/prefixes', { prefix: '10.3.0.0/24', vrf, description: 'kept', is_pool: true });
      expect((await patch(`ipam/prefixes/${prefix.id}`, { status: 'reserved' })).json).toMatchObject({
        description: 'kept',
        is_pool: true,
      });
      expect(await netbox.call('PUT', `ipam/prefixes/${prefix.id}/`, { status: 'active' })).toMatchObject(refused('prefix', /required/));
    });

    it('what is no JSON, or comes as something else, is refused', async () => {
      expect((await netbox.call('POST', 'ipam/vrfs/', 'x', { 'content-type': 'text/plain' })).status).toBe(415);
      expect((await netbox.call('PATCH', `ipam/vrfs/${vrf}/`, 'not an object')).status).toBe(400);
      expect((await netbox.call('PATCH', 'ipam/vrfs/999999999/', {})).status).toBe(404);
    });
  });

  describe('addresses', () => {
    it('a prefix with host bits is refused, with the one that was meant', async () => {
      expect(await post('ipam/prefixes', { prefix: '10.4.0.5/24', vrf })).toMatchObject(refused('prefix', /10\.4\.0\.0\/24/));
      expect(await post('ipam/prefixes', { prefix: '0.0.0.0/0', vrf })).toMatchObject(refused('prefix'));
      expect(await post('ipam/prefixes', { prefix: '10.4.0.0/33', vrf })).toMatchObject({ status: 400 });
    });

    it('an address of IPv4 within IPv6 keeps its dots', async () => {
      const own = (await netbox.vrf()).id;
      expect(await netbox.make('ipam/ip-addresses', { address: '::ffff:a00:1/128', vrf: own })).toMatchObject({
        address: '::ffff:10.0.0.1/128',
      });
    });

    itWhere(isAtLeast(release, '4.7'))('blanks around a prefix are no part of it, and refused', async () => {
      expect(await post('ipam/prefixes', { prefix: ' 10.4.0.0/24', vrf })).toMatchObject(refused('prefix', /Invalid IP prefix/));
    });

    it('a prefix or a host is there once where its VRF asks for that, and twice where it does not', async () => {
      const [strict, loose] = [(await netbox.vrf()).id, (await netbox.vrf({ enforce_unique: false })).id];
      await netbox.make('ipam/prefixes', { prefix: '10.5.0.0/24', vrf: strict });
      expect(await post('ipam/prefixes', { prefix: '10.5.0.0/24', vrf: strict })).toMatchObject(refused('prefix', /Duplicate/));
      const rd = netbox.name('rd').slice(-21);
      const named = await netbox.vrf({ rd });
      await netbox.make('ipam/prefixes', { prefix: '10.5.0.0/24', vrf: named.id });
      expect((await post('ipam/prefixes', { prefix: '10.5.0.0/24', vrf: named.id })).text).toContain(`(${rd})`); // What a person calls it.
      await netbox.make('ipam/ip-addresses', { address: '10.5.0.1/24', vrf: strict });
      expect(await post('ipam/ip-addresses', { address: '10.5.0.1/32', vrf: strict })).toMatchObject(refused('address', /Duplicate/));
      for (let twice = 0; twice < 2; twice += 1) {
        await netbox.make('ipam/prefixes', { prefix: '10.5.0.0/24', vrf: loose });
        await netbox.make('ipam/ip-addresses', { address: '10.5.0.1/24', vrf: loose });
      }
    });

    it('a host may be shared by those whose roles say so, all of them', async () => {
      const own = (await netbox.vrf()).id;
      await netbox.make('ipam/ip-addresses', { address: '10.6.0.1/24', vrf: own, role: 'anycast' });
      await netbox.make('ipam/ip-addresses', { address: '10.6.0.1/24', vrf: own, role: 'vip' });
      expect(await post('ipam/ip-addresses', { address: '10.6.0.1/24', vrf: own })).toMatchObject(refused('address'));
      await netbox.make('ipam/ip-addresses', { address: '10.6.0.2/24', vrf: own, role: 'loopback' });
      expect(await post('ipam/ip-addresses', { address: '10.6.0.2/24', vrf: own, role: 'anycast' })).toMatchObject(refused('address'));
    });

    it('a DNS name is lower case and has the letters of one', async () => {
      const address = await netbox.make('ipam/ip-addresses', { address: '10.7.0.1/24', vrf, dns_name: 'WWW.Cust.Example' });
      expect(address['dns_name']).toBe('www.cust.example');
      expect(await patch(`ipam/ip-addresses/${address.id}`, { dns_name: 'a b' })).toMatchObject(refused('dns_name', /alphanumeric/));
      expect((await patch(`ipam/ip-addresses/${address.id}`, { dns_name: '*.cust.example' })).status).toBe(200);
    });

    it('ranges have one mask, go upwards and lie in no other range', async () => {
      const own = (await netbox.vrf()).id;
      const range = { start_address: '10.8.0.10/24', end_address: '10.8.0.20/24', vrf: own };
      expect(await netbox.make('ipam/ip-ranges', range)).toMatchObject({ size: 11, display: '10.8.0.10-20/24' });
      expect((await post('ipam/ip-ranges', { ...range, start_address: '10.8.0.20/24', end_address: '10.8.0.30/24' })).status).toBe(400);
      expect(await post('ipam/ip-ranges', { ...range, end_address: '10.8.0.50/25' })).toMatchObject(refused('end_address', /masks/));
      expect(await post('ipam/ip-ranges', { ...range, end_address: '10.8.0.1/24' })).toMatchObject(refused('end_address', /greater/));
      const one = { start_address: '10.8.0.100/24', end_address: '10.8.0.100/24', vrf: own };
      if (isAtLeast(release, '4.7'))
        expect(await netbox.make('ipam/ip-ranges', one)).toMatchObject({ size: 1, display: '10.8.0.100-10.8.0.100/24' });
      else expect((await post('ipam/ip-ranges', one)).status).toBe(400);
    });

    itWhere(isAtLeast(release, '4.3'))('a populated range takes no address', async () => {
      const own = (await netbox.vrf()).id;
      await netbox.make('ipam/ip-ranges', { start_address: '10.8.1.10/24', end_address: '10.8.1.20/24', vrf: own, mark_populated: true });
      expect(await post('ipam/ip-addresses', { address: '10.8.1.11/24', vrf: own })).toMatchObject(refused('address', /range/));
      await netbox.make('ipam/ip-addresses', { address: '10.8.1.21/24', vrf: own });
    });
  });

  describe('devices', () => {
    let device: number;
    let port: number;
    let site: number;

    beforeAll(async () => {
      const word = netbox.name('dc');
      const named = { name: word, slug: word };
      site = (await netbox.make('dcim/sites', named)).id;
      const manufacturer = (await netbox.make('dcim/manufacturers', named)).id;
      const type = await netbox.make('dcim/device-types', { model: word, slug: word, manufacturer });
      const role = await netbox.make('dcim/device-roles', { ...named, color: '00ff00' });
      device = (await netbox.make('dcim/devices', { name: word, site, device_type: type.id, role: role.id })).id;
      port = (await netbox.make('dcim/interfaces', { device, name: 'Loopback0', type: 'virtual' })).id;
      const twin = { name: word.toUpperCase(), site, device_type: type.id, role: role.id };
      expect((await post('dcim/devices', twin)).status).toBe(400);
    });

    it('an address on a port is neither the first nor the last of its network', async () => {
      const on = { assigned_object_type: 'dcim.interface', assigned_object_id: port, vrf };
      expect((await post('ipam/ip-addresses', { ...on, address: '10.9.0.0/24' })).json).toMatchObject({ __all__: [like(/network ID/)] });
      expect((await post('ipam/ip-addresses', { ...on, address: '10.9.0.255/24' })).json).toMatchObject({ __all__: [like(/broadcast/)] });
      const loopback = await netbox.make('ipam/ip-addresses', { ...on, address: '10.9.0.0/32', role: 'loopback' });
      expect(loopback['assigned_object']).toMatchObject({ id: port, device: { id: device } });
      expect(await netbox.rows(`ipam/ip-addresses/?device_id=${device}&interface_id=${port}&id=${loopback.id}`)).toHaveLength(1);
    });

    it('the primary address of a device cannot go elsewhere, and one that is not on it cannot become it', async () => {
      const free = await netbox.make('ipam/ip-addresses', { address: '10.9.1.1/32', vrf });
      expect(await patch(`dcim/devices/${device}`, { primary_ip4: free.id })).toMatchObject(refused('primary_ip4', /not assigned/));
      await patch(`ipam/ip-addresses/${free.id}`, { assigned_object_type: 'dcim.interface', assigned_object_id: port });
      expect((await patch(`dcim/devices/${device}`, { primary_ip4: free.id })).json).toMatchObject({ primary_ip: { id: free.id } });
      const moved = await patch(`ipam/ip-addresses/${free.id}`, { assigned_object_type: null, assigned_object_id: null });
      expect(moved).toMatchObject({ status: 400, json: { __all__: [like(/primary/)] } });
      await patch(`dcim/devices/${device}`, { primary_ip4: null });
      expect((await patch(`ipam/ip-addresses/${free.id}`, { assigned_object_type: null, assigned_object_id: null })).status).toBe(200);
    });

    it('a device has a context, which is left out by exclude before 4.7 and by nothing but omit after', async () => {
      expect((await netbox.get(`dcim/devices/${device}/`)).json).toHaveProperty('config_context');
      const excluded = await netbox.get(`dcim/devices/${device}/?exclude=config_context`);
      expect('config_context' in excluded.json).toBe(isAtLeast(release, '4.7'));
    });

    it('a port has VLANs in a mode that has them, of its site or of none', async () => {
      const vlan = await netbox.make('ipam/vlans', { vid: 77, name: netbox.name('v') });
      expect(await patch(`dcim/interfaces/${port}`, { untagged_vlan: vlan.id })).toMatchObject(refused('untagged_vlan'));
      expect((await patch(`dcim/interfaces/${port}`, { mode: 'tagged', tagged_vlans: [vlan.id] })).json['tagged_vlans']).toMatchObject([
        { vid: 77 },
      ]);
      await patch(`dcim/interfaces/${port}`, { mode: '', tagged_vlans: [] });
      expect((await post('dcim/interfaces', { device, name: 'Loopback0', type: 'virtual' })).status).toBe(400);
    });
  });

  describe('names and numbers', () => {
    it('a route target, an AS number and a route distinguisher are there once; a VRF name and a VNI are not', async () => {
      const name = netbox.name('rt').slice(-21);
      await netbox.make('ipam/route-targets', { name });
      expect(await post('ipam/route-targets', { name })).toMatchObject(refused('name', /already exists/));
      await netbox.vrf({ rd: name });
      expect(await post('ipam/vrfs', { name, rd: name })).toMatchObject(refused('rd', /already exists/));
      expect(await post('ipam/vrfs', { name, rd: 'x'.repeat(22) })).toMatchObject(refused('rd', /21/));
      const l2vpn = () => ({ name: netbox.name('l2'), slug: netbox.name('l2'), type: 'vxlan-evpn', identifier: 10_001 });
      await netbox.make('vpn/l2vpns', l2vpn());
      await netbox.make('vpn/l2vpns', l2vpn());
      const rir = (await netbox.make('ipam/rirs', { name: netbox.name('rir'), slug: netbox.name('rir') })).id;
      const asn = 4_200_000_000 + (Date.now() % 90_000_000);
      await netbox.make('ipam/asns', { asn, rir });
      expect(await post('ipam/asns', { asn, rir })).toMatchObject(refused('asn', /already exists/));
      expect(await post('ipam/asns', { asn: 0, rir })).toMatchObject(refused('asn'));
    });

    it('a tenant is there once in its group, and once in none', async () => {
      const group = (await netbox.make('tenancy/tenant-groups', { name: netbox.name('g'), slug: netbox.name('g') })).id;
      const tenant = { name: netbox.name('t'), slug: netbox.name('t') };
      await netbox.make('tenancy/tenants', tenant);
      expect((await post('tenancy/tenants', tenant)).status).toBe(400);
      await netbox.make('tenancy/tenants', { ...tenant, group });
      expect((await post('tenancy/tenants', { ...tenant, group })).status).toBe(400);
    });

    it('a VLAN is there once in its group, by number and by name, within its ranges; ungrouped ones repeat', async () => {
      const slug = netbox.name('vg');
      const group = (
        await netbox.make('ipam/vlan-groups', {
          name: slug,
          slug,
          vid_ranges: [
            [100, 199],
            [300, 300],
          ],
        })
      ).id;
      await netbox.make('ipam/vlans', { vid: 100, name: 'a', group });
      const twice = await post('ipam/vlans', { vid: 100, name: 'b', group });
      expect(Object.keys(twice.json)).toEqual([noField]);
      const both = await post('ipam/vlans', { vid: 100, name: 'a', group });
      expect(both.json[noField]).toHaveLength(isAtLeast(release, '4.7') ? 2 : 1); // Each rule that it breaks has its words.
      expect((await post('ipam/vlan-groups', { name: `${slug}y`, slug: `${slug}y`, vid_ranges: [] })).status).toBe(400);
      expect((await post('ipam/vlans', { vid: 101, name: 'a', group })).status).toBe(400);
      expect(await post('ipam/vlans', { vid: 200, name: 'c', group })).toMatchObject(refused('vid'));
      expect(await post('ipam/vlans', { vid: 4095, name: 'c' })).toMatchObject(refused('vid'));
      expect(
        (
          await post('ipam/vlan-groups', {
            name: `${slug}x`,
            slug: `${slug}x`,
            vid_ranges: [
              [1, 20],
              [10, 30],
            ],
          })
        ).status,
      ).toBe(400);
      const name = netbox.name('v');
      await netbox.make('ipam/vlans', { vid: 100, name });
      await netbox.make('ipam/vlans', { vid: 100, name });
    });

    itWhere(isAtLeast(release, '4.7'))('a VLAN of a customer is in one of a provider, and no other is', async () => {
      const name = netbox.name('q');
      expect(await post('ipam/vlans', { vid: 50, name, qinq_role: 'cvlan' })).toMatchObject(refused('qinq_role'));
      const provider = await netbox.make('ipam/vlans', { vid: 50, name, qinq_role: 'svlan' });
      expect(await post('ipam/vlans', { vid: 51, name, qinq_svlan: provider.id })).toMatchObject(refused('qinq_svlan'));
      await netbox.make('ipam/vlans', { vid: 51, name, qinq_role: 'cvlan', qinq_svlan: provider.id });
    });

    it('a VLAN is in one L2VPN', async () => {
      const vlan = await netbox.make('ipam/vlans', { vid: 500, name: netbox.name('v') });
      const [first, second] = [netbox.name('l2'), netbox.name('l2')];
      const [one, two] = await Promise.all(
        [first, second].map((slug) => netbox.make('vpn/l2vpns', { name: slug, slug, type: 'vxlan-evpn', identifier: 12 })),
      );
      const end = { assigned_object_type: 'ipam.vlan', assigned_object_id: vlan.id };
      const termination = await netbox.make('vpn/l2vpn-terminations', { ...end, l2vpn: one?.id ?? 0 });
      expect((await post('vpn/l2vpn-terminations', { ...end, l2vpn: two?.id })).status).toBe(400);
      expect(await netbox.rows(`vpn/l2vpn-terminations/?vlan_id=${vlan.id}&l2vpn_id=${one?.id}`)).toMatchObject([{ id: termination.id }]);
      expect(await netbox.rows(`ipam/vlans/?l2vpn_id=${one?.id}`)).toMatchObject([
        { id: vlan.id, l2vpn_termination: { id: termination.id } },
      ]);
    });

    it('an L2VPN ends in what is a port of it, before 4.7; then in anything, also in what is not there', async () => {
      const slug = netbox.name('l2');
      const l2vpn = (await netbox.make('vpn/l2vpns', { name: slug, slug, type: 'vxlan-evpn' })).id;
      const prefix = await netbox.make('ipam/prefixes', { prefix: '10.21.0.0/24', vrf });
      const end = { assigned_object_type: 'ipam.prefix', assigned_object_id: prefix.id, l2vpn };
      if (!isAtLeast(release, '4.7')) {
        expect(await post('vpn/l2vpn-terminations', end)).toMatchObject(refused('assigned_object_type'));
        return;
      }
      expect(await netbox.make('vpn/l2vpn-terminations', end)).toMatchObject({ assigned_object: { id: prefix.id } });
      const nowhere = { assigned_object_type: 'ipam.vlan', assigned_object_id: 999_999_999, l2vpn };
      expect(await netbox.make('vpn/l2vpn-terminations', nowhere)).toMatchObject({ assigned_object: null, display: like(/^None <> /) });
    });

    it('a group is not below itself, nor below what is in it', async () => {
      const [top, inner] = [netbox.name('g'), netbox.name('g')];
      const group = await netbox.make('tenancy/tenant-groups', { name: top, slug: top });
      const child = await netbox.make('tenancy/tenant-groups', { name: inner, slug: inner, parent: group.id });
      for (const parent of [group.id, child.id])
        expect(await patch(`tenancy/tenant-groups/${group.id}`, { parent })).toMatchObject(refused('parent', /descendant/));
    });
  });

  describe('deleting', () => {
    it('is refused while something depends on it, which is named', async () => {
      const own = await netbox.vrf();
      const prefix = await netbox.make('ipam/prefixes', { prefix: '10.20.0.0/24', vrf: own.id });
      const { status, json } = await netbox.call('DELETE', `ipam/vrfs/${own.id}/`);
      expect(status).toBe(409);
      expect(json['detail']).toMatch(/^Unable to delete object\. 1 dependent objects were found: 10\.20\.0\.0\/24/);
      expect((await netbox.call('DELETE', `ipam/prefixes/${prefix.id}/`)).status).toBe(204);
      expect((await netbox.call('DELETE', `ipam/vrfs/${own.id}/`)).status).toBe(204);
      expect((await netbox.call('DELETE', `ipam/vrfs/${own.id}/`)).status).toBe(404);
    });

    it('takes some with it and is forgotten by others', async () => {
      const slug = netbox.name('x');
      const role = await netbox.make('ipam/roles', { name: slug, slug });
      const vlan = await netbox.make('ipam/vlans', { vid: 9, name: slug, role: role.id });
      const l2vpn = await netbox.make('vpn/l2vpns', { name: slug, slug, type: 'vpls' });
      const end = await netbox.make('vpn/l2vpn-terminations', {
        l2vpn: l2vpn.id,
        assigned_object_type: 'ipam.vlan',
        assigned_object_id: vlan.id,
      });
      expect((await netbox.call('DELETE', `ipam/roles/${role.id}/`)).status).toBe(204);
      expect((await netbox.get(`ipam/vlans/${vlan.id}/`)).json['role']).toBeNull();
      expect((await netbox.call('DELETE', `vpn/l2vpns/${l2vpn.id}/`)).status).toBe(204);
      expect((await netbox.get(`vpn/l2vpn-terminations/${end.id}/`)).status).toBe(404);
      expect((await netbox.get(`ipam/vlans/${vlan.id}/`)).json['l2vpn_termination']).toBeNull();
    });
  });
});
