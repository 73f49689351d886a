import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld } from '../../../../../test/support/sync-runner-world.js';
import type { SyncRun } from '#contexts/sync';
import { DomainError, encodeId } from '#engines/kernel';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());
beforeEach(async () => {
  world = await host.world({ settings: { graceSeconds: 3600 }, foreign: { provesGone: true } });
});

/** What people were told of runs, the oldest first. */
const told = (): Promise<{ type: string; run: string }[]> =>
  world.sql(
    `SELECT type, body->>'run' AS run FROM event WHERE body->>'connector' = $1 AND type IN ('sync.stopped', 'sync.resumed') ORDER BY xid, cursor`,
    [encodeId('syncTarget', world.targetId)],
  );
const stopped = (run: SyncRun): { type: string; run: string } => ({ type: 'sync.stopped', run: encodeId('syncRun', run.id) });
const resumed = (run: SyncRun): { type: string; run: string } => ({ type: 'sync.resumed', run: encodeId('syncRun', run.id) });
const blocked = async (): Promise<SyncRun> => {
  const run = await world.sync();
  expect(run.state).toBe('BLOCKED_BY_GUARD');
  return run;
};
const ofOurs = (count: number): string[] =>
  world.foreign
    .all('tenant')
    .slice(0, count)
    .map(({ remoteId }) => remoteId);

describe('what is stopped', () => {
  it('is told once, however often the same is found, and again when it is more', async () => {
    world.tenants(30);
    await world.sync();
    world.foreign.hide('tenant', ofOurs(12));
    const first = await blocked();
    expect((await blocked()).digest).toBe(first.digest);
    await blocked();
    expect(await told()).toEqual([stopped(first)]);
    world.foreign.hide('tenant', ofOurs(13));
    const more = await blocked();
    await blocked();
    expect(await told()).toEqual([stopped(first), stopped(more)]);
  });

  it('is told again when something went through in between', async () => {
    world.tenants(30);
    await world.sync();
    world.foreign.hide('tenant', ofOurs(12));
    const first = await blocked();
    world.foreign.hide('tenant', []);
    const repaired = await world.sync();
    world.foreign.hide('tenant', ofOurs(12));
    const again = await blocked();
    expect(again.digest).toBe(first.digest);
    expect(await told()).toEqual([stopped(first), resumed(repaired), stopped(again)]);
  });

  it('is told once of a few objects and once of all, though they are found in turns', async () => {
    world.tenants(20);
    await world.sync();
    for (const n of [1, 2, 3]) world.local.remove('tenant', `ten_0000${n}`);
    await world.sync({ maxDeleteRatio: 1 });
    await world.sql(`UPDATE sync_link SET deprecated_at = deprecated_at - interval '1 hour' WHERE state = 'DEPRECATED'`);
    world.foreign.hide('tenant', ofOurs(20).slice(10, 16));
    const all = await blocked();
    const runs: SyncRun[] = [];
    for (let time = 0; time < 2; time++) {
      await world.sql(`UPDATE sync_recheck SET due_at = clock_timestamp()`);
      await world.attend();
      runs.push(await world.lastRun());
      expect((await blocked()).digest).toBe(all.digest);
    }
    const [few] = runs as [SyncRun];
    expect(few).toMatchObject({ trigger: 'RETRY', state: 'BLOCKED_BY_GUARD' });
    expect(few.digest).not.toBe(all.digest);
    expect(await told()).toEqual([stopped(all), stopped(few)]);
  });

  it('is answered by a yes to the newest that was stopped for the same, however many there were before', async () => {
    world.tenants(60);
    await world.sync();
    for (let n = 1; n <= 40; n++) world.local.remove('tenant', `ten_${String(n).padStart(5, '0')}`);
    const shown = await blocked();
    await world.runs.approve(shown.id, shown.digest ?? '', 'operator');
    await world.attend();
    await world.sql(`UPDATE sync_link SET deprecated_at = deprecated_at - interval '1 hour' WHERE state = 'DEPRECATED'`);
    const again = async (): Promise<SyncRun> => {
      await world.sql(`UPDATE sync_recheck SET due_at = clock_timestamp()`);
      await world.attend();
      return world.lastRun();
    };
    const [first, second] = [await again(), await again()];
    expect(second).toMatchObject({ trigger: 'RETRY', state: 'BLOCKED_BY_GUARD', guards: first.guards, digest: first.digest });
    expect(second.id).not.toBe(first.id);
    const before = await told();
    expect(before.at(-1)).toEqual(stopped(first));
    await world.runs.approve(second.id, second.digest ?? '', 'operator');
    await world.attend();
    expect(await world.runs.run(second.id)).toMatchObject({ state: 'SUCCEEDED' });
    expect((await told()).slice(before.length)).toEqual([resumed(second)]);
    expect((await world.connectors.byId(world.targetId)).health).toMatchObject({ ok: true });
  });

  it('is told again where a person said yes to it and it could not be carried out', async () => {
    world.tenants(20);
    await world.sync();
    world.foreign.vanish('tenant', ofOurs(8));
    const [first, second] = [await blocked(), await blocked()];
    let isAway = false;
    const unavailable = (): Promise<never> => Promise.reject(new DomainError('FOREIGN_UNAVAILABLE', '503', { retriable: true }));
    const probe = world.foreign.probe.bind(world.foreign);
    world.foreign.probe = (signal) => (isAway ? unavailable() : probe(signal));
    world.foreign.write = () => {
      isAway = true;
      return unavailable();
    };
    await world.runs.approve(second.id, second.digest ?? '', 'operator');
    for (let time = 0; (await world.runs.run(second.id)).state === 'RUNNING'; time++) {
      expect(time).toBeLessThan(10);
      isAway = false;
      await world.sql(`UPDATE sync_target SET next_try_at = '-infinity'`);
      await world.attend();
    }
    expect(await world.runs.run(second.id)).toMatchObject({ state: 'BLOCKED_BY_GUARD', approvedBy: null });
    expect(await told()).toEqual([stopped(first), stopped(second)]);
  });
});
