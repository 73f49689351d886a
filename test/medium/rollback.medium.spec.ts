// A plan that is taken back: devices to the byte, and networks, numbers and names with them.
import pg from 'pg';
import { AddressingService } from '#contexts/addressing';
import { type DeploymentPlan, PlannerService, RollbackService, RolloutService, SteeringService } from '#contexts/deployment';
import { LockService } from '#contexts/fabric';
import { NetworkRecalls, OrderReconciler, OrderService } from '#contexts/provisioning';
import { type DeviceId, Fqdn, Label, type NetworkId, type OrderId, type PlanId, PortName } from '#engines/kernel';
import { systemScope } from '#platform';
import { createWorld, type World } from '../support/world.js';

type Slug = 'pve1' | 'pve2' | 'test';
let world: World;
afterEach(() => world.close());
const given = async (env: NodeJS.ProcessEnv = {}): Promise<void> => {
  world = await createWorld({ env });
};

const rollbacks = (): RollbackService => world.app.get(RollbackService);
const device = (slug: Slug) => world.devices.get(slug) as NonNullable<ReturnType<World['devices']['get']>>;
const live = (): string => JSON.stringify((['pve1', 'pve2', 'test'] as const).map((slug) => [...device(slug).files].sort()));
const sql = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
  world.db.inTransaction(systemScope('spec'), (tx) => tx.sql<Row>(text, values));
const idOf = (slug: Slug): DeviceId => world.deviceIds.get(slug) as DeviceId;

/** With a VLAN on the leaf, a prefix, two hosts and names. */
function order(): Promise<OrderId> {
  const leaf = { deviceId: idOf('test'), port: PortName.parse('Ethernet2'), tagging: 'TAGGED' as const, vlan: null };
  const [subnet] = world.order().subnets;
  const hosts = [
    { name: 'a', mac: null, address: null },
    { name: 'b', mac: null, address: null },
  ];
  return world.provision({
    subnets: [{ ...(subnet as NonNullable<typeof subnet>), zone: Fqdn.parse('cust.example'), hosts }],
    attachments: [...world.order().attachments, leaf],
  });
}
async function built(): Promise<{ readonly plan: DeploymentPlan; readonly networkId: NetworkId }> {
  const id = await order();
  expect(await world.settle(id)).toBe('ACTIVE');
  const [row] = await sql<{ id: NetworkId }>('SELECT network_id AS id FROM network_order WHERE id = $1', [id]);
  return { plan: await latest(), networkId: row?.id as NetworkId };
}
async function latest(): Promise<DeploymentPlan> {
  const [plan] = await world.app.get(RolloutService).latest(1);
  if (!plan) throw new Error('there is no plan');
  return plan;
}
const back = (planId: PlanId, over: { devices?: Slug[]; digest?: string } = {}): Promise<DeploymentPlan> =>
  rollbacks().rollBack(planId, 'alice', {
    digest: over.digest ?? null,
    devices: over.devices ? new Set(over.devices.map(idOf)) : null,
    reason: 'customers complain',
  });
const recalls = (planId: PlanId) => rollbacks().recallsOf(planId);
/** What the worker does all the time. */
async function work(): Promise<void> {
  await world.converge();
  await world.app.get(NetworkRecalls).run();
  await world.app.get(OrderReconciler).advanceOpen();
}
async function until<T>(what: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 20))) {
    await work();
    const value = await what();
    if (isSo(value)) return value;
  }
  throw new Error(`it did not come to that: ${JSON.stringify(await what())}`);
}
const networkState = async (id: NetworkId): Promise<string | undefined> =>
  (await sql<{ state: string }>('SELECT state FROM network WHERE id = $1', [id]))[0]?.state;
const names = () =>
  world.db.inTransaction(
    systemScope('spec'),
    async (tx) => (await world.app.get(AddressingService, { strict: false }).names(tx, world.fabricId)).names,
  );
