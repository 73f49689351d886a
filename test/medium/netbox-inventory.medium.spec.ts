// The adapter of NetBox against the simulator of the lab: what it reads, writes once, leaves alone, and never takes for an empty list.
import http from 'node:http';
import { isSignedByNetBox, NetBoxInventory, type NetBoxSettings, parseNetBoxWebhook } from '#adapters/netbox';
import type { ForeignObject, ForeignWrite, InventoryKind, WriteOutcome } from '#contexts/sync/ports';
import type { Fields } from '#engines/reconcile';
import {
  type FaultKind,
  type JsonObject,
  type NetBoxRelease,
  type NetBoxSimulator,
  type NetBoxSimulatorOptions,
  type RequestLine,
  startNetBoxSimulator,
} from '../../apps/lab/src/netbox-simulator/index.js';

const { signal } = new AbortController();
const ALL: NetBoxSettings = { device: { role: 'leaf', deviceType: 'vtep', site: 'par1' }, rir: 'private', createMissing: true };

const TYPES = ['ipam.vrf', 'ipam.vlan', 'ipam.vlangroup', 'ipam.prefix', 'ipam.iprange', 'ipam.ipaddress', 'ipam.routetarget'].concat([
  'tenancy.tenant',
  'vpn.l2vpn',
  'vpn.l2vpntermination',
]);

const running: NetBoxSimulator[] = [];
afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.close();
});

interface Room {
  readonly netbox: NetBoxSimulator;
  readonly inventory: NetBoxInventory;
}

function connect(
  netbox: NetBoxSimulator,
  options: { settings?: NetBoxSettings; token?: string; name?: string; writeMs?: number } = {},
): NetBoxInventory {
  const { settings = {}, token = netbox.token, name = 'netbox', writeMs = 20_000 } = options;
  return new NetBoxInventory({ name, url: netbox.url, token, settings, timing: { readMs: 20_000, writeMs, againMs: 2 } });
}

async function start(version: NetBoxRelease, options: NetBoxSimulatorOptions = {}, settings: NetBoxSettings = {}): Promise<Room> {
  const netbox = await startNetBoxSimulator({ version, ...options });
  running.push(netbox);
  const inventory = connect(netbox, { settings });
  if (settings.createMissing) await inventory.prepare(signal);
  else prepared(netbox);
  return { netbox, inventory };
}

/** As `prepare()` leaves it; sooner. */
function prepared(netbox: NetBoxSimulator): void {
  const field = { name: 'trame_id', type: 'text', unique: true, filter_logic: 'exact', object_types: TYPES };
  netbox.state.seed('extras/custom-fields', [field]);
  netbox.state.seed('extras/tags', [
    { name: 'managed-by-trame', slug: 'managed-by-trame' },
    { name: 'trame-deprecated', slug: 'trame-deprecated' },
  ]);
}

const ref = (kind: InventoryKind, { remoteId }: ForeignObject) => ({ kind, id: `~${remoteId}` });
const create = (mark: string, fields: Fields): ForeignWrite => ({ verb: 'CREATE', mark, fields });
const update = ({ remoteId, version }: ForeignObject, fields: Fields): ForeignWrite => ({ verb: 'UPDATE', remoteId, version, fields });
const drop = ({ remoteId, version }: ForeignObject, mark: string): ForeignWrite => ({ verb: 'DELETE', remoteId, version, mark });

function doneOf(outcome: WriteOutcome | undefined): ForeignObject {
  if (outcome && 'done' in outcome && outcome.done) return outcome.done;
  throw new Error(`not done: ${JSON.stringify(outcome)}`);
}

async function made({ inventory }: Room, kind: InventoryKind, mark: string, fields: Fields): Promise<ForeignObject> {
  return doneOf((await inventory.write(kind, [create(mark, fields)], signal))[0]);
}

async function scanned(inventory: NetBoxInventory, kind: InventoryKind): Promise<ForeignObject[]> {
  const all: ForeignObject[] = [];
  for (let after: string | null = null; ; ) {
    const page = await inventory.scan(kind, after, signal);
    all.push(...page.objects);
    if (page.next === null) return all;
    after = page.next;
  }
}

