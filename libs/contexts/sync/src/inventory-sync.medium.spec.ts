import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld } from '../../../../test/support/sync-runner-world.js';
import { InventorySyncJob } from './inventory-sync-job.js';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

const asnId = (asn: number): string => `asn-${String(asn).padStart(10, '0')}`;
/** What the triggers write, in the transaction of the change. */
const weChange = async (asn: number, fields: { asn: number } | null): Promise<void> => {
  if (fields) world.local.put('asn', asnId(asn), fields);
  else world.local.remove('asn', asnId(asn));
  await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('asn', $1)`, [String(asn)]);
};
const theirs = (): unknown[] => world.foreign.all('asn').map(({ fields }) => fields['asn']);
const scans = (): number => world.foreign.calls.scan;
const settled = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
  const begun = performance.now();
  const job = world.app.get(InventorySyncJob, { strict: false });
  const isOver = async (): Promise<boolean> => (await world.sql(`SELECT 1 FROM sync_run WHERE phase <> 'ENDED'`)).length === 0;
  while (!((await isDone()) && (await isOver()))) {
    if (performance.now() - begun > 20_000) throw new Error('it did not happen');
    await job.runDue();
  }
};
const quiet = async (): Promise<void> => {
  await world.sync();
  world.foreign.calls.scan = 0;
};

describe('a change of ours', () => {
  it('is written there by what the journal says, and nothing else is read', async () => {
    world = await host.world();
    await quiet();
    await weChange(65001, { asn: 65001 });
    await settled(() => theirs().length === 1);
    expect(theirs()).toEqual([65001]);
    expect(await world.lastRun()).toMatchObject({ trigger: 'CHANGE', state: 'SUCCEEDED', counts: { read: 1, created: 1 } });
    expect(scans()).toBe(0);
  });

  it('that takes it away is shown there as going away', async () => {
    world = await host.world();
    await quiet();
    await weChange(65001, { asn: 65001 });
    await settled(() => theirs().length === 1);
    await weChange(65001, null);
    await settled(() => world.foreign.all('asn').some(({ isDeprecated }) => isDeprecated));
    expect(theirs()).toEqual([65001]);
  });

  it('that comes to nothing makes no run', async () => {
    world = await host.world();
    await weChange(65001, { asn: 65001 });
    await quiet();
    const before = await world.lastRun();
    await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('asn', '65001')`);
    const read = world.foreign.calls.get;
    await settled(() => world.foreign.calls.get > read);
    expect((await world.lastRun()).id).toBe(before.id);
  });

  it('of a guarded field waits for a person, and holds up nothing else', async () => {
    world = await host.world();
    world.local.put('routeTarget', 'rt-65000:1', { name: '65000:1', tenant: null });
    await quiet();
    world.local.put('routeTarget', 'rt-65000:1', { name: '65000:2', tenant: null });
    await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('routeTarget', '65000:1')`);
    await weChange(65001, { asn: 65001 });
    await settled(() => theirs().length === 1);
    const run = await world.lastRun();
    expect(run).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: ['routeTarget: 1 changes of route targets, numbers or owners'] });
    expect((await world.changes(run)).map(({ kind, state }) => `${kind} ${state}`)).toEqual(['routeTarget PLANNED', 'asn APPLIED']);
    expect(world.foreign.all('routeTarget')).toMatchObject([{ fields: { name: '65000:1' } }]);
    await world.runs.approve(run.id, run.digest ?? '', 'operator');
    await settled(async () => (await world.runs.run(run.id)).state === 'SUCCEEDED');
    expect(world.foreign.all('routeTarget')).toMatchObject([{ fields: { name: '65000:2' } }]);
  });

  it('that cannot be brought there leaves the connector behind by as long as it has not worked', async () => {
    let isAway = false;
    world = await host.world({ foreign: { onCall: (call) => (isAway && call === 'probe' ? 'ERROR' : undefined) } });
    const lag = async () => (await world.connectors.byId(world.targetId)).health;
    await quiet();
    isAway = true;
    await weChange(65001, { asn: 65001 });
    await settled(async () => !(await lag()).ok);
    await world.sql(`UPDATE sync_target SET last_ok_at = last_ok_at - interval '90 s'`);
    expect((await lag()).lagSeconds).toBeGreaterThanOrEqual(90);
    isAway = false;
    await world.sql(`UPDATE sync_target SET next_try_at = '-infinity'`);
    await settled(() => theirs().length === 1);
    await settled(async () => (await lag()).lagSeconds === 0);
  });

  it('is forgotten when every connector has read it, and one that is switched off is not waited for', async () => {
    world = await host.world();
    const journal = () => world.sql('SELECT 1 FROM sync_journal');
    await quiet();
    await weChange(65001, { asn: 65001 });
    await weChange(65002, { asn: 65002 });
    await settled(() => theirs().length === 2);
    await settled(async () => {
      await host.runner().forgetJournal();
      return (await journal()).length === 0;
    });
    await world.set({ enabled: false });
    await weChange(65003, { asn: 65003 });
    await settled(async () => {
      await host.runner().forgetJournal();
      return (await journal()).length === 0;
    });
    expect(theirs()).toHaveLength(2);
    await world.set({ enabled: true });
    await settled(() => theirs().length === 3);
    expect(scans()).toBeGreaterThan(0);
  });
});

describe('a change of theirs', () => {
  it('that somebody gives a hint of is looked at, and only it', async () => {
    world = await host.world();
    await weChange(65001, { asn: 65001 });
    await quiet();
    const [there] = world.foreign.all('asn');
    world.foreign.edit('asn', there?.remoteId ?? '', { asn: 65009 });
    await world.runs.hint(world.targetId, 'asn', there?.remoteId ?? '');
    await settled(() => theirs()[0] === 65001);
    expect(await world.lastRun()).toMatchObject({ trigger: 'HINT', counts: { updated: 1 } });
    expect(await world.changes(await world.lastRun())).toMatchObject([
      { before: { asn: 65009 }, after: { asn: 65001 }, overwritten: ['asn'] },
    ]);
    expect(scans()).toBe(0);
    await expect(world.runs.hint(world.targetId, 'cable', '1')).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });

  it('of which nobody says anything is found in their feed', async () => {
    world = await host.world();
    await weChange(65001, { asn: 65001 });
    await quiet();
    world.foreign.edit('asn', world.foreign.all('asn')[0]?.remoteId ?? '', { asn: 65009 });
    await world.sql(`UPDATE sync_target SET feed_read_at = feed_read_at - interval '1 minute'`);
    await settled(() => theirs()[0] === 65001);
    expect(scans()).toBe(0);
  });

  it('in a storm of hints is looked at a few times', async () => {
    world = await host.world();
    await weChange(65001, { asn: 65001 });
    await quiet();
    const [there] = world.foreign.all('asn');
    const before = world.foreign.calls.get;
    await Promise.all(Array.from({ length: 50 }, () => world.runs.hint(world.targetId, 'asn', there?.remoteId ?? '')));
    await settled(async () => (await world.sql('SELECT 1 FROM sync_hint')).length === 0);
    expect(world.foreign.calls.get - before).toBeLessThan(5);
  });
});

describe('a database that was restored elsewhere', () => {
  it('is noticed by its cursor, and everything is read', async () => {
    world = await host.world();
    await quiet();
    await world.sql(`UPDATE sync_target SET journal_xid = '900000000000'`);
    await weChange(65001, { asn: 65001 });
    await settled(async () => (await world.sql(`SELECT 1 FROM sync_target WHERE journal_xid < '800000000000'`)).length === 1);
    expect(theirs()).toEqual([65001]);
    expect(scans()).toBeGreaterThan(0);
  });
});
