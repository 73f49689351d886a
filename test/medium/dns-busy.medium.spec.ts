/** A name server in whose zones something happens all the time: what is told, what may be approved and what is kept of its runs. The real one where it is installed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressAllocationService } from '#contexts/addressing';
import { ConnectorService, SyncModule, type SyncRun, SyncRunService, SyncService } from '#contexts/sync';
import { Cidr, DomainError, IdempotencyKey, type SyncTargetId } from '#engines/kernel';
import { newId, systemScope } from '#platform';
import { type LabDns, nameServerHere, resolve, startNameServer } from '../../apps/lab/src/powerdns/index.js';
import { connectDns, hookedPowerDns } from '../support/dns-connector.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';

const scope = systemScope('spec');
const ZONES = ['busy.example', 'grown.example', 'again.example', 'blind.example', 'other.example', 'left.example'];

let directory: string;
let dns: LabDns;
let world: InventoryWorld;
let targetId: SyncTargetId;
/** A zone that cannot be read. */
let unreadable: string | null = null;
const watched = hookedPowerDns({
  beforeRead: async (zone) => {
    if (zone === unreadable) throw new DomainError('FOREIGN_UNAVAILABLE', 'nobody is there', { retriable: true });
  },
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trame-busy-'));
  dns = await startNameServer({ directory, zones: ZONES });
  world = await createInventoryWorld([], [SyncModule.with(watched)]);
  const network = await world.network('web', 100);
  const { id: subnetId } = await world.subnet(network, { cidr: Cidr.parse('10.20.5.0/24') });
  await sql(`UPDATE network SET state = 'ACTIVE' WHERE id = $1`, [network.id]);
  const request = { subnetId, tenantId: world.tenantId, key: IdempotencyKey.parse('all'), count: 140 };
  await world.app.get(AddressAllocationService).allocate(scope, request);
  targetId = (await connectDns(world, dns, ZONES)).id;
});
afterEach(() => {
  unreadable = null;
});
afterAll(async () => {
  await world?.close();
  await dns?.stop();
  await rm(directory, { recursive: true, force: true });
});

const runs = () => world.app.get(SyncRunService);
const runDue = () => world.app.get(SyncService).runDue();
const sql = <Row extends object>(text: string, values: unknown[] = []) => world.asSystem((tx) => tx.sql<Row>(text, values));
const newest = (first: number): Promise<SyncRun[]> => runs().runsOf(targetId, { first, after: null });
async function lastRun(): Promise<SyncRun> {
  const [run] = await newest(1);
  if (!run) throw new Error('there was no run');
  return run;
}
const linesOf = async ({ id }: SyncRun) =>
  (await runs().changesOf(id, { first: 1000, after: null })).filter(({ error }) => error?.startsWith('no reverse zone') !== true);
const approve = ({ id, digest }: SyncRun): Promise<SyncRun> => runs().approve(id, digest ?? '', 'operator');
const served = (name: string) => resolve(dns.dnsPort, name, 'A');
const told = async (): Promise<string[]> =>
  (await sql<{ type: string }>(`SELECT type FROM event WHERE type IN ('sync.stopped', 'sync.resumed') ORDER BY xid, cursor`)).map(
    ({ type }) => type.replace('sync.', ''),
  );
/** `n1.<zone>`, `n2.<zone>` …: addresses that have no name get one. */
async function name(zone: string, from: number, to: number): Promise<void> {
  await sql(
    `UPDATE ip_address a SET dns_name = format('n%s.%s', w.n, $1::text)
       FROM (SELECT id, row_number() OVER (ORDER BY address) + $2 - 1 AS n FROM ip_address WHERE dns_name IS NULL AND state = 'BOUND' ORDER BY address LIMIT $3) w
      WHERE a.id = w.id`,
    [zone, from, to - from + 1],
  );
  await runDue();
}
const namesOf = (zone: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `n${from + at}.${zone}`);
async function unname(zone: string, from: number, to: number): Promise<SyncRun> {
  await sql('UPDATE ip_address SET dns_name = NULL WHERE dns_name = ANY($1)', [namesOf(zone, from, to)]);
  await runDue();
  return lastRun();
}
/** Nothing waits any more. */
async function approveAll(): Promise<void> {
  for (let run = await lastRun(); run.state === 'BLOCKED_BY_GUARD'; run = await lastRun()) {
    await approve(run);
    await runDue();
  }
}

