/** phpIPAM behind the port for foreign inventories, against the simulator: what is read of it, and how it lets in. */
import { PhpIpamInventory, parsePhpIpamSettings } from '#adapters/phpipam';
import type { InventoryKind } from '#contexts/sync/ports';
import type { Fields } from '#engines/reconcile';
import type { IpamOptions } from '../../apps/lab/src/phpipam-simulator/index.js';
import { APP, closeWorlds, LEGACY, MARK, ref, signal, TABLES, TIMING, USER, World } from '../support/phpipam-room.js';

afterEach(closeWorlds);

describe.each([
  ['1.5.2 on PHP 7.4', LEGACY],
  ['1.8.2 on PHP 8.2', {}],
] as const)('phpIPAM %s', (_name, options) => {
  it('holds all of its kinds, and says them back as they were said', async () => {
    const world = await World.start(options);
    const tenant = await world.create('tenant', 'ten_1', { name: 'Acme GmbH', slug: 'acme', description: 'since 2019' });
    const vrf = await world.create('vrf', 'vrf_1', { name: 'red', tenant: ref('tenant', tenant.remoteId), description: null });
    const group = await world.create('vlanGroup', 'vld_1', { name: 'par1-leafs', slug: 'par1-leafs' });
    const vlan = await world.create('vlan', 'vld_1-net_1', {
      vid: 100,
      name: 'web',
      group: ref('vlanGroup', group.remoteId),
      tenant: ref('tenant', tenant.remoteId),
    });
    const prefix: Fields = {
      prefix: '10.20.0.0/24',
      vrf: ref('vrf', vrf.remoteId),
      tenant: ref('tenant', tenant.remoteId),
      vlan: ref('vlan', vlan.remoteId),
      description: 'web servers',
    };
    const subnet = await world.create('prefix', 'pfx_1', prefix);
    const address: Fields = {
      host: '10.20.0.7',
      vrf: ref('vrf', vrf.remoteId),
      tenant: ref('tenant', tenant.remoteId),
      dnsName: 'web1.example.com',
      status: 'reserved',
      description: null,
    };
    const made = await world.create('ipAddress', 'ip_1', address);
    expect([tenant.fields, vrf.fields['name'], vlan.fields['vid'], subnet.fields, made.fields]).toEqual([
      { name: 'Acme GmbH', slug: 'acme', description: 'since 2019' },
      'red',
      100,
      prefix,
      address,
    ]);
    expect([tenant, vrf, group, vlan, subnet, made].map(({ mark }) => mark)).toEqual([
      'ten_1',
      'vrf_1',
      'vld_1',
      'vld_1-net_1',
      'pfx_1',
      'ip_1',
    ]);
    expect(made.label).toBe(`10.20.0.7 (10.20.0.0/24, VRF ${vrf.remoteId})`);
    for (const kind of ['tenant', 'vrf', 'vlan', 'prefix', 'ipAddress'] as const) expect((await world.scan(kind)).objects).toHaveLength(1);
    expect((await world.scan('vlanGroup')).objects.map(({ mark }) => mark)).toEqual([null, 'vld_1']);
  });

  it('is empty where it says so, and only there', async () => {
    const world = await World.start(options);
    for (const kind of ['tenant', 'vrf', 'vlan', 'prefix', 'ipAddress'] as const) {
      expect(await world.inventory.scan(kind, null, signal), kind).toMatchObject({ objects: [], next: null });
    }
  });

  it('reads IPv6 as RFC 5952 writes it', async () => {
    const world = await World.start(options);
    await world.create('prefix', 'pfx_6', { prefix: '2001:db8:0:1::/64', vrf: null });
    const made = await world.create('ipAddress', 'ip_6', { host: '2001:db8:0:1::7', vrf: null });
    expect(made.fields['host']).toBe('2001:db8:0:1::7');
    expect(await world.inventory.findMarked('ipAddress', ['ip_6'], signal)).toEqual([made]);
    expect((await world.scan('prefix')).objects[0]?.fields['prefix']).toBe('2001:db8:0:1::/64');
  });
});

