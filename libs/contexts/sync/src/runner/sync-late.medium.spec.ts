import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld, tenant } from '../../../../../test/support/sync-runner-world.js';
import { DomainError } from '#engines/kernel';
import type { ForeignCall, ForeignFault } from '#contexts/sync/testing';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

/** What a call comes to; a test says it when it is time. */
let faultOf: (call: ForeignCall) => ForeignFault | undefined;
const open = async (tenants: number, provesGone = false): Promise<void> => {
  faultOf = () => undefined;
  world = await host.world({ foreign: { provesGone, onCall: (call) => faultOf(call) } });
  world.tenants(tenants);
};
const links = async (): Promise<number> => (await world.sql('SELECT 1 FROM sync_link')).length;
const rechecks = () =>
  world.sql<{ id: string; attempts: number; inSeconds: number; mayCome: number | null }>(
    `SELECT local_id AS id, attempts, extract(epoch FROM due_at - clock_timestamp())::int AS "inSeconds",
            extract(epoch FROM may_come_until - clock_timestamp())::int AS "mayCome" FROM sync_recheck ORDER BY 1`,
  );
const timePasses = (): Promise<unknown> =>
  world.sql(`UPDATE sync_recheck SET due_at = '-infinity', may_come_until = least(may_come_until, clock_timestamp())`);
const patience = (): Promise<unknown> => world.sql(`UPDATE sync_target SET next_try_at = '-infinity', next_scan_at = '-infinity'`);

/** It arrives only now: it is there once, whatever was sent meanwhile. */
const arrivesOnce = async (count: number): Promise<void> => {
  world.foreign.arrive();
  expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 0 } });
  expect(world.tenantNames()).toHaveLength(count);
  expect(await links()).toBe(count);
  expect(await rechecks()).toEqual([]);
};

describe('what was sent to be made and may be there any moment is not sent again', () => {
  it('although nobody answers when it is looked for', async () => {
    await open(5);
    let isAway = false;
    faultOf = (call) => {
      if (isAway) return call === 'changedSince' ? undefined : 'ERROR';
      isAway = call === 'write';
      return isAway ? 'LATE' : undefined;
    };
    expect((await world.sync()).state).toBe('FAILED');
    faultOf = () => undefined;
    expect(await world.sync()).toMatchObject({ state: 'PARTIAL', counts: { created: 0, skipped: 5 } });
    expect(world.foreign.calls.write).toBe(1);
    await arrivesOnce(5);
  });

  it.each([
    ['whoever sent it was killed', () => kill(), 'LEASE_LOST'],
    ['whoever sent it had to end', (ending: AbortController) => Promise.resolve(ending.abort()), undefined],
  ] as const)('where %s', async (_who, end, code) => {
    await open(5);
    faultOf = (call) => (call === 'write' ? 'LATE' : undefined);
    const ending = new AbortController();
    const write = world.foreign.write.bind(world.foreign);
    world.foreign.write = (...of) => write(...of).finally(() => end(ending));
    const { id } = await world.runs.start({ targetId: world.targetId }, 'operator');
    await expect(world.attend(ending.signal)).rejects.toMatchObject(code ? { code } : {});
    Reflect.deleteProperty(world.foreign, 'write');
    faultOf = () => undefined;
    await world.attend();
    expect(await world.runs.run(id)).toMatchObject({ state: 'PARTIAL', counts: { created: 0, skipped: 5 } });
    expect(world.foreign.calls.write).toBe(1);
    await arrivesOnce(5);
  });

  it('and what is sent beside it gives it no more time', async () => {
    await open(5);
    faultOf = (call) => (call === 'write' ? 'LATE' : undefined);
    await world.sync();
    await world.sql(`UPDATE sync_recheck SET may_come_until = clock_timestamp() + interval '30 s'`);
    world.tenants(2, 6);
    await world.sync();
    const times = (await rechecks()).map(({ mayCome }) => mayCome ?? 0);
    expect(times.slice(0, 5).every((seconds) => seconds <= 30)).toBe(true);
    expect(times.slice(5).every((seconds) => seconds > 150)).toBe(true);
    faultOf = () => undefined;
    await arrivesOnce(7);
  });

  it('but the others are, where it is known which one it is', async () => {
    await open(5);
    const write = world.foreign.write.bind(world.foreign);
    world.foreign.write = async (kind, writes, signal) => {
      Reflect.deleteProperty(world.foreign, 'write');
      await write(kind, writes.slice(0, 1), signal);
      throw new DomainError('FOREIGN_UNAVAILABLE', 'POST: 504', { retriable: true, isTimeout: true, underWay: [1] });
    };
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'PARTIAL', counts: { created: 4, skipped: 1 } });
    expect((await world.changes(run)).find(({ state }) => state === 'SKIPPED')).toMatchObject({ localId: 'ten_00002' });
    await timePasses();
    await world.attend();
    expect(world.tenantNames()).toHaveLength(5);
    expect(await rechecks()).toEqual([]);
  });

  it('and where nothing was done is sent again at once', async () => {
    await open(5);
    let isAway = false;
    faultOf = (call) => {
      isAway ||= call === 'write';
      return isAway ? 'ERROR' : undefined;
    };
    expect((await world.sync()).state).toBe('FAILED');
    faultOf = () => undefined;
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 5 } });
    expect(await rechecks()).toEqual([]);
  });
});

