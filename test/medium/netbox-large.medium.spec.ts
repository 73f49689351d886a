// Whoever may write in a NetBox may fill the fields of his objects: pages become larger than what is taken, and are read all the same.
import { NetBoxInventory } from '#adapters/netbox';
import { ALL, closeRooms, doneOf, drop, made, one, ref, type Room, scanned, signal, start, update } from '../support/netbox-room.js';

const OBJECTS = 24;
const MAX_ANSWER_BYTES = 16 * 1024;

afterEach(closeRooms);

/** Objects with two kilobytes each, in a field that nobody here asks for; a page of all of them is three times as large as what is taken. */
async function filled(version: '4.2' | '4.7', note: string | readonly unknown[] = 'x'.repeat(2000)): Promise<Room> {
  const { netbox } = await start(version);
  const type = typeof note === 'string' ? 'longtext' : 'json';
  netbox.state.seed('extras/custom-fields', [{ name: 'note', type, object_types: ['tenancy.tenant'] }]);
  netbox.state.seed(
    'tenancy/tenants',
    Array.from({ length: OBJECTS }, (_, n) => ({
      name: `t${n}`,
      slug: `t${n}`,
      custom_fields: { note: note as string, trame_id: `ten_${n}` },
    })),
  );
  return { netbox, inventory: narrow(netbox) };
}

function narrow({ url, token }: Room['netbox']): NetBoxInventory {
  const timing = { readMs: 20_000, writeMs: 20_000, againMs: 2 };
  return new NetBoxInventory({ name: 'netbox', url, token, settings: ALL, timing, maxAnswerBytes: MAX_ANSWER_BYTES });
}

describe.each(['4.2', '4.7'] as const)('a NetBox %s with large objects', (version) => {
  it('is read to its end, a few at a time', async () => {
    const { inventory, netbox } = await filled(version);
    const all = await scanned(inventory, 'tenant');
    expect(all.map(({ fields }) => fields['name'])).toEqual(Array.from({ length: OBJECTS }, (_, n) => `t${n}`));
    expect(new Set(all.map(({ remoteId }) => remoteId)).size).toBe(OBJECTS);
    expect(netbox.requests.filter((line) => line.startsWith('GET /api/tenancy/tenants/')).length).toBeLessThan(40);
    const ids = all.map(({ remoteId }) => remoteId);
    expect(await inventory.get('tenant', ids, signal)).toHaveLength(OBJECTS);
    expect(await inventory.findMarked('tenant', ['ten_3', 'ten_9'], signal)).toHaveLength(2);
  });

  it('is written: an answer that is too large says that it was done, and what is there is looked for', async () => {
    const { inventory, netbox } = await filled(version);
    const all = await scanned(inventory, 'tenant');
    const outcomes = await inventory.write(
      'tenant',
      all.map((object) => update(object, { description: 'ours' })),
      signal,
    );
    expect(outcomes.map((outcome) => 'done' in outcome && outcome.done?.fields['description'])).toEqual(all.map(() => 'ours'));
    expect(netbox.requests.filter((line) => line.startsWith('PATCH '))).toHaveLength(1);
  });
});

it('an object among others of its name is found, though nobody is asked for the tenant and pages are of one', async () => {
  const { netbox } = await start('4.7');
  netbox.state.seed('extras/custom-fields', [{ name: 'note', type: 'longtext', object_types: ['ipam.vrf'] }]);
  const [tenant = 0] = netbox.state.seed('tenancy/tenants', [{ name: 't', slug: 't' }]);
  const vrf = (rd: string, theirs: object) => ({ name: 'web', rd, custom_fields: { note: 'x'.repeat(10_000) }, ...theirs });
  netbox.state.seed('ipam/vrfs', [vrf('1:1', {}), vrf('1:2', {}), vrf('1:3', { tenant })]);
  const found = await narrow(netbox).findAlike('vrf', [{ name: 'web', tenant: { kind: 'tenant', id: `~${tenant}` } }], signal);
  expect(found.map(({ fields }) => fields['name'])).toEqual(['web']);
});

it('what hangs on an object is seen in pages that are larger than what is taken', async () => {
  const room = await start('4.7', {}, ALL);
  const { netbox } = room;
  const inventory = narrow(netbox);
  netbox.state.seed('extras/custom-fields', [{ name: 'note', type: 'longtext', object_types: ['dcim.device'] }]);
  const note = { custom_fields: { note: 'x'.repeat(7000) } };
  const drops = [];
  for (const n of [1, 2, 3]) {
    const device = await made(room, 'device', `dev_${n}`, { name: `leaf${n}`, status: 'active' });
    const port = await made(room, 'interface', `if_${n}`, { device: ref('device', device), name: 'Loopback0' });
    const at = { interface: ref('interface', port), status: 'active', host: `10.0.0.${n}`, length: 32 };
    const address = await made(room, 'ipAddress', `ip_${n}`, at);
    netbox.state.change('dcim/devices', device.order, {
      primary_ip4: address.order,
      custom_fields: { ...note.custom_fields, trame_id: `dev_${n}` },
    });
    const { version } = await one(room, 'device', device.remoteId);
    if (n < 3) doneOf((await inventory.write('device', [{ verb: 'DEPRECATE', remoteId: device.remoteId, version }], signal))[0]);
    drops.push(drop(await one(room, 'ipAddress', address.remoteId), `ip_${n}`));
  }
  const [first, second, third] = await inventory.write('ipAddress', drops, signal);
  expect([first, second]).toEqual([{ done: null }, { done: null }]);
  expect(third).toEqual({ refused: expect.stringContaining('1 × device whose primary address it is') });
});

it('an object that alone is more than is taken is an error that says so', async () => {
  const { inventory } = await filled('4.7', 'x'.repeat(MAX_ANSWER_BYTES));
  await expect(scanned(inventory, 'tenant')).rejects.toMatchObject({ code: 'NETBOX_TOO_LARGE', facts: { retriable: false } });
});