describe(`a zone in which more and more waits, on ${nameServerHere()}`, () => {
  it('is told once, and an older run is approved while all of it waits still: that much goes, the rest waits anew', async () => {
    const zone = 'busy.example';
    await name(zone, 1, 20);
    const before = (await told()).length;
    const first = await unname(zone, 1, 4);
    expect(first).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: [`${zone}: 4 of 20 would be deleted, 10 % may be`] });
    await unname(zone, 5, 5);
    await name(zone, 21, 21);
    const later = await unname(zone, 6, 6);
    expect(later.digest).not.toBe(first.digest);
    expect((await told()).slice(before)).toEqual(['stopped']);

    expect(await approve(first)).toMatchObject({ state: 'RUNNING', approvedBy: 'operator' });
    await runDue();
    expect(await runs().run(first.id)).toMatchObject({ state: 'SUCCEEDED', counts: { deleted: 4 } });
    const rest = await lastRun();
    expect(rest).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: [`${zone}: 2 of 17 would be deleted, 10 % may be`] });
    expect([await served('n4.busy.example'), await served('n5.busy.example')]).toEqual([[], [expect.any(String)]]);
    // Whoever decided is told what waits still, and nobody that nothing does.
    expect((await told()).slice(before)).toEqual(['stopped', 'stopped']);
    await approve(rest);
    await runDue();
    expect(await served('n5.busy.example')).toEqual([]);
    expect((await told()).slice(before)).toEqual(['stopped', 'stopped', 'resumed']);
  });

  it('is told again when twice as much waits, and five more', async () => {
    const zone = 'grown.example';
    await name(zone, 1, 20);
    const before = (await told()).length;
    await unname(zone, 1, 3);
    await unname(zone, 4, 7);
    expect((await told()).slice(before)).toEqual(['stopped']);
    const run = await unname(zone, 8, 8);
    expect((await told()).slice(before)).toEqual(['stopped', 'stopped']);
    expect(run.guards).toEqual([`${zone}: 8 of 20 would be deleted, 10 % may be`]);
    await approveAll();
  });
});

describe(`a run that waits cannot be approved, on ${nameServerHere()}`, () => {
  const zone = 'again.example';

  it('once one of its lines is no more what waits, or is another change', async () => {
    await name(zone, 1, 20);
    const first = await unname(zone, 1, 4);
    await name(zone, 4, 4); // By another address: it is changed, no longer deleted.
    expect((await linesOf(await lastRun())).find(({ label }) => label === 'n4.again.example/a')).not.toMatchObject({ action: 'DELETE' });
    await expect(approve(first)).rejects.toMatchObject({ code: 'PLAN_STALE' });
    expect(await served('n1.again.example')).toHaveLength(1);
    await approveAll();
  });

  it('once nothing waits any more', async () => {
    const first = await unname(zone, 5, 8);
    const second = await unname(zone, 9, 9);
    await approve(second);
    await runDue();
    await expect(approve(first)).rejects.toMatchObject({ code: 'PLAN_STALE' });
  });
});

it('what waits in a zone that cannot be read for a moment waits still: it is told once, and may be approved', async () => {
  await name('blind.example', 1, 20);
  await name('other.example', 1, 20);
  const before = (await told()).length;
  const first = await unname('blind.example', 1, 4);
  unreadable = 'blind.example';
  await unname('other.example', 1, 4); // Another zone: that is news.
  expect((await told()).slice(before)).toEqual(['stopped', 'stopped']);
  unreadable = null;
  await sql(`UPDATE sync_target SET next_try_at = '-infinity'`);
  await runDue();
  expect((await told()).slice(before)).toEqual(['stopped', 'stopped']);
  unreadable = 'blind.example';
  await unname('other.example', 5, 5);
  await approve(first);
  unreadable = null;
  await runDue();
  expect(await runs().run(first.id)).toMatchObject({ state: 'SUCCEEDED', counts: { deleted: 4 } });
  expect(await served('n1.blind.example')).toEqual([]);
  await approveAll();
});

