import { openSyncRunnerHost, type SyncRunnerHost, type SyncRunnerWorld, tenant } from '../../../../../test/support/sync-runner-world.js';
import { DomainError } from '#engines/kernel';
import { InMemoryLocal, type ForeignCall, type ForeignFault } from '#contexts/sync/testing';

let host: SyncRunnerHost;
let world: SyncRunnerWorld;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
afterAll(() => host.close());

const remoteId = (localId: string): string => world.foreign.all('tenant').find(({ mark }) => mark === localId)?.remoteId ?? 'none';

/** What goes wrong, told by a test when it is time. */
class Trouble {
  private plan: { readonly call: ForeignCall; readonly what: ForeignFault | 'KILLED' | (() => void); at: number } | null = null;

  next(call: ForeignCall, what: ForeignFault | 'KILLED' | (() => void), at = 1): void {
    this.plan = { call, what, at };
  }

  readonly onCall = async (call: ForeignCall): Promise<ForeignFault | undefined> => {
    const { plan } = this;
    if (plan?.call !== call || --plan.at > 0) return undefined;
    this.plan = null;
    if (plan.what !== 'KILLED') {
      if (typeof plan.what !== 'function') return plan.what;
      plan.what();
      return undefined;
    }
    await this.kill();
    throw new Error('killed');
  };

  /** Another execution has the lease: nothing that this one still writes arrives. */
  async kill(): Promise<void> {
    await world.sql(`UPDATE lease SET holder = gen_random_uuid(), fence = fence + 1, until = '-infinity' WHERE resource = $1`, [
      `sync:${world.targetId}`,
    ]);
  }
}

const attendAndDie = async (): Promise<void> => {
  await expect(world.attend()).rejects.toMatchObject({ code: 'LEASE_LOST' });
};
const patience = (): Promise<unknown> => world.sql(`UPDATE sync_target SET next_try_at = '-infinity', next_scan_at = '-infinity'`);

