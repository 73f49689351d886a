import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld } from '../../../../../test/support/sync-runner-world.js';
import type { SyncRun } from '#contexts/sync';
import { DomainError } from '#engines/kernel';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

const idOf = (n: number): string => `ten_${String(n).padStart(5, '0')}`;
const theirs = (): number => world.foreign.all('tenant').length;
const unavailable = (): DomainError => new DomainError('FOREIGN_UNAVAILABLE', '503', { retriable: true });
const rechecks = () =>
  world.sql<{ id: string; inSeconds: number }>(
    `SELECT local_id AS id, extract(epoch FROM due_at - clock_timestamp())::int AS "inSeconds" FROM sync_recheck ORDER BY 1`,
  );
const itIsTime = (): Promise<unknown> => world.sql(`UPDATE sync_recheck SET due_at = clock_timestamp()`);
/** So many of ours are shown there as going away, and the period is over. */
const leaving = async (count: number, of: number): Promise<void> => {
  world.tenants(of);
  await world.sync();
  for (let n = 1; n <= count; n++) world.local.remove('tenant', idOf(n));
  const run = await world.sync({ maxDeleteRatio: 1 });
  if (run.state === 'BLOCKED_BY_GUARD') await approve(run);
  await world.sql(`UPDATE sync_link SET deprecated_at = deprecated_at - interval '1 hour' WHERE state = 'DEPRECATED'`);
  await itIsTime();
};
const approve = async (run: SyncRun): Promise<void> => {
  await world.runs.approve(run.id, run.digest ?? '', 'operator');
  await world.attend();
};

describe('what goes away', () => {
  it('is too much to be deleted although it could not be read together', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    await leaving(40, 60);
    const get = world.foreign.get.bind(world.foreign);
    world.foreign.get = (kind, ids, signal) => (ids.length > 1 ? Promise.reject(unavailable()) : get(kind, ids, signal));
    await world.attend();
    expect(await world.lastRun()).toMatchObject({ trigger: 'RETRY', state: 'BLOCKED_BY_GUARD' });
    await world.attend();
    expect(theirs()).toBe(60);
  });

  it('is too much to be deleted also where it is a hundred and a few more: they are counted together', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    await leaving(120, 300);
    await world.attend();
    expect(await world.lastRun()).toMatchObject({ trigger: 'RETRY', state: 'BLOCKED_BY_GUARD' });
    expect((await world.lastRun()).guards).toContain('tenant: 120 would be deleted, 25 may be');
    await world.attend();
    expect(theirs()).toBe(300);
    await approve(await world.lastRun());
    expect(theirs()).toBe(180);
    expect(await rechecks()).toEqual([]);
  });

  it('is too much to be deleted also where some of it is due seconds later: it is counted together with what waits', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    await leaving(120, 300);
    const later = `kind = 'tenant' AND local_id > '${idOf(100)}'`;
    await world.sql(`UPDATE sync_link SET deprecated_at = clock_timestamp() WHERE state = 'DEPRECATED' AND ${later}`);
    await world.sql(`UPDATE sync_recheck SET due_at = clock_timestamp() + interval '1 hour' WHERE ${later}`);
    await world.attend();
    expect((await world.lastRun()).guards).toContain('tenant: 100 would be deleted, 25 may be');
    await world.sql(`UPDATE sync_link SET deprecated_at = deprecated_at - interval '1 hour' WHERE ${later}`);
    await world.sql(`UPDATE sync_recheck SET due_at = clock_timestamp() WHERE ${later}`);
    await world.attend();
    expect((await world.lastRun()).guards).toContain('tenant: 120 would be deleted, 25 may be');
    expect(await host.runner().due()).toEqual([]);
    expect(theirs()).toBe(300);
    await approve(await world.lastRun());
    expect(theirs()).toBe(180);
    expect(await rechecks()).toEqual([]);
  });

  it('is planned once each where one of a later hundred cannot be read', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    await leaving(120, 300);
    const hidden = world.foreign.all('tenant')[110]?.remoteId ?? 'none';
    const get = world.foreign.get.bind(world.foreign);
    world.foreign.get = (kind, ids, signal) => (ids.includes(hidden) ? Promise.reject(unavailable()) : get(kind, ids, signal));
    await world.attend();
    const run = await world.lastRun();
    expect(run.guards).toContain('tenant: 119 would be deleted, 25 may be');
    expect(await world.sql('SELECT 1 FROM sync_change WHERE run_id = $1', [run.id])).toHaveLength(119);
    await approve(run);
    expect(await world.runs.run(run.id)).toMatchObject({ state: 'SUCCEEDED', counts: { deleted: 119 } });
    expect(await rechecks()).toMatchObject([{ id: idOf(111) }]);
  });

  it('is taken in thousands, not without an end', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    await world.sync();
    await world.sql(
      `INSERT INTO sync_link (target_id, kind, local_id, remote_id, remote_order, base, state, deprecated_at)
       SELECT $1, 'tenant', 'ten_' || n, n::text, n, '{}', 'DEPRECATED', clock_timestamp() - interval '2 hours' FROM generate_series(1, 5010) n`,
      [world.targetId],
    );
    await world.sql(
      `INSERT INTO sync_recheck (target_id, kind, local_id, due_at) SELECT target_id, kind, local_id, clock_timestamp() FROM sync_link WHERE target_id = $1`,
      [world.targetId],
    );
    await world.attend();
    expect(await world.sql('SELECT 1 FROM sync_recheck WHERE attempts = 1')).toHaveLength(5000);
  });

  it('waits by itself where it is the one that cannot be read, and the others go', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    await leaving(3, 60);
    const hidden = world.foreign.all('tenant')[1]?.remoteId ?? 'none';
    const get = world.foreign.get.bind(world.foreign);
    world.foreign.get = (kind, ids, signal) => (ids.includes(hidden) ? Promise.reject(unavailable()) : get(kind, ids, signal));
    await world.attend();
    expect(await world.lastRun()).toMatchObject({ trigger: 'RETRY', state: 'SUCCEEDED', counts: { deleted: 2 } });
    expect(await rechecks()).toMatchObject([{ id: idOf(2) }]);
  });

  it('and waits for a person holds up nothing that was refused', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 }, foreign: { isUnique: true } });
    await leaving(40, 60);
    const other = world.foreign.put('tenant', { name: 't90', slug: 't90', description: null }, 'another owner');
    world.tenants(1, 90);
    await world.sql(
      `INSERT INTO sync_recheck (target_id, kind, local_id, attempts, due_at) VALUES ($1, 'tenant', $2, 1, clock_timestamp())`,
      [world.targetId, idOf(90)],
    );
    world.foreign.remove('tenant', other);
    await world.attend();
    await world.attend();
    expect(world.foreign.all('tenant').filter(({ mark }) => mark === idOf(90))).toHaveLength(1);
    const waiting = await rechecks();
    expect(waiting).toHaveLength(40);
    expect(waiting.every(({ inSeconds }) => inSeconds > 20_000)).toBe(true);
  });
});

