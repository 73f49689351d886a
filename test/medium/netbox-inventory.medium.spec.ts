// What is read of a NetBox, release by release: every kind, page by page, what others changed, and what a connection needs.
import http from 'node:http';
import { NetBoxInventory } from '#adapters/netbox';
import { isSignedByNetBox, parseNetBoxWebhook } from '#contexts/sync';
import type { InventoryKind } from '#contexts/sync/ports';
import type { Fields } from '#engines/reconcile';
import type { JsonObject, RequestLine } from '../../apps/lab/src/netbox-simulator/index.js';
import {
  ALL,
  bare,
  closeRooms,
  connect,
  create,
  doneOf,
  made,
  one,
  ref,
  scanned,
  signal,
  start,
  stored,
  update,
  written,
} from '../support/netbox-room.js';

afterEach(closeRooms);

describe.each(['4.2', '4.5', '4.6', '4.7'] as const)('NetBox %s', (version) => {
  it('is probed without a write: fields by release, and what the settings lack', async () => {
    const netbox = await bare(version);
    const found = await connect(netbox).probe(signal);
    expect(found).toMatchObject({ version: expect.stringMatching(`^${version}`), isSingleWriter: false });
    expect(found.kinds.get('l2vpn')?.includes('status')).toBe(version !== '4.2');
    expect(found.kinds.get('ipAddress')).not.toContain('interface');
    expect([...(found.lacking ?? [])]).toEqual([
      ['asn', expect.stringContaining('rir')],
      ['device', expect.stringContaining('device.role')],
      ['interface', expect.stringContaining('device.role')],
    ]);
    expect(netbox.requests.filter((line) => !line.startsWith('GET '))).toEqual([]);

    const named = await connect(netbox, { settings: { ...ALL, createMissing: false } }).probe(signal);
    expect(named.lacking?.get('device')).toBe(
      'NetBox has no site par1 and no device role leaf and no device type vtep: make it there, or let the settings say createMissing',
    );
  });

  it('takes every kind, gives it back as it was written, marked, and once', async () => {
    const room = await start(version, {}, ALL);
    const { inventory, netbox } = room;
    const tenant = await made(room, 'tenant', 'ten_1', { name: 'Acme', slug: 'acme', description: null });
    const target = await made(room, 'routeTarget', 'rt_1', { name: '65051:10010', tenant: ref('tenant', tenant), description: 'all' });
    const targets = { importTargets: [ref('routeTarget', target)], exportTargets: [ref('routeTarget', target)] };
    const vrf = await made(room, 'vrf', 'vrf_1', { name: 'acme', tenant: ref('tenant', tenant), ...targets, description: null });
    const group = await made(room, 'vlanGroup', 'vld_1', { name: 'Paris', slug: 'paris', description: null });
    const vlanFields = {
      vid: 100,
      name: 'web',
      group: ref('vlanGroup', group),
      tenant: ref('tenant', tenant),
      status: 'reserved',
      description: null,
    };
    const vlan = await made(room, 'vlan', 'vlan_1', vlanFields);
    const l2vpnFields = { name: 'web', slug: 'web', identifier: 10010, tenant: ref('tenant', tenant), ...targets, description: 'segment' };
    const l2vpn = await made(room, 'l2vpn', 'net_1', { ...l2vpnFields, ...(version === '4.2' ? {} : { status: 'deprecated' }) });
    const ends = { l2vpn: ref('l2vpn', l2vpn), vlan: ref('vlan', vlan) };
    const termination = await made(room, 'l2vpnTermination', 'net_1:term', ends);
    const inVrf = { vrf: ref('vrf', vrf), tenant: ref('tenant', tenant), status: 'active', description: null };
    const prefix = await made(room, 'prefix', 'pfx_1', { prefix: '10.20.0.0/24', vlan: ref('vlan', vlan), isPool: true, ...inVrf });
    const range = await made(room, 'ipRange', 'rng_1', { start: '10.20.0.100', end: '10.20.0.120', ...inVrf });
    const asn = await made(room, 'asn', 'asn_1', { asn: 4_200_000_000, description: 'fabric' });
    const device = await made(room, 'device', 'dev_1', { name: 'leaf1', status: 'active', description: null });
    const iface = await made(room, 'interface', 'if_1', { device: ref('device', device), name: 'Loopback0', description: null });
    const addressFields = {
      host: '2001:db8::5',
      length: 64,
      dnsName: 'web1.cust.example',
      role: 'loopback',
      interface: ref('interface', iface),
      ...inVrf,
    };
    const address = await made(room, 'ipAddress', 'ip_1', addressFields);

    expect(vlan.fields).toEqual(vlanFields);
    expect(l2vpn.fields).toEqual({ ...l2vpnFields, ...(version === '4.2' ? {} : { status: 'deprecated' }) });
    expect(termination).toMatchObject({ fields: ends, mark: 'net_1:term' });
    expect(range.fields).toEqual({ start: '10.20.0.100', end: '10.20.0.120', ...inVrf });
    expect(asn.fields).toEqual({ asn: 4_200_000_000, description: 'fabric' });
    expect(address.fields).toEqual(addressFields);
    expect(prefix).toMatchObject({ mark: 'pfx_1', label: '10.20.0.0/24 (VRF acme)', fields: { isPool: true } });
    expect(stored(room, 'ipam/prefixes', prefix.remoteId)).toMatchObject({ tags: ['managed-by-trame'], custom: { trame_id: 'pfx_1' } });
    // As it is read is as it was answered, and writing it again makes no twin.
    expect(await one(room, 'ipAddress', address.remoteId)).toEqual(address);
    expect(await inventory.findMarked('ipAddress', ['ip_1', 'ip_2'], signal)).toEqual([address]);
    expect(await made(room, 'ipAddress', 'ip_1', addressFields)).toEqual(address);
    expect(netbox.state.count('ipam/ip-addresses')).toBe(1);
  });

  it('is written in lists of at most a hundred, and read a page at a time', async () => {
    const room = await start(version);
    const writes = Array.from({ length: 250 }, (_, at) => create(`vlan_${at}`, { vid: at + 1, name: `v${at}`, status: 'active' }));
    const before = room.netbox.requests.length;
    const outcomes = await room.inventory.write('vlan', writes, signal);
    expect(outcomes.map((outcome) => doneOf(outcome).mark)).toEqual(writes.map((write) => ('mark' in write ? write.mark : '')));
    expect(written(room).filter((line) => line.startsWith('POST /api/ipam/vlans/'))).toHaveLength(3);
    expect(room.netbox.requests.length - before).toBeLessThanOrEqual(9);
    expect((await room.inventory.findMarked('vlan', ['vlan_0', 'vlan_249', 'vlan_250'], signal)).map(({ mark }) => mark)).toEqual([
      'vlan_0',
      'vlan_249',
    ]);
  });

  it('is scanned in pages that rows coming and going do not shift', async () => {
    const room = await start(version, { maxPageSize: 100 });
    const { netbox, inventory } = room;
    const ids = netbox.state.seed(
      'ipam/prefixes',
      Array.from({ length: 250 }, (_, at) => ({ prefix: `10.0.${at}.0/24` })),
    );
    const first = await inventory.scan('prefix', null, signal);
    expect(first).toMatchObject({ total: 250, objects: { length: 100 } });
    for (const id of ids.slice(0, 30)) netbox.state.remove('ipam/prefixes', id);
    netbox.state.seed('ipam/prefixes', [{ prefix: '10.1.0.0/24' }]);
    const second = await inventory.scan('prefix', first.next, signal);
    const third = await inventory.scan('prefix', second.next, signal);
    expect([second, third].map(({ objects, total }) => [objects.length, total])).toEqual([
      [100, 250],
      [51, 250],
    ]);
    expect(third.next).toBeNull();
    expect([...first.objects, ...second.objects, ...third.objects].map(({ order }) => order)).toEqual([...ids, (ids.at(-1) ?? 0) + 1]);
    expect(netbox.requests.filter((line) => line.startsWith('GET /api/ipam/prefixes/'))).toHaveLength(3);
  });

  it('a scan during which rows went is complete; one that lost rows is not', async () => {
    const room = await start(version, { maxPageSize: 40 });
    const { netbox, inventory } = room;
    const ids = netbox.state.seed(
      'ipam/vlans',
      Array.from({ length: 100 }, (_, at) => ({ vid: at + 1, name: `v${at}` })),
    );
    const first = await inventory.scan('vlan', null, signal);
    for (const id of ids.slice(-10)) netbox.state.remove('ipam/vlans', id);
    const second = await inventory.scan('vlan', first.next, signal);
    expect(await inventory.scan('vlan', second.next, signal)).toMatchObject({ objects: { length: 10 }, next: null, total: 90 });
    const isSecond = ({ parameters }: RequestLine) => parameters.has('start') || parameters.has('id__gt');
    const cut = (answer: unknown) => ({ ...(answer as JsonObject), results: [], count: 0, next: null });
    netbox.faults.add({ kind: 'rewritten', when: isSecond, rewrite: cut });
    await expect(inventory.scan('vlan', first.next, signal)).rejects.toMatchObject({
      code: 'NETBOX_INCOMPLETE',
      facts: { retriable: true },
    });
  });

  it('an object with the key of one of ours is found where it is, and nowhere else', async () => {
    const room = await start(version, { enforceGlobalUnique: false });
    const { netbox, inventory } = room;
    const [red = 0, blue = 0] = netbox.state.seed('ipam/vrfs', [{ name: 'red' }, { name: 'blue' }]);
    const [global, inRed] = netbox.state.seed('ipam/prefixes', [
      { prefix: '10.0.0.0/24' },
      { prefix: '10.0.0.0/24', vrf: red },
      { prefix: '10.1.0.0/24', vrf: red },
    ]);
    const like = async (kind: InventoryKind, ...alike: Fields[]) =>
      (await inventory.findAlike(kind, alike, signal)).map(({ order }) => order);
    const vrf = (id: number) => ({ kind: 'vrf', id: `~${id}` });
    expect(await like('prefix', { prefix: '10.0.0.0/24', vrf: vrf(red) })).toEqual([inRed]);
    expect(await like('prefix', { prefix: '10.0.0.0/24', vrf: null })).toEqual([global]);
    expect(await like('prefix', { prefix: '10.0.0.0/24', vrf: vrf(blue) }, { prefix: '10.2.0.0/24', vrf: vrf(red) })).toEqual([]);
    expect(await like('prefix', { prefix: '10.0.0.0/24', vrf: vrf(9999) }), 'a VRF that is gone').toEqual([]);
    expect(await like('prefix', { prefix: '10.0.0.0/24', vrf: { kind: 'vrf', id: 'vrf_ours' } }), 'a VRF that is not there yet').toEqual(
      [],
    );

    const [address] = netbox.state.seed('ipam/ip-addresses', [
      { address: '10.0.0.5/24', vrf: red },
      { address: '10.0.0.50/24', vrf: red },
    ]);
    expect(await like('ipAddress', { host: '10.0.0.5', length: 32, vrf: vrf(red) })).toEqual([address]);
    const [range] = netbox.state.seed('ipam/ip-ranges', [{ start_address: '10.0.0.10/24', end_address: '10.0.0.20/24', vrf: red }]);
    expect(
      await like(
        'ipRange',
        { start: '10.0.0.10', end: '10.0.0.20', vrf: vrf(red) },
        { start: '10.0.0.10', end: '10.0.0.21', vrf: vrf(red) },
      ),
    ).toEqual([range]);
    const [group = 0] = netbox.state.seed('ipam/vlan-groups', [{ name: 'g', slug: 'g' }]);
    const [grouped] = netbox.state.seed('ipam/vlans', [
      { vid: 5, name: 'a', group },
      { vid: 5, name: 'b' },
      { vid: 6, name: 'c', group },
    ]);
    expect(await like('vlan', { vid: 5, group: { kind: 'vlanGroup', id: `~${group}` } })).toEqual([grouped]);
    const [l2vpn = 0] = netbox.state.seed('vpn/l2vpns', [{ name: 'x', slug: 'x', type: 'vxlan', identifier: 10010 }]);
    expect(await like('l2vpn', { identifier: 10010 }, { identifier: 10011 })).toEqual([l2vpn]);
    const [end] = netbox.state.seed('vpn/l2vpn-terminations', [
      { l2vpn, assigned_object_type: 'ipam.vlan', assigned_object_id: grouped ?? 0 },
    ]);
    const ends = { l2vpn: { kind: 'l2vpn', id: `~${l2vpn}` }, vlan: { kind: 'vlan', id: `~${grouped}` } };
    expect(await like('l2vpnTermination', ends, { ...ends, vlan: { kind: 'vlan', id: '~9999' } })).toEqual([end]);
    expect(await like('tenant', { slug: 'nobody' })).toEqual([]);
    expect(await like('vrf', { name: 'red', tenant: null })).toEqual([red]);
    expect(await like('vrf', { name: 'red', tenant: { kind: 'tenant', id: '~1' } }), 'of another tenant').toEqual([]);
    expect(await like('ipRange', { start: '10.0.0.10', end: '10.0.0.21', vrf: vrf(red) }), 'with another end').toEqual([]);
  });

  it('its change log tells what others did, and not what we did', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    const ours = await made(room, 'tenant', 'ten_1', { name: 'a', slug: 'a' });
    const begin = await inventory.changedSince(null, signal);
    expect(begin).toMatchObject({ changed: [], isMore: false, isGap: false });
    expect(await inventory.changedSince(begin.next, signal)).toMatchObject({ changed: [], isGap: false });

    await inventory.write('tenant', [update(ours, { description: 'ours' })], signal);
    const [vrf = 0] = netbox.state.seed('ipam/vrfs', [{ name: 'red' }]);
    netbox.state.change('ipam/vrfs', vrf, { description: 'by hand' });
    netbox.state.change('tenancy/tenants', ours.order, { name: 'by hand' });
    netbox.state.remove('ipam/vrfs', vrf);
    const then = await inventory.changedSince(begin.next, signal);
    expect(then.changed).toEqual([
      { kind: 'vrf', remoteId: String(vrf), isDelete: false },
      { kind: 'tenant', remoteId: ours.remoteId, isDelete: false },
      { kind: 'vrf', remoteId: String(vrf), isDelete: true },
    ]);
    expect(await inventory.changedSince(then.next, signal)).toMatchObject({ changed: [], isGap: false });
    // Another process of ours knows the change by its message, where the release has messages; else it reads the object once more.
    const another = await connect(netbox).changedSince(begin.next, signal);
    expect(another.changed.filter(({ kind }) => kind === 'tenant')).toHaveLength(version === '4.2' ? 2 : 1);
    expect(await inventory.changedSince('1000000;', signal), 'restored from a backup').toMatchObject({ isGap: true });
  });

  it('its webhooks are known by their signature, and say what to read again', async () => {
    const room = await start(version);
    const { netbox } = room;
    const received: { body: string; signature: string }[] = [];
    const receiver = http.createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      received.push({ body, signature: String(request.headers['x-hook-signature']) });
      response.end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as { port: number };
    const [hook = 0] = netbox.state.seed('extras/webhooks', [
      { name: 'trame', payload_url: `http://127.0.0.1:${port}/hooks`, secret: 'whisper' },
    ]);
    const events = ['object_created', 'object_updated', 'object_deleted'];
    netbox.state.seed('extras/event-rules', [
      {
        name: 'trame',
        object_types: ['tenancy.tenant', 'dcim.site'],
        event_types: events,
        action_type: 'webhook',
        action_object_type: 'extras.webhook',
        action_object_id: hook,
      },
    ]);
    const [tenant = 0] = netbox.state.seed('tenancy/tenants', [{ name: 'a', slug: 'a' }]);
    const [site = 0] = netbox.state.seed('dcim/sites', [{ name: 'par1', slug: 'par1' }]);
    netbox.state.change('tenancy/tenants', tenant, { name: 'by hand' });
    netbox.state.change('dcim/sites', site, { name: 'Paris' });
    await netbox.idle();
    netbox.state.remove('tenancy/tenants', tenant);
    await netbox.idle();
    await new Promise((resolve) => receiver.close(resolve));

    for (const { body, signature } of received) {
      expect(isSignedByNetBox(body, signature, 'whisper')).toBe(true);
      expect(isSignedByNetBox(body, signature, 'guessed')).toBe(false);
    }
    const hints = received.flatMap(({ body }) => parseNetBoxWebhook(body) ?? []);
    expect(hints).toEqual([
      { kind: 'tenant', remoteId: String(tenant) },
      { kind: 'tenant', remoteId: String(tenant) },
    ]);
  });
});

