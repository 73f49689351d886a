// What is made, changed and marked in a phpIPAM, and what people and its own habits do to that.
import type { ForeignObject, ForeignWrite, InventoryKind } from '#contexts/sync/ports';
import type { Fields } from '#engines/reconcile';
import type { IpamOptions } from '../../apps/lab/src/phpipam-simulator/index.js';
import { APP, closeWorlds, doneOf, MARK, ref, signal, TIMING, World } from '../support/phpipam-room.js';

afterEach(closeWorlds);

describe('making something', () => {
  it.each(['reset-after', 'truncated-json', 'hang-after', 'reset-in-body'] as const)(
    'makes no twin when the answer is lost (%s)',
    async (kind) => {
      const world = await World.start({}, { timing: { ...TIMING, writeMs: 600 } });
      world.simulator.faults.add({ kind, when: ([request]) => request?.startsWith('POST /subnets/') ?? false });
      const made = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/24', vrf: null });
      expect(world.database.all('subnets')).toHaveLength(1);
      expect(made.mark).toBe('pfx_1');
      const [again] = await world.write('prefix', { verb: 'CREATE', mark: 'pfx_1', fields: { prefix: '10.20.0.0/24', vrf: null } });
      expect(doneOf(again)).toEqual(made);
      expect(world.database.all('subnets')).toHaveLength(1);
    },
  );

  it('says that nothing is known where it was not done either, and is asked again', async () => {
    const world = await World.start();
    world.simulator.faults.add({ kind: 'reset-before', when: ([request]) => request?.startsWith('POST') ?? false });
    const write: ForeignWrite = { verb: 'CREATE', mark: 'vrf_1', fields: { name: 'red' } };
    await expect(world.write('vrf', write)).rejects.toMatchObject({ code: 'PHPIPAM_NO_ANSWER', facts: { retriable: true } });
    expect(doneOf((await world.write('vrf', write))[0]).mark).toBe('vrf_1');
  });

  it('takes nothing over that is there without our mark, and makes no second one', async () => {
    const world = await World.start();
    const { ipam } = world.simulator;
    ipam.typed('subnets', { subnet: '10.20.0.0', mask: '24', sectionId: world.section });
    ipam.typed('vrf', { name: 'Red', [MARK]: 'vrf_of_another' });
    ipam.typed('customers', { title: 'ACME' });
    const outcomes = [
      ...(await world.write('prefix', { verb: 'CREATE', mark: 'pfx_1', fields: { prefix: '10.20.0.0/24', vrf: null } })),
      ...(await world.write('vrf', { verb: 'CREATE', mark: 'vrf_1', fields: { name: 'red' } })),
      ...(await world.write('tenant', { verb: 'CREATE', mark: 'ten_1', fields: { name: 'Acme', slug: 'acme' } })),
    ];
    expect(outcomes).toEqual([
      { refused: '10.20.0.0/24 (section 1) is there already and carries no mark' },
      { refused: 'VRF Red is there already and carries the mark vrf_of_another' },
      { refused: 'ACME is there already and carries no mark' },
    ]);
    expect(world.asked().filter((request) => request.startsWith('POST'))).toEqual([]);
  });

  it('of the same prefix looks at its own VRF and section only', async () => {
    const world = await World.start();
    const { ipam } = world.simulator;
    const [red, blue] = ['red', 'blue'].map((name) => ipam.typed('vrf', { name }));
    ipam.typed('subnets', { subnet: '10.20.0.0', mask: '24', sectionId: world.section, vrfId: red ?? 0 });
    ipam.typed('subnets', { subnet: '10.20.0.0', mask: '24', sectionId: 2, vrfId: blue ?? 0 });
    const made = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/24', vrf: ref('vrf', blue ?? 0) });
    const alike = await world.inventory.findAlike('prefix', [{ prefix: '10.20.0.0/24', vrf: ref('vrf', blue ?? 0) }], signal);
    expect([made.remoteId, alike.map(({ remoteId }) => remoteId)]).toEqual(['3', ['3']]);
  });

  it('puts a subnet below the nearest one of its VRF, parents first, and an address into the smallest', async () => {
    const world = await World.start();
    const writes = ['10.20.1.0/25', '10.20.1.0/24', '10.20.0.0/16'].map(
      (prefix, at): ForeignWrite => ({ verb: 'CREATE', mark: `pfx_${at}`, fields: { prefix, vrf: null } }),
    );
    const [small, middle, large] = (await world.write('prefix', ...writes)).map((outcome) => doneOf(outcome).remoteId);
    const masters = world.database.all('subnets').map((row) => [String(row['id']), String(row['masterSubnetId'])]);
    expect(Object.fromEntries(masters)).toEqual({ [String(large)]: '0', [String(middle)]: String(large), [String(small)]: String(middle) });
    await world.create('ipAddress', 'ip_1', { host: '10.20.1.7', vrf: null });
    await world.create('ipAddress', 'ip_2', { host: '10.20.1.200', vrf: null });
    expect(world.database.all('ipaddresses').map((row) => String(row['subnetId']))).toEqual([small, middle]);
  });

  it('refuses an address that no subnet of its VRF holds, a VRF that is not there, and what does not fit', async () => {
    const world = await World.start();
    const refused = async (kind: InventoryKind, fields: Fields) => (await world.write(kind, { verb: 'CREATE', mark: 'x_1', fields }))[0];
    expect(await refused('ipAddress', { host: '10.20.1.7', vrf: null })).toEqual({
      refused: 'no subnet of no VRF in the sections that are kept holds 10.20.1.7',
    });
    expect(await refused('prefix', { prefix: '10.20.0.0/24', vrf: { kind: 'vrf', id: 'vrf_unlinked' } })).toEqual({
      refused: 'its vrf is not in phpIPAM',
    });
    expect(await refused('vrf', { name: 'x'.repeat(33) })).toEqual({ refused: 'the name has 33 characters, and phpIPAM keeps 32' });
    expect(await refused('vlan', { vid: 5000, name: 'vni', group: ref('vlanGroup', 1), tenant: null })).toEqual({
      refused: 'Highest possible VLAN number is 4096!',
    });
  });

  it('tells what phpIPAM made of a text', async () => {
    const world = await World.start();
    const [outcome] = await world.write('vrf', {
      verb: 'CREATE',
      mark: 'vrf_1',
      fields: { name: 'red', description: 'a <b>bold</b> one' },
    });
    expect(outcome).toEqual({ refused: 'written, but "a bold one" was read back as its description' });
  });

  it('never says 0 for none, and always says the tag of an address', async () => {
    const world = await World.start();
    const { ipam } = world.simulator;
    const vrfId = ipam.typed('vrf', { name: 'red' });
    const prefix = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/24', vrf: ref('vrf', vrfId), tenant: null, vlan: null });
    const address = await world.create('ipAddress', 'ip_1', { host: '10.20.0.7', vrf: ref('vrf', vrfId), status: 'reserved' });
    const [moved] = await world.write('prefix', {
      verb: 'UPDATE',
      remoteId: prefix.remoteId,
      version: prefix.version,
      fields: { vrf: null },
    });
    const [noted] = await world.write('ipAddress', {
      verb: 'UPDATE',
      remoteId: address.remoteId,
      version: null,
      fields: { description: 'a note' },
    });
    expect([doneOf(moved).fields['vrf'], doneOf(noted).fields['status'], doneOf(noted).fields['description']]).toEqual([
      null,
      'reserved',
      'a note',
    ]);
  });
});

