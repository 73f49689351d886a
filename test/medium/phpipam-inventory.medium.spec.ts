/** phpIPAM behind the port for foreign inventories, against the simulator: what people, faults and its own habits do to it. */
import { isPhpIpamError, PhpIpamInventory, type PhpIpamOptions, parsePhpIpamSettings } from '#adapters/phpipam';
import type { ForeignObject, ForeignWrite, InventoryKind, WriteOutcome } from '#contexts/sync/ports';
import type { Fields } from '#engines/reconcile';
import { type IpamOptions, type PhpIpamSimulator, startPhpIpamSimulator } from '../../apps/lab/src/phpipam-simulator/index.js';

const MARK = 'custom_trame_id';
const APP = { id: 'trame', code: 'a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5', security: 'ssl_code', permissions: 2 } as const;
const USER = { name: 'trame', password: 'Sesame:2026' };
const TABLES = ['subnets', 'ipaddresses', 'vlans', 'vrf', 'customers', 'vlanDomains'] as const;
const LEGACY: Partial<IpamOptions> = { release: '1.5.2', php: '7.4' };
const TIMING = { readMs: 3_000, writeMs: 3_000, againMs: 5 };

let open: PhpIpamSimulator[] = [];
afterEach(async () => {
  for (const simulator of open) await simulator.close();
  open = [];
});

const { signal } = new AbortController();
const ref = (kind: string, id: string | number) => ({ kind, id: `~${id}` });
const doneOf = (outcome: WriteOutcome | undefined): ForeignObject => {
  if (outcome === undefined || !('done' in outcome) || outcome.done === null) throw new Error(`not done: ${JSON.stringify(outcome)}`);
  return outcome.done;
};

class World {
  private constructor(
    readonly simulator: PhpIpamSimulator,
    readonly inventory: PhpIpamInventory,
    readonly section: number,
  ) {}

  static async start(options: Partial<IpamOptions> = {}, more: Partial<PhpIpamOptions> = {}): Promise<World> {
    const simulator = await startPhpIpamSimulator({ apps: [{ ...APP }], ...options });
    open = [...open, simulator];
    for (const table of TABLES) simulator.ipam.database.addCustomField(table, MARK);
    const section = simulator.ipam.typed('sections', { name: 'Customers' });
    simulator.ipam.typed('sections', { name: 'Lab' });
    return new World(simulator, World.inventory(simulator, more), section);
  }

  static inventory(simulator: PhpIpamSimulator, more: Partial<PhpIpamOptions> = {}): PhpIpamInventory {
    const settings = parsePhpIpamSettings({ app: 'trame', sections: ['Customers'] });
    const tls = { pinnedSpkiSha256: [simulator.spkiSha256] };
    return new PhpIpamInventory({ name: 'ipam', url: simulator.url, secret: APP.code, settings, tls, timing: TIMING, ...more });
  }

  get database() {
    return this.simulator.ipam.database;
  }

  async write(kind: InventoryKind, ...writes: ForeignWrite[]): Promise<readonly WriteOutcome[]> {
    return this.inventory.write(kind, writes, signal);
  }

  async create(kind: InventoryKind, mark: string, fields: Fields): Promise<ForeignObject> {
    const [outcome] = await this.write(kind, { verb: 'CREATE', mark, fields });
    return doneOf(outcome);
  }

  /** All pages, one behind the other. */
  async scan(kind: InventoryKind): Promise<{ readonly objects: readonly ForeignObject[]; readonly pages: number }> {
    const objects: ForeignObject[] = [];
    let pages = 0;
    for (let after: string | null = null; ; pages++) {
      const page = await this.inventory.scan(kind, after, signal);
      objects.push(...page.objects);
      if (page.next === null) return { objects, pages: pages + 1 };
      after = page.next;
    }
  }

  /** Requests that came since, without their query. */
  asked(since = 0): string[] {
    return this.simulator.requests.slice(since).map((request) => request.replace(/\?.*/, ''));
  }
}

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

