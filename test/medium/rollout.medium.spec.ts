// A rollout that is steered, and one that stops by itself: canary, halts, pauses, locks, soak, crashes, partners.
import { type DeploymentPlan, PlannerService, RolloutService, SteeringService } from '#contexts/deployment';
import { LockService } from '#contexts/fabric';
import { OrderReconciler, OrderService } from '#contexts/provisioning';
import { type DeviceId, type LockId, type OrderId, type PlanId, PortName } from '#engines/kernel';
import { systemScope } from '#platform';
import { createWorld, type World } from '../support/world.js';

type Slug = 'pve1' | 'pve2' | 'test';
let world: World;
afterEach(() => world.close());
const given = async (env: NodeJS.ProcessEnv = {}): Promise<void> => {
  world = await createWorld({ env });
};

const planner = (): PlannerService => world.app.get(PlannerService);
const rollouts = (): RolloutService => world.app.get(RolloutService);
const steering = (): SteeringService => world.app.get(SteeringService);
const locks = (): LockService => world.app.get(LockService, { strict: false });
const device = (slug: Slug) => world.devices.get(slug) as NonNullable<ReturnType<World['devices']['get']>>;
const live = (slug: Slug): string => [...device(slug).files.values()].join('\n');
const sql = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
  world.db.inTransaction(systemScope('spec'), (tx) => tx.sql<Row>(text, values));

/** On the leaf and both hosts: the leaf is the canary, the hosts follow side by side. */
async function order(): Promise<OrderId> {
  const leaf = {
    deviceId: world.deviceIds.get('test') as DeviceId,
    port: PortName.parse('Ethernet2'),
    tagging: 'TAGGED' as const,
    vlan: null,
  };
  return world.provision({ attachments: [...world.order().attachments, leaf] });
}
async function latest(): Promise<DeploymentPlan> {
  const [plan] = await rollouts().latest(1);
  if (!plan) throw new Error('there is no plan');
  return plan;
}
async function halted(): Promise<DeploymentPlan> {
  const plan = (await rollouts().latest(20)).find(({ state }) => state === 'HALTED');
  if (!plan) throw new Error('no plan was halted');
  return plan;
}
const states = (plan: DeploymentPlan) => Object.fromEntries(plan.items.map(({ slug, state }) => [slug, state]));
async function until<T>(what: () => Promise<T> | T, isSo: (value: T) => boolean): Promise<T> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const value = await what();
    if (isSo(value)) return value;
  }
  throw new Error('it did not come to that');
}
/** A rollout whose canary is live and waits for its verification. */
async function underWay(): Promise<{ readonly plan: DeploymentPlan; readonly end: () => Promise<void> }> {
  const release = device('test').holdAt('verify');
  const running = world.converge();
  await until(() => device('test').pending?.applied === true, Boolean);
  const end = async (): Promise<void> => {
    release();
    await running;
  };
  return { plan: await latest(), end };
}
const changeUnderlay = () =>
  world.db.inTransaction(systemScope('spec'), async (tx) => {
    await tx.run('UPDATE bgp_session SET keepalive_seconds = keepalive_seconds + 1, hold_seconds = hold_seconds + 3');
    await tx.run('UPDATE fabric SET revision = revision + 1');
  });
async function runApproved(plan: DeploymentPlan | undefined, ...people: string[]): Promise<PlanId> {
  if (!plan) throw new Error('there is nothing to plan');
  for (const person of people) await planner().approve(plan.id, plan.digest, person, null);
  await rollouts().requestApply(plan.id, plan.digest, people[0] as string);
  return plan.id;
}
const neighborsOf = (plan: DeploymentPlan, slug: Slug): string[] =>
  (plan.items.find((item) => item.slug === slug)?.intent.bgp?.neighbors ?? []).map(({ address }) => address);