async function one({ inventory }: Room, kind: InventoryKind, remoteId: string): Promise<ForeignObject> {
  const [found] = await inventory.get(kind, [remoteId], signal);
  if (!found) throw new Error(`there is no ${kind} ${remoteId}`);
  return found;
}

const stored = ({ netbox }: Room, path: string, remoteId: string) =>
  netbox.state.objects(path).find(({ id }) => String(id) === remoteId) ?? { values: {} as JsonObject, tags: [], custom: {} as JsonObject };
const written = ({ netbox }: Room): string[] => netbox.requests.filter((line) => !line.startsWith('GET '));
const to =
  (method: string, path: string) =>
  (request: RequestLine): boolean =>
    request.method === method && request.path.startsWith(`/api/${path}/`);
const without = (row: JsonObject, column: string): JsonObject =>
  Object.fromEntries(Object.entries(row).filter(([name]) => name !== column));
const tag = (room: Room, slug: string): void => void room.netbox.state.seed('extras/tags', [{ name: slug, slug }]);

describe.each(['4.2', '4.5', '4.6', '4.7'] as const)('NetBox %s', (version) => {
  it('is probed without a write: fields by release, and what the settings lack', async () => {
    const netbox = await startNetBoxSimulator({ version });
    running.push(netbox);
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

  it('one bad object is refused in its words, and the others go on', async () => {
    const room = await start(version);
    const { inventory, netbox } = room;
    const writes = Array.from({ length: 40 }, (_, at) =>
      create(`vlan_${at}`, { vid: at === 7 ? 5000 : at + 1, name: `v${at}`, status: at === 30 ? 'unheard-of' : 'active' }),
    );
    const outcomes = await inventory.write('vlan', writes, signal);
    expect(outcomes.filter((outcome) => 'done' in outcome)).toHaveLength(38);
    expect(outcomes[7]).toEqual({ refused: expect.stringMatching(/^vid: /) });
    expect(outcomes[30]).toEqual({ refused: expect.stringMatching(/^status: /) });
    expect(netbox.state.count('ipam/vlans')).toBe(38);
    expect(
      written(room).filter((line) => line.startsWith('POST /api/ipam/vlans/')),
      'NetBox named both',
    ).toHaveLength(2);

    const there = await scanned(inventory, 'vlan');
    const changes = there.map((vlan, at) => update(vlan, at === 5 ? { name: 'x'.repeat(70) } : { name: `renamed ${at}` }));
    const changed = await inventory.write('vlan', changes, signal);
    expect(changed.filter((outcome) => 'done' in outcome)).toHaveLength(37);
    expect(changed[5]).toEqual({ refused: expect.stringMatching(/^name: /) });
  });

  it('what two of one list do to one another refuses one of them', async () => {
    const room = await start(version);
    const group = await made(room, 'vlanGroup', 'vld_1', { name: 'Paris', slug: 'paris' });
    const twins = ['a', 'b'].map((name) => create(`vlan_${name}`, { vid: 9, name, group: ref('vlanGroup', group), status: 'active' }));
    const outcomes = await room.inventory.write('vlan', [...twins, create('vlan_c', { vid: 10, name: 'c', status: 'active' })], signal);
    expect(outcomes.map((outcome) => Object.keys(outcome)[0])).toEqual(['done', 'refused', 'done']);
    expect(room.netbox.state.count('ipam/vlans')).toBe(2);
  });

  it('tags and custom fields of others stay, through every verb', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    tag(room, 'theirs');
    netbox.state.seed('extras/custom-fields', [{ name: 'rack', type: 'text', object_types: ['ipam.prefix', 'tenancy.tenant'] }]);
    const theirs = { tags: [{ slug: 'theirs' }], custom_fields: { rack: 'R1' } };
    const [prefixId] = netbox.state.seed('ipam/prefixes', [{ prefix: '10.0.0.0/24', description: 'by hand', ...theirs }]);
    const [tenantId] = netbox.state.seed('tenancy/tenants', [{ name: 'Acme', slug: 'acme', ...theirs }]);

    for (const [kind, path, id] of [
      ['prefix', 'ipam/prefixes', prefixId],
      ['tenant', 'tenancy/tenants', tenantId],
    ] as const) {
      const found = await one(room, kind, String(id));
      const marked = doneOf(
        (await inventory.write(kind, [{ verb: 'MARK', remoteId: found.remoteId, version: found.version, mark: 'ours_1' }], signal))[0],
      );
      expect(marked).toMatchObject({ mark: 'ours_1', fields: found.fields });
      const going = doneOf(
        (await inventory.write(kind, [{ verb: 'DEPRECATE', remoteId: found.remoteId, version: marked.version }], signal))[0],
      );
      const now = stored(room, path, found.remoteId);
      expect([...now.tags].sort()).toEqual(['managed-by-trame', 'theirs', ...(kind === 'tenant' ? ['trame-deprecated'] : [])]);
      expect(now.custom).toEqual({ rack: 'R1', trame_id: 'ours_1' });
      if (kind === 'prefix') expect(going.fields).toMatchObject({ status: 'deprecated' });

      const back = doneOf((await inventory.write(kind, [update(going, { description: 'kept after all' })], signal))[0]);
      expect(back.fields).toMatchObject({ description: 'kept after all' });
      expect([...stored(room, path, found.remoteId).tags].sort()).toEqual(['managed-by-trame', 'theirs']);
      expect(await inventory.write(kind, [drop(back, 'ours_1')], signal)).toEqual([{ done: null }]);
      expect(netbox.state.count(path)).toBe(0);
    }
  });

  it('a write that changes nothing is not sent', async () => {
    const room = await start(version);
    const tenant = await made(room, 'tenant', 'ten_1', { name: 'Acme', slug: 'acme', description: 'a' });
    const before = written(room).length;
    expect(await room.inventory.write('tenant', [update(tenant, { description: 'a' })], signal)).toEqual([{ done: tenant }]);
    expect(written(room)).toHaveLength(before);
  });

  it('what somebody changed since it was read is stale, what is gone is gone, and neither is overwritten', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map((name) => made(room, 'tenant', `ten_${name}`, { name, slug: name })));
    if (!a || !b || !c || !d) throw new Error('not made');
    netbox.state.change('tenancy/tenants', a.order, { description: 'by hand' });
    netbox.state.remove('tenancy/tenants', b.order);
    const outcomes = await inventory.write(
      'tenant',
      [a, b, c, d].map((tenant) => update(tenant, { name: `${tenant.mark} renamed` })),
      signal,
    );
    expect(outcomes.map((outcome) => Object.keys(outcome)[0])).toEqual(['stale', 'gone', 'done', 'done']);
    expect((await one(room, 'tenant', a.remoteId)).fields).toMatchObject({ name: 'a', description: 'by hand' });
    const [goes] = await inventory.get('tenant', [c.remoteId], signal);
    expect(await inventory.write('tenant', [drop(a, 'ten_a'), drop(b, 'ten_b'), drop(goes ?? c, 'ten_c')], signal)).toEqual([
      { stale: true },
      { gone: true },
      { done: null },
    ]);
    expect(netbox.state.objects('tenancy/tenants').map(({ id }) => id)).toEqual([a.order, d.order]);
  });

  it('nothing is deleted or marked that is not ours', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    const other = await made(room, 'tenant', 'ten_other', { name: 'Other', slug: 'other' });
    const [id] = netbox.state.seed('tenancy/tenants', [{ name: 'Theirs', slug: 'theirs' }]);
    const theirs = await one(room, 'tenant', String(id));
    expect(await inventory.write('tenant', [drop(other, 'ten_ours'), drop(theirs, 'ten_ours')], signal)).toEqual([
      { refused: expect.stringContaining('ten_other') },
      { refused: expect.stringContaining('gone') },
    ]);
    expect(
      await inventory.write('tenant', [{ verb: 'MARK', remoteId: other.remoteId, version: other.version, mark: 'ten_ours' }], signal),
    ).toEqual([{ refused: expect.stringContaining('ten_other') }]);
    expect(netbox.state.count('tenancy/tenants')).toBe(2);
  });

  it('an object that others depend on is not deleted, not where NetBox would delete them with it either', async () => {
    const room = await start(version, {}, ALL);
    const { netbox, inventory } = room;
    const vrf = await made(room, 'vrf', 'vrf_1', { name: 'acme' });
    const free = await made(room, 'vrf', 'vrf_2', { name: 'free' });
    netbox.state.seed('ipam/prefixes', [{ prefix: '10.0.0.0/24', vrf: vrf.order }]);
    expect(await inventory.write('vrf', [drop(vrf, 'vrf_1'), drop(free, 'vrf_2')], signal)).toEqual([
      { refused: expect.stringMatching(/depend/) },
      { done: null },
    ]);

    const device = await made(room, 'device', 'dev_1', { name: 'leaf1', status: 'active' });
    const iface = await made(room, 'interface', 'if_1', { device: ref('device', device), name: 'Loopback0' });
    const target = await made(room, 'routeTarget', 'rt_1', { name: '65051:1' });
    const vlan = await made(room, 'vlan', 'vlan_1', { vid: 5, name: 'web', status: 'active' });
    const l2vpn = await made(room, 'l2vpn', 'net_1', { name: 'web', slug: 'web', identifier: 5 });
    netbox.state.seed('ipam/ip-addresses', [
      { address: '10.0.0.1/32', assigned_object_type: 'dcim.interface', assigned_object_id: iface.order },
    ]);
    netbox.state.seed('ipam/vrfs', [{ name: 'theirs', import_targets: [target.order] }]);
    netbox.state.seed('vpn/l2vpn-terminations', [
      { l2vpn: l2vpn.order, assigned_object_type: 'ipam.vlan', assigned_object_id: vlan.order },
    ]);
    const held: [InventoryKind, ForeignObject, string, string][] = [
      ['device', device, 'dev_1', '1 × address'],
      ['interface', iface, 'if_1', '1 × address'],
      ['routeTarget', target, 'rt_1', '1 × VRF'],
      ['vlan', vlan, 'vlan_1', '1 × L2VPN termination'],
      ['l2vpn', l2vpn, 'net_1', '1 × termination'],
    ];
    for (const [kind, object, mark, words] of held) {
      const now = await one(room, kind, object.remoteId);
      expect(await inventory.write(kind, [drop(now, mark)], signal)).toEqual([{ refused: expect.stringContaining(words) }]);
    }
    expect(['ipam/ip-addresses', 'vpn/l2vpn-terminations'].map((path) => netbox.state.count(path))).toEqual([1, 1]);
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
      expect(isSignedByNetBox(body, signature, ['older', 'whisper'])).toBe(true);
      expect(isSignedByNetBox(body, signature, ['guessed'])).toBe(false);
    }
    const hints = received.flatMap(({ body }) => parseNetBoxWebhook(body) ?? []);
    expect(hints.map(({ kind, remoteId, isDelete }) => [kind, remoteId, isDelete])).toEqual([
      ['tenant', String(tenant), false],
      ['tenant', String(tenant), true],
    ]);
    expect(hints[0]?.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe.each(['4.5', '4.7'] as const)('what goes wrong with NetBox %s', (version) => {
  describe('an answer that is lost', () => {
    const lost: readonly FaultKind[] = [
      'reset-after',
      'reset-before',
      'half-page',
      'truncated-json',
      'bad-gateway',
      'unavailable',
      'login-page',
      'server-error',
      'deadlock',
      'throttled',
    ];

    it.each(lost)('%s: the effect is there once, whatever the verb', async (kind) => {
      const room = await start(version);
      const { netbox, inventory } = room;
      const fault = (method: string) => netbox.faults.add({ kind, when: to(method, 'tenancy/tenants'), retryAfter: 0 });
      fault('POST');
      const names = ['a', 'b', 'c'];
      const outcomes = await inventory.write(
        'tenant',
        names.map((name) => create(`ten_${name}`, { name, slug: name })),
        signal,
      );
      expect(outcomes.map((outcome) => doneOf(outcome).mark)).toEqual(['ten_a', 'ten_b', 'ten_c']);
      fault('PATCH');
      const renamed = await inventory.write(
        'tenant',
        outcomes.map((outcome) => update(doneOf(outcome), { description: 'now' })),
        signal,
      );
      expect(renamed.map((outcome) => doneOf(outcome).fields)).toEqual(names.map((name) => ({ name, slug: name, description: 'now' })));
      fault('DELETE');
      const gone = await inventory.write(
        'tenant',
        renamed.map((outcome) => drop(doneOf(outcome), doneOf(outcome).mark ?? '')),
        signal,
      );
      expect(gone).toEqual([{ done: null }, { done: null }, { done: null }]);
      expect([netbox.faults.armed, netbox.state.count('tenancy/tenants')]).toEqual([0, 0]);
    });
  });

  it('silence after a create: what was done is found, what is not to be seen is asked for later', async () => {
    const room = await start(version);
    const inventory = connect(room.netbox, { writeMs: 700 });
    room.netbox.faults.add({ kind: 'hang-after', when: to('POST', 'tenancy/tenants') });
    expect(doneOf((await inventory.write('tenant', [create('ten_a', { name: 'a', slug: 'a' })], signal))[0])).toMatchObject({
      mark: 'ten_a',
    });
    room.netbox.faults.add({ kind: 'hang', when: to('POST', 'tenancy/tenants') });
    const writing = inventory.write('tenant', [create('ten_b', { name: 'b', slug: 'b' })], signal);
    await expect(writing).rejects.toMatchObject({ code: 'NETBOX_NO_ANSWER', facts: { retriable: true } });
    expect(doneOf((await room.inventory.write('tenant', [create('ten_b', { name: 'b', slug: 'b' })], signal))[0])).toMatchObject({
      mark: 'ten_b',
    });
    expect(room.netbox.state.count('tenancy/tenants')).toBe(2);
  });

  it('a read that fails is an error and never an empty list', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    await made(room, 'tenant', 'ten_a', { name: 'a', slug: 'a' });
    const list = to('GET', 'tenancy/tenants');
    for (const kind of ['server-error', 'bad-gateway', 'half-page', 'truncated-json', 'throttled', 'reset-before', 'slow'] as const) {
      netbox.faults.add({ kind, when: list, retryAfter: 0 });
      expect(await scanned(inventory, 'tenant'), kind).toHaveLength(1);
    }
    const codes = {
      'server-error': 'NETBOX_UNEXPECTED_ANSWER',
      'bad-gateway': 'NETBOX_UNREACHABLE',
      'half-page': 'NETBOX_NO_ANSWER',
      'truncated-json': 'NETBOX_UNEXPECTED_ANSWER',
      'login-page': 'NETBOX_UNEXPECTED_ANSWER',
      throttled: 'NETBOX_BUSY',
    } as const;
    for (const [kind, code] of Object.entries(codes) as [FaultKind, string][]) {
      netbox.faults.clear();
      netbox.faults.add({ kind, when: list, times: 100, retryAfter: 0 });
      await expect(inventory.scan('tenant', null, signal), kind).rejects.toMatchObject({ code });
      await expect(inventory.get('tenant', ['1'], signal), kind).rejects.toMatchObject({ code });
      await expect(inventory.findMarked('tenant', ['ten_a'], signal), kind).rejects.toMatchObject({ code });
      await expect(inventory.findAlike('tenant', [{ slug: 'a' }], signal), kind).rejects.toMatchObject({ code });
    }
  });

  it('a page with rows left out, or of another shape, is an error', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    netbox.state.seed(
      'tenancy/tenants',
      ['a', 'b', 'c'].map((name) => ({ name, slug: name })),
    );
    const answers = async (rewrite: (page: JsonObject) => JsonObject, code: string) => {
      netbox.faults.add({
        kind: 'rewritten',
        when: to('GET', 'tenancy/tenants'),
        rewrite: (answer) => rewrite(answer as JsonObject),
        times: 3,
      });
      await expect(inventory.scan('tenant', null, signal)).rejects.toMatchObject({ code });
      netbox.faults.clear();
    };
    const rows = (page: JsonObject) => page['results'] as JsonObject[];
    await answers((page) => ({ ...page, results: rows(page).slice(0, 2) }), 'NETBOX_INCOMPLETE');
    await answers((page) => ({ ...page, results: [] }), 'NETBOX_INCOMPLETE');
    await answers((page) => ({ ...page, results: rows(page).reverse() }), 'NETBOX_INCOMPLETE');
    await answers((page) => ({ ...page, results: rows(page).map((row) => without(row, 'slug')) }), 'NETBOX_UNEXPECTED_ANSWER');
    await answers(
      (page) => ({ ...page, results: rows(page).map((row) => ({ ...row, name: { text: row['name'] ?? '' } })) }),
      'NETBOX_UNEXPECTED_ANSWER',
    );
    await answers(() => ({ tenants: [] }), 'NETBOX_UNEXPECTED_ANSWER');
    expect(await scanned(inventory, 'tenant')).toHaveLength(3);
  });

  it('a permission that is lost is an error for what is read, and words for what is written', async () => {
    const room = await start(version);
    const { netbox } = room;
    const all = { view: true, add: true, change: true, delete: true } as const;
    const support = { 'extras.customfield': all, 'extras.tag': all, 'core.objectchange': all };
    const token = netbox.state.user('trame', { ...support, 'tenancy.tenant': all });
    const inventory = connect(netbox, { token: token.value });
    const tenant = doneOf((await inventory.write('tenant', [create('ten_a', { name: 'a', slug: 'a' })], signal))[0]);
    await expect(inventory.scan('vrf', null, signal)).rejects.toMatchObject({ code: 'NETBOX_FORBIDDEN', facts: { retriable: false } });

    token.user.permissions = { ...support, 'tenancy.tenant': { view: true } };
    const names = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const before = written(room).length;
    const outcomes = await inventory.write(
      'tenant',
      names.map((name) => create(`ten_${name}`, { name, slug: name })),
      signal,
    );
    expect(outcomes).toEqual(names.map(() => ({ refused: 'You do not have permission to perform this action.' })));
    expect(written(room).length - before).toBeLessThan(10);
    expect(Object.keys((await inventory.write('tenant', [update(tenant, { name: 'x' })], signal))[0] ?? {})).toEqual(['refused']);

    token.user.permissions = support;
    await expect(inventory.scan('tenant', null, signal)).rejects.toMatchObject({ code: 'NETBOX_FORBIDDEN' });
    token.enabled = false;
    await expect(inventory.write('tenant', [create('ten_z', { name: 'z', slug: 'z' })], signal)).rejects.toMatchObject({
      code: 'NETBOX_UNAUTHORIZED',
    });
    expect(netbox.state.count('tenancy/tenants')).toBe(1);
  });

  it('an object that makes NetBox fail every time is refused, and the others go on', async () => {
    const room = await start(version);
    const isPoisoned = (request: RequestLine) => request.method === 'POST' && request.body.includes('poison');
    room.netbox.faults.add({ kind: 'server-error', when: isPoisoned, times: 1000 });
    const names = ['a', 'poison', 'c', 'd'];
    const outcomes = await room.inventory.write(
      'tenant',
      names.map((name) => create(`ten_${name}`, { name, slug: name })),
      signal,
    );
    expect(outcomes.map((outcome) => Object.keys(outcome)[0])).toEqual(['done', 'refused', 'done', 'done']);
    expect(outcomes[1]).toEqual({ refused: expect.stringContaining('RuntimeError') });
  });
});

