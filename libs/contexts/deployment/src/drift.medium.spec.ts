// Drift from the first look to its end, with devices in memory and a real database.
import { type ApiWorld, createApiWorld } from '../../../../test/support/api-world.js';
import { eventually } from '../../../../test/support/eventually.js';
import { sentStatements } from '../../../../test/support/sent-statements.js';
import { JOB_HANDLERS } from '#contexts/events';
import { FabricService } from '#contexts/fabric';
import { type DeviceId, encodeId } from '#engines/kernel';
import { systemScope } from '#platform';
import { FakeTransport } from './testing/index.js';
import { DriftCollector } from './drift-collector.js';
import { DriftService } from './drift.service.js';
import type { DriftJob } from './drift-job.js';

const FRR = '/etc/frr/frr.conf';
const REPORT = `reports { device verdict clean collectedAt items { id kind section intended observed risk likelyCause firstSeenAt ignoredUntil act actBy actReason } foreignElsewhere }
  errors { code message }`;

interface Item {
  readonly id: string;
  readonly kind: string;
  readonly observed: string | null;
  readonly firstSeenAt: string;
  readonly ignoredUntil: string | null;
  readonly act: string | null;
}
interface Report {
  readonly device: string;
  readonly verdict: string;
  readonly clean: boolean;
  readonly items: readonly Item[];
}
interface Answer {
  readonly reports: readonly Report[];
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

let world: ApiWorld;
let collector: DriftCollector;
beforeAll(async () => {
  world = await createApiWorld();
  collector = world.app.get(DriftCollector, { strict: false });
});
afterAll(() => world?.close());

const idOf = (slug: string): DeviceId => world.deviceIds.get(slug) as DeviceId;
const sql = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
  world.db.inTransaction(systemScope('test'), (tx) => tx.sql<Row>(text, values));
const files = (slug: 'pve1' | 'pve2' | 'test'): Map<string, string> => world.devices.get(slug)?.files ?? new Map();
const edit = (slug: 'pve1' | 'pve2' | 'test', change: (text: string) => string, path = FRR): void => {
  const before = files(slug).get(path) ?? '';
  const after = change(before);
  if (after === before) throw new Error('the hand changed nothing');
  files(slug).set(path, after);
};
const typeMaximumPaths = (text: string): string => text.replace(/^(router bgp 65051\n)/m, '$1 maximum-paths 4\n');
const act = (text: string, variables: object, token = world.operator): Promise<Answer> => world.ask<Answer>(token, text, { ...variables });
const adopt = (items: readonly string[]) =>
  act(`mutation ($items: [ID!]!) { adoptDrift(items: $items, reason: "it is right") { ${REPORT} } }`, { items });
const reapply = (items: readonly string[]) =>
  act(`mutation ($items: [ID!]!) { reapplyDrift(items: $items, reason: "it is wrong") { ${REPORT} } }`, { items });
const ignore = (items: readonly string[], until: string) =>
  act(
    `mutation ($items: [ID!]!, $until: DateTime!) { ignoreDrift(items: $items, until: $until, reason: "until the window") { ${REPORT} } }`,
    {
      items,
      until,
    },
  );
const reports = async (dirtyOnly = true): Promise<readonly Report[]> =>
  (
    await world.ask<{ nodes: Report[] }>(
      world.operator,
      `query ($dirtyOnly: Boolean!) { driftReports(dirtyOnly: $dirtyOnly) { nodes { device verdict clean items { id kind section intended observed risk likelyCause firstSeenAt ignoredUntil act } } } }`,
      { dirtyOnly },
    )
  ).nodes;
const found = async (slug: string): Promise<Report> => {
  const report = (await reports(false)).find(({ device }) => device === slug);
  if (!report) throw new Error(`${slug} has no report`);
  return report;
};
const hours = (n: number): string => new Date(Date.now() + n * 3_600_000).toISOString();

describe('drift', () => {
  it('of devices that are as they were confirmed is none, and looking at them writes nothing there', async () => {
    const before = JSON.stringify([...world.devices.values()].map((device) => [...device.files]));
    for (const slug of ['pve1', 'pve2', 'test']) expect(await collector.collect(idOf(slug))).toBe('CLEAN');
    expect(JSON.stringify([...world.devices.values()].map((device) => [...device.files]))).toBe(before);
    expect(await reports()).toEqual([]);
    expect((await reports(false)).map(({ device, verdict, clean }) => [device, verdict, clean])).toEqual(
      expect.arrayContaining([
        ['pve1', 'CLEAN', true],
        ['pve2', 'CLEAN', true],
        ['test', 'CLEAN', true],
      ]),
    );
  });

  it('of one hand edit is found in the next collection, keeps its beginning while it lasts, and ends with it', async () => {
    edit('pve1', (text) => text.replace('timers 20 60', 'timers 3 9'));
    expect(await collector.collect(idOf('pve1'))).toBe('DRIFT');
    const [first] = (await found('pve1')).items;
    expect(first).toMatchObject({
      kind: 'OURS_CHANGED',
      section: ['router bgp 65051'],
      intended: 'neighbor 192.168.100.1 timers 20 60',
      observed: 'neighbor 192.168.100.1 timers 3 9',
      risk: 'HIGH',
      likelyCause: expect.stringContaining('overwrote /etc/frr/frr.conf'),
    });
    edit('pve1', (text) => text.replace('timers 3 9', 'timers 4 12'));
    expect(await collector.collect(idOf('pve1'))).toBe('DRIFT');
    expect((await found('pve1')).items).toEqual([{ ...first, observed: 'neighbor 192.168.100.1 timers 4 12' }]);
    edit('pve1', (text) => text.replace('timers 4 12', 'timers 20 60'));
    expect(await collector.collect(idOf('pve1'))).toBe('CLEAN');
    expect((await found('pve1')).items).toEqual([]);
    const told = (table: string, column: string) =>
      sql<{ what: string }>(`SELECT ${column} AS what FROM ${table} WHERE ${column} LIKE 'drift.%' ORDER BY 1`);
    for (const [table, column] of [
      ['event', 'type'],
      ['audit_entry', 'action'],
    ] as const)
      expect((await told(table, column)).map(({ what }) => what)).toEqual(['drift.found', 'drift.gone']);
  });

  it('that is ignored is no alarm until then, and is one again afterwards', async () => {
    edit('pve2', typeMaximumPaths);
    await collector.collect(idOf('pve2'));
    const [item] = (await found('pve2')).items;
    const { errors } = await ignore([item?.id ?? ''], hours(-1));
    expect(errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
    expect((await ignore([item?.id ?? ''], hours(9000))).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
    expect((await ignore([item?.id ?? ''], hours(2))).reports).toMatchObject([
      { device: 'pve2', clean: true, items: [{ act: 'IGNORED', actReason: 'until the window' }] },
    ]);
    expect(await reports()).toEqual([]);
    await collector.collect(idOf('pve2'));
    expect(await reports()).toEqual([]);
    await sql(`UPDATE drift_item SET ignored_until = clock_timestamp() - interval '1 second' WHERE ignored_until IS NOT NULL`);
    expect(await reports()).toMatchObject([{ device: 'pve2', clean: false, items: [{ ignoredUntil: null }] }]);
  });

  it('that is adopted is asked of the device by the next plan, needs approval, and is drift no longer', async () => {
    const [item] = (await found('pve2')).items;
    expect(await adopt([item?.id ?? ''])).toMatchObject({ errors: [], reports: [{ items: [{ act: 'ADOPTED' }] }] });
    const before = files('pve2').get(FRR);
    await world.converge();
    expect(files('pve2').get(FRR)).toBe(before);
    await approveAndApply();
    expect(files('pve2').get(FRR)?.split('\n').sort()).toEqual(before?.split('\n').sort());
    expect(await collector.collect(idOf('pve2'))).toBe('CLEAN');
    // From here on it is Trame's line: whoever takes it away is told of.
    edit('pve2', (text) => text.replace(' maximum-paths 4\n', ''));
    await collector.collect(idOf('pve2'));
    expect((await found('pve2')).items).toMatchObject([{ kind: 'OURS_MISSING', intended: 'maximum-paths 4' }]);
  });

  it('that is adopted back leaves no value behind', async () => {
    const [item] = (await found('pve2')).items;
    expect((await adopt([item?.id ?? ''])).errors).toEqual([]);
    await world.converge();
    await approveAndApply();
    expect(await collector.collect(idOf('pve2'))).toBe('CLEAN');
    const [device] = await sql<{ adopted: object }>(`SELECT facts->'adopted' AS adopted FROM device WHERE slug = 'pve2'`);
    expect(device?.adopted).toEqual({ names: [], deviations: [], kept: [] });
  });

  it('of two lines that two people adopt at the same time is adopted both', async () => {
    edit('pve2', (text) => typeMaximumPaths(text).replace('timers 20 60', 'timers 3 9'));
    await collector.collect(idOf('pve2'));
    const { items } = await found('pve2');
    expect(items).toHaveLength(2);
    // Each takes its time between reading what was adopted before and writing what is adopted now.
    const { adopt: write } = FabricService.prototype;
    const slow = vi.spyOn(FabricService.prototype, 'adopt').mockImplementation(async function (this: FabricService, ...args) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return write.apply(this, args);
    });
    const answers = await Promise.all(items.map(({ id }) => adopt([id])));
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    slow.mockRestore();
    await world.converge();
    await approveAndApply();
    for (const line of [' maximum-paths 4\n', 'timers 3 9\n']) expect(files('pve2').get(FRR)).toContain(line);
    expect(await collector.collect(idOf('pve2'))).toBe('CLEAN');
    edit('pve2', (text) => text.replace(' maximum-paths 4\n', '').replace('timers 3 9', 'timers 20 60'));
    await collector.collect(idOf('pve2'));
    await adopt((await found('pve2')).items.map(({ id }) => id));
    await world.converge();
    await approveAndApply();
    expect(await collector.collect(idOf('pve2'))).toBe('CLEAN');
  });

  it('that is re-applied is pushed away without a person, for the intent is what it was', async () => {
    const before = files('pve1').get(FRR);
    edit('pve1', (text) => typeMaximumPaths(text).replace('timers 20 60', 'timers 3 9').replace('  advertise-all-vni\n', ''));
    await collector.collect(idOf('pve1'));
    const { items } = await found('pve1');
    expect(items.map(({ kind }) => kind).sort()).toEqual(['FOREIGN_IN_OWNED_SECTION', 'OURS_CHANGED', 'OURS_MISSING']);
    expect((await reapply([items[0]?.id ?? ''])).errors).toEqual([]);
    await world.converge();
    expect(files('pve1').get(FRR)).toBe(before);
    expect(await collector.collect(idOf('pve1'))).toBe('CLEAN');
  });

  it('of what no value can say is refused in words, and nothing of the request is adopted', async () => {
    edit('pve1', typeMaximumPaths);
    files('pve1').delete('/etc/network/interfaces.d/trame');
    await collector.collect(idOf('pve1'));
    const { items } = await found('pve1');
    const { errors } = await adopt(items.map(({ id }) => id));
    expect(errors).toMatchObject([
      { code: 'INVALID_STATE', message: expect.stringContaining('it is no text of a configuration; have it re-applied') },
    ]);
    expect((await found('pve1')).items.map((item) => item.act)).toEqual([null, null]);
    await reapply(items.map(({ id }) => id));
    await world.converge();
    expect(await collector.collect(idOf('pve1'))).toBe('CLEAN');
    expect((await adopt([items[0]?.id ?? ''])).errors).toMatchObject([
      { code: 'INVALID_STATE', message: 'the device does not say this any more' },
    ]);
    expect((await adopt([encodeId('driftItem', '018f0000-0000-7000-8000-000000000001')])).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await adopt([])).errors).toMatchObject([{ code: 'INVALID_VALUE' }]);
  });

  it('is for the operator, with a scope of its own', async () => {
    const reader = await world.newToken(null, ['drift:read']);
    const query = '{ driftReports { nodes { device } } }';
    expect((await world.graphql(reader, query)).errors).toEqual([]);
    expect((await world.graphql(world.customer, query)).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const check = `mutation { checkDrift(devices: ["${encodeId('device', idOf('pve1'))}"]) { ${REPORT} } }`;
    expect((await world.graphql(reader, check)).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const answer = await world.ask<Answer>(world.operator, check);
    expect(answer).toMatchObject({ errors: [], reports: [{ device: 'pve1' }] });
    expect(await sql(`SELECT 1 AS one FROM outbox WHERE topic = 'device.hint' AND key = $1`, [idOf('pve1')])).toHaveLength(1);
  });
});

describe('a look at a device', () => {
  it('is no verdict when it does not answer: what was known stays', async () => {
    edit('test', (text) => text.replace('timers 20 60', 'timers 3 9'), 'running-config');
    await collector.collect(idOf('test'));
    world.devices.get('test')?.failAt('open', 'UNREACHABLE');
    expect(await collector.collect(idOf('test'))).toBe('UNREACHABLE');
    expect(await reports()).toMatchObject([{ device: 'test', verdict: 'UNREACHABLE', clean: false, items: [{ kind: 'OURS_CHANGED' }] }]);
    world.devices.get('test')?.heal();
    edit('test', (text) => text.replace('timers 3 9', 'timers 20 60'), 'running-config');
    expect(await collector.collect(idOf('test'))).toBe('CLEAN');
  });

  it('is not taken while somebody pushes, and does not count when a push came in between', async () => {
    const lease = (id: DeviceId, until: string) =>
      sql(
        `INSERT INTO lease AS l (resource, holder, fence, until) VALUES ('device:' || $1::text, gen_random_uuid(), 1, ${until})
             ON CONFLICT (resource) DO UPDATE SET fence = l.fence + 1, until = ${until}`,
        [id],
      );
    edit('pve1', typeMaximumPaths);
    await lease(idOf('pve1'), `clock_timestamp() + interval '1 minute'`);
    expect(await collector.collect(idOf('pve1'))).toBe('SKIPPED');
    await lease(idOf('pve1'), 'clock_timestamp()');
    // A whole push begins and ends between our first question and our last one.
    const { open } = FakeTransport.prototype;
    const interfering = vi.spyOn(FakeTransport.prototype, 'open').mockImplementation(async function (this: FakeTransport, target, signal) {
      const connection = await open.call(this, target, signal);
      await lease(idOf('pve1'), 'clock_timestamp()');
      return connection;
    });
    expect(await collector.collect(idOf('pve1'))).toBe('DISTURBED');
    interfering.mockRestore();
    expect((await found('pve1')).items).toEqual([]);
    edit('pve1', (text) => text.replace(' maximum-paths 4\n', ''));
  });

  it('at a device that hangs holds up no other, not even one that is due later', async () => {
    await sql(`UPDATE push_attempt SET finished_at = finished_at - interval '1 hour'`);
    const ending = new AbortController();
    const { open } = FakeTransport.prototype;
    const hanging = vi.spyOn(FakeTransport.prototype, 'open').mockImplementation(async function (this: FakeTransport, target, signal) {
      if (target.slug === 'pve1') await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return open.call(this, target, signal);
    });
    await sql(
      `UPDATE drift_report SET next_collect_at = CASE WHEN device_id = $1 THEN clock_timestamp() ELSE clock_timestamp() + interval '1 hour' END, collected_at = NULL`,
      [idOf('pve1')],
    );
    const round = collector.collectDue(ending.signal);
    await eventually(
      () => hanging.mock.calls.length,
      (calls) => calls > 0,
    );
    await new Promise((resolve) => setTimeout(resolve, 300)); // Whoever had nothing to read has seen that.
    await sql(`UPDATE drift_report SET next_collect_at = clock_timestamp() WHERE device_id = $1`, [idOf('pve2')]);
    await eventually(
      () => sql<{ at: Date | null }>('SELECT collected_at AS at FROM drift_report WHERE device_id = $1', [idOf('pve2')]),
      ([row]) => row?.at instanceof Date,
    );
    ending.abort();
    await round;
    hanging.mockRestore();
  });

  it('that a hint asks for is taken when whoever is reading the device has read it', async () => {
    await sql(
      `UPDATE drift_report SET collected_at = NULL, claimed_until = clock_timestamp() + interval '500 milliseconds' WHERE device_id = $1`,
      [idOf('pve2')],
    );
    await world.app.get<DriftJob>(JOB_HANDLERS['device.hint'], { strict: false }).run(idOf('pve2'), new AbortController().signal);
    const [report] = await sql<{ at: Date | null }>('SELECT collected_at AS at FROM drift_report WHERE device_id = $1', [idOf('pve2')]);
    expect(report?.at).toBeInstanceOf(Date);
  });

  it('comes within seconds of a hint, of whoever watches and however it calls the device, and every ten seconds at most', async () => {
    const HINT = 'mutation ($device: String!) { hintDrift(device: $device) { taken errors { code } } }';
    const watcher = await world.newToken(null, ['drift:hint']);
    const hint = (device: string, token = watcher) => world.ask<object>(token, HINT, { device });
    const dueIn = async (): Promise<number> =>
      (
        await sql<{ seconds: number }>(
          'SELECT extract(epoch FROM next_collect_at - clock_timestamp())::float8 AS seconds FROM drift_report WHERE device_id = $1',
          [idOf('test')],
        )
      )[0]?.seconds as number;
    await sql('DELETE FROM outbox');
    await collector.collect(idOf('test'));
    expect(await dueIn()).toBeGreaterThan(200);
    // It was read a moment ago: this one is for later, and not forgotten.
    expect(await hint('TEST')).toEqual({ taken: true, errors: [] });
    expect(await dueIn()).toBeGreaterThan(5);
    expect(await dueIn()).toBeLessThanOrEqual(10);
    expect(await sql(`SELECT 1 AS found FROM outbox WHERE topic = 'device.hint'`)).toEqual([]);
    await sql(
      `UPDATE drift_report SET tried_at = clock_timestamp() - interval '1 minute', next_collect_at = clock_timestamp() + interval '3 minutes'`,
    );
    expect(await hint('test')).toEqual({ taken: true, errors: [] });
    expect(await dueIn()).toBeLessThanOrEqual(0);
    expect(await sql(`SELECT key FROM outbox WHERE topic = 'device.hint'`)).toEqual([{ key: idOf('test') }]);
    expect(await hint('nobody')).toMatchObject({ taken: false, errors: [{ code: 'NOT_FOUND' }] });
    // All devices of the world have one address: it names none of them.
    expect(await hint('127.0.0.1')).toMatchObject({ taken: false, errors: [{ code: 'NOT_FOUND' }] });
    expect(await world.graphql(watcher, '{ driftReports { nodes { device } } }')).toMatchObject({ data: null });
    const { errors } = await world.graphql(world.customer, HINT, { device: 'test' });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  });

  it('is asked for by names that one device alone has, in small letters', async () => {
    await sql(`UPDATE device SET hostname = 'Edge1.Example.net' WHERE slug = 'pve1'`);
    const names = await world.app.get(DriftService, { strict: false }).names('syslog');
    await sql(`UPDATE device SET hostname = 'pve1' WHERE slug = 'pve1'`);
    const found = ['pve1', 'edge1.example.net', 'edge1', 'test', '127.0.0.1'].map((name) => names.get(name));
    expect(found).toEqual([idOf('pve1'), idOf('pve1'), idOf('pve1'), idOf('test'), undefined]); // All three are at 127.0.0.1.
  });

  it('is not the last one where a hint came while it went on', async () => {
    const letGo = world.devices.get('pve1')?.holdAt('inspect') as () => void;
    const reading = collector.collect(idOf('pve1'));
    await eventually(
      () => sql<{ is: boolean }>('SELECT claimed_until > clock_timestamp() AS is FROM drift_report WHERE device_id = $1', [idOf('pve1')]),
      ([row]) => row?.is === true,
    );
    await world.app.get(DriftService, { strict: false }).hintDevice('syslog', idOf('pve1'));
    letGo();
    expect(await reading).toBe('CLEAN');
    const [due] = await sql<{ seconds: number }>(
      'SELECT extract(epoch FROM next_collect_at - clock_timestamp())::float8 AS seconds FROM drift_report WHERE device_id = $1',
      [idOf('pve1')],
    );
    expect(due?.seconds).toBeLessThanOrEqual(10);
  });

  it('comes by itself within five minutes, and half a minute after a push', async () => {
    await sql(`UPDATE push_attempt SET finished_at = finished_at - interval '1 hour'`);
    await sql('UPDATE drift_report SET next_collect_at = clock_timestamp()');
    expect(await collector.collectDue()).toBe(3);
    expect(await collector.collectDue()).toBe(0);
    const [longest] = await sql<{ seconds: number }>(
      'SELECT extract(epoch FROM max(next_collect_at) - clock_timestamp())::float8 AS seconds FROM drift_report',
    );
    expect(longest?.seconds).toBeLessThan(280);
    await sql(`UPDATE drift_report SET tried_at = clock_timestamp() - interval '2 minutes'`);
    await sql(`UPDATE push_attempt SET finished_at = clock_timestamp() - interval '31 seconds' WHERE device_id = $1`, [idOf('test')]);
    expect(await collector.collectDue()).toBe(1);
    expect(await collector.collectDue()).toBe(0);
  });

  it('at a device that has not changed costs a few statements and no comparison', async () => {
    const statements = await sentStatements(() => collector.collect(idOf('pve2')));
    expect(statements.length).toBeLessThanOrEqual(8);
    expect(statements.some((text) => /drift_item \(|INSERT INTO (event|audit)/.test(text))).toBe(false);
  });
});

async function approveAndApply(): Promise<void> {
  const plan = await world.ask<{ plan: { id: string; digest: string; risk: string } }>(
    world.operator,
    'mutation { planDeployment { plan { id digest risk } } }',
  );
  expect(plan.plan.risk).toBe('HIGH');
  const { id, digest } = plan.plan;
  await world.ask(world.operator, 'mutation ($id: ID!, $digest: String!) { approvePlan(id: $id, digest: $digest) { errors { code } } }', {
    id,
    digest,
  });
  await world.ask(world.operator, 'mutation ($input: ApplyPlanInput!) { applyPlan(input: $input) { errors { code } } }', {
    input: { plan: id, digest },
  });
  await world.converge();
}