describe('a rollout', () => {
  it('is halted by the first fault of its canary, and touches no other device', async () => {
    await given();
    const before = [live('pve1'), live('pve2')];
    device('test').failAt('verify', 'VERIFY_FAILED');
    await order();
    await world.converge();
    const plan = await latest();
    expect(plan).toMatchObject({
      state: 'HALTED',
      haltReason: expect.stringMatching(/failed on test: .*VERIFY_FAILED.*planned by planner/) as string,
    });
    expect(states(plan)).toEqual({ test: 'FAILED', pve1: 'SKIPPED', pve2: 'SKIPPED' });
    await world.converge(); // What policy does then: it waits for the canary, or for a person.
    expect([live('pve1'), live('pve2')]).toEqual(before);
    device('test').heal();
  });

  it('is halted when what was pushed to loses a session; policy does not push it again, a person may', async () => {
    await given();
    const pve1 = (
      await sql<{ address: string }>(`SELECT host(a_address) AS address FROM bgp_session UNION SELECT host(b_address) FROM bgp_session`)
    ).map(({ address }) => address);
    for (const address of pve1) device('test').neighbors.add(address);
    device('test').afterConfirm(() => device('test').neighbors.clear());
    const id = await order();
    await world.converge();
    const plan = await halted();
    expect(plan.haltReason).toMatch(/^test: BGP peer .* \(check BGP_PEER\); planned by planner$/);
    expect(states(plan)).toEqual({ test: 'FAILED', pve1: 'SKIPPED', pve2: 'SKIPPED' });
    expect(await sql('SELECT actor, detail->>$1 AS reason FROM audit_entry WHERE action = $2', ['reason', 'plan.halted'])).toEqual([
      { actor: 'deployment', reason: plan.haltReason },
    ]);
    expect(await sql(`SELECT 1 AS found FROM event WHERE type = 'plan.halted' AND subject_id = $1`, [plan.id])).toHaveLength(1);
    expect(await world.settle(id, ['AWAITING_APPROVAL', 'ACTIVE'])).toBe('AWAITING_APPROVAL');
    expect(live('pve1')).not.toContain('10000');
    const again = await until(
      () => planner().propose('operator'),
      (found) => found?.items.length === 3,
    );
    expect(again).toMatchObject({ risk: 'HIGH' });
    expect(again?.items.map(({ riskReasons }) => riskReasons.join()).join()).toContain('was stopped: test: BGP peer');
    await runApproved(again, 'operator');
    expect(await world.settle(id)).toBe('ACTIVE');
  });

  it('is halted when a device is not reached any more after it has confirmed', async () => {
    await given();
    device('test').afterConfirm(() => device('test').failAt('open', 'UNREACHABLE'));
    await order();
    await world.converge();
    expect((await halted()).haltReason).toMatch(/^test: it is not reached any more .*check MANAGEMENT/);
    expect(live('pve1')).not.toContain('10000');
    device('test').heal();
  });

  it('that is paused ends what it has begun, begins nothing, and goes on where it was', async () => {
    await given();
    const id = await order();
    const { plan, end } = await underWay();
    await steering().pause(plan.id, 'alice', 'a look at the graphs');
    await end();
    await world.converge();
    expect(await rollouts().plan(plan.id)).toMatchObject({
      state: 'PAUSED',
      haltReason: expect.stringContaining('paused by alice: a look') as string,
    });
    expect(states(await rollouts().plan(plan.id))).toEqual({ test: 'CONFIRMED', pve1: 'PENDING', pve2: 'PENDING' });
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await world.state(id)).toBe('RUNNING');
    expect(await sql(`SELECT message FROM order_step WHERE order_id = $1 AND name = 'device:pve1'`, [id])).toEqual([{ message: 'paused' }]);
    await steering().resume(plan.id, 'bob');
    expect(await world.settle(id)).toBe('ACTIVE');
    expect((await rollouts().plan(plan.id)).state).toBe('APPLIED');
    expect(device('test').unconfirmed).toHaveLength(2); // The takeover and this one: nothing was done twice.
    await expect(steering().pause(plan.id, 'alice', null)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });

  it('that was paused while the fabric moved on is not resumed: it would be stale', async () => {
    await given();
    await order();
    const { plan, end } = await underWay();
    await steering().pause(plan.id, 'alice', null);
    await end();
    await world.provision();
    await expect(steering().resume(plan.id, 'alice')).rejects.toMatchObject({ code: 'PLAN_STALE' });
    await steering().cancel(plan.id, 'alice', null);
    expect((await rollouts().plan(plan.id)).state).toBe('CANCELLED');
  });

  it.each(['halt', 'cancel'] as const)('on a person’s word (%s) takes back what is not confirmed and begins nothing else', async (word) => {
    await given();
    const before = [live('test'), live('pve1'), live('pve2')];
    const id = await order();
    const { plan, end } = await underWay();
    await steering()[word](plan.id, 'alice', 'smoke');
    await end();
    expect([live('test'), live('pve1'), live('pve2')]).toEqual(before);
    const ended = await rollouts().plan(plan.id);
    expect(ended).toMatchObject({
      state: word === 'halt' ? 'HALTED' : 'CANCELLED',
      haltReason: expect.stringContaining('by alice: smoke; planned by') as string,
    });
    expect(states(ended)).toEqual({ test: 'FAILED', pve1: 'SKIPPED', pve2: 'SKIPPED' });
    expect(await world.settle(id, ['AWAITING_APPROVAL', 'ACTIVE'])).toBe('AWAITING_APPROVAL');
    expect([live('test'), live('pve1'), live('pve2')]).toEqual(before);
  });

  it('whose execution dies between two steps is finished by another one from what is written', async () => {
    await given();
    const id = await order();
    const dying = new AbortController();
    const release = device('test').holdAt('verify');
    const running = rollouts().converge(world.fabricId, dying.signal);
    await until(() => device('test').pending?.applied === true, Boolean);
    device('test').afterConfirm(() => dying.abort());
    release();
    await running;
    const plan = await latest();
    expect(plan.state).toBe('APPLYING');
    expect(states(plan)).toMatchObject({ pve1: 'PENDING', pve2: 'PENDING' });
    expect(await world.settle(id)).toBe('ACTIVE');
    expect((await rollouts().plan(plan.id)).state).toBe('APPLIED');
    expect(device('test').unconfirmed).toHaveLength(2);
  });

  it('whose worker died in the middle of a push finds the device as it is, and brings it to what was wanted', async () => {
    await given();
    const id = await order();
    const { plan, end } = await underWay();
    await steering().pause(plan.id, 'spec', null);
    await end();
    // What a killed worker leaves: a change in force that nobody confirms, and rows that say so.
    device('pve1').goLive({ planId: plan.id, revision: 1, fence: 1 }, new Map([['/etc/frr/frr.conf', 'half of it']]));
    await sql(`UPDATE plan_item SET state = 'PUSHING' WHERE plan_id = $1 AND device_id = $2`, [plan.id, world.deviceIds.get('pve1')]);
    await sql('UPDATE device_state SET is_uncertain = true WHERE device_id = $1', [world.deviceIds.get('pve1')]);
    await steering().resume(plan.id, 'spec');
    expect(await world.settle(id)).toBe('ACTIVE');
    expect((await rollouts().plan(plan.id)).state).toBe('APPLIED');
    expect(device('pve1').pending).toBeNull();
    expect(live('pve1')).toContain('10000');
  });

  it('that was halted while its worker was dead does not stay between two states', async () => {
    await given();
    await order();
    const { plan, end } = await underWay();
    await steering().halt(plan.id, 'alice', null);
    await end();
    await sql(`UPDATE plan_item SET state = 'PUSHING', error = NULL WHERE plan_id = $1 AND device_id = $2`, [
      plan.id,
      world.deviceIds.get('test'),
    ]);
    await world.converge();
    expect(states(await rollouts().plan(plan.id))).toMatchObject({ test: 'FAILED' });
  });

  it.each([
    [0, 'HALTED', 'SKIPPED'],
    [1, 'FAILED', 'VERIFIED'],
  ] as const)('goes on after %i failures of later waves at most', async (maxFailures, state, other) => {
    await given();
    await order();
    device('pve1').failAt('stage', 'CONFIG_REFUSED');
    const id = await runApproved(await planner().propose('op', undefined, { maxFailures, parallel: 1 }), 'op');
    await world.converge();
    const plan = await rollouts().plan(id);
    expect([plan.state, states(plan)]).toEqual([state, { test: 'VERIFIED', pve1: 'FAILED', pve2: other }]);
    expect(plan.haltReason).toContain('failed on pve1');
    device('pve1').heal();
  });

  it('never has two devices unconfirmed that stand in for each other, and others side by side', async () => {
    await given();
    const overlaps = (): boolean => {
      const [a, b] = [device('pve1').unconfirmed.at(-1), device('pve2').unconfirmed.at(-1)];
      return a !== undefined && b !== undefined && a.from < b.to && b.from < a.to;
    };
    const both = (['pve1', 'pve2'] as const).map((slug) => device(slug).holdAt('verify'));
    await order();
    const running = world.converge();
    await until(() => device('pve1').pending?.applied === true && device('pve2').pending?.applied === true, Boolean);
    for (const release of both) release();
    await running;
    expect(overlaps()).toBe(true);
    // Both hosts become reflectors of the leaf.
    await sql(`UPDATE bgp_session SET a_role = b_role, b_role = a_role`);
    await sql('UPDATE fabric SET revision = revision + 1');
    const plan = await planner().propose('op', undefined, { canary: 2 });
    expect(plan?.items.filter(({ wave }) => wave === 0).map(({ slug, step, redundancy }) => [slug, step, redundancy])).toEqual([
      ['pve1', 0, ['reflectors pve1 pve2']],
      ['pve2', 1, ['reflectors pve1 pve2']],
    ]);
    await runApproved(plan, 'op');
    const slow = device('pve1').holdAt('verify');
    const pair = world.converge();
    await until(() => device('pve1').pending?.applied === true, Boolean);
    expect(states(await latest())).toMatchObject({ pve1: 'PUSHING', pve2: 'PENDING' });
    slow();
    await pair;
    expect((await latest()).state).toBe('APPLIED');
    expect(overlaps()).toBe(false);
  });
});

