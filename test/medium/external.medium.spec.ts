// Devices that a person configures: asked for last, waited for by nobody else, confirmed by a word or by what runs.
import { eosSecretCode } from '#contexts/deployment/ports';
import type { Platform } from '#engines/intent';
import {
  type DeploymentPlan,
  type HandedIn,
  ExternalService,
  PlannerService,
  RollbackService,
  RolloutService,
  SteeringService,
} from '#contexts/deployment';
import { FabricService, type InventoryDevice, InventoryService, SecretService } from '#contexts/fabric';
import { OrderService } from '#contexts/provisioning';
import { type DeviceId, type OrderId, PortName } from '#engines/kernel';
import { Secret, systemScope } from '#platform';
import { OTHERS, withForeignLeaf } from '../support/foreign-leaf.js';
import { createWorld, type World } from '../support/world.js';

const OPERATOR = 'ops';
const NEIGHBOR = '   neighbor 192.168.109.1 password 7 ';
let world: World;
afterEach(() => world.close());
const externals = (): ExternalService => world.app.get(ExternalService);
const rollouts = (): RolloutService => world.app.get(RolloutService);
const leaf9 = (): DeviceId => world.deviceIds.get('leaf9') as DeviceId;
const sql = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
  world.db.inTransaction(systemScope('spec'), (tx) => tx.sql<Row>(text, values));

async function awaited(): Promise<DeploymentPlan> {
  const [plan] = await externals().waiting(OPERATOR);
  if (!plan) throw new Error('no plan waits for a person');
  return plan;
}
const itemOf = (plan: DeploymentPlan) => plan.items.find(({ slug }) => slug === 'leaf9') as DeploymentPlan['items'][number];
const wanted = (plan: DeploymentPlan): string => itemOf(plan).artefacts[0]?.content ?? '';
const handIn = (text: string, seen: DeploymentPlan | null = null): Promise<HandedIn> =>
  externals().handIn(OPERATOR, leaf9(), [{ path: null, text }], seen);
const confirm = (plan: DeploymentPlan, comment: string | null = null): Promise<DeploymentPlan> =>
  externals().confirm(OPERATOR, plan, leaf9(), comment);

/** The world with its first takeover done, also of the leaf. */
async function given(passwordSecret?: string): Promise<void> {
  world = await createWorld({ fabric: withForeignLeaf(passwordSecret) });
  if (passwordSecret === undefined) await confirm(await awaited());
  await world.converge();
}
async function order(): Promise<OrderId> {
  const place = { deviceId: leaf9(), port: PortName.parse('Ethernet2'), tagging: 'TAGGED' as const, vlan: null };
  return world.provision({ attachments: [...world.order().attachments.slice(0, 1), place] });
}
/** Until the leaf waits for a person. */
async function orderThatWaits(): Promise<OrderId> {
  const id = await order();
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
    await world.settle(id, ['RUNNING', 'AWAITING_APPROVAL']);
    const [row] = await sql<{ stage: string }>('SELECT stage FROM device_progress WHERE device_id = $1', [leaf9()]);
    if (row?.stage === 'AWAITING_PERSON') return id;
  }
  throw new Error('nobody was asked');
}
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? error,
  );

