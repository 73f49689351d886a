/** The adapter itself and a phpIPAM: it finds out what that is, reads all of it, and writes, reads back and deletes its own. */
import { randomBytes, randomInt } from 'node:crypto';
import { parsePhpIpamSettings, PhpIpamInventory } from '#adapters/phpipam';
import type { ForeignObject, InventoryKind } from '#contexts/sync/ports';
import type { IpamOptions } from '../../apps/lab/src/phpipam-simulator/index.js';
import { doneOf, ref, signal } from '../support/phpipam-room.js';
import { againstIpam, IpamUnderTest, isRealIpam } from './phpipam-server.js';

console.info(`phpIPAM, our adapter: ${againstIpam}`);

const RELEASES: readonly (readonly [string, Partial<IpamOptions>])[] = isRealIpam
  ? [[againstIpam, {}]]
  : [
      ['the simulator, 1.5.2 on PHP 7.4', { release: '1.5.2', php: '7.4' }],
      ['the simulator, 1.8.2 on PHP 8.2', { release: '1.8.2', php: '8.2' }],
    ];

describe.each(RELEASES)('our adapter and %s', (_name, options) => {
  const random = randomBytes(5).toString('hex');
  const [tenantMark, prefixMark] = [`ten_ct${random}`, `pfx_ct${random}`];
  const prefix = `10.${randomInt(1, 255)}.${randomInt(1, 255)}.0/24`;
  let ipam: IpamUnderTest;
  let inventory: PhpIpamInventory;
  let section: string;
  let made: string[] = [];

  beforeAll(async () => {
    ipam = await IpamUnderTest.start(options);
    section = await ipam.section({ strictMode: '1' });
    const settings = parsePhpIpamSettings({ app: ipam.app, sections: [section] });
    inventory = new PhpIpamInventory({ name: 'contract', url: ipam.url, secret: ipam.code, settings, ...ipam.tls });
  });
  afterAll(async () => {
    if (section !== undefined) await ipam.call('DELETE', `/sections/${section}/`);
    for (const path of made) await ipam.call('DELETE', path);
    await ipam?.close();
  });

  const written = async (kind: InventoryKind, ...writes: Parameters<PhpIpamInventory['write']>[1]): Promise<ForeignObject> =>
    doneOf((await inventory.write(kind, writes, signal))[0]);
  const read = async (kind: InventoryKind, { remoteId }: ForeignObject) => (await inventory.get(kind, [remoteId], signal))[0];
  const scanned = async (kind: InventoryKind): Promise<ForeignObject[]> => {
    const all: ForeignObject[] = [];
    for (let after: string | null = null; ; ) {
      const page = await inventory.scan(kind, after, signal);
      all.push(...page.objects);
      if (page.next === null) return all;
      after = page.next;
    }
  };
  it('makes a section that the settings name and that is not there, once', async () => {
    const name = `ct-${random}`;
    const settings = parsePhpIpamSettings({ app: ipam.app, sections: [name], createMissing: true });
    const other = new PhpIpamInventory({ name: 'contract', url: ipam.url, secret: ipam.code, settings, ...ipam.tls });
    await other.probe(signal);
    await other.prepare(signal);
    await other.prepare(signal);
    const sections = (await ipam.read('/sections/')) as unknown as { id: string; name: string }[];
    const found = sections.filter((one) => one.name === name);
    for (const { id } of found) await ipam.call('DELETE', `/sections/${id}/`);
    expect(found).toHaveLength(1);
  });

  const drop = ({ remoteId, version }: ForeignObject, mark: string) => ({ verb: 'DELETE', remoteId, version, mark }) as const;

  it('knows the release, and that each of its kinds can carry our mark', async () => {
    const { version, kinds, lacking, isSingleWriter } = await inventory.probe(signal);
    expect(version).toMatch(/^1\.\d/);
    if (!isRealIpam) expect(version).toBe(options.release);
    expect([[...kinds.keys()].sort(), [...(lacking ?? [])], isSingleWriter]).toEqual([
      ['ipAddress', 'prefix', 'tenant', 'vlan', 'vlanGroup', 'vrf'],
      [],
      true,
    ]);
  });

  it('writes a customer and a subnet of it, finds both in a scan of everything, changes them, and takes them away again', async () => {
    const tenant = await written('tenant', { verb: 'CREATE', mark: tenantMark, fields: { name: `ct ${random}`, slug: `ct-${random}` } });
    made = [`/tools/customers/${tenant.remoteId}/`];
    const fields = { prefix, vrf: null, tenant: ref('tenant', tenant.remoteId), description: null };
    const subnet = await written('prefix', { verb: 'CREATE', mark: prefixMark, fields });
    expect(subnet).toMatchObject({ mark: prefixMark, fields });

    const all = new Map<InventoryKind, ForeignObject[]>();
    for (const kind of (await inventory.probe(signal)).kinds.keys()) all.set(kind, await scanned(kind));
    expect(all.get('tenant')).toContainEqual(tenant);
    expect(all.get('prefix')).toEqual([subnet]); // The section is its own.
    expect(await inventory.findMarked('prefix', [prefixMark], signal)).toEqual([subnet]);
    expect(await inventory.findAlike('prefix', [{ prefix, vrf: null }], signal)).toEqual([subnet]);

    const { remoteId, version } = subnet;
    const changed = await written('prefix', { verb: 'UPDATE', remoteId, version, fields: { description: 'kept by a contract' } });
    expect(await read('prefix', subnet)).toEqual(changed);
    expect(changed.fields).toMatchObject({ ...fields, description: 'kept by a contract' });
    expect(await inventory.write('tenant', [drop(tenant, tenantMark)], signal)).toEqual([{ refused: expect.any(String) }]);

    expect(await inventory.write('prefix', [drop(changed, prefixMark)], signal)).toEqual([{ done: null }]);
    expect(await inventory.write('tenant', [drop(tenant, tenantMark)], signal)).toEqual([{ done: null }]);
    expect([await read('prefix', subnet), await read('tenant', tenant)]).toEqual([undefined, undefined]);
  });
});
