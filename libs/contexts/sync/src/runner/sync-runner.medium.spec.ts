import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld, tenant } from '../../../../../test/support/sync-runner-world.js';
import type { SyncRun } from '#contexts/sync';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

const vrf = (name: string, tenantId: string | null) => ({
  name,
  tenant: tenantId === null ? null : { kind: 'tenant', id: tenantId },
  importTargets: [],
  exportTargets: [],
  description: null,
});
const names = (kind: 'tenant' | 'vrf'): unknown[] => world.foreign.all(kind).map(({ fields }) => fields['name']);
const lines = async (run: SyncRun): Promise<string[]> =>
  (await world.changes(run)).map(({ action, kind, localId, state }) => `${action} ${kind} ${localId} ${state}`);
const ownIds = (): string[] => world.foreign.all('tenant').map(({ remoteId }) => remoteId);

describe('a complete run', () => {
  it('makes what is missing, what is referred to first, and marks it as ours', async () => {
    world = await host.world();
    world.local.put('vrf', 'vrf_1', vrf('blue', 'ten_1'));
    world.local.put('tenant', 'ten_1', tenant('acme'));
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'SUCCEEDED', counts: { created: 2, updated: 0, deleted: 0, skipped: 0 } });
    expect(await lines(run)).toEqual(['CREATE tenant ten_1 APPLIED', 'CREATE vrf vrf_1 APPLIED']);
    const [acme] = world.foreign.all('tenant');
    expect(world.foreign.all('vrf')).toMatchObject([
      { mark: 'vrf_1', fields: { name: 'blue', tenant: { kind: 'tenant', id: `~${acme?.remoteId}` } } },
    ]);
  });

  it('stores all that it would do before anything is written, and a dry run stops there', async () => {
    world = await host.world({
      foreign: {
        onCall: async (call) => {
          if (call === 'write') expect(await world.sql(`SELECT 1 FROM sync_change WHERE state = 'PLANNED'`)).toHaveLength(2);
          return undefined;
        },
      },
    });
    await world.sync();
    world.local.put('tenant', 'ten_1', tenant('acme'));
    const dry = await world.sync({ isDryRun: true });
    expect(dry).toMatchObject({ state: 'SUCCEEDED', isDryRun: true, counts: { created: 1 } });
    expect(await lines(dry)).toEqual(['CREATE tenant ten_1 PLANNED']);
    expect(names('tenant')).toEqual([]);
    await world.sync();
    expect(names('tenant')).toEqual(['acme']);
  });

  it('in OBSERVE writes nothing there and takes nothing over', async () => {
    world = await host.world({ settings: { mode: 'OBSERVE' } });
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.foreign.put('tenant', tenant('theirs'));
    const run = await world.sync();
    expect(await lines(run)).toEqual(['CREATE tenant ten_1 PLANNED']);
    expect(names('tenant')).toEqual(['theirs']);
    expect(world.foreign.effects).toEqual([]);
  });

  it('that finds nothing to do writes no row, and reads each page once', async () => {
    world = await host.world({ foreign: { pageSize: 100 } });
    world.tenants(230);
    for (let n = 0; n < 70; n++) world.foreign.put('tenant', tenant(`foreign${n}`));
    await world.sync();
    const rows = () =>
      world.sql(
        `SELECT 'link' AS what, xmin::text, local_id AS id FROM sync_link UNION ALL SELECT 'unlinked', xmin::text, remote_id FROM sync_unlinked
         UNION ALL SELECT 'change', xmin::text, run_id || ' ' || seq FROM sync_change ORDER BY 1, 3`,
      );
    const before = await rows();
    expect(before.length).toBe(230 + 70 + 230);
    const calls = { ...world.foreign.calls };
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'SUCCEEDED', counts: { read: 300, unchanged: 300, created: 0, updated: 0, deleted: 0 } });
    expect(await rows()).toEqual(before);
    expect(world.foreign.calls).toMatchObject({
      write: calls.write,
      get: calls.get,
      findMarked: calls.findMarked,
      findAlike: calls.findAlike,
    });
    // Three pages of tenants, one of each of the twelve other kinds.
    expect(world.foreign.calls.scan - calls.scan).toBe(3 + 12);
  });

  it('overwrites what is ours and tells it, takes over what they wrote last, and leaves alone what both wrote', async () => {
    world = await host.world();
    for (const id of ['ten_1', 'ten_2', 'ten_3']) world.local.put('tenant', id, tenant(id.replace('_', '-'), 'old'));
    await world.sync();
    const [one, two, three] = ownIds() as [string, string, string];
    world.foreign.edit('tenant', one, { slug: 'else' });
    world.foreign.edit('tenant', two, { description: 'theirs' });
    world.foreign.edit('tenant', three, { description: 'theirs' });
    world.local.put('tenant', 'ten_3', { description: 'ours' });
    const run = await world.sync();
    expect((await world.changes(run)).map(({ localId, after, pull, overwritten }) => ({ localId, after, pull, overwritten }))).toEqual([
      { localId: 'ten_1', after: { slug: 'ten-1' }, pull: {}, overwritten: ['slug'] },
      { localId: 'ten_2', after: {}, pull: { description: 'theirs' }, overwritten: [] },
    ]);
    expect(world.local.get('tenant', 'ten_2')).toMatchObject({ description: 'theirs' });
    const [conflict] = await world.runs.conflictsOf(world.targetId, { first: 10, after: null });
    expect(conflict).toMatchObject({ localId: 'ten_3', field: 'description', ours: 'ours', theirs: 'theirs', base: 'old' });

    await world.runs.resolveConflict(conflict!.id, 'THEM', 'operator');
    await world.attend();
    expect(world.local.get('tenant', 'ten_3')).toMatchObject({ description: 'theirs' });
    expect(await world.runs.conflictsOf(world.targetId, { first: 10, after: null })).toEqual([]);
  });

  it('ends a conflict about an object that is removed here, also one that a person has decided', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    const both = ['ten_1', 'ten_2'];
    for (const id of [...both, ...Array.from({ length: 10 }, (_, n) => `ten_9${n}`)])
      world.local.put('tenant', id, tenant(id.replace('_', '-'), 'old'));
    await world.sync();
    for (const { remoteId, mark } of world.foreign.all('tenant'))
      if (mark !== null && both.includes(mark)) world.foreign.edit('tenant', remoteId, { description: 'theirs' });
    for (const id of both) world.local.put('tenant', id, { description: 'ours' });
    await world.sync();
    const conflicts = () => world.runs.conflictsOf(world.targetId, { first: 10, after: null });
    const [decided, other] = await conflicts();
    await world.runs.resolveConflict(decided!.id, 'US', 'operator');
    world.local.remove('tenant', decided!.localId);
    expect((await world.changes(await world.sync())).map(({ action }) => action)).toEqual(['DEPRECATE']);
    expect(await conflicts()).toEqual([other]);

    // As releases before have left it behind: still open when neither side has the object any more.
    await world.sql('UPDATE sync_target SET grace_seconds = 0 WHERE id = $1', [world.targetId]);
    await world.sync();
    await world.sql('UPDATE sync_conflict SET resolved_at = NULL WHERE id = $1', [decided!.id]);
    await world.sync();
    expect(await conflicts()).toEqual([other]);
  });
});