describe('what is asked of the custom field', () => {
  it('is made once, by whoever may write first', async () => {
    const room = await start('4.6', {}, { createMissing: true });
    const before = written(room);
    expect(before.map((line) => line.split('?')[0])).toEqual([
      'POST /api/extras/custom-fields/',
      'POST /api/extras/tags/',
      'POST /api/extras/tags/',
    ]);
    await connect(room.netbox).prepare(signal);
    expect(written(room)).toEqual(before);
  });

  it('is added to one that is there, and what people set of it stays', async () => {
    const netbox = await bare('4.5');
    netbox.state.seed('extras/custom-fields', [
      { name: 'trame_id', type: 'text', label: 'Our id', ui_visible: 'always', object_types: ['ipam.prefix', 'dcim.site'] },
    ]);
    const inventory = connect(netbox);
    const creating = () => inventory.write('tenant', [create('ten_a', { name: 'a', slug: 'a' })], signal);
    await expect(creating()).rejects.toMatchObject({ code: 'NETBOX_NOT_PREPARED' });
    await inventory.prepare(signal);
    expect(Object.keys((await creating())[0] ?? {})).toEqual(['done']);
    const [field] = netbox.state.objects('extras/custom-fields');
    expect(field?.values).toMatchObject({ label: 'Our id', ui_visible: 'always', unique: true });
    expect(field?.values['object_types']).toEqual(expect.arrayContaining(['dcim.site', 'ipam.prefix', 'tenancy.tenant']));
  });

  it('one of another type is not taken', async () => {
    const netbox = await bare('4.6');
    netbox.state.seed('extras/custom-fields', [{ name: 'trame_id', type: 'integer', object_types: ['ipam.prefix'] }]);
    await expect(connect(netbox).probe(signal)).rejects.toMatchObject({
      code: 'NETBOX_NOT_PREPARED',
      message: expect.stringContaining('type text'),
    });
  });

  it('without it nothing is ours, and nobody is asked for all there is', async () => {
    const netbox = await bare('4.6');
    netbox.state.seed('tenancy/tenants', [{ name: 'a', slug: 'a' }]);
    const inventory = connect(netbox);
    expect(await scanned(inventory, 'tenant')).toMatchObject([{ mark: null }]);
    const before = netbox.requests.length;
    expect(await inventory.findMarked('tenant', ['ten_a'], signal)).toEqual([]);
    expect(netbox.requests).toHaveLength(before);
  });
});

