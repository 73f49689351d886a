/** Runs of a name server as people see and steer them: what is shown before it is written, what is stopped, and what an approval carries out. */
import { resolve, type LabDns, startSimulatedPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { connectDns, hookedPowerDns } from '../support/dns-connector.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';
import { OutboundHttp } from '#adapters/outbound';
import { AddressAllocationService } from '#contexts/addressing';
import { ConnectorService, SyncModule, type SyncRun, SyncRunService, SyncService } from '#contexts/sync';
import { Cidr, Fqdn, IdempotencyKey, type Ip, type IpAddressId, type SubnetId, type SyncTargetId } from '#engines/kernel';
import { Secret, systemScope } from '#platform';

const scope = systemScope('spec');
const http = new OutboundHttp({ name: 'someone-else', timeoutMs: 5000, maxResponseBytes: 1_000_000, allowPrivate: true });
const ZONES = ['cust.example', '20.10.in-addr.arpa'];

interface Named {
  readonly id: IpAddressId;
  readonly address: Ip;
  readonly generation: number;
  readonly name: string;
}

let world: InventoryWorld;
let dns: LabDns;
let targetId: SyncTargetId;
let subnetId: SubnetId;
let serial = 0;
/** What happens when a zone is about to be written. */
let beforeWrite: () => Promise<void> = () => Promise.resolve();
const watched = hookedPowerDns({
  aroundWrite: async (write) => {
    await beforeWrite();
    await write();
  },
});

beforeAll(async () => {
  dns = await startSimulatedPowerDns({ zones: ZONES });
  world = await createInventoryWorld([], [SyncModule.with(watched)]);
  const network = await world.network('web', 100);
  subnetId = (await world.subnet(network, { cidr: Cidr.parse('10.20.5.0/24') })).id;
  await world.asSystem((tx) => tx.run(`UPDATE network SET state = 'ACTIVE' WHERE id = $1`, [network.id]));
  targetId = (await connectDns(world, dns, ZONES)).id;
  await runDue();
});
afterEach(() => {
  beforeWrite = () => Promise.resolve();
});
afterAll(async () => {
  await world.close();
  await dns.stop();
});

const runDue = () => world.app.get(SyncService).runDue();
const runs = () => world.app.get(SyncRunService);
const connectors = () => world.app.get(ConnectorService);
const sql = <Row extends object>(text: string, values: unknown[] = []) => world.asSystem((tx) => tx.sql<Row>(text, values));
const served = (name: string) => resolve(dns.dnsPort, name, 'A');
const health = async () => (await connectors().byId(targetId)).health;
const settings = async (change: object) => {
  const { version } = await connectors().byId(targetId);
  await connectors().update(targetId, version, change, 'operator');
};
async function lastRun(): Promise<SyncRun> {
  const [run] = await runs().runsOf(targetId, { first: 1, after: null });
  if (!run) throw new Error('there was no run');
  return run;
}
const linesOf = async (run: SyncRun) => {
  const lines = await runs().changesOf(run.id, { first: 1000, after: null });
  return new Map(lines.map((line) => [line.label, line]));
};
/** Told to whoever hears events of the connector, the oldest first. */
const told = async () =>
  (await sql<{ type: string }>(`SELECT type FROM event WHERE type IN ('sync.stopped', 'sync.resumed') ORDER BY xid, cursor`)).map(
    ({ type }) => type,
  );

async function names(prefix: string, count: number, zone = 'cust.example'): Promise<Named[]> {
  const made: Named[] = [];
  for (let n = 1; n <= count; n++) {
    const name = `${prefix}${n}.${zone}`;
    const key = IdempotencyKey.parse(`k${++serial}`);
    const request = { subnetId, tenantId: world.tenantId, key, dnsName: Fqdn.parse(name) };
    const [allocation] = (await world.app.get(AddressAllocationService).allocate(scope, request)).allocations;
    if (!allocation) throw new Error('no address was given');
    made.push({ ...allocation, name });
  }
  return made;
}
async function release(given: readonly Named[]): Promise<void> {
  for (const { id, generation } of given) await world.app.get(AddressAllocationService).release(scope, id, generation);
}
/** Somebody deletes record sets at the server itself. */
async function lose(given: readonly Named[]): Promise<void> {
  const rrsets = given.map(({ name }) => ({ name: `${name}.`, type: 'A', changetype: 'DELETE' }));
  const url = `${dns.apiUrl}/api/v1/servers/localhost/zones/cust.example.`;
  const answer = await http.request({ method: 'PATCH', url, headers: { 'x-api-key': dns.apiKey }, body: JSON.stringify({ rrsets }) });
  expect(answer.status).toBe(204);
}
async function started(over: { isDryRun?: boolean; maxDeleteRatio?: number } = {}): Promise<SyncRun> {
  const { id } = await runs().start({ targetId, ...over }, 'operator');
  await runDue();
  return runs().run(id);
}

it('a name server begins in OBSERVE unless WRITE is said', async () => {
  const input = {
    kind: 'POWERDNS',
    slug: 'second',
    url: 'http://192.0.2.53:8081',
    secret: new Secret('key'),
    zones: ['x.example'],
  } as const;
  const { mode, id, version } = await connectors().create({ ...input, fabricId: world.fabricId }, 'operator');
  expect(mode).toBe('OBSERVE');
  await connectors().update(id, version, { enabled: false }, 'operator');
});

describe('a run', () => {
  it('is kept with all its lines before anything is written', async () => {
    const seen: string[] = [];
    beforeWrite = async () => {
      const run = await lastRun();
      seen.push(`${run.state} ${run.phase} ${(await linesOf(run)).get('kept1.cust.example/a')?.state}`);
    };
    const [kept] = await names('kept', 1);
    await runDue();
    expect(seen).toEqual(['RUNNING APPLYING PLANNED', 'RUNNING APPLYING PLANNED']);
    expect(await served('kept1.cust.example')).toEqual([kept?.address]);
    expect((await linesOf(await lastRun())).get('kept1.cust.example/a')).toMatchObject({ state: 'APPLIED' });
  });

  it('that a person begins puts right what somebody deleted; a dry one only shows it', async () => {
    const lost = await names('lost', 1);
    await runDue();
    await lose(lost);
    const dry = await started({ isDryRun: true });
    expect(dry).toMatchObject({
      trigger: 'PERSON',
      isDryRun: true,
      state: 'SUCCEEDED',
      counts: { created: 0 },
      digest: expect.any(String),
    });
    expect((await linesOf(dry)).get('lost1.cust.example/a')).toMatchObject({ action: 'CREATE', state: 'PLANNED' });
    expect(await served('lost1.cust.example')).toEqual([]);
    expect(await started()).toMatchObject({ trigger: 'PERSON', state: 'SUCCEEDED', counts: { created: 1 } });
    expect(await served('lost1.cust.example')).toEqual([lost[0]?.address]);
  });

  it('whose execution died says so, and of no line that it was written', async () => {
    const line = { zone: 'cust.example', verb: 'CREATE', key: 'dead.cust.example/a', isOnlyShown: true };
    const id = '0197a000-0000-7000-8000-00000000dead';
    await sql(
      `INSERT INTO sync_run (id, target_id, state, trigger, phase, plan, started_at) VALUES ($1, $2, 'RUNNING', 'CHANGE', 'APPLYING', $3, now() - interval '1 day')`,
      [id, targetId, JSON.stringify([line])],
    );
    await runDue();
    const run = await runs().run(id as SyncRun['id']);
    expect(run).toMatchObject({ state: 'FAILED', phase: 'ENDED', error: 'the execution that made it died' });
    expect((await linesOf(run)).get('dead.cust.example/a')).toMatchObject({ state: 'SKIPPED' });
  });

  it('shows names and addresses that no zone holds', async () => {
    const [outside] = await names('far', 1, 'elsewhere.example');
    await runDue();
    const run = await lastRun();
    expect(run.state).toBe('SUCCEEDED');
    expect((await linesOf(run)).get('far1.elsewhere.example/a')).toMatchObject({
      state: 'SKIPPED',
      after: { records: [outside?.address] },
      error: 'no zone of the connector holds this name',
    });
    await release(outside ? [outside] : []);
    await runDue();
  });
});

describe('a name server that answers otherwise than was written', () => {
  it('is seen in the health until it answers as it should', async () => {
    const stale = await startSimulatedPowerDns({ zones: ZONES });
    await settings({ settings: { dnsAddress: `127.0.0.1:${stale.dnsPort}` } });
    await names('asked', 1);
    await runDue();
    expect(await lastRun()).toMatchObject({ state: 'SUCCEEDED', error: null });
    const words = { ok: false, message: expect.stringMatching(/answers otherwise .*asked1\.cust\.example\/a: no such record/) };
    expect(await health()).toMatchObject(words);
    const again = await started(); // There is nothing to write, and it is asked again all the same.
    expect(await health()).toMatchObject(words);
    expect((await linesOf(again)).get('asked1.cust.example/a')).toMatchObject({ action: 'KEEP' });
    await settings({ settings: { dnsAddress: `127.0.0.1:${dns.dnsPort}` } });
    await runDue();
    expect(await health()).toMatchObject({ ok: true });
    for (let run = 0; run < 5; run++) await started({ isDryRun: true });
    expect(await linesOf(again)).toEqual(new Map()); // It did nothing.
    await stale.stop();
  });
});

describe('many deletes', () => {
  it('wait for a person, who approves exactly those; new names do not wait, and it is told once', async () => {
    const many = await names('many', 26);
    await runDue();
    const before = (await told()).length;
    await release(many);
    await names('fresh', 1);
    await runDue();
    const run = await lastRun();
    expect(run).toMatchObject({
      state: 'BLOCKED_BY_GUARD',
      guards: expect.arrayContaining(['cust.example: 26 would be deleted, 25 may be']),
      digest: expect.any(String),
      counts: { deleted: 0 },
    });
    expect((await linesOf(run)).get('many1.cust.example/a')).toMatchObject({ action: 'DELETE', state: 'PLANNED' });
    expect([await served('many1.cust.example'), await served('fresh1.cust.example')]).toMatchObject([
      [many[0]?.address],
      [expect.any(String)],
    ]);
    expect(await health()).toMatchObject({ ok: false, message: expect.stringContaining('a run was stopped and waits for a person') });
    await names('later', 1);
    await runDue(); // Waits for the same.
    expect(await served('later1.cust.example')).toHaveLength(1);
    expect((await told()).slice(before)).toEqual(['sync.stopped']);

    await expect(runs().approve(run.id, 'another', 'operator')).rejects.toMatchObject({ code: 'PLAN_STALE' });
    await runs().approve(run.id, run.digest ?? '', 'operator');
    await runDue();
    expect(await runs().run(run.id)).toMatchObject({ state: 'SUCCEEDED', approvedBy: 'operator' });
    expect((await linesOf(run)).get('many1.cust.example/a')).toMatchObject({ state: 'APPLIED' });
    expect(await served('many1.cust.example')).toEqual([]);
    await runDue();
    expect(await health()).toMatchObject({ ok: true });
    expect((await told()).slice(before)).toEqual(['sync.stopped', 'sync.resumed']);
  });

  it('are not made where one would be another change by now', async () => {
    const many = await names('again', 26);
    await runDue();
    await release(many.slice(1));
    await release(many.slice(0, 1));
    await runDue();
    const run = await lastRun();
    await runs().approve(run.id, run.digest ?? '', 'operator');
    const [back] = await names('again', 1);
    await runDue();
    expect(await runs().run(run.id)).toMatchObject({ state: 'PARTIAL' });
    const lines = await linesOf(run);
    expect([lines.get('again1.cust.example/a')?.state, lines.get('again2.cust.example/a')?.state]).toEqual(['STALE', 'APPLIED']);
    expect(await served('again1.cust.example')).toEqual([back?.address]);
    await runDue();
    expect(await health()).toMatchObject({ ok: true });
  });

  it('that were approved go on once the name server is there again', async () => {
    const many = await names('newer', 26);
    await runDue();
    await release(many);
    await runDue();
    const run = await lastRun();
    beforeWrite = () => Promise.reject(new Error('nobody is there'));
    await runs().approve(run.id, run.digest ?? '', 'operator');
    await runDue();
    expect(await runs().run(run.id)).toMatchObject({ state: 'RUNNING', approvedBy: 'operator' });
    expect(await health()).toMatchObject({ ok: false, message: expect.stringContaining('nobody is there') });
    beforeWrite = () => Promise.resolve();
    await sql(`UPDATE sync_target SET next_try_at = '-infinity' WHERE id = $1`, [targetId]);
    await runDue();
    expect(await runs().run(run.id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(await served('newer1.cust.example')).toEqual([]);
  });
});

describe('record sets of ours that are gone there', () => {
  it('are not made again where they are many, until a person says so', async () => {
    const kept = await names('some', 20);
    await runDue();
    await lose(kept);
    const run = await started();
    expect(run).toMatchObject({ state: 'BLOCKED_BY_GUARD', counts: { created: 0 } });
    expect(run.guards[0]).toMatch(/^cust\.example: 20 of \d+ of ours are missing there, 20 % may be$/);
    expect(await served('some1.cust.example')).toEqual([]);
    await runs().approve(run.id, run.digest ?? '', 'operator');
    await runDue();
    expect(await runs().run(run.id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(await served('some1.cust.example')).toEqual([kept[0]?.address]);
    await runDue();
    expect(await health()).toMatchObject({ ok: true });
  });
});
