import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld, tenant } from '../../../../../test/support/sync-runner-world.js';
import type { SyncRun } from '#contexts/sync';
import { DomainError } from '#engines/kernel';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

const weChange = async (asn: number): Promise<void> => {
  world.local.put('asn', `asn-${String(asn).padStart(10, '0')}`, { asn });
  await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('asn', $1)`, [String(asn)]);
};
const asns = (): unknown[] => world.foreign.all('asn').map(({ fields }) => fields['asn']);
/** A gateway in front stops whatever has one of these marks. */
const stopAt = (...marks: string[]): void => {
  const write = world.foreign.write.bind(world.foreign);
  world.foreign.write = async (kind, writes, signal) => {
    if (writes.some((one) => 'mark' in one && marks.includes(one.mark)))
      throw new DomainError('FOREIGN_UNAVAILABLE', '502, a page of HTML', { retriable: true });
    return write(kind, writes, signal);
  };
};
const rechecks = () =>
  world.sql<{ id: string; attempts: number; inSeconds: number; error: string | null }>(
    `SELECT local_id AS id, attempts, error, round(extract(epoch FROM due_at - clock_timestamp()))::int AS "inSeconds" FROM sync_recheck ORDER BY 1`,
  );
const itIsTime = (): Promise<unknown> => world.sql(`UPDATE sync_recheck SET due_at = clock_timestamp()`);
const runsSoFar = async (): Promise<number> => (await world.sql('SELECT 1 FROM sync_run')).length;
const states = async (run: SyncRun): Promise<string[]> => (await world.changes(run)).map(({ localId, state }) => `${localId} ${state}`);
const health = async () => (await world.connectors.byId(world.targetId)).health;

describe('an object that is never answered', () => {
  it('holds up no other one, and is tried again later each time until it is done', async () => {
    world = await host.world();
    world.tenants(5);
    stopAt('ten_00003');
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'PARTIAL', counts: { created: 4, skipped: 1 } });
    expect((await world.changes(run)).find(({ state }) => state === 'SKIPPED')).toMatchObject({
      localId: 'ten_00003',
      error: expect.stringContaining('502, a page of HTML') as string,
    });
    expect(await health()).toMatchObject({ ok: true, failingScans: null });
    expect(await rechecks()).toMatchObject([{ id: 'ten_00003', attempts: 1 }]);
    expect((await rechecks())[0]?.inSeconds).toBeLessThanOrEqual(60);

    const [scans, runs] = [world.foreign.calls.scan, await runsSoFar()];
    for (const [attempts, least] of [
      [2, 110],
      [3, 230],
      [4, 470],
    ] as const) {
      await itIsTime();
      await world.attend();
      const [again] = await rechecks();
      expect(again).toMatchObject({ id: 'ten_00003', attempts });
      expect(again?.inSeconds).toBeGreaterThan(least);
    }
    // The same words again are not kept again.
    expect(await runsSoFar()).toBe(runs);

    Reflect.deleteProperty(world.foreign, 'write');
    await itIsTime();
    await world.attend();
    expect(await world.lastRun()).toMatchObject({ trigger: 'RETRY', state: 'SUCCEEDED', counts: { created: 1 } });
    expect(world.tenantNames()).toHaveLength(5);
    expect(await rechecks()).toEqual([]);
    expect(world.foreign.calls.scan).toBe(scans);
  });

  it('and many of them end their kind, and the other kinds are done', async () => {
    world = await host.world();
    world.tenants(150);
    stopAt(...world.local.all('tenant').map(({ id }) => id));
    world.local.put('asn', 'asn-0000065001', { asn: 65001 });
    expect((await world.sync()).state).toBe('PARTIAL');
    expect(asns()).toEqual([65001]);
    // Once together, and then one by one until it is clear that it is not about them.
    expect(world.foreign.effects).toHaveLength(1);
  });

  it('where nothing is answered at all is not asked for one by one', async () => {
    world = await host.world();
    world.tenants(40);
    for (let asn = 65001; asn < 65041; asn++) world.local.put('asn', `asn-00000${asn}`, { asn });
    let writes = 0;
    world.foreign.write = () => {
      writes++;
      return Promise.reject(new DomainError('FOREIGN_UNAVAILABLE', 'read only', { retriable: true }));
    };
    expect(await world.sync()).toMatchObject({ state: 'FAILED', error: 'FOREIGN_UNAVAILABLE: read only' });
    expect(writes).toBeLessThanOrEqual(12);
  });
});

describe('what was refused', () => {
  it('is tried again without a complete run, and is at peace when it is taken', async () => {
    world = await host.world({ foreign: { isUnique: true } });
    world.local.put('tenant', 'ten_1', tenant('acme'));
    const other = world.foreign.put('tenant', tenant('acme'), 'another owner');
    expect((await world.sync()).state).toBe('PARTIAL');
    expect(await rechecks()).toMatchObject([{ id: 'ten_1', error: expect.stringContaining('another owner') as string }]);
    world.foreign.remove('tenant', other);
    const scans = world.foreign.calls.scan;
    await itIsTime();
    await world.attend();
    expect(world.foreign.all('tenant')).toMatchObject([{ mark: 'ten_1' }]);
    expect(world.foreign.calls.scan).toBe(scans);
    expect(await rechecks()).toEqual([]);
  });

  it('is not tried where nothing may be written', async () => {
    world = await host.world({ foreign: { isUnique: true } });
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.foreign.put('tenant', tenant('acme'), 'another owner');
    await world.sync();
    await world.set({ mode: 'OBSERVE' });
    await itIsTime();
    expect(await host.runner().due()).toEqual([]);
  });

  it('of a kind that cannot be read waits by itself, and the journal goes on', async () => {
    let isHidden = false;
    world = await host.world({
      foreign: { onCall: (call, kind) => (isHidden && kind === 'routeTarget' && call !== 'scan' ? 'FORBIDDEN' : undefined) },
    });
    await world.sync();
    isHidden = true;
    world.local.put('routeTarget', 'rt-65000:1', { name: '65000:1', tenant: null });
    await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('routeTarget', '65000:1')`);
    await weChange(65001);
    await world.attend();
    expect(asns()).toEqual([65001]);
    expect(await rechecks()).toMatchObject([{ id: 'rt-65000:1', error: expect.stringContaining('findMarked failed') as string }]);
    isHidden = false;
    await itIsTime();
    await world.attend();
    expect(world.foreign.all('routeTarget')).toHaveLength(1);
  });
});

