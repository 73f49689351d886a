import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld, tenant } from '../../../../../test/support/sync-runner-world.js';
import type { SyncRun } from '#contexts/sync';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

const ref = (kind: string, id: string) => ({ kind, id });
const vrf = (name: string, tenantId: string) => ({
  name,
  tenant: ref('tenant', tenantId),
  importTargets: [],
  exportTargets: [],
  description: null,
});
const prefix = (cidr: string, vrfId: string) => ({
  prefix: cidr,
  vrf: ref('vrf', vrfId),
  tenant: null,
  vlan: null,
  status: 'active',
  description: null,
});
const strangers = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => world.foreign.put('tenant', tenant(`foreign${world.foreign.all('tenant').length}x${n}`)));
const lines = async (run: SyncRun): Promise<string[]> =>
  (await world.changes(run)).map(({ action, kind, localId, state }) => `${action} ${kind} ${localId} ${state}`);
const ownIds = (): string[] => world.foreign.all('tenant').flatMap(({ remoteId, mark }) => (mark === null ? [] : [remoteId]));
const approve = async (run: SyncRun): Promise<SyncRun> => {
  await world.runs.approve(run.id, run.digest ?? '', 'operator');
  await world.attend();
  return world.runs.run(run.id);
};

describe('brakes', () => {
  it('count what is linked again and written over: a mapping that was lost is no permission', async () => {
    world = await host.world();
    world.tenants(12);
    await world.sync();
    await world.sql('DELETE FROM sync_link');
    for (const id of ownIds().slice(0, 6)) world.foreign.edit('tenant', id, { slug: `theirs${id}` });
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: ['tenant: 6 of 12 would be changed, 30 % may be'] });
    expect(world.foreign.all('tenant')[0]?.fields['slug']).toMatch(/^theirs/);
  });

  it('stop where 40 % of ours are not shown, however many rows of others came', async () => {
    world = await host.world();
    world.tenants(10);
    await world.sync();
    strangers(40);
    world.foreign.hide('tenant', ownIds().slice(0, 4));
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: ['tenant: 4 of 10 of ours are missing there, 20 % may be'] });
    // It is so in each run, until a person says that it is right.
    expect((await world.sync()).state).toBe('BLOCKED_BY_GUARD');
    world.foreign.hide('tenant', []);
    expect((await world.sync()).state).toBe('SUCCEEDED');
    expect(world.foreign.all('tenant')).toHaveLength(50);
  });

  it('stop where most of what others have is not shown, and let a single one of ours be gone', async () => {
    world = await host.world();
    world.tenants(4);
    const others = strangers(20);
    await world.sync();
    world.foreign.hide('tenant', others.slice(0, 10));
    expect((await world.sync()).guards).toEqual(['tenant: 10 of 24 rows are missing there, 20 % may be']);
    world.foreign.hide('tenant', []);
    world.foreign.remove('tenant', ownIds()[0] as string);
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 1 } });
  });
});

describe('an approval', () => {
  it('changes nothing but what its stops said: a set that shrinks is noticed all the same', async () => {
    world = await host.world();
    world.tenants(12);
    const others = strangers(12);
    await world.sync();
    for (let n = 1; n <= 4; n++) world.local.put('tenant', `ten_0000${n}`, { slug: `new${n}` });
    const run = await world.sync();
    expect(run.guards).toEqual(['tenant: 4 of 12 would be changed, 30 % may be']);
    expect((await approve(run)).state).toBe('SUCCEEDED');
    world.foreign.hide('tenant', others);
    expect((await world.sync()).guards).toEqual(['tenant: 12 of 24 rows are missing there, 20 % may be']);
  });

  it('of a set that shrank makes what was seen the measure of later runs', async () => {
    world = await host.world({ settings: { onRemoteGone: 'HOLD' } });
    world.tenants(10);
    strangers(10);
    await world.sync();
    world.foreign.vanish('tenant', ownIds().slice(0, 5));
    const run = await world.sync();
    expect(run.guards).toEqual([
      'tenant: 5 of 20 rows are missing there, 20 % may be',
      'tenant: 5 of 10 of ours are missing there, 20 % may be',
    ]);
    await approve(run);
    expect((await world.sync()).state).toBe('SUCCEEDED');
    expect(await world.runs.conflictsOf(world.targetId, { first: 10, after: null })).toHaveLength(5);
  });

  it('is refused where a complete run has looked at everything since', async () => {
    world = await host.world();
    world.tenants(10);
    await world.sync();
    for (let n = 1; n <= 4; n++) world.local.put('tenant', `ten_0000${n}`, { slug: `new${n}` });
    const [older, newer] = [await world.sync(), await world.sync()];
    await world.sync({ isDryRun: true });
    await expect(world.runs.approve(older.id, older.digest ?? '', 'operator')).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: expect.stringContaining('newer run') as string,
    });
    expect((await approve(newer)).state).toBe('SUCCEEDED');
  });
});