describe('a soak', () => {
  const soaking = async (soakSeconds: number): Promise<DeploymentPlan> => {
    await given();
    await changeUnderlay();
    const plan = await planner().propose('op', undefined, { soakSeconds });
    if (!plan) throw new Error('there is nothing to plan');
    for (const address of neighborsOf(plan, 'pve1')) device('pve1').neighbors.add(address);
    expect(plan.items.map(({ slug, wave }) => [slug, wave])).toEqual([
      ['pve1', 0],
      ['pve2', 1],
      ['test', 1],
    ]);
    await runApproved(plan, 'op');
    return plan;
  };

  it('goes on after the death of whoever waited, and is halted by what a device loses meanwhile', async () => {
    const { id } = await soaking(600);
    const before = [live('pve2'), live('test')];
    const dying = new AbortController();
    const first = rollouts().converge(world.fabricId, dying.signal);
    const { soakingUntil } = await until(
      () => rollouts().plan(id),
      (plan) => plan.soakingUntil !== null,
    );
    dying.abort();
    await first;
    const second = world.converge();
    expect(await rollouts().plan(id)).toMatchObject({ state: 'APPLYING', soakedWave: 0, soakingUntil });
    device('pve1').neighbors.clear();
    const since = performance.now();
    await second;
    expect(performance.now() - since).toBeLessThan(10_000);
    const plan = await rollouts().plan(id);
    expect(plan).toMatchObject({
      state: 'HALTED',
      soakingUntil,
      haltReason: expect.stringMatching(/^pve1: BGP peer .* planned by op$/) as string,
    });
    expect(states(plan)).toEqual({ pve1: 'FAILED', pve2: 'SKIPPED', test: 'SKIPPED' });
    expect([live('pve2'), live('test')]).toEqual(before);
  });

  it('that ends quietly is followed by the next wave, and not before', async () => {
    const { id } = await soaking(1);
    await world.converge();
    expect((await rollouts().plan(id)).state).toBe('APPLIED');
    const [canary, next] = [device('pve1').unconfirmed.at(-1), device('pve2').unconfirmed.at(-1)];
    expect((next?.from ?? 0) - (canary?.to ?? 0)).toBeGreaterThan(1000);
  });
});