describe('an answer that is lost', () => {
  it('after objects were made makes no twin: they are asked for one by one, and found by their marks', async () => {
    const trouble = new Trouble();
    world = await host.world({ foreign: trouble });
    world.tenants(5);
    trouble.next('write', 'ANSWER_LOST');
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 5 } });
    expect(world.tenantNames()).toHaveLength(5);
    expect(await world.sql('SELECT 1 FROM sync_link')).toHaveLength(5);
    expect(await world.sync()).toMatchObject({ counts: { unchanged: 5, created: 0, updated: 0 } });
  });

  it('that may come yet makes no twin: what is not to be seen is looked for later, and the other objects are made', async () => {
    const trouble = new Trouble();
    world = await host.world({ foreign: trouble });
    world.tenants(5);
    world.local.put('asn', 'asn-0000065001', { asn: 65001 });
    trouble.next('write', 'LATE');
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'PARTIAL', counts: { created: 1, skipped: 5 } });
    expect((await world.changes(run)).find(({ state }) => state === 'SKIPPED')?.error).toMatch(/not known what came of it/);
    world.foreign.arrive();
    expect(world.tenantNames()).toHaveLength(5);
    await world.sql(`UPDATE sync_recheck SET due_at = '-infinity'`);
    await world.attend();
    expect(world.tenantNames()).toHaveLength(5);
    expect(await world.sql(`SELECT 1 FROM sync_link WHERE kind = 'tenant'`)).toHaveLength(5);
    expect(await world.sql('SELECT 1 FROM sync_recheck')).toEqual([]);
  });

  it('is waited for by every run, however soon one comes', async () => {
    const trouble = new Trouble();
    world = await host.world({ foreign: trouble });
    world.tenants(5);
    trouble.next('write', 'LATE');
    await world.sync();
    const writes = world.foreign.calls.write;
    const again = await world.sync(); // A person, a second later.
    expect(again).toMatchObject({ state: 'PARTIAL', counts: { created: 0, skipped: 5 } });
    expect((await world.changes(again))[0]?.error).toBe(
      'it was sent a moment ago and not answered: it may be there any moment, and is looked for first',
    );
    world.local.put('tenant', 'ten_00001', tenant('t1', 'a change of ours'));
    await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('tenant', 'ten_00001')`);
    await world.attend();
    expect(world.foreign.calls.write).toBe(writes);
    world.foreign.arrive();
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 0 } });
    expect(world.tenantNames()).toHaveLength(5);
    expect(await world.sql(`SELECT 1 FROM sync_link WHERE kind = 'tenant'`)).toHaveLength(5);
    expect(await world.sql('SELECT 1 FROM sync_recheck')).toEqual([]);
  });

  it('that never comes leaves nothing out for good: what was not made is made later', async () => {
    const trouble = new Trouble();
    world = await host.world({ foreign: trouble });
    world.tenants(5);
    trouble.next('write', 'LATE');
    await world.sync();
    expect(world.tenantNames()).toEqual([]);
    expect(await world.sql(`SELECT 1 FROM sync_recheck WHERE due_at < clock_timestamp() + interval '2 minutes'`)).toEqual([]);
    await world.sql(`UPDATE sync_recheck SET due_at = '-infinity', may_come_until = clock_timestamp()`);
    await world.attend();
    expect(world.tenantNames()).toHaveLength(5);
  });

  it('with words that cannot be stored is told all the same', async () => {
    world = await host.world();
    world.tenants(1);
    world.foreign.scan = () => {
      throw new DomainError('FOREIGN_UNAVAILABLE', `<html>\0 and half of \u{d83d}`, { retriable: true });
    };
    expect(await world.sync()).toMatchObject({
      state: 'FAILED',
      error: 'FOREIGN_UNAVAILABLE: <html>\u{fffd} and half of \u{fffd}',
    });
    expect((await world.connectors.byId(world.targetId)).health).toMatchObject({ ok: false });
  });

  it('leaves the connector alone for a while, and says why', async () => {
    const trouble = new Trouble();
    world = await host.world({ foreign: trouble });
    for (let failures = 0; failures < 3; failures++) {
      trouble.next('scan', 'ERROR');
      await world.sync();
    }
    expect((await world.connectors.byId(world.targetId)).health).toMatchObject({
      ok: false,
      circuit: 'OPEN',
      message: expect.stringContaining('scan failed'),
    });
    await patience();
    await world.attend();
    expect((await world.connectors.byId(world.targetId)).health).toMatchObject({
      ok: true,
      circuit: 'CLOSED',
      apiVersion: '1.0',
      lagSeconds: 0,
    });
  });
});

/** It is done there, and nothing of it is known here. */
function dieAfterTheNextWrite(trouble: Trouble): void {
  const write = world.foreign.write.bind(world.foreign);
  world.foreign.write = async (...of) => {
    world.foreign.write = write;
    return write(...of).finally(() => trouble.kill());
  };
}

describe('an execution that dies', () => {
  it.each<[string, ForeignCall, number]>([
    ['while it reads', 'scan', 3],
    ['when all is planned and nothing is written', 'prepare', 1],
    ['between two batches', 'write', 2],
  ])('%s is followed by one that brings it to an end', async (_when, call, at) => {
    const trouble = new Trouble();
    world = await host.world({ foreign: trouble });
    world.tenants(150);
    trouble.next(call, 'KILLED', at);
    const { id } = await world.runs.start({ targetId: world.targetId }, 'operator');
    await attendAndDie();
    expect((await world.runs.run(id)).state).toBe('RUNNING');
    // What it was about to send could be there any moment: that is over.
    await world.sql('UPDATE sync_recheck SET may_come_until = clock_timestamp()');
    await world.attend();
    expect(await world.runs.run(id)).toMatchObject({ state: 'SUCCEEDED', counts: { created: 150, skipped: 0 } });
    expect(world.tenantNames()).toHaveLength(150);
  });

  it('with a batch written and its links not is followed by one that links them', async () => {
    const trouble = new Trouble();
    world = await host.world({ foreign: trouble });
    world.tenants(3);
    world.foreign.put('tenant', tenant('foreign'));
    trouble.next('write', 'ANSWER_LOST');
    const { id } = await world.runs.start({ targetId: world.targetId }, 'operator');
    dieAfterTheNextWrite(trouble);
    await attendAndDie();
    expect(world.tenantNames()).toHaveLength(4);
    expect(await world.sql('SELECT 1 FROM sync_link')).toHaveLength(0);
    await world.attend();
    expect(await world.runs.run(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(world.tenantNames()).toHaveLength(4);
    expect(await world.sql('SELECT 1 FROM sync_link')).toHaveLength(3);
  });

  describe.each([
    ['the mark is on its way', (trouble: Trouble) => dieAfterTheNextWrite(trouble)],
    ['the words are to follow the mark', (trouble: Trouble) => trouble.next('write', 'KILLED', 2)],
  ])('when what becomes another of ours is taken over, and %s', (_when, die) => {
    it.each([
      ['the one that follows', () => world.attend()],
      ['a run of its own, where that one is gone', async () => void (await world.sql('DELETE FROM sync_run'), await world.sync())],
    ])('is followed by one that writes all its words: %s', async (_who, follow) => {
      const trouble = new Trouble();
      world = await host.world({ foreign: trouble });
      const group = { kind: 'vlanGroup', id: 'vdom_1' };
      world.local.put('vlanGroup', group.id, { name: 'hosts', slug: 'hosts' });
      world.local.put('vlan', 'vlan_1', { vid: 10, name: 'web', group, tenant: null, status: 'active' });
      const words = { prefix: '10.0.0.0/24', vrf: null, tenant: null, status: 'active', description: 'old' };
      world.local.put('prefix', 'pfx_1', { ...words, vlan: { kind: 'vlan', id: 'vlan_1' } });
      await world.sync();
      world.local.remove('prefix', 'pfx_1');
      world.local.put('prefix', 'pfx_9', { ...words, description: 'new' });
      die(trouble);
      const { id } = await world.runs.start({ targetId: world.targetId }, 'operator');
      await attendAndDie();
      expect(world.foreign.all('prefix')).toMatchObject([{ mark: 'pfx_9', fields: { description: 'old', vlan: { kind: 'vlan' } } }]);
      expect((await world.changes(await world.runs.run(id))).map(({ action, state }) => `${action} ${state}`)).toEqual(['ADOPT PLANNED']);
      await follow();
      expect(world.foreign.all('prefix')).toMatchObject([{ mark: 'pfx_9', fields: { description: 'new', vlan: null } }]);
      expect(world.local.get('prefix', 'pfx_9')).toMatchObject({ description: 'new' });
      expect(await world.lastRun()).toMatchObject({ state: 'SUCCEEDED', counts: { updated: 1 } });
      expect(await world.sync()).toMatchObject({ counts: { updated: 0, unchanged: 3, conflicts: 0 } });
    });

    it('is followed by one that writes what is said only then, and takes back that it goes away', async () => {
      const trouble = new Trouble();
      world = await host.world({ foreign: trouble });
      world.local.put('vlanGroup', 'vdom_1', { name: 'hosts', slug: 'hosts' });
      await world.sync();
      world.local.remove('vlanGroup', 'vdom_1');
      await world.sync();
      expect(world.foreign.all('vlanGroup')).toMatchObject([{ isDeprecated: true }]);
      world.local.put('vlanGroup', 'vdom_9', { name: 'new hosts', slug: 'hosts' });
      die(trouble);
      await world.runs.start({ targetId: world.targetId }, 'operator');
      await attendAndDie();
      expect(world.foreign.all('vlanGroup')).toMatchObject([{ mark: 'vdom_9', isDeprecated: true, fields: { name: 'hosts' } }]);
      await world.attend();
      expect(world.foreign.all('vlanGroup')).toMatchObject([{ mark: 'vdom_9', isDeprecated: false, fields: { name: 'new hosts' } }]);
    });
  });

  it('is followed by none that writes what waits for a person', async () => {
    const trouble = new Trouble();
    world = await host.world({ foreign: trouble });
    world.local.put('routeTarget', 'rt-65000:1', { name: '65000:1', tenant: null });
    await world.sync();
    world.local.put('routeTarget', 'rt-65000:1', { name: '65000:2', tenant: null });
    world.local.put('asn', 'asn-0000065001', { asn: 65001 });
    await world.sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('routeTarget', '65000:1'), ('asn', '65001')`);
    dieAfterTheNextWrite(trouble);
    await attendAndDie();
    const { id } = await world.lastRun();
    await world.attend();
    const run = await world.runs.run(id);
    expect(run).toMatchObject({ trigger: 'CHANGE', state: 'BLOCKED_BY_GUARD', counts: { created: 1 } });
    expect((await world.changes(run)).map(({ kind, state }) => `${kind} ${state}`)).toEqual(['routeTarget PLANNED', 'asn APPLIED']);
    expect(world.foreign.all('routeTarget')).toMatchObject([{ fields: { name: '65000:1' } }]);
    expect(world.foreign.all('asn')).toHaveLength(1);
    await world.runs.approve(run.id, run.digest ?? '', 'operator');
    trouble.next('write', 'KILLED');
    await attendAndDie();
    await world.attend();
    expect((await world.runs.run(run.id)).state).toBe('SUCCEEDED');
    expect(world.foreign.all('routeTarget')).toMatchObject([{ fields: { name: '65000:2' } }]);
  });

  it('is not waited for by what it held: two workers at once do it once', async () => {
    world = await host.world();
    world.tenants(120);
    await world.runs.start({ targetId: world.targetId }, 'operator');
    await Promise.all([world.attend(), world.attend(), world.attend()]);
    expect(world.tenantNames()).toHaveLength(120);
    expect(await world.lastRun()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 120 } });
  });
});

