/** The engine, its database and our adapter, and a NetBox: what is written is written once, people's words are kept, and what is not ours stays. */
import { NetBoxInventory, type NetBoxSettings } from '#adapters/netbox';
import { INVENTORY_KINDS, type InventoryKind } from '#contexts/sync/ports';
import type { JsonObject } from '../../apps/lab/src/netbox-simulator/index.js';
import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld } from '../support/sync-runner-world.js';
import { type MeddlingProxy, type SeenRequest, startMeddlingProxy } from './meddling-proxy.js';
import { against, isAtLeast, isRealNetBox, NetBoxUnderTest, releases, textOf } from './netbox-under-test.js';

// The oldest and the newest; of a real one the one that it is.
const ENDS = [...new Set([releases[0], releases.at(-1)])].filter((release) => release !== undefined);
console.info(`the engine and NetBox: ${ENDS.map(against).join(', ')}`);

const PATHS: Readonly<Record<InventoryKind, string>> = {
  tenant: 'tenancy/tenants',
  routeTarget: 'ipam/route-targets',
  vrf: 'ipam/vrfs',
  vlanGroup: 'ipam/vlan-groups',
  vlan: 'ipam/vlans',
  l2vpn: 'vpn/l2vpns',
  l2vpnTermination: 'vpn/l2vpn-terminations',
  prefix: 'ipam/prefixes',
  ipRange: 'ipam/ip-ranges',
  asn: 'ipam/asns',
  device: 'dcim/devices',
  interface: 'dcim/interfaces',
  ipAddress: 'ipam/ip-addresses',
};
/** In the order in which they are made. */
const PREREQUISITES = [
  'dcim/sites',
  'dcim/device-roles',
  'dcim/manufacturers',
  'dcim/device-types',
  'ipam/rirs',
  'extras/tags',
  'extras/custom-fields',
];
/** Of these one is there for all, whoever made it. */
const SHARED = ['generic', 'managed-by-trame', 'trame-deprecated', 'trame_id'];
const ADDRESSES = 120;
/** NetBox gives no more at once. */
const PAGE = 1000;
/** Marks of this suite; those of a Trame are longer. */
const OURS = /^[a-z]+[_-](?:\d{1,3}|late)$/;