describe('an approval', () => {
  let isAway = false;
  /** From the first write on nobody is there, until a worker comes by again. */
  const goAway = (): void => {
    world.foreign.write = () => {
      isAway = true;
      return Promise.reject(unavailable());
    };
  };
  const attendAgain = async (): Promise<void> => {
    isAway = false;
    await world.sql(`UPDATE sync_target SET next_try_at = '-infinity'`);
    await world.attend();
  };
  const waiting = async (): Promise<SyncRun> => {
    world = await host.world({ foreign: { provesGone: true, onCall: (call) => (isAway && call === 'probe' ? 'ERROR' : undefined) } });
    world.tenants(20);
    await world.sync();
    const ours = world.foreign.all('tenant').map(({ remoteId }) => remoteId);
    world.foreign.vanish('tenant', ours.slice(0, 8));
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: ['tenant: 8 of 20 rows are missing there, 20 % may be'] });
    return run;
  };

  it('is not lost where the other system does not answer for a moment', async () => {
    const run = await waiting();
    goAway();
    await approve(run);
    expect(await world.runs.run(run.id)).toMatchObject({ state: 'RUNNING', approvedBy: 'operator' });
    Reflect.deleteProperty(world.foreign, 'write');
    await attendAgain();
    expect(await world.runs.run(run.id)).toMatchObject({ state: 'SUCCEEDED', counts: { created: 8, skipped: 0 } });
    expect(theirs()).toBe(20);
  });

  it('is asked for again where that goes on, and what it said of the set does not hold any more', async () => {
    const run = await waiting();
    goAway();
    await approve(run);
    for (let n = 0; n < 5; n++) await attendAgain();
    expect(await world.runs.run(run.id)).toMatchObject({ state: 'BLOCKED_BY_GUARD', approvedBy: null });
    expect((await world.connectors.byId(world.targetId)).health.ok).toBe(false);
    Reflect.deleteProperty(world.foreign, 'write');
    await attendAgain();
    const again = await world.sync();
    expect(again.guards).toEqual(['tenant: 8 of 20 rows are missing there, 20 % may be']);
    await approve(again);
    expect((await world.runs.run(again.id)).state).toBe('SUCCEEDED');
    expect(theirs()).toBe(20);
    expect((await world.sync()).state).toBe('SUCCEEDED');
  });
});

it.each([
  ['is said to be gone each time', { gone: true }],
  ['is said to be changed each time', { stale: true }],
] as const)('what %s is tried again at once, and then later each time', async (_what, answer) => {
  world = await host.world();
  world.local.put('asn', 'asn-0000065001', { asn: 65001 });
  await world.sync();
  const write = world.foreign.write.bind(world.foreign);
  let writes = 0;
  world.foreign.write = (kind, wanted, signal) => {
    if (wanted.every(({ verb }) => verb !== 'UPDATE')) return write(kind, wanted, signal);
    writes++;
    return Promise.resolve(wanted.map(() => answer));
  };
  world.local.put('asn', 'asn-0000065001', { asn: 65002 });
  await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('asn', '65001')`);
  let rounds = 0;
  for (; rounds < 10 && (await host.runner().due()).length > 0; rounds++) await world.attend();
  expect(rounds).toBeLessThan(5);
  expect(writes).toBeGreaterThan(1);
  expect(await rechecks()).toMatchObject([{ id: 'asn-0000065001' }]);
});