describe('what is missing there', () => {
  const missing = async (provesGone = false, count = 8): Promise<void> => {
    await open(20, provesGone);
    await world.sync();
    lose(count);
  };
  const lose = (count: number): void =>
    world.foreign.vanish(
      'tenant',
      world.foreign
        .all('tenant')
        .slice(0, count)
        .map(({ remoteId }) => remoteId),
    );
  /** A person says that it is made again, and the answer to that is out. */
  const approvedInVain = async (): Promise<void> => {
    const run = await world.sync();
    expect(run.state).toBe('BLOCKED_BY_GUARD');
    faultOf = (call) => (call === 'write' ? 'LATE' : undefined);
    await world.runs.approve(run.id, run.digest ?? '', 'operator');
    await world.attend();
    faultOf = () => undefined;
    expect(await world.runs.run(run.id)).toMatchObject({ state: 'PARTIAL', counts: { created: 0, skipped: 8 } });
  };
  const untilNothingIsDue = async (): Promise<void> => {
    await timePasses();
    await patience();
    for (let rounds = 0; rounds < 4 && (await host.runner().due()).length > 0; rounds++) await world.attend();
    expect(await host.runner().due()).toEqual([]);
  };
  const proposed = async (): Promise<number> =>
    (await world.sql(`SELECT 1 FROM sync_change WHERE state = 'PROPOSED' AND run_id = (SELECT max(id::text)::uuid FROM sync_run)`)).length;

  it.each([
    ['', false],
    [', and nobody is asked twice where the system does not prove that it was deleted', true],
  ])('is made again as soon as it may be, where the answer to an approval of it is out%s', async (_, provesGone) => {
    await missing(provesGone);
    await approvedInVain();
    await world.attend();
    expect(world.tenantNames()).toHaveLength(12);
    await untilNothingIsDue();
    expect(world.tenantNames()).toHaveLength(20);
    expect([await proposed(), await rechecks()]).toEqual([0, []]);
    // That was said of this loss, not of the next one.
    if (!provesGone) return;
    lose(1);
    await world.sync();
    expect([await proposed(), world.tenantNames().length]).toEqual([1, 19]);
  });

  it('and approved is not made a second time where it comes late', async () => {
    await missing(true);
    await approvedInVain();
    world.foreign.arrive();
    await untilNothingIsDue();
    expect(world.tenantNames()).toHaveLength(20);
    expect([await proposed(), await links(), await rechecks()]).toEqual([0, 20, []]);
  });

  it('and adopted as to be made again is made once its answer is out, without a second question', async () => {
    await missing(true, 1);
    const run = await world.sync();
    expect([run.state, await proposed()]).toEqual(['SUCCEEDED', 1]);
    faultOf = (call) => (call === 'write' ? 'LATE' : undefined);
    await world.runs.adopt(run.id, [1], 'operator');
    await world.attend();
    faultOf = () => undefined;
    await untilNothingIsDue();
    expect(world.tenantNames()).toHaveLength(20);
    expect([await proposed(), await rechecks()]).toEqual([0, []]);
  });

  it('and refused is asked for by a complete run later each time', async () => {
    await open(20);
    await world.sync();
    const [first] = world.foreign.all('tenant');
    world.foreign.vanish('tenant', [first?.remoteId ?? '']);
    world.foreign.write = (_kind, writes) => Promise.resolve(writes.map(() => ({ refused: 'no' })));
    await world.sync();
    for (const least of [110, 230, 470]) {
      const scans = world.foreign.calls.scan;
      await timePasses();
      let rounds = 0;
      for (; rounds < 5 && (await host.runner().due()).length > 0; rounds++) await world.attend();
      expect(rounds).toBeLessThan(4);
      expect(world.foreign.calls.scan).toBeGreaterThan(scans);
      expect((await rechecks())[0]?.inSeconds).toBeGreaterThan(least);
    }
    Reflect.deleteProperty(world.foreign, 'write');
    await timePasses();
    await world.attend();
    await world.attend();
    expect(world.tenantNames()).toHaveLength(20);
    expect(await rechecks()).toEqual([]);
  });
});

/** Another execution has the lease: nothing that this one still writes arrives. */
async function kill(): Promise<void> {
  await world.sql(`UPDATE lease SET holder = gen_random_uuid(), fence = fence + 1, until = '-infinity' WHERE resource = $1`, [
    `sync:${world.targetId}`,
  ]);
}

it('what a create comes upon there with our mark, and says otherwise, is in conflict: it is nothing that both agreed on', async () => {
  world = await host.world();
  world.tenants(1);
  world.local.put('tenant', 'ten_00001', { description: 'new' });
  const there = world.foreign.put('tenant', tenant('t1', 'old'), 'ten_00001');
  world.foreign.hide('tenant', [there]);
  const write = world.foreign.write.bind(world.foreign);
  world.foreign.write = (...of) => {
    world.foreign.hide('tenant', []);
    return write(...of);
  };
  await world.sync();
  await world.attend();
  const [conflict, ...others] = await world.runs.conflictsOf(world.targetId, { first: 10, after: null });
  expect(conflict).toMatchObject({ field: 'description', ours: 'new', theirs: 'old', base: null });
  expect(others).toEqual([]);
  expect(world.local.get('tenant', 'ten_00001')).toMatchObject({ description: 'new' });
  expect(world.foreign.all('tenant')).toHaveLength(1);
});