describe('a device that a person configures', () => {
  it('is asked for last, and holds up nobody but who needs it; a word ends that', async () => {
    await given();
    const id = await orderThatWaits();
    const plan = await awaited();
    expect(plan.items.map(({ slug, isExternal, state, wave }) => [slug, isExternal, state, wave])).toEqual([
      ['pve1', false, 'VERIFIED', 0],
      ['leaf9', true, 'AWAITING_PERSON', 1],
    ]);
    const [snippet] = itemOf(plan).snippets;
    expect(snippet).toMatchObject({ path: 'running-config', action: 'MERGE', text: wanted(plan) });
    expect(snippet?.commands).toMatch(/^vlan 100$/m);
    expect(snippet?.commands).toMatch(/^vxlan vlan 100 vni 10000$/m);
    expect(snippet?.commands).not.toContain('interface Ethernet1\n'); // Only what is new.
    const steps = await sql<{ name: string; state: string; message: string }>(
      `SELECT name, state, message FROM order_step WHERE order_id = $1 AND name LIKE 'device:%' ORDER BY position`,
      [id],
    );
    await world.settle(id, ['RUNNING']);
    expect(steps).toEqual([
      { name: 'device:leaf9', state: 'RUNNING', message: 'waits for a person: leaf9 is configured by hand' },
      { name: 'device:pve1', state: 'DONE', message: null },
    ]);
    expect(await world.settle(await world.provision())).toBe('ACTIVE');
    expect(await world.state(id)).toBe('RUNNING');
    await sql(`UPDATE network_order SET deadline_at = clock_timestamp() - interval '1 s' WHERE id = $1`, [id]);
    expect(await world.settle(id, ['RUNNING'])).toBe('RUNNING'); // A person takes the time it takes.

    expect(await confirm(plan, 'pasted by night shift')).toMatchObject({ state: 'APPLIED' });
    expect(await confirm(plan)).toMatchObject({ state: 'APPLIED' }); // Said twice.
    expect(await world.settle(id)).toBe('ACTIVE');
    const said = await sql<{ actor: string; detail: object }>(
      `SELECT actor, detail FROM audit_entry WHERE action = 'plan.external_confirmed' AND subject_id = $1`,
      [plan.id],
    );
    expect(said).toEqual([
      { actor: OPERATOR, detail: { device: 'leaf9', digest: plan.digest, by: 'WORD', comment: 'pasted by night shift' } },
    ]);
  });

  it('is confirmed by what runs on it; another text is refused, and says what differs', async () => {
    await given();
    const id = await orderThatWaits();
    const plan = await awaited();
    const [before] = await sql<{ text: string }>(
      `SELECT verified_artefacts->0->>'content' AS text FROM device_state WHERE device_id = $1`,
      [leaf9()],
    );
    const untouched = await handIn(OTHERS + (before?.text ?? ''), plan);
    expect(untouched).toMatchObject({ verdict: 'REFUSED', report: null });
    expect(untouched.differences).toContainEqual(
      expect.objectContaining({
        kind: 'OURS_MISSING',
        section: ['interface Vxlan1'],
        intended: 'vxlan vlan 100 vni 10000',
        observed: null,
      }),
    );
    expect(untouched.commands.get('running-config')).toMatch(/^vlan 100$/m);
    expect(untouched.commands.get('running-config')).not.toContain('admin');

    const typo = await handIn(OTHERS + wanted(plan).replace('vlan 100 vni 10000', 'vlan 100 vni 10099'));
    expect(typo).toMatchObject({
      verdict: 'REFUSED',
      differences: [{ section: ['interface Vxlan1'], intended: 'vxlan vlan 100 vni 10000', observed: 'vxlan vlan 100 vni 10099' }],
    });
    expect(itemOf(await rollouts().plan(plan.id)).state).toBe('AWAITING_PERSON');
    expect(await world.settle(id, ['RUNNING'])).toBe('RUNNING');

    // As the switch prints it: other order, other spelling.
    const printed = (OTHERS + wanted(plan)).replace(
      'route-target both 65051:10000',
      'route-target export 65051:10000\n      route-target import 65051:10000',
    );
    const done = await handIn(printed.replaceAll('\n', '\r\n'));
    expect(done).toMatchObject({ verdict: 'CONFIRMED', plan: { state: 'APPLIED' }, differences: [], report: { verdict: 'CLEAN' } });
    expect(itemOf(done.plan as DeploymentPlan).confirmedBy).toBe(OPERATOR);
    expect(await world.settle(id)).toBe('ACTIVE');
  });

  it('is not confirmed by the text of another device, in an older revision, by another digest, or when the plan is over', async () => {
    await given();
    await orderThatWaits();
    const older = await awaited();
    expect(await codeOf(handIn((OTHERS + wanted(older)).replace('hostname LEAF9', 'hostname TEST')))).toBe('INVALID_VALUE');
    expect(await codeOf(externals().confirm(OPERATOR, { ...older, digest: 'another' }, leaf9(), null))).toBe('PLAN_STALE');
    expect(await codeOf(externals().confirm(OPERATOR, older, world.deviceIds.get('pve1') as DeviceId, null))).toBe('INVALID_VALUE');
    expect(await codeOf(externals().handIn(OPERATOR, world.deviceIds.get('pve1') as DeviceId, [{ path: null, text: 'x' }], null))).toBe(
      'INVALID_STATE',
    );
    expect(await codeOf(externals().handIn(OPERATOR, leaf9(), [{ path: '/etc/passwd', text: 'x' }], null))).toBe('INVALID_VALUE');
    expect(await codeOf(externals().handIn(OPERATOR, leaf9(), [], null))).toBe('INVALID_VALUE');
    const first = OTHERS + wanted(older);
    // Another order of the same leaf, before the person came to it.
    await order();
    expect([await codeOf(confirm(older)), await codeOf(handIn(first, older))]).toEqual(['PLAN_STALE', 'PLAN_STALE']);
    await orderThatWaitsAgain(older);
    expect((await rollouts().plan(older.id)).state).toBe('SUPERSEDED');
    expect([await codeOf(confirm(older)), await codeOf(handIn(first, older))]).toEqual(['INVALID_STATE', 'INVALID_STATE']);
    const newer = await awaited();
    expect(newer.id).not.toBe(older.id);
    expect((await handIn(first)).verdict).toBe('REFUSED');
    expect((await handIn(OTHERS + wanted(newer))).verdict).toBe('CONFIRMED');
    expect(await codeOf(handIn(first, newer))).toBe('INVALID_STATE');
  });

  it('is asked for what it had, when its order ends before somebody has answered: nobody knows what was pasted', async () => {
    await given();
    const id = await orderThatWaits();
    const pasted = OTHERS + wanted(await awaited());
    const [{ network } = { network: '' }] = await sql<{ network: string }>(
      'SELECT network_id AS network FROM network_order WHERE id = $1',
      [id],
    );
    const removal = await world.app.get(OrderService).deprovision(world.tenantId, 'portal', {
      idempotencyKey: 'gone',
      networkId: network as never,
      ifVersion: null,
    });
    await world.settle(removal.order.id, ['RUNNING']);
    await until(async () => !wanted(await awaited()).includes('vni10000'));
    const back = await awaited();
    expect(itemOf(back).snippets[0]?.commands).toMatch(/^no vlan 100$/m);
    const left = await handIn(pasted);
    expect(left.verdict).toBe('REFUSED');
    expect(left.differences.map(({ observed }) => observed)).toContainEqual(expect.stringMatching(/^vlan 100\n/));
    expect(await world.settle(removal.order.id, ['RUNNING'])).toBe('RUNNING');
    expect((await handIn(OTHERS + wanted(back))).verdict).toBe('CONFIRMED');
    expect(await world.settle(removal.order.id)).toBe('RETIRED');
  });

  it('is told to drift by what is handed in, when nothing is asked of it', async () => {
    await given();
    const [state] = await sql<{ text: string }>(`SELECT verified_artefacts->0->>'content' AS text FROM device_state WHERE device_id = $1`, [
      leaf9(),
    ]);
    const text = OTHERS + (state?.text ?? '');
    expect(await handIn(text)).toMatchObject({
      verdict: 'CLEAN',
      plan: null,
      differences: [],
      report: { verdict: 'CLEAN', slug: 'leaf9' },
    });
    const drifted = await handIn(text.replace('timers 20 60', 'timers 3 9'));
    expect(drifted).toMatchObject({ verdict: 'DRIFT', report: { verdict: 'DRIFT', items: [{ kind: 'OURS_CHANGED' }] } });
    expect(await sql(`SELECT 1 AS told FROM event WHERE type = 'drift.found' AND subject_id = $1`, [leaf9()])).toHaveLength(1);
    expect(await handIn(text)).toMatchObject({ verdict: 'CLEAN', report: { items: [] } });
    expect(JSON.stringify(await sql('SELECT * FROM drift_report'))).not.toContain('$6$abc');
  });

  it('is asked with the names of secrets, and its text is compared by their values', async () => {
    world = await createWorld({ fabric: withForeignLeaf('leaf9-md5') });
    // The reflector's own lines name the secret, too: it is withheld until somebody sets it.
    await world.db.inTransaction(systemScope(OPERATOR), (tx) =>
      world.app.get(SecretService, { strict: false }).set(tx, world.fabricId, 'leaf9-md5', new Secret('hunter22')),
    );
    await takeOverAll();
    const plan = await awaited();
    expect(itemOf(plan).snippets[0]?.commands).toContain('password 0 @secret:leaf9-md5@');
    expect(JSON.stringify(plan)).not.toContain('hunter22');
    const coded = (secret: string): string => wanted(plan).replace('password 7 @secret:leaf9-md5@', `password ${secret}`);
    const wrong = await handIn(OTHERS + coded('0 hunter23'));
    expect(wrong).toMatchObject({ verdict: 'REFUSED', differences: [{ kind: 'SECRET_CHANGED' }] });
    expect(JSON.stringify([...wrong.differences, ...wrong.commands])).not.toContain('hunter23');
    // As it was typed, and as the switch prints it.
    expect((await handIn(OTHERS + coded(`7 ${eosSecretCode('hunter23', NEIGHBOR)}`))).verdict).toBe('REFUSED');
    expect((await handIn(OTHERS + coded(`7 ${eosSecretCode('hunter22', NEIGHBOR)}`))).verdict).toBe('CONFIRMED');
    expect((await handIn(OTHERS + coded('0 hunter22'))).verdict).toBe('CLEAN');
  });

  it('is let go by a person who cancels, and taken back by a rollback', async () => {
    await given();
    const id = await orderThatWaits();
    const plan = await awaited();
    expect(await world.app.get(SteeringService).cancel(plan.id, OPERATOR, 'not today')).toMatchObject({ state: 'CANCELLED' });
    expect(itemOf(await rollouts().plan(plan.id)).state).toBe('SKIPPED');
    expect(await codeOf(confirm(plan))).toBe('INVALID_STATE');
    expect(await world.settle(id, ['AWAITING_APPROVAL'])).toBe('AWAITING_APPROVAL');
    const again = await proposalOf(id);
    expect(itemOf(again).riskReasons.join()).toContain('was stopped: cancelled by ops: not today');
    await approve(again);
    await confirm(await awaited());
    expect(await world.settle(id)).toBe('ACTIVE');

    const taken = (await rollouts().latest(20)).find(
      ({ state, items }) => state === 'APPLIED' && items.some(({ slug }) => slug === 'leaf9'),
    ) as DeploymentPlan;
    const back = await world.app
      .get(RollbackService)
      .rollBack(taken.id, OPERATOR, { digest: null, devices: null, reason: 'customers complain' });
    if (back.state === 'PROPOSED') await approve(back);
    await until(async () => {
      await world.converge();
      return (await rollouts().plan(back.id)).state === 'AWAITING_PERSON';
    });
    expect(itemOf(await awaited()).snippets[0]?.commands).toMatch(/^no vlan 100$/m);
    expect(await confirm(await awaited())).toMatchObject({ state: 'APPLIED', rollbackOf: taken.id });
  });
});