it('what waits in a zone that cannot be read is not over because the rest was approved: it is told once, and its end when it ends', async () => {
  await name('blind.example', 21, 40);
  await name('other.example', 21, 40);
  const before = (await told()).length;
  const blind = await unname('blind.example', 21, 28);
  unreadable = 'blind.example';
  const other = await unname('other.example', 21, 28);
  expect((await told()).slice(before)).toEqual(['stopped', 'stopped']);
  await approve(other);
  await runDue();
  expect(await runs().run(other.id)).toMatchObject({ state: 'SUCCEEDED', counts: { deleted: 8 } });
  expect((await connector()).health.message).toMatch(
    /^a run was stopped and waits for a person: blind\.example: what waited there waits still/,
  );
  expect((await told()).slice(before)).toEqual(['stopped', 'stopped']);
  unreadable = null;
  await sql(`UPDATE sync_target SET next_try_at = '-infinity'`);
  await runDue();
  expect(await lastRun()).toMatchObject({ state: 'BLOCKED_BY_GUARD' });
  expect((await told()).slice(before)).toEqual(['stopped', 'stopped']);
  await approve(blind);
  await runDue();
  await approveAll();
  expect(await served('n21.blind.example')).toEqual([]);
  expect((await told()).slice(before)).toEqual(['stopped', 'stopped', 'resumed']);
});

describe(`what a name server cannot have, on ${nameServerHere()}`, () => {
  const looked = async (): Promise<{ again: boolean; seconds: number }> => {
    const [row] = await sql<{ again: boolean; seconds: number }>(
      `SELECT recheck_at > clock_timestamp() AS again, extract(epoch FROM recheck_at - last_ok_at)::int AS seconds FROM sync_target WHERE id = $1`,
      [targetId],
    );
    return row ?? { again: false, seconds: 0 };
  };
  const timePasses = async (): Promise<void> => {
    await sql('UPDATE sync_target SET recheck_at = clock_timestamp() WHERE id = $1', [targetId]);
    await runDue();
  };

  it('is looked at again later each time, and is no run again while it is the same', async () => {
    // A name that is an alias of somebody else there.
    const alias = { name: 'n1.left.example.', type: 'CNAME', changetype: 'REPLACE', ttl: 60, records: [{ content: 'a.example.' }] };
    await patch('left.example', alias);
    await name('left.example', 1, 2);
    expect(await lastRun()).toMatchObject({ state: 'PARTIAL', trigger: 'CHANGE' });
    expect(await looked()).toEqual({ again: true, seconds: 60 });
    await timePasses();
    const { id } = await lastRun();
    expect(await lastRun()).toMatchObject({ state: 'FAILED', trigger: 'RETRY' }); // What was written with it is no part of it.
    for (const seconds of [120, 240, 480, 900, 900]) {
      await timePasses();
      expect(await looked()).toEqual({ again: true, seconds });
      expect((await lastRun()).id).toBe(id);
    }
    expect(await connector()).toMatchObject({ health: { ok: false, lagSeconds: 0, message: expect.stringContaining('n1.left.example') } });
    await name('left.example', 3, 3); // Waits for nothing.
    expect(await served('n3.left.example')).toHaveLength(1);
    expect((await looked()).seconds).toBe(900);
    await runs().start({ targetId }, 'operator');
    await runDue();
    expect((await looked()).seconds).toBe(60);
    await patch('left.example', { ...alias, changetype: 'DELETE' });
    await timePasses();
    expect(await served('n1.left.example')).toHaveLength(1);
    expect(await lastRun()).toMatchObject({ state: 'SUCCEEDED', trigger: 'RETRY', counts: { created: 1 } });
    expect(await connector()).toMatchObject({ health: { ok: true } });
  });
});

