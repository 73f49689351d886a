// What is written to a NetBox, and what is left alone: bad objects, those of others, and those that somebody else is at.
import type { ForeignObject, ForeignWrite, InventoryKind } from '#contexts/sync/ports';
import type { JsonObject } from '../../apps/lab/src/netbox-simulator/index.js';
import {
  ALL,
  closeRooms,
  create,
  doneOf,
  drop,
  made,
  one,
  ref,
  scanned,
  signal,
  start,
  stored,
  tag,
  to,
  update,
  written,
} from '../support/netbox-room.js';

afterEach(closeRooms);

describe.each(['4.2', '4.5', '4.6', '4.7'] as const)('NetBox %s, written to', (version) => {
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

  it('a tag of ours that somebody deleted there: what would get it is refused at once, in words', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    const [id = 0] = netbox.state.seed('tenancy/tenants', [{ name: 'a', slug: 'a' }]);
    const [found] = await inventory.get('tenant', [String(id)], signal);
    for (const { id: ours } of netbox.state.objects('extras/tags')) netbox.state.remove('extras/tags', ours);
    const mark: ForeignWrite = { verb: 'MARK', remoteId: String(id), version: found?.version ?? null, mark: 'ten_a' };
    expect(await inventory.write('tenant', [mark], signal)).toEqual([{ refused: expect.stringMatching(/not found/) }]);
    expect(written(room).filter((line) => line.startsWith('PATCH '))).toHaveLength(1);
    expect(stored(room, 'tenancy/tenants', String(id)).custom).not.toMatchObject({ trame_id: 'ten_a' });
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