describe('an object that is made anew here under the same natural key', () => {
  it('takes over what was kept for the one before: nothing is deleted, and nothing waits', async () => {
    world = await host.world({ foreign: { isUnique: true } });
    world.tenants(12);
    await world.sync();
    world.local.remove('tenant', 'ten_00001');
    world.local.put('tenant', 'ten_new', tenant('t1', 'the new one'));
    const [before] = world.foreign.all('tenant');
    const run = await world.sync();
    expect(await lines(run)).toEqual(['ADOPT tenant ten_new APPLIED']);
    expect((await world.changes(run))[0]).toMatchObject({ successorOf: 'ten_00001', after: { description: 'the new one' } });
    expect(world.foreign.all('tenant')[0]).toMatchObject({
      remoteId: before?.remoteId,
      mark: 'ten_new',
      isDeprecated: false,
      fields: { description: 'the new one' },
    });
    expect(world.foreign.effects.map(({ verb }) => verb).slice(12)).toEqual(['MARK', 'UPDATE']);
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { unchanged: 12 } });
  });

  it('within its grace period too, and it is not shown as going away any more', async () => {
    world = await host.world({ foreign: { isUnique: true } });
    world.tenants(12);
    await world.sync();
    world.local.remove('tenant', 'ten_00001');
    await world.sync();
    expect(world.foreign.all('tenant')[0]).toMatchObject({ isDeprecated: true });
    world.local.put('tenant', 'ten_new', tenant('t1'));
    await world.sync();
    expect(world.foreign.all('tenant')[0]).toMatchObject({ mark: 'ten_new', isDeprecated: false });
    await world.sql(`UPDATE sync_recheck SET due_at = '-infinity'`);
    await world.attend();
    expect(world.foreign.all('tenant')).toHaveLength(12);
    expect(await world.sql('SELECT 1 FROM sync_recheck')).toEqual([]);
  });

  it('by the dozen is no mass deletion, and what refers to it follows in the same run', async () => {
    world = await host.world();
    const build = (suffix: string): void => {
      for (let n = 0; n < 15; n++) {
        world.local.put('tenant', `ten_${n}${suffix}`, tenant(`t${n}`));
        world.local.put('vrf', `vrf_${n}${suffix}`, { ...vrf(`v${n}`, `ten_${n}${suffix}`) });
        world.local.put('prefix', `pfx_${n}${suffix}`, prefix(`10.0.${n}.0/24`, `vrf_${n}${suffix}`));
      }
    };
    build('a');
    await world.sync();
    for (const kind of ['prefix', 'vrf', 'tenant'] as const) for (const { id } of world.local.all(kind)) world.local.remove(kind, id);
    build('b');
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', guards: [], counts: { created: 0, deleted: 0 } });
    for (const kind of ['tenant', 'vrf', 'prefix'] as const) {
      expect(world.foreign.all(kind)).toHaveLength(15);
      expect(world.foreign.all(kind).every(({ mark, isDeprecated }) => mark?.endsWith('b') && !isDeprecated)).toBe(true);
    }
    expect(world.foreign.effects.some(({ verb }) => verb === 'DELETE' || verb === 'DEPRECATE')).toBe(false);
  });

  it('does not where the mark there says something else', async () => {
    world = await host.world({ foreign: { isUnique: true } });
    world.tenants(12);
    await world.sync();
    world.foreign.remark('tenant', ownIds()[0] as string, 'another owner');
    world.local.remove('tenant', 'ten_00001');
    world.local.put('tenant', 'ten_new', tenant('t1'));
    await world.sync();
    await world.sync();
    expect(world.foreign.all('tenant')[0]).toMatchObject({ mark: 'another owner', isDeprecated: false });
  });
});

describe('another Trame on the same system', () => {
  it('has what it made: it is neither taken for ours nor deleted, and what is in our way is told', async () => {
    world = await host.world();
    const theirs = world.foreign.put('routeTarget', { name: '65000:1', tenant: null }, 'rt-65000:1@0ddba11e');
    world.foreign.put('routeTarget', { name: '65000:2', tenant: null }, 'rt-65000:2');
    for (const n of [1, 2, 3]) world.local.put('routeTarget', `rt-65000:${n}`, { name: `65000:${n}`, tenant: null });
    const run = await world.sync();
    expect(await lines(run)).toEqual([
      'CREATE routeTarget rt-65000:1 SKIPPED',
      'CREATE routeTarget rt-65000:2 SKIPPED',
      'CREATE routeTarget rt-65000:3 APPLIED',
    ]);
    expect((await world.changes(run))[0]?.error).toContain('carries the mark of another owner');
    world.local.remove('routeTarget', 'rt-65000:1');
    await world.sync();
    expect(world.foreign.all('routeTarget').find(({ remoteId }) => remoteId === theirs)).toMatchObject({
      mark: 'rt-65000:1@0ddba11e',
      version: '1',
    });
  });

  it('does not make what an earlier release of this one marked another’s: the link says whose it is, and the mark is written anew', async () => {
    world = await host.world();
    for (let n = 1; n <= 12; n++) world.local.put('routeTarget', `rt-65000:${n}`, { name: `65000:${n}`, tenant: null });
    world.local.put('asn', 'asn-0000065001', { asn: 65001 });
    world.local.put('vrf', 'vrf_1', { ...vrf('blue', 'ten_1'), tenant: null, importTargets: [ref('routeTarget', 'rt-65000:1')] });
    await world.sync();
    const now = world.foreign.all('routeTarget').map(({ mark }) => mark);
    for (const kind of ['routeTarget', 'asn'] as const)
      for (const { remoteId, mark } of world.foreign.all(kind)) world.foreign.remark(kind, remoteId, mark?.split('@')[0] ?? null);
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'SUCCEEDED', guards: [], counts: { created: 0, deleted: 0 } });
    expect((await lines(run)).every((line) => /^ADOPT .* APPLIED$/.test(line))).toBe(true);
    expect(world.foreign.all('routeTarget').map(({ mark }) => mark)).toEqual(now);
    world.local.put('vrf', 'vrf_2', { ...vrf('red', 'ten_1'), tenant: null, importTargets: [ref('routeTarget', 'rt-65000:2')] });
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 1, updated: 0 } });
  });

  it('does not keep ours from being found again by their marks', async () => {
    world = await host.world();
    world.local.put('routeTarget', 'rt-65000:1', { name: '65000:1', tenant: null });
    world.local.put('asn', 'asn-0000065001', { asn: 65001 });
    await world.sync();
    expect(world.foreign.all('asn')[0]?.mark).toMatch(/^asn-0000065001@[0-9a-f]{8}$/);
    await world.sql('DELETE FROM sync_link');
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 0 } });
    expect(await world.sql('SELECT 1 FROM sync_link')).toHaveLength(2);
  });
});