describe('what goes away', () => {
  it('is deleted when its grace period is over, and nothing is scanned for it', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    world.tenants(12);
    await world.sync();
    world.local.remove('tenant', 'ten_00001');
    await world.sync();
    const [waiting] = await rechecks();
    expect(waiting).toMatchObject({ id: 'ten_00001', attempts: 0, error: null });
    expect(waiting?.inSeconds).toBeGreaterThan(3500);
    const scans = world.foreign.calls.scan;
    await itIsTime();
    await world.attend();
    // Somebody made the period longer meanwhile, say: it waits for the rest of it.
    expect(world.tenantNames()).toHaveLength(12);
    expect((await rechecks())[0]?.inSeconds).toBeGreaterThan(3500);
    await world.sql(`UPDATE sync_link SET deprecated_at = deprecated_at - interval '1 hour' WHERE state = 'DEPRECATED'`);
    await itIsTime();
    await world.attend();
    expect(await world.lastRun()).toMatchObject({ trigger: 'RETRY', state: 'SUCCEEDED', counts: { deleted: 1 } });
    expect(world.tenantNames()).toHaveLength(11);
    expect(world.foreign.calls.scan).toBe(scans);
    expect(await rechecks()).toEqual([]);
  });

  it('and is too much to be deleted waits for a person, and is not planned again each time', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    world.tenants(20);
    await world.sync();
    for (const n of [1, 2, 3]) world.local.remove('tenant', `ten_0000${n}`);
    await world.sync({ maxDeleteRatio: 1 });
    await world.sql(`UPDATE sync_link SET deprecated_at = deprecated_at - interval '1 hour' WHERE state = 'DEPRECATED'`);
    await itIsTime();
    await world.attend();
    const run = await world.lastRun();
    expect(run).toMatchObject({ trigger: 'RETRY', state: 'BLOCKED_BY_GUARD' });
    expect((await rechecks()).every(({ inSeconds }) => inSeconds > 20_000)).toBe(true);
    expect(await host.runner().due()).toEqual([]);
    await world.runs.approve(run.id, run.digest ?? '', 'operator');
    await world.attend();
    expect(await states(await world.runs.run(run.id))).toEqual(['ten_00001 APPLIED', 'ten_00002 APPLIED', 'ten_00003 APPLIED']);
    expect(world.tenantNames()).toHaveLength(17);
    expect(await rechecks()).toEqual([]);
  });
});

describe('complete runs that fail', () => {
  const failing = async (): Promise<{ repair: () => void }> => {
    let isBroken = true;
    world = await host.world({
      foreign: { onCall: (call, kind) => (isBroken && call === 'scan' && kind === 'vrf' ? 'FORBIDDEN' : undefined) },
    });
    return {
      repair: () => {
        isBroken = false;
      },
    };
  };
  const attendNow = async (): Promise<void> => {
    await world.sql(`UPDATE sync_target SET next_try_at = '-infinity', next_scan_at = '-infinity'`);
    await world.attend();
  };

  it('step back further each time, are told as the health of the connector, and end with one that works', async () => {
    const { repair } = await failing();
    for (const [count, least] of [
      [1, 50],
      [2, 110],
      [3, 230],
    ] as const) {
      await attendNow();
      const { failingScans, ok, message } = await health();
      expect(failingScans).toMatchObject({ count, error: 'FOREIGN_FORBIDDEN: in-memory: scan failed' });
      expect((failingScans?.nextAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(least * 1000);
      expect({ ok, message }).toMatchObject({ ok: false, message: expect.stringContaining('scan failed') as string });
    }
    const since = (await health()).failingScans?.since;
    await world.sql(`UPDATE sync_target SET next_try_at = '-infinity'`);
    expect(await host.runner().due()).toEqual([]);
    expect(since?.getTime()).toBeLessThan(Date.now());
    repair();
    await world.sync();
    expect(await health()).toMatchObject({ ok: true, failingScans: null });
  });

  it('do not hold up single changes', async () => {
    await failing();
    await world.attend();
    await world.sql(`UPDATE sync_target SET next_try_at = '-infinity'`);
    await weChange(65001);
    await world.attend();
    expect(asns()).toEqual([65001]);
    expect(await health()).toMatchObject({ ok: false, message: expect.stringContaining('complete runs fail since') as string });
  });

  it('leave no more behind than one of them does, and old runs are forgotten whatever ended them', async () => {
    await failing();
    world.tenants(30);
    for (let time = 0; time < 4; time++) await attendNow();
    expect(await world.sql('SELECT 1 FROM sync_change')).toHaveLength(30);
    expect(await runsSoFar()).toBe(4);
    await world.sql(`UPDATE sync_run SET finished_at = finished_at - interval '31 days'`);
    await host.runner().forgetRuns();
    expect(await runsSoFar()).toBe(0);
  });
});