describe('which devices a person configures', () => {
  it('is said by the platform, by the fabric document, and by what drives Open vSwitch; an OpenBSD gateway with a key is pushed to', async () => {
    world = await createWorld();
    const endpoint = { hostname: 'x', site: 'par2', managementAddress: '192.0.2.1', managementPort: 22, username: 'root', ports: [] };
    const load = (slug: string, platform: Platform, over: Partial<InventoryDevice> = {}): InventoryDevice => ({
      ...endpoint,
      slug,
      platform,
      ...over,
    });
    const openvswitch = { managedBy: 'IFUPDOWN' } as NonNullable<InventoryDevice['openvswitch']>;
    const devices = [
      load('sonic', 'EXTERNAL'),
      load('hp', 'HP_COMWARE'),
      load('pf-by-hand', 'OPENBSD'),
      load('pf', 'OPENBSD', { secret: 'a key' }),
      load('theirs', 'ARISTA_EOS', { secret: 'a password', external: true }),
      load('leaf', 'ARISTA_EOS', { secret: 'a password' }),
      load('classic', 'DEBIAN_FRR', { secret: 'a key', openvswitch }),
      load('host', 'DEBIAN_FRR', { secret: 'a key' }),
    ];
    await world.db.inTransaction(systemScope('spec'), async (tx) => {
      const fabric = {
        slug: 'other',
        name: 'Other',
        asnScheme: 'IBGP',
        rtAdministrator: 65_052,
        vtepPool: '172.17.1.0/24',
        anycastGatewayMac: '00:1c:73:00:00:02',
      } as const;
      const sites = [{ slug: 'par2', name: 'Paris 2' }];
      const loaded = await world.app.get(InventoryService).load(tx, { fabric, sites, devices, links: [], sessions: [], vlanDomains: [] });
      const external = await world.app.get(FabricService, { strict: false }).externals(tx, loaded.fabricId);
      expect([...loaded.devices].filter(([, id]) => external.has(id)).map(([slug]) => slug)).toEqual([
        'sonic',
        'hp',
        'pf-by-hand',
        'theirs',
        'classic',
      ]);
    });
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; await world.converge())
    if (await isSo().catch(() => false)) return;
  throw new Error('it did not come to that');
}
const orderThatWaitsAgain = (older: DeploymentPlan): Promise<void> => until(async () => (await awaited()).id !== older.id);
async function proposalOf(_order: OrderId): Promise<DeploymentPlan> {
  const plan = (await rollouts().latest(20)).find(({ state }) => state === 'PROPOSED');
  if (!plan) throw new Error('nothing is proposed');
  return plan;
}
async function approve(plan: DeploymentPlan): Promise<void> {
  const planner = world.app.get(PlannerService);
  for (let person = 1; person <= plan.approvalsNeeded; person++) await planner.approve(plan.id, plan.digest, `operator ${person}`, null);
  await rollouts().requestApply(plan.id, plan.digest, OPERATOR);
  await until(async () => !['APPROVED', 'APPLYING'].includes((await rollouts().plan(plan.id)).state));
}
async function takeOverAll(): Promise<void> {
  await world.converge();
  const plan = await world.app.get(PlannerService).propose(OPERATOR);
  if (plan) await approve(plan);
}