const locked = () => world.db.inTransaction(systemScope('spec'), (tx) => world.app.get(LockService, { strict: false }).active(tx));
/** Everything that a network has, as rows. */
const possessions = (id: NetworkId) =>
  sql(
    `SELECT n.slug, n.vni, n.evi_id, n.vrf_id, n.mtu, n.external_ref, n.vni_allocation_id, n.evi_allocation_id,
        (SELECT jsonb_agg(t.text ORDER BY t.text) FROM route_target t WHERE t.network_id = n.id) AS targets,
        (SELECT jsonb_agg(r.text ORDER BY r.text) FROM route_distinguisher r WHERE r.network_id = n.id) AS distinguishers,
        (SELECT jsonb_agg(jsonb_build_array(a.device_id, a.port_id, a.tagging) ORDER BY a.id) FROM attachment a WHERE a.network_id = n.id) AS places,
        (SELECT jsonb_agg(jsonb_build_array(m.vlan_domain_id, m.vlan, m.vlan_allocation_id)) FROM vlan_mapping m WHERE m.network_id = n.id) AS vlans,
        (SELECT jsonb_agg(jsonb_build_array(s.cidr, s.gateway_mode, s.gateway_address, s.dns_zone, s.prefix_id) ORDER BY s.cidr) FROM subnet s WHERE s.network_id = n.id) AS subnets,
        (SELECT jsonb_agg(jsonb_build_array(i.address, i.role, i.mac, i.dns_name) ORDER BY i.address) FROM ip_address i JOIN subnet s ON s.id = i.subnet_id WHERE s.network_id = n.id) AS addresses
       FROM network n WHERE n.id = $1`,
    [id],
  );
const allocations = (id: NetworkId) =>
  sql<{ state: string }>(
    `SELECT DISTINCT state FROM number_allocation WHERE key LIKE 'order/' || (SELECT idempotency_key FROM network_order WHERE network_id = $1 AND kind = 'PROVISION') || '/%'`,
    [id],
  );
let removals = 0;
async function removed(networkId: NetworkId): Promise<DeploymentPlan> {
  const { order: removal } = await world.app
    .get(OrderService)
    .deprovision(world.tenantId, 'portal', { idempotencyKey: `remove-${++removals}`, networkId, ifVersion: null });
  expect(await world.settle(removal.id)).toBe('RETIRED');
  return latest();
}
/** A network that was on the hosts alone. */
async function removedFromHosts(): Promise<NetworkId> {
  const id = await world.provision();
  expect(await world.settle(id)).toBe('ACTIVE');
  const [row] = await sql<{ id: NetworkId }>('SELECT network_id AS id FROM network_order WHERE id = $1', [id]);
  await removed(row?.id as NetworkId);
  return row?.id as NetworkId;
}
async function run({ id, digest }: DeploymentPlan): Promise<void> {
  await world.app.get(PlannerService).approve(id, digest, 'bob', null);
  await world.app.get(RolloutService).requestApply(id, digest, 'bob');
  await world.converge();
}
/** What the fabric asks for, approved by a person and asked to run. */
async function askedFor(): Promise<DeploymentPlan> {
  const planner = world.app.get(PlannerService);
  const plan = (await planner.propose('operator')) as DeploymentPlan;
  await planner.approve(plan.id, plan.digest, 'bob', null);
  return world.app.get(RolloutService).requestApply(plan.id, plan.digest, 'bob');
}

