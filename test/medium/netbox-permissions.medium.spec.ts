// A token that may see more than it may change: what NetBox leaves out without a word is neither done nor gone.
import type { ForeignObject } from '#contexts/sync/ports';
import type { NetBoxInventory } from '#adapters/netbox';
import type { JsonObject } from '../../apps/lab/src/netbox-simulator/index.js';
import { closeRooms, connect, drop, made, type Room, signal, start, update } from '../support/netbox-room.js';

afterEach(closeRooms);

const NOT_OURS = { refused: expect.stringMatching(/may be seen and not changed/) };
const ALL = { view: true, add: true, change: true, delete: true } as const;

/** Sees all tenants, and may change and delete those that are not frozen. */
function narrowed({ netbox }: Room): NetBoxInventory {
  const isFree = (tenant: JsonObject): boolean => tenant['name'] !== 'frozen';
  const token = netbox.state.user('trame', {
    'extras.customfield': ALL,
    'extras.tag': ALL,
    'extras.configcontext': ALL,
    'tenancy.tenant': { view: true, add: true, change: isFree, delete: isFree },
  });
  return connect(netbox, { token: token.value });
}

const tenant = (room: Room, name: string): Promise<ForeignObject> => made(room, 'tenant', `ten_${name}`, { name, slug: name });
const names = ({ netbox }: Room): unknown[] => netbox.state.objects('tenancy/tenants').map(({ values }) => values['name']);
const deletion = (object: ForeignObject) => drop(object, object.mark ?? '');

describe.each(['4.2', '4.5', '4.6', '4.7'] as const)('a NetBox %s in which some objects may only be seen', (version) => {
  it('one that is to be deleted, alone or among others, is refused and is not said to be gone', async () => {
    const room = await start(version);
    const inventory = narrowed(room);
    const [a, frozen, c, last] = [await tenant(room, 'a'), await tenant(room, 'frozen'), await tenant(room, 'c'), await tenant(room, 'd')];
    expect(await inventory.write('tenant', [deletion(frozen)], signal)).toEqual([NOT_OURS]);
    expect(await inventory.write('tenant', [deletion(a), deletion(frozen), deletion(c)], signal)).toEqual([
      { done: null },
      NOT_OURS,
      { done: null },
    ]);
    expect(names(room)).toEqual(['frozen', 'd']);
    expect(await inventory.write('tenant', [deletion(last)], signal)).toEqual([{ done: null }]);
  });

  it('one that is to be changed or put out of use, alone or among others, is refused and is not said to be gone', async () => {
    const room = await start(version);
    const inventory = narrowed(room);
    const [a, frozen, c] = [await tenant(room, 'a'), await tenant(room, 'frozen'), await tenant(room, 'c')];
    expect(await inventory.write('tenant', [update(frozen, { description: 'x' })], signal)).toEqual([NOT_OURS]);
    const out = { verb: 'DEPRECATE', remoteId: frozen.remoteId, version: frozen.version } as const;
    expect(await inventory.write('tenant', [out], signal)).toEqual([NOT_OURS]);
    const outcomes = await inventory.write(
      'tenant',
      [a, frozen, c].map((one) => update(one, { description: 'x' })),
      signal,
    );
    expect(outcomes).toEqual([{ done: expect.anything() }, NOT_OURS, { done: expect.anything() }]);
    expect(room.netbox.state.objects('tenancy/tenants').map(({ values }) => values['description'])).toEqual(['x', '', 'x']);
  });
});
