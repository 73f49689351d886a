import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld, tenant } from '../../../../../test/support/sync-runner-world.js';
import type { ConnectorSettings, SyncRun } from '#contexts/sync';
import type { Fields } from '#engines/reconcile';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

const DOMAIN = { kind: 'vlanGroup', id: 'vld_1' };
const vlan = (vid: number, name: string): Fields => ({ vid, name, group: DOMAIN, tenant: null, status: 'active' });
const lines = async (run: SyncRun): Promise<string[]> =>
  (await world.changes(run)).map(
    ({ action, kind, localId, after, state }) => `${action} ${kind} ${localId} ${Object.keys(after).join()} ${state}`,
  );
const called = (kind: 'vlanGroup' | 'vlan'): unknown[] => world.foreign.all(kind).map(({ fields }) => fields['name']);
const vlanId = (): string => world.foreign.all('vlan')[0]?.remoteId ?? '';

/** A domain with the VLAN of a network in it, here alone. */
async function open(settings: ConnectorSettings = {}): Promise<void> {
  world = await host.world({ settings: { graceSeconds: 0, ...settings } });
  world.local.put('vlanGroup', 'vld_1', { name: 'leaf-test', slug: 'leaf-test' });
  world.local.put('vlan', 'vld_1-net_1', vlan(300, 'net-300'));
}

describe('what VLANs are called', () => {
  it('is said where they are made, and left alone from then on', async () => {
    await open();
    await world.sync();
    expect([called('vlanGroup'), called('vlan')]).toEqual([['leaf-test'], ['net-300']]);
    world.foreign.edit('vlan', vlanId(), { name: 'printers' });
    world.foreign.edit('vlanGroup', world.foreign.all('vlanGroup')[0]?.remoteId ?? '', { name: 'Room 1' });
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'SUCCEEDED', counts: { read: 2, unchanged: 2, updated: 0, conflicts: 0 } });
    expect(await lines(run)).toEqual([]);
    expect([called('vlanGroup'), called('vlan')]).toEqual([['Room 1'], ['printers']]);
    expect(world.local.get('vlan', 'vld_1-net_1')?.['name']).toBe('net-300');
  });

  it('stays in what is adopted, and everything else of it is put right', async () => {
    await open({ adoption: 'AUTOMATIC' });
    const group = world.foreign.put('vlanGroup', { name: 'Room 1', slug: 'leaf-test' });
    world.foreign.put('vlan', { ...vlan(300, 'printers'), group: { kind: 'vlanGroup', id: `~${group}` }, status: 'reserved' });
    await world.sync();
    await world.sync();
    expect([called('vlanGroup'), called('vlan')]).toEqual([['Room 1'], ['printers']]);
    expect(world.foreign.all('vlan')).toMatchObject([{ mark: 'vld_1-net_1', fields: { status: 'active' } }]);
  });

  it('is said anew in a VLAN that another network has now, unless people call it something else', async () => {
    await open();
    world.local.put('vlan', 'vld_1-net_2', vlan(301, 'net-301'));
    await world.sync();
    const second = world.foreign.all('vlan').find(({ fields }) => fields['vid'] === 301)?.remoteId ?? '';
    world.foreign.edit('vlan', second, { name: 'printers' });
    for (const [id, vid] of [
      ['net_1', 300],
      ['net_2', 301],
    ] as const) {
      world.local.remove('vlan', `vld_1-${id}`);
      world.local.put('vlan', `vld_1-${id}x`, vlan(vid, `new-${vid}`));
    }
    await world.sync();
    expect(world.foreign.all('vlan').map(({ mark, fields }) => [mark, fields['name']])).toEqual([
      ['vld_1-net_1x', 'new-300'],
      ['vld_1-net_2x', 'printers'],
    ]);
  });

  it('stays when the network comes back before its VLAN is deleted', async () => {
    await open({ graceSeconds: 3600 });
    await world.sync();
    world.foreign.edit('vlan', vlanId(), { name: 'printers' });
    world.local.remove('vlan', 'vld_1-net_1');
    expect(await lines(await world.sync())).toEqual(['DEPRECATE vlan vld_1-net_1  APPLIED']);
    world.local.put('vlan', 'vld_1-net_1', vlan(300, 'net-300'));
    await world.sync();
    expect(world.foreign.all('vlan')).toMatchObject([{ fields: { name: 'printers', status: 'active' } }]);
  });

  it("is Trame's again where the connector says so, and what is overwritten is told", async () => {
    await open();
    await world.sync();
    world.foreign.edit('vlan', vlanId(), { name: 'printers' });
    await world.set({ authority: { vlan: { name: 'US' } } });
    const [line] = await world.changes(await world.sync());
    expect(line).toMatchObject({ before: { name: 'printers' }, after: { name: 'net-300' }, overwritten: ['name'] });
    expect(called('vlan')).toEqual(['net-300']);
  });
});

describe('a field that the connector leaves alone', () => {
  it('is in no conflict any more, whatever somebody decided in one before', async () => {
    world = await host.world();
    world.local.put('tenant', 'ten_1', tenant('acme', 'old'));
    await world.sync();
    world.foreign.edit('tenant', world.foreign.all('tenant')[0]?.remoteId ?? '', { description: 'theirs' });
    world.local.put('tenant', 'ten_1', { description: 'ours' });
    await world.sync();
    const [conflict] = await world.runs.conflictsOf(world.targetId, { first: 10, after: null });
    await world.runs.resolveConflict(conflict!.id, 'US', 'operator');
    await world.set({ authority: { tenant: { description: 'IGNORE' } } });
    expect(await lines(await world.sync())).toEqual([]);
    expect(world.foreign.all('tenant')).toMatchObject([{ fields: { description: 'theirs' } }]);
    expect(world.local.get('tenant', 'ten_1')).toMatchObject({ description: 'ours' });
    expect(await world.runs.conflictsOf(world.targetId, { first: 10, after: null })).toEqual([]);
  });

  it('is put back where Trame itself wrote that the object goes away, and it comes back', async () => {
    await open({ graceSeconds: 3600, authority: { vlan: { status: 'IGNORE' } } });
    await world.sync();
    world.local.remove('vlan', 'vld_1-net_1');
    await world.sync();
    expect(world.foreign.all('vlan')).toMatchObject([{ fields: { status: 'deprecated' } }]);
    world.local.put('vlan', 'vld_1-net_1', vlan(300, 'net-300'));
    await world.sync();
    expect(world.foreign.all('vlan')).toMatchObject([{ fields: { status: 'active' } }]);
  });
});