describe('a copy of one of ours, with its mark', () => {
  const copied = async (): Promise<{ original: string; copy: string }> => {
    world = await host.world();
    world.tenants(2);
    await world.sync();
    const [original = ''] = ownIds();
    return { original, copy: world.foreign.put('tenant', tenant('copy'), 'ten_00001') };
  };
  const linked = async (): Promise<unknown> =>
    (await world.sql<{ id: string }>(`SELECT remote_id AS id FROM sync_link WHERE local_id = 'ten_00001'`))[0]?.id;

  it('is somebody else’s: nothing is written into it, and ours stays where it is, whoever tells of it', async () => {
    const { original, copy } = await copied();
    await world.runs.hint(world.targetId, 'tenant', copy);
    await world.attend();
    await world.sync();
    expect(await linked()).toBe(original);
    expect(world.foreign.all('tenant').find(({ remoteId }) => remoteId === copy)?.fields).toEqual(tenant('copy'));
  });

  it('is ours where the one that it was made of is gone', async () => {
    const { original, copy } = await copied();
    world.foreign.remove('tenant', original);
    await world.runs.hint(world.targetId, 'tenant', copy);
    await world.attend();
    expect(await linked()).toBe(copy);
  });
});

describe('what a complete scan does not show', () => {
  it('and the system does not prove to be deleted waits for a person, who may have it made again', async () => {
    world = await host.world({ foreign: { provesGone: true } });
    world.tenants(12);
    await world.sync();
    const [first, second] = ownIds() as [string, string];
    world.foreign.hide('tenant', [first]);
    world.foreign.remove('tenant', second);
    const run = await world.sync();
    expect(await lines(run)).toEqual(['CREATE tenant ten_00001 PROPOSED', 'CREATE tenant ten_00002 APPLIED']);
    expect((await world.changes(run))[0]?.error).toContain('may only be hidden');
    // To adopt everything that is proposed is not to have it made a second time.
    await expect(world.runs.adopt(run.id, null, 'operator')).rejects.toMatchObject({ code: 'INVALID_STATE' });
    const making = await world.runs.adopt(run.id, [1], 'operator');
    await world.attend();
    expect(await lines(await world.runs.run(making.id))).toEqual(['CREATE tenant ten_00001 APPLIED']);
  });
});

it('what is missing by the dozen, and proven by nothing, is made again when a person approves the run that was stopped for it', async () => {
  world = await host.world({ foreign: { provesGone: true } });
  world.tenants(12);
  await world.sync();
  world.foreign.vanish('tenant', ownIds().slice(0, 5));
  const run = await world.sync();
  expect(run.state).toBe('BLOCKED_BY_GUARD');
  expect((await lines(run)).every((line) => line.endsWith('PROPOSED'))).toBe(true);
  expect(await approve(run)).toMatchObject({ state: 'SUCCEEDED', counts: { created: 5 } });
});

it('what is overwritten is kept, whichever side it was on', async () => {
  world = await host.world({ settings: { authority: { tenant: { description: 'THEM', name: 'US' } } } });
  world.tenants(12);
  await world.sync();
  world.local.put('tenant', 'ten_00001', { description: 'ours' });
  world.foreign.edit('tenant', ownIds()[0] as string, { description: 'theirs', name: 'theirs' });
  const run = await world.sync();
  expect(await world.changes(run)).toMatchObject([
    {
      before: { name: 'theirs' },
      after: { name: 't1' },
      pull: { description: 'theirs' },
      replaced: { description: 'ours' },
      overwritten: ['name', 'description'],
    },
  ]);
});