describe.each(['4.6', '4.7'] as const)('a colleague who edits while NetBox %s writes', (version) => {
  it.each([1, 3])('loses nothing: of %i objects his is stale', async (count) => {
    const room = await start(version);
    const { netbox, inventory } = room;
    const names = ['a', 'b', 'c'].slice(0, count);
    const tenants = await Promise.all(names.map((name) => made(room, 'tenant', `ten_${name}`, { name, slug: name })));
    const first = tenants[0]?.order ?? 0;
    netbox.faults.beforeCommit(to('PATCH', 'tenancy/tenants'), () => netbox.state.change('tenancy/tenants', first, { name: 'by hand' }));
    const outcomes = await inventory.write(
      'tenant',
      tenants.map((tenant) => update(tenant, { description: 'ours', name: `${tenant.mark}` })),
      signal,
    );
    expect(outcomes.map((outcome) => Object.keys(outcome)[0])).toEqual(['stale', 'done', 'done'].slice(0, count));
    expect((await one(room, 'tenant', String(first))).fields).toMatchObject({ name: 'by hand', description: null });

    const now = await inventory.get(
      'tenant',
      tenants.map(({ remoteId }) => remoteId),
      signal,
    );
    netbox.faults.beforeCommit(to('DELETE', 'tenancy/tenants'), () =>
      netbox.state.change('tenancy/tenants', first, { description: 'mine!' }),
    );
    const dropped = await inventory.write(
      'tenant',
      now.map((tenant) => drop(tenant, tenant.mark ?? '')),
      signal,
    );
    expect(dropped.map((outcome) => Object.keys(outcome)[0])).toEqual(['stale', 'done', 'done'].slice(0, count));
    expect(netbox.state.count('tenancy/tenants')).toBe(1);
  });

  it('and deletes one of them: that one is gone, the others are done', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    const tenants = await Promise.all(['a', 'b', 'c'].map((name) => made(room, 'tenant', `ten_${name}`, { name, slug: name })));
    const [first, second, third] = tenants.map(({ order }) => order);
    const described = (objects: readonly ForeignObject[]) => objects.map((tenant) => update(tenant, { description: 'ours' }));
    netbox.faults.meanwhile(to('PATCH', 'tenancy/tenants'), () => netbox.state.remove('tenancy/tenants', second ?? 0));
    const outcomes = await inventory.write('tenant', described(tenants), signal);
    expect(outcomes.map((outcome) => Object.keys(outcome)[0])).toEqual(['done', 'gone', 'done']);

    netbox.faults.beforeCommit(to('PATCH', 'tenancy/tenants'), () => netbox.state.remove('tenancy/tenants', third ?? 0));
    const alone = update(doneOf(outcomes[2]), { description: 'again' });
    expect(await inventory.write('tenant', [alone], signal)).toEqual([{ gone: true }]);
    expect(netbox.state.objects('tenancy/tenants').map(({ id }) => id)).toEqual([first]);
  });

  it('where the tags of this NetBox are made in another way, they are asked for, and still kept to', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    const tenants = await Promise.all(['a', 'b'].map((name) => made(room, 'tenant', `ten_${name}`, { name, slug: name })));
    const blurred = (answer: unknown) =>
      JSON.parse(JSON.stringify(answer).replace(/("last_updated":"[^"]{19})[^"]*"/g, '$1Z"')) as JsonObject;
    netbox.faults.add({ kind: 'rewritten', when: to('GET', 'tenancy/tenants'), rewrite: blurred, times: 1000 });
    const read = await inventory.get(
      'tenant',
      tenants.map(({ remoteId }) => remoteId),
      signal,
    );
    const outcomes = await inventory.write(
      'tenant',
      read.map((tenant) => update(tenant, { description: 'ours' })),
      signal,
    );
    expect(outcomes.map((outcome) => Object.keys(outcome)[0])).toEqual(['done', 'done']);
    expect(written(room).filter((line) => line.startsWith('PATCH'))).toHaveLength(5);
  });

  it('and tags it: both tags are there', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    tag(room, 'theirs');
    const [id = 0] = netbox.state.seed('tenancy/tenants', [{ name: 'a', slug: 'a' }]);
    const tenant = await one(room, 'tenant', String(id));
    const mark = ({ version: read }: ForeignObject): ForeignWrite => ({ verb: 'MARK', remoteId: String(id), version: read, mark: 'ten_a' });
    netbox.faults.beforeCommit(to('PATCH', 'tenancy/tenants'), () =>
      netbox.state.change('tenancy/tenants', id, { tags: [{ slug: 'theirs' }] }),
    );
    expect(await inventory.write('tenant', [mark(tenant)], signal)).toEqual([{ stale: true }]);
    doneOf((await inventory.write('tenant', [mark(await one(room, 'tenant', String(id)))], signal))[0]);
    expect([...stored(room, 'tenancy/tenants', String(id)).tags].sort()).toEqual(['managed-by-trame', 'theirs']);
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
    const netbox = await startNetBoxSimulator({ version: '4.5' });
    running.push(netbox);
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
    const netbox = await startNetBoxSimulator({ version: '4.6' });
    running.push(netbox);
    netbox.state.seed('extras/custom-fields', [{ name: 'trame_id', type: 'integer', object_types: ['ipam.prefix'] }]);
    await expect(connect(netbox).probe(signal)).rejects.toMatchObject({
      code: 'NETBOX_NOT_PREPARED',
      message: expect.stringContaining('type text'),
    });
  });

  it('without it nothing is ours, and nobody is asked for all there is', async () => {
    const netbox = await startNetBoxSimulator({ version: '4.6' });
    running.push(netbox);
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