describe('brakes', () => {
  it('stop a run where 40 % are gone, and nothing is made or deleted until a person says so', async () => {
    world = await host.world();
    world.tenants(30);
    await world.sync();
    world.foreign.vanish('tenant', ownIds().slice(0, 12));
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: ['tenant: 12 of 30 rows are missing there, 20 % may be'] });
    expect(names('tenant')).toHaveLength(18);
    await world.runs.approve(run.id, run.digest ?? '', 'operator');
    await world.attend();
    expect(await world.runs.run(run.id)).toMatchObject({ state: 'SUCCEEDED', approvedBy: 'operator', counts: { created: 12 } });
    expect(names('tenant')).toHaveLength(30);
  });

  it('go on stopping while most of what others have is not shown, whatever was seen since', async () => {
    world = await host.world();
    world.tenants(8);
    const others = Array.from({ length: 8 }, (_, n) => world.foreign.put('tenant', tenant(`foreign${n}`)));
    await world.sync();
    world.foreign.hide('tenant', [...others, ownIds()[8] as string]);
    for (let time = 0; time < 3; time++) expect((await world.sync()).state).toBe('BLOCKED_BY_GUARD');
    world.foreign.hide('tenant', []);
    expect((await world.sync()).state).toBe('SUCCEEDED');
    expect(names('tenant')).toHaveLength(16);
  });

  it('measure by no dry run: what goes in steps is noticed, whoever looked on', async () => {
    world = await host.world();
    world.tenants(20);
    await world.sync();
    world.foreign.hide('tenant', ownIds().slice(0, 3));
    expect((await world.sync({ isDryRun: true })).state).toBe('SUCCEEDED');
    world.foreign.hide('tenant', ownIds().slice(0, 6));
    expect(await world.sync()).toMatchObject({
      state: 'BLOCKED_BY_GUARD',
      guards: ['tenant: 6 of 20 rows are missing there, 20 % may be'],
    });
  });

  it('stop a run after a page that was not whole', async () => {
    world = await host.world({
      foreign: { onCall: (call, kind) => (call === 'scan' && kind === 'tenant' && isHalf ? 'HALF_PAGE' : undefined) },
    });
    let isHalf = false;
    world.tenants(40);
    await world.sync();
    isHalf = true;
    world.local.put('tenant', 'ten_00001', { slug: 'renamed' });
    const run = await world.sync();
    expect(run.state).toBe('BLOCKED_BY_GUARD');
    expect(run.guards.join()).toContain('not every page was read');
    expect(world.foreign.effects).toHaveLength(40);
  });

  it('stop a run that would delete more than a tenth', async () => {
    world = await host.world();
    world.tenants(20);
    await world.sync();
    for (const n of [1, 2, 3]) world.local.remove('tenant', `ten_0000${n}`);
    expect(await world.sync()).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: ['tenant: 3 of 20 would be deleted, 10 % may be'] });
    expect(world.foreign.all('tenant').some(({ isDeprecated }) => isDeprecated)).toBe(false);
    expect(await world.sync({ maxDeleteRatio: 0.2 })).toMatchObject({ state: 'SUCCEEDED' });
    expect(world.foreign.all('tenant').filter(({ isDeprecated }) => isDeprecated)).toHaveLength(3);
  });

  it('do not mistake an error for an empty list', async () => {
    let isBroken = false;
    world = await host.world({
      foreign: { onCall: (call, kind) => (isBroken && call === 'scan' && kind === 'vrf' ? 'FORBIDDEN' : undefined) },
    });
    world.tenants(3);
    await world.sync();
    isBroken = true;
    world.tenants(3, 4);
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'FAILED', error: 'FOREIGN_FORBIDDEN: in-memory: scan failed' });
    expect(names('tenant')).toHaveLength(3);
    expect((await world.connectors.byId(world.targetId)).health).toMatchObject({
      ok: false,
      message: expect.stringContaining('scan failed'),
    });
  });
});

