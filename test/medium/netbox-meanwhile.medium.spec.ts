// A colleague edits what a run is about to write, between its read and its write: NetBox says 412, and both edits are kept.
import { NetBoxInventory } from '#adapters/netbox';
import {
  type NetBoxRelease,
  type NetBoxSimulator,
  type RequestLine,
  startNetBoxSimulator,
} from '../../apps/lab/src/netbox-simulator/index.js';
import { openSyncRunnerHost, type SyncRunnerHost, tenant } from '../support/sync-runner-world.js';

const TENANTS = 'tenancy/tenants';
let netbox: NetBoxSimulator;
let host: SyncRunnerHost;
beforeAll(async () => {
  host = await openSyncRunnerHost(
    ({ name }) =>
      new NetBoxInventory({
        name,
        url: netbox.url,
        token: netbox.token,
        settings: { createMissing: true },
        timing: { readMs: 20_000, writeMs: 20_000, againMs: 2 },
      }),
  );
});
afterEach(() => netbox.close());
afterAll(() => host.close());

const isPatch = ({ method, path }: RequestLine): boolean => method === 'PATCH' && path.startsWith(`/api/${TENANTS}/`);
const theirs = () => netbox.state.objects(TENANTS).map(({ values: { name, slug, description } }) => ({ name, slug, description }));
const idOf = (name: string): number => netbox.state.objects(TENANTS).find(({ values }) => values['name'] === name)?.id ?? 0;

describe.each<NetBoxRelease>(['4.6', '4.7'])('an edit of a colleague while a run writes to NetBox %s', (version) => {
  it.each([
    ['the one object', 1],
    ['one of several', 3],
  ])('of %s is read again: both edits are there, on both sides', async (_which, count) => {
    netbox = await startNetBoxSimulator({ version });
    const world = await host.world();
    world.tenants(3);
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 3 } });
    for (let n = 1; n <= count; n++) world.local.put('tenant', `ten_0000${n}`, { ...tenant(`t${n}`), slug: `ours-${n}` });
    const id = idOf('t1');
    let sentBefore = 0;
    netbox.faults.meanwhile(isPatch, () => {
      sentBefore = netbox.requests.filter((request) => request.startsWith('PATCH')).length;
      netbox.state.change(TENANTS, id, { description: 'theirs' });
    });

    const run = await world.sync();

    expect(run).toMatchObject({ state: 'SUCCEEDED', counts: { updated: count, skipped: 0 } });
    const lines = (await world.changes(run)).filter(({ localId }) => localId === 'ten_00001');
    expect(lines.map(({ state, after, pull }) => ({ state, after, pull }))).toEqual([
      { state: 'STALE', after: { slug: 'ours-1' }, pull: {} },
      { state: 'APPLIED', after: { slug: 'ours-1' }, pull: { description: 'theirs' } },
    ]);
    // The first one was turned away as a whole.
    expect(sentBefore).toBe(1);
    expect(netbox.requests.filter((request) => request.startsWith('PATCH')).length).toBeGreaterThan(1);
    expect(theirs()).toEqual([
      { name: 't1', slug: 'ours-1', description: 'theirs' },
      { name: 't2', slug: count > 1 ? 'ours-2' : 't2', description: '' },
      { name: 't3', slug: count > 1 ? 'ours-3' : 't3', description: '' },
    ]);
    expect(world.local.get('tenant', 'ten_00001')).toMatchObject({ slug: 'ours-1', description: 'theirs' });
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { updated: 0, conflicts: 0 } });
  });
});