describe('changing something', () => {
  const marked = async (options: Partial<IpamOptions> = {}) => {
    const world = await World.start(options);
    const vrf = await world.create('vrf', 'vrf_1', { name: 'red', description: 'ours' });
    return { world, vrf, id: Number(vrf.remoteId) };
  };
  const update = (vrf: ForeignObject, fields: Fields): ForeignWrite => ({
    verb: 'UPDATE',
    remoteId: vrf.remoteId,
    version: vrf.version,
    fields,
  });

  it('writes what differs, and nothing where nothing does', async () => {
    const { world, vrf } = await marked();
    const [first] = await world.write('vrf', update(vrf, { description: 'new' }));
    expect(doneOf(first).fields).toEqual({ name: 'red', tenant: null, description: 'new' });
    const before = world.simulator.requests.length;
    const [second] = await world.write('vrf', update(vrf, { description: 'new' }));
    expect([doneOf(second), world.asked(before)]).toEqual([doneOf(first), ['GET /vrfs/1/']]);
  });

  it('is stale where somebody changed it since it was read, also without a time of change', async () => {
    const { world, vrf, id } = await marked();
    world.simulator.ipam.edited('vrf', id, { description: 'theirs' });
    expect(await world.write('vrf', update(vrf, { name: 'crimson' }))).toEqual([{ stale: true }]);
    expect(world.database.find('vrf', id)).toMatchObject({ name: 'red', description: 'theirs' });
  });

  it('is gone where it is not there any more, whatever the words and the status for that', async () => {
    const world = await World.start();
    const gone = async (kind: InventoryKind) => (await world.write(kind, { verb: 'UPDATE', remoteId: '99', version: null, fields: {} }))[0];
    for (const kind of ['tenant', 'vrf', 'vlanGroup', 'vlan', 'prefix', 'ipAddress'] as const)
      expect(await gone(kind), kind).toEqual({ gone: true });
    expect(await world.inventory.get('prefix', ['98', '99'], signal)).toEqual([]);
  });

  it('is looked up where its answer was lost', async () => {
    const { world, vrf } = await marked();
    world.simulator.faults.add({ kind: 'reset-after', when: ([request]) => request?.startsWith('PATCH') ?? false });
    const [outcome] = await world.write('vrf', update(vrf, { description: 'new' }));
    expect(doneOf(outcome).fields['description']).toBe('new');
    world.simulator.faults.add({ kind: 'reset-before', when: ([request]) => request?.startsWith('PATCH') ?? false });
    await expect(world.write('vrf', update(doneOf(outcome), { description: 'newer' }))).rejects.toMatchObject({
      code: 'PHPIPAM_NO_ANSWER',
    });
  });

  it('waits for a lock no longer than phpIPAM does, and may be tried again', async () => {
    const { world, vrf } = await marked({ apps: [{ ...APP, lockWaitMs: 10 }] });
    const release = world.simulator.ipam.lock.hold();
    await expect(world.write('vrf', update(vrf, { description: 'new' }))).rejects.toMatchObject({
      code: 'PHPIPAM_BUSY',
      facts: { retriable: true },
    });
    release();
    expect(doneOf((await world.write('vrf', update(vrf, { description: 'new' })))[0]).fields['description']).toBe('new');
  });

  it('never moves what cannot be moved', async () => {
    const world = await World.start();
    const prefix = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/24', vrf: null });
    expect(await world.write('prefix', update(prefix, { prefix: '10.21.0.0/24' }))).toEqual([
      { refused: 'phpIPAM cannot change the prefix of what is there' },
    ]);
  });

  it('keeps the slug of a tenant whose title somebody changed', async () => {
    const world = await World.start();
    const tenant = await world.create('tenant', 'ten_1', { name: 'Acme', slug: 'acme' });
    world.simulator.ipam.edited('customers', Number(tenant.remoteId), { title: 'Acme International' });
    expect((await world.scan('tenant')).objects[0]?.fields).toEqual({ name: 'Acme International', slug: 'acme', description: null });
    expect(await world.inventory.findAlike('tenant', [{ slug: 'acme' }], signal)).toHaveLength(1);
  });

  it('says a column that went while it worked', async () => {
    const { world } = await marked();
    world.database.dropCustomField('vrf', MARK);
    await expect(world.write('vrf', { verb: 'CREATE', mark: 'vrf_2', fields: { name: 'blue' } })).rejects.toMatchObject({
      code: 'PHPIPAM_NOT_PREPARED',
    });
  });

  it('works where added columns lie in custom_fields', async () => {
    const world = await World.start({ apps: [{ ...APP, nestsCustomFields: true }] });
    await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/24', vrf: null });
    const address = await world.create('ipAddress', 'ip_1', { host: '10.20.0.7', vrf: null });
    expect(await world.inventory.findMarked('ipAddress', ['ip_1', 'ip_2'], signal)).toEqual([address]);
  });
});

