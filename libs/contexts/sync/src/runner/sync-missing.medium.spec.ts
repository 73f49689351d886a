import { eventually } from '../../../../../test/support/eventually.js';
import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld, tenant } from '../../../../../test/support/sync-runner-world.js';
import type { SyncRun } from '#contexts/sync';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

const strangers = (count: number): void => {
  for (let n = 0; n < count; n++) world.foreign.put('tenant', tenant(`foreign${n}`));
};
const lines = async (run: SyncRun): Promise<string[]> =>
  (await world.changes(run)).map(({ action, localId, state }) => `${action} ${localId} ${state}`);
const ownIds = (): string[] => world.foreign.all('tenant').flatMap(({ remoteId, mark }) => (mark === null ? [] : [remoteId]));
const approve = async (run: SyncRun): Promise<SyncRun> => {
  await world.runs.approve(run.id, run.digest ?? '', 'operator');
  await world.attend();
  return world.runs.run(run.id);
};

describe('a scan of which not every page is sure', () => {
  it('says nothing of what is missing, whoever approves it: nothing that is hidden is made again, and the measure stays', async () => {
    let isUpgraded = true;
    world = await host.world({
      foreign: {
        provesGone: true,
        onCall: (call) => {
          // Another release answers while it is read.
          if (call === 'scan' && !isUpgraded) [world.foreign.version, isUpgraded] = ['2.0', true];
          return undefined;
        },
      },
    });
    world.tenants(12);
    await world.sync();
    world.foreign.hide('tenant', ownIds().slice(0, 2));
    isUpgraded = false;
    const run = await world.sync();
    expect(run.state).toBe('BLOCKED_BY_GUARD');
    expect(run.guards).toContain('tenant: not every page was read, so what is missing is not known to be gone');
    await approve(run);
    expect(await lines(await world.runs.run(run.id))).toEqual(['CREATE ten_00001 PROPOSED', 'CREATE ten_00002 PROPOSED']);
    expect(world.foreign.all('tenant')).toHaveLength(12);
    world.foreign.hide('tenant', ownIds().slice(0, 3));
    expect((await world.sync()).guards).toEqual(['tenant: 3 of 12 rows are missing there, 20 % may be']);
  });
});

describe('ours that are missing among many rows of others', () => {
  it('and come back under other ids are known by their marks, and the alarm is over', async () => {
    world = await host.world();
    world.tenants(10);
    await world.sync();
    strangers(40);
    const lost = world.foreign.all('tenant').slice(0, 5);
    world.foreign.vanish(
      'tenant',
      lost.map(({ remoteId }) => remoteId),
    );
    expect((await world.sync()).guards).toEqual(['tenant: 5 of 10 of ours are missing there, 20 % may be']);
    for (const { fields, mark } of lost) world.foreign.put('tenant', fields, mark);
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'SUCCEEDED', counts: { created: 0 } });
    expect((await lines(run)).every((line) => /^RELINK .* APPLIED$/.test(line))).toBe(true);
  });

  it('and are made again count from then on: a second loss is noticed as well', async () => {
    world = await host.world();
    world.tenants(10);
    await world.sync();
    strangers(40);
    world.foreign.vanish('tenant', ownIds().slice(0, 5));
    expect(await approve(await world.sync())).toMatchObject({ state: 'SUCCEEDED', counts: { created: 5 } });
    world.foreign.vanish('tenant', ownIds().slice(0, 4));
    expect((await world.sync()).guards).toEqual(['tenant: 4 of 10 of ours are missing there, 20 % may be']);
  });
});