describe('a connection', () => {
  it.each([
    ['4.4', 1],
    ['4.7', 1],
    ['4.7', 2],
  ] as const)('of %s takes a token of version %i, below a path', async (version, tokenVersion) => {
    const { inventory } = await start(version, { tokenVersion, basePath: '/tools/netbox' });
    expect(await scanned(inventory, 'tenant')).toEqual([]);
  });

  it('to an address that is no NetBox, or with a wrong token, is an error', async () => {
    const { netbox } = await start('4.6', { basePath: '/netbox' });
    const probing = (url: string, token = netbox.token) => new NetBoxInventory({ name: 'x', url, token }).probe(signal);
    await expect(probing(netbox.url.replace('/netbox', ''))).rejects.toMatchObject({ code: 'NETBOX_UNEXPECTED_ANSWER' });
    await expect(probing(netbox.url, 'nbt_a.b')).rejects.toMatchObject({ code: 'NETBOX_UNAUTHORIZED', facts: { retriable: false } });
  });

  it('an address of Proxmox keeps its description, and one on the interface of a machine stays there', async () => {
    const room = await start('4.6', {}, ALL);
    const [id = 0] = room.netbox.state.seed('ipam/ip-addresses', [{ address: '10.0.0.5/24', description: 'mac:bc:24:11:00:00:01' }]);
    const address = await one(room, 'ipAddress', String(id));
    expect(address.fields).not.toHaveProperty('description');
    const now = doneOf(
      (await room.inventory.write('ipAddress', [update(address, { description: 'web', dnsName: 'web.cust.example' })], signal))[0],
    );
    expect(now.fields).toMatchObject({ dnsName: 'web.cust.example' });
    expect(stored(room, 'ipam/ip-addresses', String(id)).values['description']).toBe('mac:bc:24:11:00:00:01');
  });
});