describe('marks', () => {
  it('are written into what was there before, and not over those of others', async () => {
    const world = await World.start();
    const { ipam } = world.simulator;
    const [free, taken] = [
      ipam.typed('customers', { title: 'Acme' }),
      ipam.typed('customers', { title: 'Bolt', [MARK]: 'ten_9 slug=bolt' }),
    ];
    const mark = (id: number): ForeignWrite => ({ verb: 'MARK', remoteId: String(id), version: null, mark: 'ten_1' });
    const [first, second] = await world.write('tenant', mark(free), mark(taken));
    expect(doneOf(first)).toMatchObject({ mark: 'ten_1', fields: { name: 'Acme', slug: 'acme' } });
    expect(second).toEqual({ refused: 'it carries the mark of another owner: ten_9' });
  });

  it('are written into a VLAN, which phpIPAM changes only with its name', async () => {
    const world = await World.start();
    const remoteId = String(world.simulator.ipam.typed('vlans', { name: 'web', number: 100 }));
    const [outcome] = await world.write('vlan', { verb: 'MARK', remoteId, version: null, mark: 'vld_1-net_1' });
    expect(doneOf(outcome)).toMatchObject({ mark: 'vld_1-net_1', fields: { vid: 100, name: 'web' } });
  });

  it('are found by a filter, and where that is too much for PHP, by the lists of sections and by searching', async () => {
    const world = await World.start();
    const prefix = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/24', vrf: null });
    const address = await world.create('ipAddress', 'ip_1', { host: '10.20.0.7', vrf: null });
    await world.create('ipAddress', 'ipX1', { host: '10.20.0.8', vrf: null });
    const many = Array.from({ length: 20 }, (_, at) => `ip_${at + 1}`);
    const find = async () => [
      ...(await world.inventory.findMarked('prefix', ['pfx_1', 'pfx_10', 'pfx'], signal)),
      ...(await world.inventory.findMarked('ipAddress', many, signal)),
    ];
    expect(await find()).toEqual([prefix, address]);
    world.simulator.fatals.push({ when: (request) => /^GET \/(subnets|addresses)\/\?/.test(request), how: 'empty' });
    expect(await find()).toEqual([prefix, address]);
    const before = world.simulator.requests.length;
    expect(await world.inventory.findMarked('ipAddress', ['ip_1', 'ip_2'], signal)).toEqual([address]);
    expect(world.asked(before)).toEqual(['GET /search/ip_1/', 'GET /search/ip_2/', 'GET /subnets/1/']);
  });

  it('show what is on its way out until it comes back', async () => {
    const world = await World.start();
    await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/24', vrf: null });
    const address = await world.create('ipAddress', 'ip_1', { host: '10.20.0.7', vrf: null, status: 'active' });
    const { remoteId } = address;
    const [outcome] = await world.write('ipAddress', { verb: 'DEPRECATE', remoteId, version: address.version });
    expect(doneOf(outcome)).toMatchObject({ mark: 'ip_1', fields: { status: 'deprecated' } });
    expect(world.database.find('ipaddresses', remoteId)).toMatchObject({ [MARK]: 'ip_1 deprecated', state: 1 });
    expect(await world.inventory.findMarked('ipAddress', ['ip_1'], signal)).toHaveLength(1);
    const [back] = await world.write('ipAddress', {
      verb: 'UPDATE',
      remoteId,
      version: doneOf(outcome).version,
      fields: { status: 'active' },
    });
    expect(doneOf(back)).toEqual(address);
    expect(world.database.find('ipaddresses', remoteId)).toMatchObject({ [MARK]: 'ip_1', state: 2 });
  });

  it('come back clean where a kind has no status', async () => {
    const world = await World.start();
    const vrf = await world.create('vrf', 'vrf_1', { name: 'red' });
    const [gone] = await world.write('vrf', { verb: 'DEPRECATE', remoteId: vrf.remoteId, version: vrf.version });
    const [back] = await world.write('vrf', { verb: 'UPDATE', remoteId: vrf.remoteId, version: doneOf(gone).version, fields: vrf.fields });
    expect(doneOf(back)).toEqual(vrf);
  });
});