describe('a plan that is taken back', () => {
  it('leaves its devices as they were, to the byte, and withdraws what it had brought: numbers rest, names are gone', async () => {
    await given();
    const before = live();
    const { plan, networkId } = await built();
    expect(live()).not.toBe(before);
    expect(await names()).not.toEqual([]);
    const rollback = await back(plan.id, { digest: plan.digest });
    expect(rollback).toMatchObject({
      rollbackOf: plan.id,
      risk: 'LOW',
      state: 'APPROVED',
      createdBy: 'alice',
      strategy: { soakSeconds: 0 },
    });
    expect(rollback.items.map(({ slug }) => slug).sort()).toEqual(['pve1', 'pve2', 'test']);
    expect(await recalls(rollback.id)).toMatchObject([{ action: 'WITHDRAW', state: 'PROPOSED', networkId, vni: 10000 }]);
    expect(
      await until(
        () => networkState(networkId),
        (state) => state === 'RETIRED',
      ),
    ).toBe('RETIRED');
    expect(live()).toBe(before);
    expect(await allocations(networkId)).toEqual([{ state: 'QUARANTINED' }]);
    expect(await names()).toEqual([]);
    const [recall] = await recalls(rollback.id);
    expect(recall).toMatchObject({ state: 'ORDERED', reason: null });
    expect(
      await sql('SELECT kind, state, idempotency_key AS key, requested_by AS "by" FROM network_order WHERE id = $1', [recall?.orderId]),
    ).toEqual([{ kind: 'DEPROVISION', state: 'RETIRED', key: `rollback:${rollback.id}:${networkId}`, by: 'rollback' }]);
    expect(await sql(`SELECT actor, detail->>'reason' AS reason FROM audit_entry WHERE action = 'plan.rollback_made'`)).toEqual([
      { actor: 'alice', reason: 'customers complain' },
    ]);
    expect(await sql(`SELECT 1 AS found FROM plan WHERE generation > $1`, [rollback.generation])).toEqual([]); // Nobody went forward again.
  });

  it('is taken back once, however often somebody says so', async () => {
    await given();
    const { plan, networkId } = await built();
    const [one, two] = await Promise.all([back(plan.id), back(plan.id)]);
    expect(two.id).toBe(one.id);
    expect(await locked()).toHaveLength(3);
    await until(
      () => networkState(networkId),
      (state) => state === 'RETIRED',
    );
    expect((await back(plan.id)).id).toBe(one.id);
    expect(await sql(`SELECT 1 AS found FROM network_order WHERE kind = 'DEPROVISION'`)).toHaveLength(1);
  });

  it('holds its devices until the fabric asks for what they carry, and its own pushes pass', async () => {
    await given();
    const { plan, networkId } = await built();
    const rollback = await back(plan.id);
    await world.converge(); // Nobody withdraws the network yet: the intent still asks for it.
    await world.converge();
    expect((await world.app.get(RolloutService).plan(rollback.id)).state).toBe('APPLIED');
    expect((await latest()).id).toBe(rollback.id);
    expect(await locked()).toMatchObject(
      Array.from({ length: 3 }, () => ({ scope: 'DEVICE', heldBy: 'alice', reason: 'taken back: customers complain' })),
    );
    await until(
      () => networkState(networkId),
      (state) => state === 'RETIRED',
    );
    await world.converge();
    expect(await locked()).toEqual([]);
    expect(await sql(`SELECT count(*)::int AS n FROM audit_entry WHERE action = 'lock.ended'`)).toEqual([{ n: 3 }]);
  });

  it('gives back what it had removed: the same numbers, places, prefixes, addresses and names', async () => {
    await given();
    const { networkId } = await built();
    const [had, bytes, known] = [await possessions(networkId), live(), await names()];
    const removal = await removed(networkId);
    expect(await possessions(networkId)).not.toEqual(had);
    const rollback = await back(removal.id);
    expect(await recalls(rollback.id)).toMatchObject([{ action: 'RESTORE', state: 'PROPOSED', networkId }]);
    await until(
      () => networkState(networkId),
      (state) => state === 'ACTIVE',
    );
    expect(live()).toBe(bytes);
    expect(await possessions(networkId)).toEqual(had);
    expect(await names()).toEqual(known);
    expect(await allocations(networkId)).toEqual([{ state: 'BOUND' }]);
    await world.converge();
    expect(await locked()).toEqual([]);
    expect(await sql(`SELECT kind, state FROM network_order WHERE id = $1`, [(await recalls(rollback.id))[0]?.orderId])).toEqual([
      { kind: 'RESTORE', state: 'ACTIVE' },
    ]);
    // It is whole: it is removed, and brought back, as often as somebody wants.
    const again = await back((await removed(networkId)).id);
    await until(
      () => networkState(networkId),
      (state) => state === 'ACTIVE',
    );
    expect(await recalls(again.id)).toMatchObject([{ state: 'ORDERED' }]);
    expect(await possessions(networkId)).toEqual(had);
  });

  it('names what it cannot give back, and then brings it to no device: a number that rests no more', async () => {
    await given();
    await built();
    const other = await built();
    const removal = await removed(other.networkId);
    const bytes = live();
    await sql(
      `DELETE FROM number_allocation WHERE state = 'QUARANTINED' AND key LIKE '%/evi' AND value = (SELECT max(evi_id) FROM network)`,
    );
    const rollback = await back(removal.id);
    await until(
      () => recalls(rollback.id),
      ([recall]) => recall?.state === 'REFUSED',
    );
    expect(await recalls(rollback.id)).toMatchObject([{ reason: 'a number of it rests no more: it went back to its pool', orderId: null }]);
    await work();
    expect(await world.app.get(RolloutService).plan(rollback.id)).toMatchObject({
      state: 'HALTED',
      haltReason: expect.stringMatching(/cannot be restored: web-10001: a number of it rests no more/) as string,
      items: expect.arrayContaining([expect.objectContaining({ state: 'SKIPPED' })]) as unknown[],
    });
    await work(); // It held its devices as long as it might run.
    expect(await networkState(other.networkId)).toBe('RETIRED');
    expect(live()).toBe(bytes);
    expect(await locked()).toEqual([]);
  });

  it('has in the books what it restores before a device carries it', async () => {
    await given();
    const { networkId } = await built();
    const removal = await removed(networkId);
    const bytes = live();
    const rollback = await back(removal.id);
    for (let rounds = 0; rounds < 3; rounds++) await world.converge(); // Nobody restores anything yet.
    expect((await world.app.get(RolloutService).plan(rollback.id)).state).toBe('APPROVED');
    expect(live()).toBe(bytes);
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'WANTED' }]);
    await world.app.get(NetworkRecalls).run();
    expect(await allocations(networkId)).toEqual([{ state: 'BOUND' }]);
    expect(live()).toBe(bytes);
    await world.converge();
    expect(live()).not.toBe(bytes);
    expect((await world.app.get(RolloutService).plan(rollback.id)).state).toBe('APPLIED');
  });

  it('that waits for its networks lets the rest of the fabric go on, and not for ever', async () => {
    await given();
    const networkId = await removedFromHosts();
    const rollback = await back((await latest()).id);
    await world.converge();
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'WANTED' }]); // Nobody restores anything.
    const leaf = { deviceId: idOf('test'), port: PortName.parse('Ethernet2'), tagging: 'TAGGED' as const, vlan: null };
    expect(await world.settle(await world.provision({ attachments: [leaf] }))).toBe('ACTIVE');
    const now = () => world.app.get(RolloutService).plan(rollback.id);
    expect((await now()).state).toBe('APPROVED');
    await sql(`UPDATE network_recall SET wanted_at = wanted_at - interval '1 hour'`);
    await world.converge();
    expect(await now()).toMatchObject({
      state: 'HALTED',
      haltReason: 'what it would bring back on its devices was not restored within 300 s: web-10000',
    });
    await world.converge(); // Over: its locks end, and what it asked for is wanted no more.
    expect(await locked()).toEqual([]);
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'KEPT', reason: 'the rollback did not run' }]);
    await world.app.get(NetworkRecalls).run();
    expect(await networkState(networkId)).toBe('RETIRED');
  });

  it('does not wait for the end of the lock of a tenant whose network it would restore', async () => {
    await given();
    await removedFromHosts();
    const removal = await latest();
    await world.app
      .get(LockService, { strict: false })
      .acquire('alice', { scope: 'TENANT', subject: 'acme', reason: 'audit', seconds: 600 });
    const rollback = await back(removal.id);
    await work();
    await work();
    expect(await world.app.get(RolloutService).plan(rollback.id)).toMatchObject({
      state: 'HALTED',
      haltReason: expect.stringMatching(/cannot be restored: web-10000: .*audit/) as string,
    });
    await work();
    expect(await locked()).toMatchObject([{ scope: 'TENANT' }]);
  });

  it('leaves a network whose retry came to another device meanwhile, and names the device', async () => {
    await given();
    device('pve2').failAt('stage', 'CONFIG_REFUSED');
    const id = await world.provision();
    await world.converge();
    const first = await latest();
    expect(first).toMatchObject({
      state: 'HALTED',
      items: [
        { slug: 'pve1', state: 'VERIFIED' },
        { slug: 'pve2', state: 'FAILED' },
      ],
    });
    device('pve2').heal();
    await sql(`UPDATE device_state SET next_try_at = '-infinity'`); // It rests no longer.
    const retry = await askedFor();
    const rollback = await back(first.id);
    expect(await recalls(rollback.id)).toMatchObject([{ action: 'WITHDRAW', state: 'PROPOSED' }]);
    for (let rounds = 0; rounds < 4; rounds++) await work();
    expect((await world.app.get(RolloutService).plan(retry.id)).state).toBe('APPLIED');
    expect((await world.app.get(RolloutService).plan(rollback.id)).state).toBe('APPLIED');
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'KEPT', reason: 'pve2 carries it, or may', orderId: null }]);
    expect(JSON.stringify([...device('pve2').files])).toContain('10000');
    expect(await sql(`SELECT 1 AS found FROM network_order WHERE kind = 'DEPROVISION'`)).toEqual([]);
    expect(await world.state(id)).not.toBe('RETIRED');
  });

  it('leaves a network that a person lets go forward again before it is withdrawn', async () => {
    await given();
    const { plan, networkId } = await built();
    const rollback = await back(plan.id);
    await world.converge();
    await world.converge();
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'WANTED' }]);
    for (const { id } of await locked()) await world.app.get(LockService, { strict: false }).release('alice', id);
    for (let rounds = 0; rounds < 3; rounds++) await world.converge();
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'KEPT', reason: 'pve1, pve2, test carry it, or may' }]);
    await work();
    expect(await networkState(networkId)).toBe('ACTIVE');
  });

  it('of an older release, which did not keep on which devices its networks were, withdraws none', async () => {
    await given();
    const { plan, networkId } = await built();
    const rollback = await back(plan.id);
    await sql(`UPDATE network_recall SET device_ids = '{}'`);
    for (let rounds = 0; rounds < 4; rounds++) await work();
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'KEPT', reason: expect.stringContaining('older release') as string }]);
    expect(await networkState(networkId)).toBe('ACTIVE');
  });

  it('that is cancelled before it runs takes back what was restored for it', async () => {
    await given();
    const { networkId } = await built();
    const removal = await removed(networkId);
    const rollback = await back(removal.id);
    await world.converge();
    await world.app.get(NetworkRecalls).run();
    expect(await networkState(networkId)).not.toBe('RETIRED');
    await world.app.get(SteeringService).cancel(rollback.id, 'alice', 'the wrong one');
    await until(
      () => networkState(networkId),
      (state) => state === 'RETIRED',
    );
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'KEPT', reason: 'the rollback did not run' }]);
    expect(await allocations(networkId)).toEqual([{ state: 'QUARANTINED' }]);
  });

  it('is refused where somebody else has the number by now', async () => {
    await given();
    const { networkId } = await built();
    const removal = await removed(networkId);
    await sql(`UPDATE number_allocation SET reusable_at = now() - interval '1 s' WHERE state = 'QUARANTINED'`);
    await sql('SELECT number_sweep(100)');
    // Ordered, and on no device yet; of the same name, so that only its time tells it from the one that was removed.
    await world.provision({ name: Label.parse('web') });
    await expect(back(removal.id)).rejects.toMatchObject({ code: 'IN_USE', facts: { device: 'pve1', vni: 10000 } });
    expect(await locked()).toEqual([]);
  });

  it('is refused while a newer plan is on a device, which it names, and not when that one is taken back, too', async () => {
    await given();
    const first = await built();
    const second = await built();
    await expect(back(first.plan.id)).rejects.toMatchObject({
      code: 'PLAN_STALE',
      facts: { device: 'pve1', newerPlan: second.plan.id, generation: second.plan.generation },
    });
    await back(second.plan.id);
    await until(
      () => networkState(second.networkId),
      (state) => state === 'RETIRED',
    );
    await back(first.plan.id);
    await until(
      () => networkState(first.networkId),
      (state) => state === 'RETIRED',
    );
  });

  it('of some devices leaves the network where others carry it, and says so', async () => {
    await given();
    const { plan, networkId } = await built();
    const rollback = await back(plan.id, { devices: ['pve1'] });
    expect(await recalls(rollback.id)).toMatchObject([
      { action: 'WITHDRAW', state: 'KEPT', reason: 'pve2, test carry it and are not taken back' },
    ]);
    await work();
    await work();
    expect(await networkState(networkId)).toBe('ACTIVE');
    expect([...device('pve1').files.values()].join()).not.toContain('vni10000');
    expect(await locked()).toMatchObject([{ subject: 'pve1' }]);
    const [lock] = await locked();
    await world.app.get(LockService, { strict: false }).release('alice', lock?.id as NonNullable<typeof lock>['id']);
    const has = async (): Promise<string> => [...device('pve1').files.values()].join();
    expect(await until(has, (text) => text.includes('10000'))).toContain('10000'); // A person lets it go forward again.
  });

  it('waits for a person where what it takes back was HIGH, and holds the devices meanwhile', async () => {
    await given();
    const before = live();
    await sql('UPDATE bgp_session SET keepalive_seconds = keepalive_seconds + 1, hold_seconds = hold_seconds + 3');
    await sql('UPDATE fabric SET revision = revision + 1');
    const planner = world.app.get(PlannerService);
    const high = (await planner.propose('operator')) as DeploymentPlan;
    await planner.approve(high.id, high.digest, 'operator', null);
    await world.app.get(RolloutService).requestApply(high.id, high.digest, 'operator');
    await world.converge();
    const rollback = await back(high.id);
    expect(rollback).toMatchObject({ risk: 'HIGH', state: 'PROPOSED' });
    await work();
    expect(live()).not.toBe(before);
    expect(await planner.checks(rollback)).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'LOCKS', ok: true })]));
    await planner.approve(rollback.id, rollback.digest, 'bob', null);
    await world.app.get(RolloutService).requestApply(rollback.id, rollback.digest, 'alice');
    await world.converge();
    expect(live()).toBe(before);
    await work();
    expect(live()).toBe(before); // Locked: what the fabric still asks for waits.
    expect(await locked()).toHaveLength(3);
  });

  it('may touch management where what it takes back might, says so to whoever approves it, and the device is told', async () => {
    await given();
    const before = live();
    await sql('UPDATE bgp_session SET keepalive_seconds = keepalive_seconds + 1, hold_seconds = hold_seconds + 3');
    await sql('UPDATE fabric SET revision = revision + 1');
    const planner = world.app.get(PlannerService);
    const there = (await planner.propose('operator', undefined, undefined, null, true)) as DeploymentPlan;
    await run(there);
    const rollback = await back(there.id);
    expect(rollback).toMatchObject({ mayTouchManagement: true, risk: 'HIGH', state: 'PROPOSED' });
    for (const { slug, riskReasons } of rollback.items)
      expect(riskReasons).toContain(`The way by which ${slug} is managed may change: a person has said so.`);
    await run(rollback);
    expect(live()).toBe(before);
    expect(device('pve1').identity).toMatchObject({ planId: rollback.id, mayTouchManagement: true });
  });

  it('of a first takeover takes away what is ours, and the next takeover asks a person again', async () => {
    await given();
    const takeover = await latest();
    const rollback = await back(takeover.id, { devices: ['pve2'] });
    expect(rollback).toMatchObject({ risk: 'HIGH', state: 'PROPOSED' });
    await world.app.get(PlannerService).approve(rollback.id, rollback.digest, 'bob', null);
    await world.app.get(RolloutService).requestApply(rollback.id, rollback.digest, 'bob');
    await world.converge();
    expect([...device('pve2').files.keys()]).toEqual([]);
    expect(await locked()).toMatchObject([{ subject: 'pve2' }]);
    const [lock] = await locked();
    await world.app.get(LockService, { strict: false }).release('alice', lock?.id as NonNullable<typeof lock>['id']);
    await work();
    expect(await latest()).toMatchObject({ state: 'PROPOSED', risk: 'HIGH', rollbackOf: null });
    expect([...device('pve2').files.keys()]).toEqual([]);
  });

  it('waits with a network whose tenant is locked, and withdraws it afterwards', async () => {
    await given();
    const { plan, networkId } = await built();
    const locks = world.app.get(LockService, { strict: false });
    const lock = await locks.acquire('alice', { scope: 'TENANT', subject: 'acme', reason: 'audit', seconds: 600 });
    const rollback = await back(plan.id);
    await work();
    await work();
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'WANTED' }]);
    await locks.release('alice', lock.id);
    await until(
      () => networkState(networkId),
      (state) => state === 'RETIRED',
    );
  });

  it('keeps a network whose removal is still under way, as it is', async () => {
    await given();
    const { networkId } = await built();
    const had = await possessions(networkId);
    await world.app.get(OrderService).deprovision(world.tenantId, 'portal', { idempotencyKey: 'remove', networkId, ifVersion: null });
    await world.converge(); // No device has it any more, and nobody has told the order.
    const bytes = live();
    const rollback = await back((await latest()).id);
    await until(
      () => networkState(networkId),
      (state) => state === 'ACTIVE',
    );
    expect(live()).not.toBe(bytes);
    expect(await possessions(networkId)).toEqual(had);
    expect(await sql(`SELECT kind, state FROM network_order ORDER BY created_at`)).toEqual([
      { kind: 'PROVISION', state: 'ACTIVE' },
      { kind: 'DEPROVISION', state: 'CANCELLED' },
      { kind: 'RESTORE', state: 'ACTIVE' },
    ]);
    expect(await recalls(rollback.id)).toMatchObject([{ action: 'RESTORE', state: 'ORDERED' }]);
  });

  it("lets go of devices that it never came to: cancelled, they are nobody's", async () => {
    await given();
    const { plan } = await built();
    const rollback = await back(plan.id);
    await sql(`UPDATE plan SET state = 'CANCELLED', finished_at = now() WHERE id = $1`, [rollback.id]);
    await world.converge();
    expect(await locked()).toEqual([]);
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'KEPT', reason: 'the rollback did not run' }]);
  });

  it('that is halted leaves the network that it would have withdrawn as it was, and names the devices', async () => {
    await given();
    const { plan, networkId } = await built();
    const had = await possessions(networkId);
    device('test').failAt('stage', 'CONFIG_REFUSED');
    const rollback = await back(plan.id);
    await work();
    await work();
    const ended = await world.app.get(RolloutService).plan(rollback.id);
    expect(ended).toMatchObject({ state: 'HALTED', haltReason: expect.stringContaining('failed on test') as string });
    const left = ended.items.filter(({ state }) => state !== 'VERIFIED').map(({ slug }) => slug);
    expect(left).toContain('test');
    const reason = `${left.sort().join(', ')} ${left.length === 1 ? 'is' : 'are'} not taken back`;
    expect(await recalls(rollback.id)).toMatchObject([{ action: 'WITHDRAW', state: 'KEPT', reason, orderId: null }]);
    device('test').heal();
    for (let rounds = 0; rounds < 3; rounds++) await work();
    expect(await networkState(networkId)).toBe('ACTIVE');
    expect(await possessions(networkId)).toEqual(had);
    expect(await sql(`SELECT 1 AS found FROM network_order WHERE kind <> 'PROVISION'`)).toEqual([]);
  });

  it.each([
    ['none', 'is gone again, and its numbers rest', 'canary'],
    ['some', 'stays, and its order waits for the others', 'later'],
  ])('that is halted when %s of its devices has the network again: it %s', async (_, __, when) => {
    await given();
    const { networkId } = await built();
    const removal = await removed(networkId);
    const bytes = live();
    const rollback = await back(removal.id);
    const order = rollback.items.map(({ slug }) => slug as Slug);
    const refuses = order[when === 'canary' ? 0 : 1] as Slug;
    device(refuses).failAt('stage', 'CONFIG_REFUSED');
    const settled = when === 'canary' ? 'KEPT' : 'ORDERED';
    await until(
      () => recalls(rollback.id),
      ([recall]) => recall?.state === settled && recall.reason !== null,
    );
    expect((await world.app.get(RolloutService).plan(rollback.id)).state).toBe('HALTED');
    expect((await recalls(rollback.id))[0]?.reason).toMatch(new RegExp(`${refuses}.* (is|are) not taken back$`));
    if (when === 'canary') {
      device(refuses).heal();
      await until(
        () => networkState(networkId),
        (state) => state === 'RETIRED',
      );
      expect(live()).toBe(bytes);
      expect(await allocations(networkId)).toEqual([{ state: 'QUARANTINED' }]);
      expect(await names()).toEqual([]);
    } else {
      // A device carries it, so it is in the books; nobody else is given its number.
      expect(await networkState(networkId)).not.toBe('RETIRED');
      expect(await allocations(networkId)).toEqual([{ state: 'BOUND' }]);
      expect(JSON.stringify([...device(order[0] as Slug).files])).toContain('10000');
    }
  });

  it('whose locks somebody else asks about holds them: only its own pushes pass', async () => {
    await given();
    const { plan } = await built();
    const locks = world.app.get(LockService, { strict: false });
    const mine = await locks.acquire('alice', { scope: 'FABRIC', subject: null, reason: 'power', seconds: 600 });
    const rollback = await back(plan.id);
    const ask = (passing?: PlanId | null) => world.db.inTransaction(systemScope('spec'), (tx) => locks.ofDevice(tx, idOf('pve1'), passing));
    expect((await ask())?.reason).toBe('taken back: customers complain');
    expect((await ask(null))?.reason).toBe('taken back: customers complain');
    expect((await ask(rollback.id))?.reason).toBe('power');
    await sql('DELETE FROM maintenance_lock WHERE plan_id IS NOT NULL');
    expect((await ask())?.id).toBe(mine.id);
    expect((await ask(plan.id))?.id).toBe(mine.id);
  });

  it('writes plan, locks and recalls together or not at all, and a recall whose signal is lost is carried out', async () => {
    await given();
    const { plan, networkId } = await built();
    const owner = new pg.Client({ connectionString: world.url });
    await owner.connect();
    await owner.query(`ALTER TABLE network_recall ADD CONSTRAINT planted CHECK (action <> 'WITHDRAW')`);
    await expect(back(plan.id)).rejects.toThrow('planted');
    expect(await sql('SELECT 1 AS found FROM plan WHERE rollback_of IS NOT NULL')).toEqual([]);
    expect(await locked()).toEqual([]);
    await owner.query('ALTER TABLE network_recall DROP CONSTRAINT planted');
    await owner.end();
    const rollback = await back(plan.id);
    await world.converge(); // The devices are back …
    await world.converge(); // … and the network may follow.
    await sql('DELETE FROM outbox');
    expect(await recalls(rollback.id)).toMatchObject([{ state: 'WANTED' }]);
    await until(
      () => networkState(networkId),
      (state) => state === 'RETIRED',
    );
  });

  it('is refused in words: another digest, a plan under way, a device that is not of it', async () => {
    await given();
    const { plan } = await built();
    await expect(back(plan.id, { digest: 'another' })).rejects.toMatchObject({ code: 'PLAN_STALE' });
    await expect(
      rollbacks().rollBack(plan.id, 'alice', { digest: null, devices: new Set([world.tenantId as never]), reason: 'x' }),
    ).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      facts: { accepted: 'devices of the plan: pve1, pve2, test' },
    });
    await expect(back('01890000-0000-7000-8000-000000000000' as PlanId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await sql(`UPDATE plan SET state = 'APPLYING' WHERE id = $1`, [plan.id]);
    await expect(back(plan.id)).rejects.toMatchObject({ code: 'INVALID_STATE', facts: { state: 'APPLYING' } });
  });
});