describe('the probe', () => {
  it('says the release, the kinds and that there is one writer', async () => {
    const world = await World.start();
    const { version, kinds, isSingleWriter, warnings, lacking } = await world.inventory.probe(signal);
    expect([version, [...kinds.keys()], isSingleWriter, warnings, lacking?.size]).toEqual([
      '1.8.2',
      ['tenant', 'vrf', 'vlanGroup', 'vlan', 'prefix', 'ipAddress'],
      true,
      [],
      0,
    ]);
    expect(kinds.get('prefix')).toEqual(['prefix', 'vrf', 'tenant', 'vlan', 'description']);
  });

  it('warns of releases whose login can be got around', async () => {
    const { warnings } = await (await World.start(LEGACY)).inventory.probe(signal);
    expect(warnings).toEqual([expect.stringContaining('before 1.8.2')]);
  });

  it('says exactly what an administrator has to make where the column is not there, and changes nothing', async () => {
    const world = await World.start();
    for (const table of TABLES) world.database.dropCustomField(table, MARK);
    world.database.addCustomField('vlans', MARK, 32);
    const { kinds, lacking } = await world.inventory.probe(signal);
    expect([...kinds.keys()]).toEqual([]);
    expect(lacking?.get('prefix')).toBe(
      'table subnets has no column custom_trame_id. Administration → Custom fields → Custom subnet fields: trame_id, varchar, 128, not required; or in the database: ALTER TABLE subnets ADD custom_trame_id VARCHAR(128) NULL;',
    );
    expect(lacking?.get('tenant')).toBe(
      'table customers has no column custom_trame_id. in the database: ALTER TABLE customers ADD custom_trame_id VARCHAR(128) NULL;',
    );
    expect(lacking?.get('vlan')).toContain('column custom_trame_id of table vlans has 32 characters');
    expect(lacking?.get('vlan')).toContain('ALTER TABLE vlans MODIFY custom_trame_id VARCHAR(128) NULL;');
    await expect(world.inventory.prepare(signal)).rejects.toMatchObject({ code: 'PHPIPAM_NOT_PREPARED', facts: { retriable: false } });
    expect(world.database.all('customers')).toEqual([]);
  });

  it('leaves out what cannot be kept without a table, and the references to it', async () => {
    const world = await World.start();
    world.database.dropCustomField('customers', MARK);
    world.database.dropCustomField('vlanDomains', MARK);
    const { kinds, lacking } = await world.inventory.probe(signal);
    expect([...kinds.keys()]).toEqual(['vrf', 'prefix', 'ipAddress']);
    expect(kinds.get('prefix')).toEqual(['prefix', 'vrf', 'description']);
    expect(lacking?.get('vlan')).toBe('it is not kept without vlanDomains');
  });

  it('refuses a section that is not there, and names those that are', async () => {
    const settings = parsePhpIpamSettings({ app: 'trame', sections: ['Custmers'] });
    const world = await World.start({}, { settings });
    await expect(world.inventory.probe(signal)).rejects.toMatchObject({
      code: 'PHPIPAM_NO_SECTION',
      message: expect.stringContaining('Customers, Lab'),
    });
  });

  it('notices a section that went: it would look like an empty one', async () => {
    const world = await World.start();
    await world.inventory.probe(signal);
    world.database.remove('sections', world.section);
    await expect(world.inventory.probe(signal)).rejects.toMatchObject({ code: 'PHPIPAM_NO_SECTION' });
  });

  it('asks for columns that were all there not again at once', async () => {
    const world = await World.start();
    await world.inventory.probe(signal);
    const before = world.simulator.requests.length;
    await world.inventory.probe(signal);
    await world.inventory.prepare(signal);
    expect(world.asked(before)).toEqual(['GET /', 'GET /sections/']);
  });

  it.each([
    [{}, 'app'],
    [{ app: 'trame' }, 'sections'],
    [{ app: 'trame', sections: ['1'], site: 'par' }, 'site'],
    [{ app: 'trame', sections: ['1'], markColumn: 'id' }, 'markColumn'],
  ])('refuses the settings %j', (settings, named) => {
    expect(() => parsePhpIpamSettings(settings)).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringContaining(named) }),
    );
  });
});