describe('deleting something', () => {
  const remove = ({ remoteId, version, mark }: ForeignObject): ForeignWrite => ({ verb: 'DELETE', remoteId, version, mark: mark ?? '' });

  it('is done where the mark agrees, and refused where it is another or none', async () => {
    const world = await World.start();
    const vrf = await world.create('vrf', 'vrf_1', { name: 'red' });
    expect(await world.write('vrf', { ...remove(vrf), mark: 'vrf_2' } as ForeignWrite)).toEqual([
      { refused: 'it is not deleted: its mark is vrf_1, and vrf_2 was due' },
    ]);
    expect(await world.write('vrf', remove(vrf))).toEqual([{ done: null }]);
    expect(await world.write('vrf', remove(vrf))).toEqual([{ gone: true }]);
    expect(world.database.all('vrf')).toEqual([]);
  });

  it('is done once when its answer is lost', async () => {
    const world = await World.start();
    const vrf = await world.create('vrf', 'vrf_1', { name: 'red' });
    world.simulator.faults.add({ kind: 'reset-after', when: ([request]) => request?.startsWith('DELETE') ?? false });
    expect(await world.write('vrf', remove(vrf))).toEqual([{ done: null }]);
  });

  it('takes nothing along: not the subnets and addresses of a subnet, not a reference, not the VLANs of an L2 domain', async () => {
    const world = await World.start();
    const { ipam } = world.simulator;
    const vrf = await world.create('vrf', 'vrf_1', { name: 'red' });
    const group = await world.create('vlanGroup', 'vld_1', { name: 'par1', slug: 'par1' });
    const tenant = await world.create('tenant', 'ten_1', { name: 'Acme', slug: 'acme' });
    const prefix = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/16', vrf: ref('vrf', vrf.remoteId) });
    const theirs = { sectionId: world.section, vrfId: Number(vrf.remoteId), masterSubnetId: Number(prefix.remoteId) };
    const child = ipam.typed('subnets', { subnet: '10.20.1.0', mask: '24', ...theirs });
    ipam.typed('ipaddresses', { ip_addr: '10.20.0.9', subnetId: Number(prefix.remoteId) });
    ipam.typed('vlans', { name: 'x', number: 7, domainId: Number(group.remoteId), customer_id: Number(tenant.remoteId) });
    const refusals = [
      ...(await world.write('prefix', remove(prefix))),
      ...(await world.write('vrf', remove(vrf))),
      ...(await world.write('vlanGroup', remove(group))),
      ...(await world.write('tenant', remove(tenant))),
    ];
    expect(refusals).toEqual([
      { refused: 'it is not deleted: subnet 10.20.1.0/24 would be deleted with it' },
      { refused: 'it is not deleted: subnet 10.20.0.0/16 and 1 more would lose it' },
      { refused: 'it is not deleted: VLAN x would move to the default L2 domain' },
      { refused: 'it is not deleted: VLAN x would lose it' },
    ]);
    world.database.remove('subnets', child);
    expect(await world.write('prefix', remove(prefix))).toEqual([
      { refused: 'it is not deleted: address 10.20.0.9 would be deleted with it' },
    ]);
    expect(world.asked().filter((request) => request.startsWith('DELETE'))).toEqual([]);
  });

  it('of a subnet and those within it is done in one go, in whatever order they come', async () => {
    const world = await World.start();
    const outer = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/16', vrf: null });
    const inner = await world.create('prefix', 'pfx_2', { prefix: '10.20.1.0/24', vrf: null });
    expect(await world.write('prefix', remove(outer), remove(inner))).toEqual([{ done: null }, { done: null }]);
  });

  it('never takes the default L2 domain, which older releases would', async () => {
    const world = await World.start(LEGACY);
    world.simulator.ipam.edited('vlanDomains', 1, { [MARK]: 'vld_1' });
    const [domain] = (await world.scan('vlanGroup')).objects;
    expect(await world.write('vlanGroup', remove(domain as ForeignObject))).toEqual([{ refused: 'the default L2 domain stays' }]);
  });
});

it('has one request under way, whoever asks', async () => {
  const world = await World.start();
  const create = (at: number) => world.write('vrf', { verb: 'CREATE', mark: `vrf_${at}`, fields: { name: `vrf ${at}` } });
  world.simulator.faults.add({ kind: 'slow', ms: 30 }, { kind: 'slow', ms: 30 });
  await Promise.all([create(1), create(2), world.inventory.scan('vlanGroup', null, signal), world.inventory.scan('tenant', null, signal)]);
  expect(world.simulator.peakInFlight).toBe(1);
});

it('says with each error whether asking again may help', async () => {
  const world = await World.start();
  await world.simulator.close();
  const error: unknown = await world.inventory.scan('vrf', null, signal).catch((thrown: unknown) => thrown);
  expect(isPhpIpamError(error) && [error.code, error.facts.retriable, error.facts.call]).toEqual([
    'PHPIPAM_UNREACHABLE',
    true,
    'GET /vrfs/',
  ]);
});