describe('what we remove', () => {
  it('is first shown there as going away, and deleted by a run after the grace period', async () => {
    world = await host.world({ settings: { graceSeconds: 3600 } });
    world.tenants(12);
    await world.sync();
    world.local.remove('tenant', 'ten_00001');
    await world.sync();
    expect(world.foreign.all('tenant').filter(({ isDeprecated }) => isDeprecated)).toMatchObject([{ mark: 'ten_00001' }]);
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { deleted: 0, updated: 0 } });
    await world.sql(`UPDATE sync_link SET deprecated_at = deprecated_at - interval '1 hour' WHERE state = 'DEPRECATED'`);
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { deleted: 1 } });
    expect(world.tenantNames()).toHaveLength(11);
  });

  it('and they took out of our hands meanwhile stays, and is theirs', async () => {
    world = await host.world({ settings: { graceSeconds: 0 } });
    world.tenants(12);
    await world.sync();
    world.local.remove('tenant', 'ten_00001');
    await world.sync();
    world.foreign.remark('tenant', remoteId('ten_00001'), null);
    await world.sync();
    await world.sync();
    expect(world.tenantNames()).toHaveLength(12);
    expect(await world.sql(`SELECT 1 FROM sync_link WHERE local_id = 'ten_00001'`)).toHaveLength(0);
  });
});