describe('a scan', () => {
  it('reads each section once, whatever the pages, in ascending order, without folders and without other sections', async () => {
    const world = await World.start({}, { pageSize: 3 });
    const { ipam } = world.simulator;
    for (const third of [9, 8, 7, 6, 5, 4, 3]) ipam.typed('subnets', { subnet: `10.20.${third}.0`, mask: '24', sectionId: world.section });
    ipam.typed('subnets', { subnet: '0', isFolder: 1, sectionId: world.section, description: 'a folder' });
    ipam.typed('subnets', { subnet: '10.99.0.0', mask: '24', sectionId: 2 });
    const before = world.simulator.requests.length;
    const { objects, pages } = await world.scan('prefix');
    expect([objects.length, pages]).toEqual([7, 3]);
    expect(objects.map(({ remoteId }) => Number(remoteId))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(objects.every(({ order }, at) => at === 0 || order > (objects[at - 1]?.order ?? 0))).toBe(true);
    expect(world.asked(before).filter((request) => request.startsWith('GET /subnets/'))).toHaveLength(1);
  });

  it('goes on in another process where one ended', async () => {
    const world = await World.start({}, { pageSize: 2 });
    for (const third of [1, 2, 3])
      world.simulator.ipam.typed('subnets', { subnet: `10.20.${third}.0`, mask: '24', sectionId: world.section });
    const first = await world.inventory.scan('prefix', null, signal);
    const rest = await World.inventory(world.simulator, { pageSize: 2 }).scan('prefix', first.next, signal);
    expect([first.objects, rest.objects].map((objects) => objects.map(({ remoteId }) => remoteId))).toEqual([['1', '2'], ['3']]);
    expect(rest.next).toBeNull();
  });

  it('reads addresses subnet by subnet', async () => {
    const world = await World.start({}, { pageSize: 3 });
    const { ipam } = world.simulator;
    const vrfId = ipam.typed('vrf', { name: 'red' });
    const [late, early] = [10, 9].map((third) =>
      ipam.typed('subnets', { subnet: `10.20.${third}.0`, mask: '24', sectionId: world.section, vrfId }),
    );
    for (const host of [3, 2, 1]) {
      ipam.typed('ipaddresses', { ip_addr: `10.20.9.${host}`, subnetId: early ?? 0 });
      ipam.typed('ipaddresses', { ip_addr: `10.20.10.${host}`, subnetId: late ?? 0 });
    }
    const { objects, pages } = await world.scan('ipAddress');
    expect([objects.length, pages]).toEqual([6, 2]);
    expect(objects.every(({ order }, at) => at === 0 || order > (objects[at - 1]?.order ?? 0))).toBe(true);
    expect(objects.map(({ fields }) => fields['host'])).toEqual([
      '10.20.10.3',
      '10.20.10.2',
      '10.20.10.1',
      '10.20.9.3',
      '10.20.9.2',
      '10.20.9.1',
    ]);
    expect(objects[0]?.fields['vrf']).toEqual(ref('vrf', vrfId));
    expect(world.asked().some((request) => request === 'GET /addresses/')).toBe(false);
  });

  it('of subnets falls back to the list of the section where PHP has no memory for all', async () => {
    const world = await World.start();
    world.simulator.ipam.typed('subnets', { subnet: '10.20.1.0', mask: '24', sectionId: world.section });
    world.simulator.ipam.typed('subnets', { subnet: '0', isFolder: 1, sectionId: world.section });
    world.simulator.fatals.push({ when: (request) => request.startsWith('GET /subnets/?'), how: 'html' });
    expect((await world.scan('prefix')).objects.map(({ remoteId }) => remoteId)).toEqual(['1']);
  });

  it('does not end as an empty one where PHP ends, half a body comes, or a page of something else', async () => {
    const world = await World.start();
    world.simulator.ipam.typed('vrf', { name: 'red' });
    const { fatals, faults } = world.simulator;
    const scan = () => world.inventory.scan('vrf', null, signal);
    for (const how of ['html', 'empty'] as const) {
      fatals.push({ when: () => true, how });
      await expect(scan()).rejects.toMatchObject({ code: 'PHPIPAM_UNEXPECTED_ANSWER', facts: { retriable: true, status: 500 } });
      fatals.length = 0;
    }
    faults.add({ kind: 'truncated-json' });
    await expect(scan()).rejects.toMatchObject({ code: 'PHPIPAM_UNEXPECTED_ANSWER' });
    faults.add({ kind: 'bad-gateway' }, { kind: 'reset-in-body' });
    expect((await scan()).objects).toHaveLength(1);
    faults.add({ kind: 'hang' });
    const hasty = World.inventory(world.simulator, { timing: { ...TIMING, readMs: 500 } });
    expect((await hasty.scan('vrf', null, signal)).objects).toHaveLength(1);
  });

  it('fails where the app lost its permission, and does not take that for an empty table', async () => {
    const world = await World.start();
    world.simulator.ipam.typed('vrf', { name: 'red' });
    const [app] = world.simulator.ipam.apps;
    if (app) app.permissions = 0;
    await expect(world.inventory.scan('vrf', null, signal)).rejects.toMatchObject({ code: 'PHPIPAM_DISABLED' });
    if (app) app.permissions = 1;
    expect((await world.inventory.scan('vrf', null, signal)).objects).toHaveLength(1);
    await expect(world.write('vrf', { verb: 'CREATE', mark: 'vrf_2', fields: { name: 'blue' } })).rejects.toMatchObject({
      code: 'PHPIPAM_FORBIDDEN',
    });
  });

  it('can be called off', async () => {
    const world = await World.start();
    await expect(world.inventory.scan('vrf', null, AbortSignal.abort())).rejects.toMatchObject({ code: 'PHPIPAM_ABORTED' });
  });
});

describe('logging in', () => {
  const asUser = { settings: parsePhpIpamSettings({ app: 'trame', user: USER.name, sections: ['Customers'] }), secret: USER.password };
  const withTokens: Partial<IpamOptions> = { apps: [{ ...APP, security: 'ssl_token' }], users: [{ ...USER }] };
  const logins = (world: World) => world.asked().filter((request) => request === 'POST /user/').length;

  it('is done once for many calls at once, one after another', async () => {
    const world = await World.start({ ...withTokens, release: '1.7.4' }, asUser);
    await Promise.all(['tenant', 'vrf', 'vlan', 'vlanGroup'].map((kind) => world.inventory.scan(kind as InventoryKind, null, signal)));
    expect([logins(world), world.simulator.peakInFlight]).toEqual([1, 1]);
  });

  it('is done again where the token has ended, once', async () => {
    const world = await World.start(withTokens, asUser);
    await world.inventory.scan('vrf', null, signal);
    const [user] = world.simulator.ipam.users;
    if (user) user.token = undefined;
    expect((await world.inventory.scan('vlanGroup', null, signal)).objects).toHaveLength(1);
    expect(logins(world)).toBe(2);
  });

  it('is not tried again with a password that was wrong: ten times, and the address is blocked', async () => {
    const world = await World.start(withTokens, { ...asUser, secret: 'wrong' });
    for (let i = 0; i < 12; i++)
      await expect(world.inventory.scan('vrf', null, signal)).rejects.toMatchObject({ code: 'PHPIPAM_UNAUTHORIZED' });
    expect(logins(world)).toBe(1);
  });

  it('waits while the address is blocked', async () => {
    const world = await World.start(withTokens, asUser);
    for (let i = 0; i < 11; i++) expect(() => world.simulator.ipam.login(USER.name, 'guess')).toThrow();
    await expect(world.inventory.scan('vrf', null, signal)).rejects.toMatchObject({ code: 'PHPIPAM_BLOCKED', facts: { retriable: true } });
  });

  it('with a code that is not the app’s is refused', async () => {
    const world = await World.start({}, { secret: 'f'.repeat(32) });
    await expect(world.inventory.scan('vrf', null, signal)).rejects.toMatchObject({
      code: 'PHPIPAM_UNAUTHORIZED',
      facts: { retriable: false },
    });
  });

  it('is not done at all where another key answers, or without TLS', async () => {
    const world = await World.start({}, { tls: { pinnedSpkiSha256: ['A'.repeat(43) + '='] } });
    await expect(world.inventory.scan('vrf', null, signal)).rejects.toMatchObject({ code: 'PHPIPAM_WRONG_CERTIFICATE' });
    expect(world.asked()).toEqual([]);
    const plain = new PhpIpamInventory({
      name: 'ipam',
      url: await world.simulator.openPlain(),
      secret: APP.code,
      settings: asUser.settings,
    });
    await expect(plain.scan('vrf', null, signal)).rejects.toMatchObject({
      code: 'PHPIPAM_DISABLED',
      message: expect.stringContaining('SSL'),
    });
  });
});