describe.each(ENDS)('the engine and NetBox %s', (release) => {
  let netbox: NetBoxUnderTest;
  let proxy: MeddlingProxy;
  let host: SyncRunnerHost;
  let world: SyncRunnerWorld;
  /** Addresses of everything that was there before, by path. */
  let strangers: ReadonlyMap<string, string>;

  let slug: string;

  const all = async (path: string): Promise<readonly JsonObject[]> => {
    const rows: JsonObject[] = [];
    for (
      let page = await netbox.rows(`${path}/?limit=${PAGE}`);
      ;
      page = await netbox.rows(`${path}/?limit=${PAGE}&offset=${rows.length}`)
    ) {
      rows.push(...page);
      if (page.length < PAGE) return rows;
    }
  };
  const everything = async (): Promise<Map<string, string>> => {
    const lists = await Promise.all([...Object.values(PATHS), ...PREREQUISITES].map(all));
    return new Map(lists.flat().map((row) => [pathOf(row), asOthersSee(row)]));
  };
  const ours = async (kind: InventoryKind): Promise<readonly JsonObject[]> =>
    (await all(PATHS[kind])).filter((row) => OURS.test(markOf(row)));
  const idOf = async (kind: InventoryKind, mark: string): Promise<number> =>
    Number((await netbox.rows(`${PATHS[kind]}/?cf_trame_id=${mark}`))[0]?.['id']);
  const edit = async (kind: InventoryKind, id: number, body: JsonObject): Promise<void> => {
    const { status, text } = await netbox.call('PATCH', `${PATHS[kind]}/${id}/`, body);
    if (status !== 200) throw new Error(`${PATHS[kind]}: ${status} ${text}`);
  };
  const to =
    (method: string, kind: InventoryKind) =>
    (request: SeenRequest): boolean =>
      request.method === method && request.path.startsWith(`/api/${PATHS[kind]}/`);
  const writes = (): readonly string[] => proxy.take().filter((line) => !/^(?:GET|OPTIONS|HEAD) /.test(line));
  const wrongLines = async (run: Parameters<SyncRunnerWorld['changes']>[0]) =>
    (await world.changes(run)).filter(({ error, state }) => error !== null || state === 'REFUSED');

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
    const foreign = await netbox.vrf({ description: 'of others' });
    await netbox.make('ipam/prefixes', { prefix: '10.77.0.0/24', vrf: foreign.id, description: 'of others' });
    strangers = await everything();
    proxy = await startMeddlingProxy(netbox.url);
    slug = netbox.name('kept');
    const settings: NetBoxSettings = { device: { role: slug, deviceType: slug, site: slug }, rir: slug, createMissing: true };
    host = await openSyncRunnerHost(({ name }) => new NetBoxInventory({ name, url: proxy.url, token: netbox.token, settings }));
    // What is taken away is seen on its way out by one run, and gone after the next.
    world = await host.world({ settings: { mode: 'OBSERVE', graceSeconds: 0 } });
    fill(world, slug);
  });
  afterAll(async () => {
    try {
      if (isRealNetBox) await takeAway();
    } finally {
      await host?.close();
      await proxy?.close();
      await netbox?.close();
    }
  }, 300_000);

  /** What the engine made: by its marks, and what that needed by what it is called in this run. What others made meanwhile stays. */
  async function takeAway(): Promise<void> {
    for (const kind of [...INVENTORY_KINDS].reverse()) {
      const rows = (await ours(kind)).map(({ id }) => ({ id: id ?? null }));
      if (rows.length > 0) await netbox.call('DELETE', `${PATHS[kind]}/`, rows);
    }
    for (const path of PREREQUISITES)
      for (const row of await all(path))
        if ([slug, ...SHARED].includes(textOf(row['slug'] ?? row['name'])) && !strangers.has(pathOf(row)))
          netbox.forget(`${path}/${textOf(row['id'])}/`);
  }

  it('is read first, and shown what it would get: nothing is written, not even a field or a tag', async () => {
    const run = await world.sync();
    const all = (await wanted()).length;
    expect(run).toMatchObject({
      state: 'SUCCEEDED',
      error: expect.stringMatching(/^\d+ of its lines are shown/),
      counts: { created: all },
    });
    expect(writes()).toEqual([]);
    expect(await everything()).toEqual(strangers);
  });

  it('gets all of it once, of every kind, and nothing when it has it', async () => {
    await world.set({ mode: 'WRITE' });
    const run = await world.sync();
    expect(await wrongLines(run)).toEqual([]);
    expect(run).toMatchObject({ state: 'SUCCEEDED', error: null });
    const marks = (await Promise.all(INVENTORY_KINDS.map(ours))).flat().map(markOf);
    expect(marks.sort()).toEqual(await wanted());
    proxy.take();
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 0, updated: 0, deleted: 0, conflicts: 0 } });
    expect(writes()).toEqual([]);
    expect(await unchanged()).toEqual([]);
  });

  it('may describe what is ours, and is put right where it says something else about what is ours to say', async () => {
    const prefix = await idOf('prefix', 'pfx_1');
    await edit('prefix', prefix, { description: 'web of acme', status: 'deprecated' });
    await world.runs.hint(world.targetId, 'prefix', String(prefix));
    await world.attend();
    expect((await netbox.get(`ipam/prefixes/${prefix}/`)).json).toMatchObject({ description: 'web of acme', status: { value: 'active' } });
    expect(world.local.get('prefix', 'pfx_1')).toMatchObject({ description: 'web of acme', status: 'active' });
  });

  it('is told many changes at once, when a person has seen them', async () => {
    for (const id of await addressIds()) world.local.put('ipAddress', id, { dnsName: `${id.replaceAll('_', '-')}.example.net` });
    proxy.take();
    const stopped = await world.sync();
    expect(stopped).toMatchObject({ state: 'BLOCKED_BY_GUARD', counts: { updated: ADDRESSES, conflicts: 0 } });
    expect(writes()).toEqual([]);
    await world.runs.approve(stopped.id, stopped.digest ?? '', 'operator');
    await world.attend();
    expect(await wrongLines(stopped)).toEqual([]);
    expect(writes().length).toBeLessThanOrEqual(4);
    expect((await ours('ipAddress')).filter(({ dns_name: name }) => textOf(name).endsWith('.example.net'))).toHaveLength(ADDRESSES);
  });

  it('an answer that is lost makes nothing twice', async () => {
    world.local.put('tenant', 'ten_late', { name: 'Late', slug: netbox.name('late'), description: null });
    world.local.put('asn', 'asn-late', { asn: 4_200_001_234 });
    proxy.loseAnswer(to('POST', 'tenant'));
    proxy.loseAnswer(to('POST', 'asn'));
    await world.sync();
    const run = await world.sync();
    expect(proxy.pending).toBe(0);
    expect(await wrongLines(run)).toEqual([]);
    expect((await ours('tenant')).filter((row) => markOf(row) === 'ten_late')).toHaveLength(1);
    expect((await ours('asn')).filter((row) => markOf(row) === 'asn-late')).toHaveLength(1);
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 0, updated: 0, deleted: 0 } });
  });

  it('an edit in the very moment of ours is kept, and ours is written', async () => {
    const id = await idOf('tenant', 'ten_1');
    const slug = netbox.name('moved');
    world.local.put('tenant', 'ten_1', { slug });
    proxy.before(to('PATCH', 'tenant'), () => edit('tenant', id, { description: 'theirs, just now' }));
    const run = await world.sync();
    expect(proxy.pending).toBe(0);
    const states = (await world.changes(run)).map(({ state }) => state);
    expect(states).toEqual(isAtLeast(release, '4.6') ? ['STALE', 'APPLIED'] : ['APPLIED']);
    await world.sync();
    expect((await netbox.get(`tenancy/tenants/${id}/`)).json).toMatchObject({ slug, description: 'theirs, just now' });
    expect(world.local.get('tenant', 'ten_1')).toMatchObject({ slug, description: 'theirs, just now' });
  });

  it('what people took away there is made again, once', async () => {
    await netbox.call('DELETE', `ipam/ip-addresses/${await idOf('ipAddress', 'ip_5')}/`);
    expect(await wrongLines(await world.sync())).toEqual([]);
    expect((await ours('ipAddress')).map(markOf).filter((mark) => mark === 'ip_5')).toHaveLength(1);
  });

  it('loses what Trame no longer has, in two steps, and nothing else', async () => {
    world.local.remove('ipAddress', 'ip_7');
    world.local.remove('ipRange', 'rng_1');
    const id = await idOf('ipAddress', 'ip_7');
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED' });
    await world.sync();
    expect((await netbox.get(`ipam/ip-addresses/${id}/`)).status).toBe(404);
    expect((await Promise.all(INVENTORY_KINDS.map(ours))).flat().map(markOf).sort()).toEqual(await wanted());
    expect(await unchanged()).toEqual([]);
  });

  it('lets go of what a prefix named that is another one of ours by now, in a VLAN that it leaves to them', async () => {
    const [prefix, vlan] = [await idOf('prefix', 'pfx_1'), await idOf('vlan', 'vlan_1')];
    const { vlan: _theirs, ...rest } = world.local.get('prefix', 'pfx_1') ?? {};
    world.local.remove('prefix', 'pfx_1');
    world.local.put('prefix', 'pfx_9', rest);
    world.local.remove('l2vpnTermination', 'end_1');
    world.local.remove('vlan', 'vlan_1');
    for (let run = 0; run < 3; run++) await world.sync();
    expect(await wrongLines(await world.sync())).toEqual([]);
    expect((await netbox.get(`ipam/vlans/${vlan}/`)).status).toBe(404);
    expect((await netbox.get(`ipam/prefixes/${prefix}/`)).json).toMatchObject({ vlan: null, custom_fields: { trame_id: 'pfx_9' } });
  });

  it('that lost two fifths of what it had is not written to, and nothing is deleted here', async () => {
    const lost = (await addressIds()).slice(0, ADDRESSES * 0.4);
    const rows = (await ours('ipAddress')).filter((row) => lost.includes(markOf(row))).map(({ id }) => ({ id: id ?? null }));
    expect((await netbox.call('DELETE', 'ipam/ip-addresses/', rows)).status).toBe(204);
    proxy.take();
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'BLOCKED_BY_GUARD' });
    expect(writes()).toEqual([]);
    expect(await addressIds()).toHaveLength(ADDRESSES - 1);
  });

  const addressIds = async (): Promise<string[]> => world.local.all('ipAddress').map(({ id }) => id);
  /** Marks of everything that Trame has. */
  const wanted = async (): Promise<string[]> => INVENTORY_KINDS.flatMap((kind) => world.local.all(kind).map(({ id }) => id)).sort();
  /** What others had before and is not as it was. */
  const unchanged = async (): Promise<string[]> => {
    const now = await everything();
    return [...strangers].filter(([path, row]) => now.get(path) !== row).map(([path]) => path);
  };
});

