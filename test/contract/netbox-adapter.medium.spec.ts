/** The adapter itself and a NetBox: it finds out what that is, prepares it, reads all of it, and writes, reads back and deletes its own. */
import { randomBytes } from 'node:crypto';
import { NetBoxInventory } from '#adapters/netbox';
import type { ForeignObject, InventoryKind } from '#contexts/sync/ports';
import { Cidr } from '#engines/kernel';
import { ALL, create, doneOf, drop, ref, scanned, signal, update } from '../support/netbox-room.js';
import { against, isRealNetBox, NetBoxUnderTest, releases } from './netbox-under-test.js';

// The oldest and the newest; what lies between is in the suites of what each of them does.
const ENDS = releases.filter((_, at) => at === 0 || at === releases.length - 1);
console.info(`NetBox, our adapter: ${ENDS.map(against).join(', ')}`);

describe.each(ENDS)('our adapter and NetBox %s', (release) => {
  const random = randomBytes(5).toString('hex');
  const [tenantMark, prefixMark] = [`ten_ct${random}`, `pfx_ct${random}`];
  const prefix = Cidr.parse(`fd${random.slice(0, 2)}:${random.slice(2, 6)}:${random.slice(6)}::/64`);
  let netbox: NetBoxUnderTest;
  let inventory: NetBoxInventory;

  const written = async (kind: InventoryKind, ...writes: Parameters<NetBoxInventory['write']>[1]): Promise<ForeignObject> =>
    doneOf((await inventory.write(kind, writes, signal))[0]);
  const read = async (kind: InventoryKind, { remoteId }: ForeignObject) => (await inventory.get(kind, [remoteId], signal))[0];

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
    // Of a real one nothing is asked that would have to be made there first: no role, no type, no registry.
    const settings = isRealNetBox ? {} : ALL;
    inventory = new NetBoxInventory({ name: 'contract', url: netbox.url, token: netbox.token, settings });
    await forgetWhatPrepareMakes();
  });
  afterAll(() => netbox?.close());

  /** What was there before stays. */
  async function forgetWhatPrepareMakes(): Promise<void> {
    const before = await Promise.all([
      netbox.rows('extras/custom-fields/?name=trame_id'),
      netbox.rows('extras/tags/?slug=managed-by-trame&slug=trame-deprecated'),
    ]);
    await inventory.probe(signal);
    await inventory.prepare(signal);
    const after = await Promise.all([
      netbox.rows('extras/custom-fields/?name=trame_id'),
      netbox.rows('extras/tags/?slug=managed-by-trame&slug=trame-deprecated'),
    ]);
    const were = new Set(before.flat().map(({ url }) => url));
    const paths = ['extras/custom-fields', 'extras/tags'];
    after.forEach((rows, at) => {
      for (const { id, url } of rows) if (!were.has(url)) netbox.forget(`${paths[at] ?? ''}/${Number(id)}/`);
    });
  }

  it('knows the release and says of each kind what it can do, or what it lacks', async () => {
    const { version, kinds, lacking } = await inventory.probe(signal);
    expect(version.startsWith(release)).toBe(true);
    expect([...kinds.keys()]).toEqual(expect.arrayContaining(['tenant', 'vrf', 'vlan', 'l2vpn', 'prefix', 'ipAddress']));
    for (const words of lacking?.values() ?? []) expect(words).not.toBe('');
  });

  it('writes a tenant and a prefix of it, finds both in a scan of everything, changes them, and takes them away again', async () => {
    const tenant = await written('tenant', create(tenantMark, { name: `ct ${random}`, slug: `ct-${random}`, description: 'contract' }));
    netbox.forget(`tenancy/tenants/${tenant.remoteId}/`);
    const fields = { prefix, vrf: null, tenant: ref('tenant', tenant), status: 'reserved', description: null };
    const subnet = await written('prefix', create(prefixMark, fields));
    netbox.forget(`ipam/prefixes/${subnet.remoteId}/`);
    expect(subnet).toMatchObject({ mark: prefixMark, fields });

    const all = new Map<InventoryKind, ForeignObject[]>();
    for (const kind of (await inventory.probe(signal)).kinds.keys()) all.set(kind, await scanned(inventory, kind));
    expect(all.get('tenant')).toContainEqual(tenant);
    expect(all.get('prefix')).toContainEqual(subnet);
    expect(await inventory.findMarked('prefix', [prefixMark], signal)).toEqual([subnet]);
    expect(await inventory.findAlike('prefix', [{ prefix, vrf: null }], signal)).toEqual([subnet]);

    const changed = await written('prefix', update(subnet, { status: 'active', description: 'kept by a contract' }));
    expect(await read('prefix', subnet)).toEqual(changed);
    expect(changed.fields).toMatchObject({ prefix, status: 'active', description: 'kept by a contract' });
    expect(await inventory.write('tenant', [drop(tenant, tenantMark)], signal)).toEqual([{ refused: expect.stringContaining('depend') }]);

    expect(await inventory.write('prefix', [drop(changed, prefixMark)], signal)).toEqual([{ done: null }]);
    expect(await inventory.write('tenant', [drop(tenant, tenantMark)], signal)).toEqual([{ done: null }]);
    expect([await read('prefix', subnet), await read('tenant', tenant)]).toEqual([undefined, undefined]);
  });
});