describe('an approval', () => {
  it('is for what was seen: another digest is refused, and what changed meanwhile is not written', async () => {
    world = await host.world();
    world.tenants(10);
    await world.sync();
    for (let n = 1; n <= 4; n++) world.local.put('tenant', `ten_0000${n}`, { slug: `new${n}` });
    const run = await world.sync();
    expect(run.state).toBe('BLOCKED_BY_GUARD');
    await expect(world.runs.approve(run.id, 'another', 'operator')).rejects.toMatchObject({ code: 'PLAN_STALE' });
    world.foreign.edit('tenant', ownIds()[0] as string, { slug: 'meanwhile' });
    world.local.put('tenant', 'ten_00002', { slug: 'newer' });
    await world.runs.approve(run.id, run.digest ?? '', 'operator');
    await world.attend();
    const after = await world.runs.run(run.id);
    expect(after.state).toBe('PARTIAL');
    expect(await lines(after)).toEqual([
      'UPDATE tenant ten_00001 STALE',
      'UPDATE tenant ten_00002 STALE',
      'UPDATE tenant ten_00003 APPLIED',
      'UPDATE tenant ten_00004 APPLIED',
    ]);
    expect(
      world.foreign
        .all('tenant')
        .map(({ fields }) => fields['slug'])
        .slice(0, 4),
    ).toEqual(['meanwhile', 't2', 'new3', 'new4']);
  });

  it('is refused of a run that waits for nobody', async () => {
    world = await host.world();
    const run = await world.sync();
    await expect(world.runs.approve(run.id, run.digest ?? '', 'operator')).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});

describe('what was there before us', () => {
  it('is proposed, and becomes ours when a person says so', async () => {
    world = await host.world();
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.local.put('vrf', 'vrf_1', vrf('blue', 'ten_1'));
    const acme = world.foreign.put('tenant', tenant('acme', 'said there'));
    world.foreign.put('vrf', vrf('blue', `~${acme}`));
    const run = await world.sync();
    expect(await lines(run)).toEqual(['ADOPT tenant ten_1 PROPOSED', 'ADOPT vrf vrf_1 PROPOSED']);
    expect(world.foreign.effects).toEqual([]);
    const adopting = await world.runs.adopt(run.id, null, 'operator');
    await world.attend();
    expect(await lines(await world.runs.run(adopting.id))).toEqual(['ADOPT tenant ten_1 APPLIED', 'ADOPT vrf vrf_1 APPLIED']);
    expect(world.foreign.all('tenant')).toMatchObject([{ mark: 'ten_1' }]);
    expect(world.foreign.all('vrf')).toMatchObject([{ mark: 'vrf_1' }]);
    await expect(world.runs.adopt(run.id, null, 'operator')).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  it('is taken at once where the connector says so', async () => {
    world = await host.world({ settings: { adoption: 'AUTOMATIC' } });
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.foreign.put('tenant', { ...tenant('acme'), name: 'ACME' });
    await world.sync();
    expect(world.foreign.all('tenant')).toMatchObject([{ mark: 'ten_1' }]);
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 0 } });
  });

  it('and carries another owner’s mark is never written to', async () => {
    world = await host.world({ settings: { adoption: 'AUTOMATIC' } });
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.foreign.put('tenant', tenant('acme'), 'another Trame');
    const run = await world.sync();
    expect(run.state).toBe('PARTIAL');
    expect(await world.changes(run)).toMatchObject([
      { action: 'CREATE', state: 'SKIPPED', error: expect.stringContaining('another owner') },
    ]);
    expect(world.foreign.effects).toEqual([]);
  });
});