describe('a maintenance lock', () => {
  const lock = (scope: 'FABRIC' | 'SITE' | 'DEVICE' | 'TENANT', subject: string | null) =>
    locks().acquire('alice', { scope, subject, reason: 'new fans', seconds: 600 });

  it('of a device holds back what is for it, says so in its orders, and lets the others through', async () => {
    await given();
    const { id: lockId } = await lock('DEVICE', 'pve2');
    const waiting = await order();
    await world.converge();
    await world.app.get(OrderReconciler).advanceOpen();
    expect(live('pve1')).toContain('10000');
    expect(live('pve2')).not.toContain('10000');
    expect(await world.state(waiting)).toBe('RUNNING');
    expect(await sql(`SELECT message FROM order_step WHERE order_id = $1 AND name = 'device:pve2'`, [waiting])).toEqual([
      { message: 'awaiting maintenance' },
    ]);
    // No deadline runs meanwhile.
    await sql(`UPDATE network_order SET deadline_at = now() - interval '1 second' WHERE id = $1`, [waiting]);
    await world.converge();
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await world.state(waiting)).toBe('RUNNING');
    await locks().release('bob', lockId);
    expect(await world.settle(waiting)).toBe('ACTIVE');
    await expect(locks().release('bob', lockId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each(['FABRIC', 'SITE'] as const)('of a %s holds back all of its devices, until it ends by itself', async (scope) => {
    await given();
    const [site] = await sql<{ slug: string }>('SELECT s.slug FROM site s JOIN device d ON d.site_id = s.id LIMIT 1');
    await lock(scope, scope === 'SITE' ? (site as { slug: string }).slug : null);
    const waiting = await order();
    await world.converge();
    expect(live('test') + live('pve1')).not.toContain('10000');
    await sql(`UPDATE maintenance_lock SET created_at = now() - interval '2 hours', until = now() - interval '1 second'`);
    expect(await world.settle(waiting)).toBe('ACTIVE');
  });

  it('that comes in the middle of a rollout stops before its device, and the plan says why', async () => {
    await given();
    const id = await order();
    const { plan, end } = await underWay();
    await lock('DEVICE', 'pve2');
    await end();
    const ended = await rollouts().plan(plan.id);
    expect(ended).toMatchObject({
      state: 'SUPERSEDED',
      haltReason: expect.stringMatching(/pve2 is locked by alice until .*: new fans/) as string,
    });
    expect(states(ended)).toEqual({ test: 'VERIFIED', pve1: 'VERIFIED', pve2: 'SKIPPED' });
    for (const { id: lockId } of await world.db.inTransaction(systemScope('spec'), (tx) => locks().active(tx)))
      await locks().release('alice', lockId as LockId);
    expect(await world.settle(id)).toBe('ACTIVE');
  });

  it('of a tenant refuses its orders with the reason, and no other tenant’s; what was ordered before is still answered', async () => {
    await given();
    const first = world.order();
    const { order: taken } = await world.app.get(OrderService).provision(world.tenantId, 'portal', first);
    const held = await locks().acquire('alice', { scope: 'TENANT', subject: await tenantSlug(), reason: 'unpaid', seconds: 60 });
    await expect(world.provision()).rejects.toMatchObject({
      code: 'LOCKED',
      facts: { scope: 'TENANT', reason: 'unpaid', until: held.until.toISOString() },
    });
    expect((await world.app.get(OrderService).provision(world.tenantId, 'portal', first)).order.id).toBe(taken.id);
    await locks().release('alice', held.id);
    expect(await world.settle(await world.provision())).toBe('ACTIVE');
  });

  it('lasts a day at most, and names what there is', async () => {
    await given();
    const ask = (over: object) => locks().acquire('alice', { scope: 'DEVICE', subject: 'pve1', reason: 'x', seconds: 60, ...over });
    await expect(ask({ seconds: 24 * 3600 + 1 })).rejects.toMatchObject({ code: 'INVALID_VALUE', facts: { path: ['ttlSeconds'] } });
    await expect(ask({ subject: 'pve9' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask({ subject: null })).rejects.toMatchObject({ code: 'INVALID_VALUE', facts: { path: ['subject'] } });
    expect((await ask({ seconds: 24 * 3600 })).subject).toBe('pve1');
  });
});

describe('a plan of HIGH risk', () => {
  it('that asks for two people has two, and whoever made it is not one of them', async () => {
    await given({ APPROVALS_FOR_HIGH: '2' });
    await changeUnderlay();
    const plan = await planner().propose('alice');
    if (!plan) throw new Error('there is nothing to plan');
    await expect(planner().approve(plan.id, plan.digest, 'alice', null)).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
    expect((await planner().approve(plan.id, plan.digest, 'bob', 'seen')).state).toBe('PROPOSED');
    expect((await planner().approve(plan.id, plan.digest, 'bob', null)).state).toBe('PROPOSED');
    await expect(rollouts().requestApply(plan.id, plan.digest, 'bob')).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
    const approved = await planner().approve(plan.id, plan.digest, 'carol', null);
    expect([approved.state, approved.approvals.map(({ by }) => by)]).toEqual(['APPROVED', ['bob', 'carol']]);
  });
});

async function tenantSlug(): Promise<string> {
  const [row] = await sql<{ slug: string }>('SELECT slug FROM tenant WHERE id = $1', [world.tenantId]);
  return (row as { slug: string }).slug;
}