describe(`lines of runs that only showed something, on ${nameServerHere()}`, () => {
  const isKept = async (run: SyncRun): Promise<readonly [boolean, number]> => {
    const { linesKept } = await runs().run(run.id);
    return [linesKept, (await linesOf(run)).length];
  };

  it('are kept of the last five, also where each run writes a name, and older runs are not looked at again', async () => {
    const alias = { name: 'n9.left.example.', type: 'CNAME', changetype: 'REPLACE', ttl: 60, records: [{ content: 'a.example.' }] };
    await patch('left.example', alias);
    const [died] = await sql<SyncRun>(
      `INSERT INTO sync_run (id, target_id, state, trigger, phase, plan) VALUES ($1, $2, 'RUNNING', 'CHANGE', 'APPLYING', $3) RETURNING id`,
      [newId(), targetId, JSON.stringify([{ zone: 'left.example', verb: 'CREATE', key: 'died.left.example/a', isOnlyShown: true }])],
    );
    for (let n = 4; n <= 12; n++) await name('left.example', n, n);
    const stored = async (run: SyncRun) => (await runs().changesOf(run.id, { first: 1000, after: null })).map(({ label }) => label);
    const [newestRun, ...older] = await newest(9);
    expect(await stored(older[7]!)).toEqual(['n4.left.example/a']);
    expect(await isKept(older[7]!)).toEqual([false, 1]);
    expect(await isKept(died!)).toEqual([false, 0]);
    expect(await stored(newestRun!)).toEqual(expect.arrayContaining(['n9.left.example/a', 'n12.left.example/a']));
    const [open] = await sql<{ runs: number }>(
      `SELECT count(*)::int AS runs FROM sync_run WHERE NOT is_thinned AND phase = 'ENDED' AND approved_by IS NULL`,
    );
    expect(open?.runs).toBeLessThanOrEqual(5);
    await patch('left.example', { ...alias, changetype: 'DELETE' });
    await runs().start({ targetId }, 'operator');
    await runDue();
  });

  it('are kept of what waits for a person', async () => {
    const zone = 'busy.example';
    await name(zone, 30, 50);
    const wrote = await lastRun();
    const waits = await unname(zone, 30, 37);
    const between = await unname(zone, 38, 38);
    await sql(`UPDATE sync_run SET finished_at = finished_at - interval '2 h' WHERE id = ANY($1)`, [[waits.id, between.id]]);
    await settings({ mode: 'OBSERVE' });
    for (let n = 51; n <= 56; n++) await name(zone, n, n);
    const shown = (await newest(6)).toReversed();
    expect(shown.every(({ state }) => state === 'BLOCKED_BY_GUARD')).toBe(true);
    await settings({ mode: 'WRITE' });
    expect([await isKept(wrote), await isKept(waits), await isKept(between)]).toEqual([
      [false, 21], // What it did; not the addresses that no reverse zone holds.
      [true, 8],
      [false, 0],
    ]);
    await expect(approve(between)).rejects.toMatchObject({ code: 'PLAN_STALE' }); // Nobody can see any more what it would do.
    await approve(waits);
    await runDue();
    expect(await served('n30.busy.example')).toEqual([]);
    await approveAll();
  });

  it('and are forgotten of the others', async () => {
    await settings({ mode: 'OBSERVE' });
    for (let n = 61; n <= 67; n++) await name('grown.example', n, n);
    const shown = (await newest(7)).toReversed();
    const kept = [false, false, true, true, true, true, true];
    expect(await Promise.all(shown.map(async (run) => (await isKept(run))[0]))).toEqual(kept);
    expect(await Promise.all(shown.map(async (run) => (await isKept(run))[1] > 0))).toEqual(kept);
    expect(shown.every(({ state }) => state === 'SUCCEEDED')).toBe(true);
    await settings({ mode: 'WRITE' });
    await runDue();
    expect(await served('n61.grown.example')).toHaveLength(1);
  });
});

const connector = () => world.app.get(ConnectorService).byId(targetId);
async function settings(change: object): Promise<void> {
  await world.app.get(ConnectorService).update(targetId, (await connector()).version, change, 'operator');
}
async function patch(zone: string, rrset: object): Promise<void> {
  const url = `${dns.apiUrl}/api/v1/servers/localhost/zones/${zone}.`;
  const { status } = await fetch(url, { method: 'PATCH', headers: { 'x-api-key': dns.apiKey }, body: JSON.stringify({ rrsets: [rrset] }) });
  expect(status).toBe(204);
}
