// Whoever may write in a NetBox may fill the fields of his objects: pages become larger than what is taken, and are read all the same.
import { NetBoxInventory } from '#adapters/netbox';
import { closeRooms, signal, type Room, scanned, start, update } from '../support/netbox-room.js';

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
  const timing = { readMs: 20_000, writeMs: 20_000, againMs: 2 };
  const options = { name: 'netbox', url: netbox.url, token: netbox.token, timing, maxAnswerBytes: MAX_ANSWER_BYTES };
  return { netbox, inventory: new NetBoxInventory(options) };
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

it('an object that alone is more than is taken is an error that says so', async () => {
  const { inventory } = await filled('4.7', 'x'.repeat(MAX_ANSWER_BYTES));
  await expect(scanned(inventory, 'tenant')).rejects.toMatchObject({ code: 'NETBOX_TOO_LARGE', facts: { retriable: false } });
});