it('whichever of several candidates a person chooses is adopted', async () => {
  world = await host.world();
  const ids = [1, 2, 3].map(() => world.foreign.put('tenant', tenant('acme')));
  world.local.put('tenant', 'ten_1', tenant('acme'));
  const run = await world.sync();
  const seqs = await world.sql<{ seq: number }>(`SELECT seq FROM sync_change WHERE run_id = $1 AND remote_id = $2`, [run.id, ids[1]]);
  const adoption = await world.runs.adopt(
    run.id,
    seqs.map(({ seq }) => seq),
    'operator',
  );
  await world.attend();
  expect(await lines(await world.runs.run(adoption.id))).toEqual(['ADOPT ten_1 APPLIED']);
  expect(world.foreign.all('tenant').map(({ mark }) => mark)).toEqual([null, 'ten_1', null]);
});

describe('an edit here of what is not there', () => {
  const asns = Array.from({ length: 12 }, (_, n) => 65001 + n);
  const weEdit = async (asn: number): Promise<void> => {
    world.local.put('asn', `asn-${String(asn).padStart(10, '0')}`, { asn, rir: String(Math.random()) });
    await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('asn', $1)`, [String(asn)]);
    // A neighbour's transaction that ends at this moment may hide the end of the journal.
    const unread = `SELECT j.seq FROM sync_journal j JOIN sync_target t ON (j.xid, j.seq) > (t.journal_xid, t.journal_seq)`;
    await eventually(
      async () => {
        await world.attend();
        return world.sql(unread);
      },
      (rows) => rows.length === 0,
    );
    await world.attend();
  };

  it.each([
    ['that is gone there, which is accepted', { settings: { onRemoteGone: 'ACCEPT' } }],
    ['over which a person is asked', { settings: { onRemoteGone: 'HOLD' } }],
    ['that may only be hidden', { foreign: { provesGone: true } }],
  ] as const)('%s reads not everything anew: a complete run has said it', async (_, options) => {
    world = await host.world(options);
    for (const asn of asns) world.local.put('asn', `asn-${String(asn).padStart(10, '0')}`, { asn });
    await world.sync();
    world.foreign.vanish('asn', [world.foreign.all('asn')[0]?.remoteId ?? '']);
    await world.sync();
    const { scan } = world.foreign.calls;
    await weEdit(65001);
    expect(world.foreign.calls.scan).toBe(scan);
    // Of another one it is not known yet.
    world.foreign.vanish('asn', [world.foreign.all('asn')[0]?.remoteId ?? '']);
    await weEdit(65002);
    expect(world.foreign.calls.scan).toBeGreaterThan(scan);
  });
});

it('words of another system that cannot be kept as they are do not keep what was written from being kept', async () => {
  world = await host.world();
  world.tenants(2);
  const write = world.foreign.write.bind(world.foreign);
  world.foreign.write = async (kind, writes, signal) => {
    const [first] = await write(kind, writes.slice(0, 1), signal);
    // Too long, with a character of two halves where it is cut, and one that a database does not take.
    return first ? [first, { refused: `\u0000${'😀'.repeat(600)}` }] : [];
  };
  const run = await world.sync();
  expect(await lines(run)).toEqual(['CREATE ten_00001 APPLIED', 'CREATE ten_00002 REFUSED']);
  expect((await world.changes(run))[1]?.error).toContain('😀');
});

it('is looked at once where the journal names it and a hint does, too: its link was lost', async () => {
  world = await host.world();
  world.local.put('asn', 'asn-0000065001', { asn: 65001 });
  await world.sync();
  await world.sql('DELETE FROM sync_link');
  const [there] = world.foreign.all('asn');
  await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('asn', '65001')`);
  await world.sql(`INSERT INTO sync_hint (target_id, kind, remote_id, seq) VALUES ($1, 'asn', $2, nextval('sync_hint_seq'))`, [
    world.targetId,
    there?.remoteId,
  ]);
  await world.attend();
  const run = await world.lastRun();
  expect(run).toMatchObject({ trigger: 'CHANGE', state: 'SUCCEEDED', error: null });
  expect((await world.changes(run)).map(({ action, localId, state }) => `${action} ${localId} ${state}`)).toEqual([
    'RELINK asn-0000065001 APPLIED',
  ]);
});