/** Of what several Trames may have, a mark says which one it is, too: `asn-…@…`. */
const markOf = (row: JsonObject): string => textOf((row['custom_fields'] as JsonObject)['trame_id']).replace(/@.*$/, '');
const pathOf = (row: JsonObject): string => new URL(textOf(row['url'])).pathname;
/** Without the field that we added to its kind, and without counts of what is of it. */
function asOthersSee({ custom_fields: fields, ...row }: JsonObject): string {
  const { trame_id: _ours, ...theirs } = (fields ?? {}) as JsonObject;
  return JSON.stringify({ ...Object.fromEntries(Object.entries(row).filter(([name]) => !name.endsWith('_count'))), custom_fields: theirs });
}
const ref = (kind: InventoryKind, id: string) => ({ kind, id });

/** One of each kind, and many addresses. */
function fill({ local }: SyncRunnerWorld, slug: string): void {
  const tenant = ref('tenant', 'ten_1');
  local.put('tenant', 'ten_1', { name: slug, slug, description: null });
  local.put('routeTarget', 'rt-1', { name: `65051:${slug.replaceAll(/\D/g, '').slice(-6)}`, tenant });
  local.put('vrf', 'vrf_1', {
    name: slug,
    tenant,
    importTargets: [ref('routeTarget', 'rt-1')],
    exportTargets: [ref('routeTarget', 'rt-1')],
    description: null,
  });
  local.put('vlanGroup', 'vld_1', { name: slug, slug });
  local.put('vlan', 'vlan_1', { vid: 300, name: slug, group: ref('vlanGroup', 'vld_1'), tenant, status: 'active' });
  const targets = { importTargets: [ref('routeTarget', 'rt-1')], exportTargets: [ref('routeTarget', 'rt-1')] };
  local.put('l2vpn', 'net_1', { name: slug, slug, identifier: 16_000_123, tenant, status: 'active', description: null, ...targets });
  local.put('l2vpnTermination', 'end_1', { l2vpn: ref('l2vpn', 'net_1'), vlan: ref('vlan', 'vlan_1') });
  const place = { vrf: ref('vrf', 'vrf_1'), tenant, status: 'active', description: null };
  local.put('prefix', 'pfx_1', { prefix: '10.78.0.0/24', vlan: ref('vlan', 'vlan_1'), ...place });
  local.put('prefix', 'pfx_2', { prefix: '2001:db8:78::/64', vlan: null, ...place });
  local.put('ipRange', 'rng_1', { start: '10.78.0.200', end: '10.78.0.220', ...place });
  local.put('asn', 'asn-1', { asn: 4_200_001_233 });
  local.put('device', 'dev_1', { name: slug, site: slug, description: null });
  local.put('interface', 'vtep_1', { device: ref('device', 'dev_1'), name: 'lo' });
  for (let n = 1; n <= ADDRESSES; n++) {
    const isDevice = n === 1;
    local.put('ipAddress', `ip_${n}`, {
      host: `10.78.0.${n}`,
      length: isDevice ? 32 : 24,
      dnsName: null,
      role: isDevice ? 'loopback' : null,
      ...(isDevice && { interface: ref('interface', 'vtep_1') }),
      ...place,
    });
  }
}