describe('what they delete', () => {
  it.each([
    ['RECREATE', 12, 0],
    ['ACCEPT', 11, 0],
    ['HOLD', 11, 1],
  ] as const)('under %s', async (onRemoteGone, left, conflicts) => {
    world = await host.world({ settings: { onRemoteGone } });
    world.tenants(12);
    await world.sync();
    world.foreign.remove('tenant', remoteId('ten_00003'));
    await world.sync();
    expect(await world.sync()).toMatchObject({ state: 'SUCCEEDED' });
    expect(world.tenantNames()).toHaveLength(left);
    const open = await world.runs.conflictsOf(world.targetId, { first: 10, after: null });
    expect(open).toHaveLength(conflicts);
    if (!open[0]) return;
    await world.runs.resolveConflict(open[0].id, 'US', 'operator');
    await world.attend();
    await world.attend(); // What is not shown is made again by a complete run alone.
    expect(world.tenantNames()).toHaveLength(12);
    expect(await world.runs.conflictsOf(world.targetId, { first: 10, after: null })).toEqual([]);
  });
});

describe('a batch', () => {
  it('with an object that somebody edits at that moment reads it again and merges both', async () => {
    const trouble = new Trouble();
    world = await host.world({ foreign: trouble });
    world.tenants(12);
    await world.sync();
    world.local.put('tenant', 'ten_00001', { slug: 'ours' });
    trouble.next('write', () => world.foreign.edit('tenant', remoteId('ten_00001'), { description: 'theirs' }));
    const run = await world.sync();
    expect(run.state).toBe('SUCCEEDED');
    expect((await world.changes(run)).map(({ state }) => state)).toEqual(['STALE', 'APPLIED']);
    expect(world.foreign.all('tenant')[0]?.fields).toMatchObject({ slug: 'ours', description: 'theirs' });
    expect(world.local.get('tenant', 'ten_00001')).toMatchObject({ slug: 'ours', description: 'theirs' });
  });

  it('with an object that is refused writes the others, and keeps the words', async () => {
    world = await host.world({ foreign: { isUnique: true } });
    world.tenants(3);
    await world.sync();
    world.foreign.put('tenant', tenant('taken'), 'another owner');
    world.local.put('tenant', 'ten_00002', { slug: 'taken' });
    world.local.put('tenant', 'ten_00003', { slug: 'free' });
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'PARTIAL', counts: { updated: 1, skipped: 1 } });
    expect(await world.changes(run)).toMatchObject([
      { localId: 'ten_00002', state: 'REFUSED', error: expect.stringContaining('already exists') },
      { localId: 'ten_00003', state: 'APPLIED', error: null },
    ]);
  });

  it('of which something cannot be taken over here says so, and changes nothing of it', async () => {
    world = await host.world({ local: new InMemoryLocal(['name']) });
    world.tenants(12);
    await world.sync();
    world.foreign.edit('tenant', remoteId('ten_00001'), { name: 'else' });
    const run = await world.sync();
    expect(await world.changes(run)).toMatchObject([{ pull: { name: 'else' }, state: 'REFUSED', error: 'tenant: name is not taken over' }]);
    expect(world.local.get('tenant', 'ten_00001')).toMatchObject({ name: 't1' });
  });

  it('waits for what it refers to and is not there yet', async () => {
    world = await host.world({ foreign: { isUnique: true } });
    world.foreign.put('tenant', tenant('acme'), 'another owner');
    world.local.put('tenant', 'ten_1', tenant('acme'));
    world.local.put('vrf', 'vrf_1', {
      name: 'blue',
      tenant: { kind: 'tenant', id: 'ten_1' },
      importTargets: [],
      exportTargets: [],
      description: null,
    });
    const run = await world.sync();
    expect(run.state).toBe('PARTIAL');
    expect((await world.changes(run)).find(({ kind }) => kind === 'vrf')).toMatchObject({
      state: 'SKIPPED',
      error: 'waits for the tenant ten_1, which is not there yet',
    });
  });
});
