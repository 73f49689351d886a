// A bad day on real hosts, with real processes: a bug in what is pushed, a death in the worst moment, a hand on the switch.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutboundHttp } from '#adapters/outbound';
import { FRR_PATH } from '#engines/rendering';
import { type DemoDevices, startDemoDevices } from '../../apps/lab/src/demo/demo-devices.js';
import { follow, orderMessage } from '../../apps/lab/src/demo/journey.js';
import { TrameClient } from '../../apps/lab/src/demo/trame-client.js';
import { Installation, type Place } from '../../apps/lab/src/chaos/installation.js';
import type { Customer } from '../../apps/lab/src/chaos/order-client.js';
import { demoInventory } from '../../apps/lab/src/fabrics/demo-inventory.js';
import { missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';
import { eventually } from '../support/eventually.js';

const ERRORS = 'errors { code message }';
const PLAN = `query ($id: ID!) { plan(id: $id) { id state haltReason createdBy digest devices { device state diff error } } }`;

/** A line that no check knows, on every host: the template says that it belongs there. */
const BUG = `UPDATE device SET facts = jsonb_set(facts, '{adopted}', $2) WHERE slug = $1`;
const bugFor = (leaf: string): object => ({
  names: [],
  deviations: [],
  kept: [{ path: FRR_PATH, section: ['router bgp 65051'], text: `neighbor ${leaf} shutdown` }],
});
const MENDED = `UPDATE device SET facts = facts - 'adopted'`;
const NEXT_REVISION = 'UPDATE fabric SET revision = revision + 1';

/** How much longer everything takes where other tests run on the same cores. */
const BUSY = Math.max(1, (loadavg()[0] ?? 1) / availableParallelism());

interface Plan {
  readonly id: string;
  readonly state: string;
  readonly haltReason: string | null;
  readonly createdBy: string;
  readonly digest: string;
  readonly devices: readonly { readonly device: string; readonly state: string; readonly diff: string; readonly error: string | null }[];
}
interface Drift {
  readonly items: readonly { readonly id: string; readonly kind: string; readonly observed: string | null; readonly likelyCause: string }[];
}

describeWith({ missing: missingForRealHosts() }, 'a bad day', () => {
  let directory: string;
  let devices: DemoDevices;
  let installation: Installation;
  let place: Place;
  let customer: Customer;
  let client: TrameClient;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-bad-day-'));
    devices = await startDemoDevices(join(directory, 'lab'));
    const env = { VERIFY_WITHIN_SECONDS: '3', CONFIRM_WITHIN_SECONDS: '20', LEASE_SECONDS: '4' };
    const options = { queue: 'postgres', outbox: true, directory: join(directory, 'log'), workers: 1, durable: false, env } as const;
    installation = new Installation(options, () => undefined);
    place = await installation.start();
    customer = await installation.populate(place, demoInventory(devices.endpoints));
    client = new TrameClient(place.apiUrl);
    await peers(2);
  });
  afterAll(async () => {
    await installation?.close();
    await devices?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const ask = <Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> =>
    client.graphql<Data>(customer.operatorToken, query, variables);
  const rows = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    place.database.rows<Row>(text, values);

  /** At the switch's own prompt. */
  async function type(...commands: readonly string[]): Promise<unknown[]> {
    const { address, port, username, secret, tlsSpkiSha256 } = devices.endpoints.test;
    const tls = { pinnedSpkiSha256: tlsSpkiSha256 ?? [] };
    const engineer = new OutboundHttp({
      name: 'engineer',
      timeoutMs: 5000,
      maxResponseBytes: 1 << 20,
      allowPrivate: true,
      maxRetries: 0,
      tls,
    });
    const { body } = await engineer.request({
      method: 'POST',
      url: `https://${address}:${port}/command-api`,
      headers: { 'content-type': 'application/json-rpc' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        method: 'runCmds',
        id: 'x',
        params: { version: 1, format: 'json', cmds: ['enable', ...commands] },
      }),
      basicAuth: { username, password: secret },
    });
    const { result, error } = JSON.parse(body) as { result?: unknown[]; error?: unknown };
    if (!result) throw new Error(JSON.stringify(error));
    return result.slice(1);
  }
  const running = async (): Promise<string> => (await devices.configurations()).get('test') ?? '';
  /** Sessions that are up, as the switch sees them. */
  const peers = (count: number): Promise<unknown> =>
    eventually(
      () => type('show bgp evpn summary'),
      (answer) => (JSON.stringify(answer).match(/"Established"/g) ?? []).length === count,
      30_000,
    );
  const plan = async (id: string): Promise<Plan> => (await ask<{ plan: Plan }>(PLAN, { id })).plan;

  /** A person plans, looks, approves and applies. */
  async function apply(): Promise<Plan> {
    const { planDeployment } = await ask<{ planDeployment: { plan: Plan } }>(
      `mutation { planDeployment(input: {}) { plan { id digest } ${ERRORS} } }`,
    );
    const { id, digest } = planDeployment.plan;
    await ask(`mutation ($id: ID!, $digest: String!) { approvePlan(id: $id, digest: $digest) { ${ERRORS} } }`, { id, digest });
    await ask(`mutation ($id: ID!, $digest: String!) { applyPlan(input: { plan: $id, digest: $digest }) { ${ERRORS} } }`, { id, digest });
    return plan(id);
  }
  const over = (id: string, withinMs: number): Promise<Plan> =>
    eventually(
      () => plan(id),
      ({ state }) => ['APPLIED', 'HALTED', 'FAILED'].includes(state),
      withinMs,
    );

  it('a bug takes the canary its EVPN peers: halted within ten seconds, the canary is as it was, nobody else was touched, and the plan says it all', async () => {
    const before = await devices.configurations();
    await rows(BUG, ['pve1', bugFor('192.168.100.1')]);
    await rows(BUG, ['pve2', bugFor('192.168.101.1')]);
    await rows(NEXT_REVISION);
    const { id } = await apply();
    const halted = await over(id, 60_000);
    await rows(MENDED);
    await rows(NEXT_REVISION);
    expect(halted.state).toBe('HALTED');
    const [{ seconds } = { seconds: Number.NaN }] = await rows<{ seconds: number }>(
      `SELECT extract(epoch FROM p.finished_at - a.started_at)::float8 AS seconds FROM plan p JOIN push_attempt a ON a.plan_id = p.id WHERE p.state = 'HALTED'`,
    );
    expect(seconds).toBeLessThan(10 * BUSY); // From before anything was written there.
    expect(halted.haltReason).toMatch(/failed on pve1: .*192\.168\.100\.1.*; planned by token:/);
    const [canary, ...others] = halted.devices;
    expect(canary).toMatchObject({
      device: 'pve1',
      state: 'FAILED',
      diff: expect.stringContaining('+ neighbor 192.168.100.1 shutdown') as string,
    });
    expect(others.map(({ state }) => state)).toEqual(others.map(() => 'SKIPPED'));
    expect(await devices.configurations()).toEqual(before);
    expect(
      await rows(
        `SELECT DISTINCT d.slug FROM push_attempt a JOIN device d ON d.id = a.device_id JOIN plan p ON p.id = a.plan_id WHERE p.generation > 1`,
      ),
    ).toEqual([{ slug: 'pve1' }]);
    expect(await rows(`SELECT actor, detail->>'reason' AS reason FROM audit_entry WHERE action = 'plan.halted'`)).toEqual([
      { actor: 'deployment', reason: halted.haltReason },
    ]);
    await peers(2);
  });

  it('the worker dies after a change went live, the queue is empty and Postgres restarts: the rollout goes on within fifteen seconds, nothing is pushed twice', async () => {
    const { supervisor } = installation;
    supervisor.restartToDie('worker-1', { TRAME_CRASH_AT: 'push.applied' });
    expect(await client.webhook('portal', customer.portalSecret, 'msg_BAD-1', orderMessage('BAD-1'))).toBe(202);
    await eventually(
      () => supervisor.crashes('worker-1'),
      (times) => times === 1,
      20_000,
    );
    await place.queue.wipe();
    await place.postgres.kill9();
    await place.postgres.restart();
    const backAt = Date.now();
    expect(await follow(client, customer.tenantToken, 'BAD-1', 'PROVISION', () => undefined)).toBe('ACTIVE');
    const attempts = await rows<{ slug: string; outcome: string; at: Date }>(
      `SELECT d.slug, a.outcome, a.started_at AS at FROM push_attempt a JOIN device d ON d.id = a.device_id
        WHERE a.plan_id = (SELECT id FROM plan WHERE state = 'APPLIED' ORDER BY generation DESC LIMIT 1) ORDER BY a.started_at`,
    );
    expect(attempts.map(({ slug, outcome }) => `${slug} ${outcome}`).sort()).toEqual([
      'pve1 CONFIRMED',
      'pve2 CONFIRMED',
      'test ABANDONED',
      'test CONFIRMED',
    ]);
    expect((attempts[1]?.at.getTime() ?? Number.POSITIVE_INFINITY) - backAt).toBeLessThan(15_000 * BUSY);
  });

  it('a hand in `router bgp` on the switch is found with its likely cause; what is adopted becomes intent, what is re-applied is gone', async () => {
    await type('configure', 'router bgp 65051', 'maximum-paths 4', 'neighbor 192.168.100.2 timers 3 9');
    const [{ id: device } = { id: '' }] = await rows<{ id: string }>('SELECT id FROM device WHERE slug = $1', ['test']);
    const look = (): Promise<Drift[]> =>
      ask<{ driftReports: { nodes: (Drift & { device: string })[] } }>(
        '{ driftReports(first: 10, dirtyOnly: true) { nodes { device items { id kind observed likelyCause } } } }',
      ).then(({ driftReports }) => driftReports.nodes.filter((report) => report.device === 'test'));
    await ask(`mutation ($devices: [ID!]!) { checkDrift(devices: $devices) { ${ERRORS} } }`, {
      devices: [customer.deviceIds.get('test') ?? device],
    });
    const [report] = await eventually(look, ([found]) => (found?.items.length ?? 0) >= 2, 15_000);
    const items = report?.items ?? [];
    for (const { likelyCause } of items.filter(({ kind }) => kind !== 'UNSAVED')) expect(likelyCause).toContain('by hand');
    const idOf = (kind: string): string[] => items.filter((item) => item.kind === kind).map(({ id }) => id);
    const variables = (kind: string): Record<string, unknown> => ({ items: idOf(kind), reason: 'we looked at it' });
    await ask(
      `mutation ($items: [ID!]!, $reason: Label!) { adoptDrift(items: $items, reason: $reason) { ${ERRORS} } }`,
      variables('FOREIGN_IN_OWNED_SECTION'),
    );
    await ask(
      `mutation ($items: [ID!]!, $reason: Label!) { reapplyDrift(items: $items, reason: $reason) { ${ERRORS} } }`,
      variables('OURS_CHANGED'),
    );
    const { id } = await apply();
    expect((await over(id, 30_000)).state).toBe('APPLIED');
    expect(await running()).toContain('maximum-paths 4');
    expect(await running()).not.toContain('timers 3 9');
  });
});
