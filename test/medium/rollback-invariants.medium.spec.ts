// What always holds of rollbacks: each way to break it is found, by name, and nothing else is.
import { type DeploymentPlan, RollbackService, RolloutService } from '#contexts/deployment';
import { type Invariant, InvariantInspector, InvariantRegistry, type Violation } from '#contexts/events';
import { NetworkRecalls, OrderReconciler } from '#contexts/provisioning';
import { newId, systemScope } from '#platform';
import { createWorld, type World } from '../support/world.js';

let world: World;
let rollback: DeploymentPlan;
let invariants: readonly Invariant[];
beforeAll(async () => {
  world = await createWorld();
  invariants = world.app.get(InvariantRegistry, { strict: false }).all();
  expect(await world.settle(await world.provision())).toBe('ACTIVE');
  const [plan] = await world.app.get(RolloutService).latest(1);
  const wish = { digest: null, devices: null, reason: 'customers complain' };
  rollback = await world.app.get(RollbackService).rollBack((plan as DeploymentPlan).id, 'alice', wish);
  expect(await found()).toEqual({}); // It is proposed, and holds its devices.
  for (let rounds = 0; rounds < 4; rounds++) {
    await world.converge();
    expect(await found()).toEqual({});
    await world.app.get(NetworkRecalls).run();
    await world.app.get(OrderReconciler).advanceOpen();
  }
  expect(await found()).toEqual({});
  const [recall] = await world.app.get(RollbackService).recallsOf(rollback.id);
  expect(recall).toMatchObject({ action: 'WITHDRAW', state: 'ORDERED' });
});
afterAll(() => world?.close());

const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  world.db.inTransaction(systemScope('test'), (tx) => tx.sql<Row>(text, values));
async function found(among = ''): Promise<Record<string, readonly Violation[]>> {
  const inspector = world.app.get(InvariantInspector, { strict: false });
  const broken: Record<string, readonly Violation[]> = {};
  for (const invariant of invariants.filter(({ name }) => name.startsWith(among))) {
    const { violations } = await inspector.inspect(invariant, 'test');
    if (violations.length > 0) broken[invariant.name] = violations;
  }
  return broken;
}
/** Rows as they are, to be put back. */
async function expectPlanted(break_: () => Promise<unknown>, name: string, id: string, what: RegExp): Promise<void> {
  const [plans, items, recalls] = [await rows('plan'), await rows('plan_item'), await rows('network_recall')];
  await break_();
  expect(await found()).toEqual({ [name]: [{ id, what: expect.stringMatching(what) as string }] });
  expect(invariants.find((invariant) => invariant.name === name)?.repair).toBeUndefined();
  await sql('DELETE FROM maintenance_lock');
  for (const { id: planId, started, finished } of plans)
    await sql('UPDATE plan SET started_at = $2, finished_at = $3 WHERE id = $1', [planId, started, finished]);
  for (const { id: planId, device, state } of items)
    await sql('UPDATE plan_item SET state = $3 WHERE plan_id = $1 AND device_id = $2', [planId, device, state]);
  for (const { id: recallId, state, orderId } of recalls)
    await sql('UPDATE network_recall SET state = $2, order_id = $3 WHERE id = $1', [recallId, state, orderId]);
  expect(await found('deployment.')).toEqual({});
}
type Kept = { id: string; device: string | null; state: string; started: Date | null; finished: Date | null; orderId: string | null };
const KEPT = {
  plan: 'SELECT id, started_at AS started, finished_at AS finished FROM plan',
  plan_item: 'SELECT plan_id AS id, device_id AS device, state FROM plan_item',
  network_recall: 'SELECT id, state, order_id AS "orderId" FROM network_recall',
} as const;
const rows = (table: keyof typeof KEPT): Promise<Kept[]> => sql<Kept>(KEPT[table]);

async function lock(planId: string, deviceId: string | null | undefined, scope: 'DEVICE' | 'FABRIC' = 'DEVICE'): Promise<string> {
  const id = newId<string>();
  await sql(
    `INSERT INTO maintenance_lock (id, scope, device_id, fabric_id, plan_id, reason, held_by, created_at, until)
     VALUES ($1, $2, CASE $2 WHEN 'DEVICE' THEN $3::uuid END, CASE $2 WHEN 'FABRIC' THEN $3::uuid END, $4, 'planted', 'test', now(), now() + interval '1 hour')`,
    [id, scope, deviceId, planId],
  );
  return id;
}
const past = (minutes: number): Promise<unknown> =>
  sql(`UPDATE plan SET finished_at = now() - make_interval(mins => $2) WHERE id = $1`, [rollback.id, minutes]);

describe('of a rollback and what it recalls', () => {
  it.each([
    [
      'of a plan that takes nothing back',
      /which takes nothing back$/,
      () => [rollback.rollbackOf, world.deviceIds.get('pve1'), 'DEVICE'] as const,
    ],
    [
      'of a device that is not in it',
      /has nothing to do with the device/,
      () => [rollback.id, world.deviceIds.get('test'), 'DEVICE'] as const,
    ],
    ['of more than a device', /is of scope FABRIC$/, () => [rollback.id, world.fabricId, 'FABRIC'] as const],
  ] as const)('a lock %s is found', async (_, what, where) => {
    const [planId, subject, scope] = where();
    let id = '';
    const broken = async (): Promise<void> => {
      id = await lock(planId as string, subject, scope);
      expect(await found()).toEqual({ 'deployment.locks-of-rollbacks': [{ id, what: expect.stringMatching(what) as string }] });
    };
    await broken();
    await sql('DELETE FROM maintenance_lock WHERE id = $1', [id]);
    expect(await found('deployment.')).toEqual({});
  });

  it('a lock that nothing ends is found', async () => {
    const deviceId = world.deviceIds.get('pve1') as string;
    // What was withdrawn all the same is another finding: here nothing of it is left.
    const id = await lock(rollback.id, deviceId);
    await expectPlanted(
      async () => {
        await past(2);
        await sql(`UPDATE network_recall SET state = 'KEPT', reason = 'planted'`);
        await sql(`UPDATE plan_item SET state = 'SKIPPED' WHERE plan_id = $1 AND device_id = $2`, [rollback.id, deviceId]);
      },
      'deployment.locks-end',
      id,
      /is APPLIED, and pve1 was not brought back by it: SKIPPED$/,
    );
  });

  it.each([
    [
      'nobody has judged',
      'deployment.recalls-judged',
      2,
      `state = 'PROPOSED'`,
      /^WITHDRAW of the network web-10000 .* is still PROPOSED, and the rollback is APPLIED$/,
    ],
    [
      'nobody carries out',
      'deployment.recalls-carried-out',
      6,
      `state = 'WANTED'`,
      /^WITHDRAW of the network web-10000 \(VNI 10000\) is still WANTED$/,
    ],
    ['nobody takes back', 'deployment.recalls-carried-out', 6, `state = 'UNWANTED'`, /is still UNWANTED$/],
    ['has lost its order', 'deployment.recalls-ordered', 0, 'order_id = NULL', /is ORDERED and has no order$/],
    [
      'has an order of another kind',
      'deployment.recalls-ordered',
      0,
      `order_id = (SELECT id FROM network_order WHERE kind = 'PROVISION')`,
      /is ORDERED by .*, which is of kind PROVISION$/,
    ],
  ])('a recall that %s is found', async (_, name, minutes, change, what) => {
    await expectPlanted(
      async () => {
        if (minutes > 0) await past(minutes);
        await sql(`UPDATE network_recall SET ${change}`);
      },
      name,
      rollback.id,
      what,
    );
  });

  it('a network that was withdrawn from under a device, or by a rollback that never began, is found', async () => {
    await expectPlanted(
      () => sql(`UPDATE plan_item SET state = 'SKIPPED' WHERE plan_id = $1 AND device_id = $2`, [rollback.id, world.deviceIds.get('pve2')]),
      'deployment.recalls-follow-devices',
      rollback.id,
      /^WITHDRAW of the network web-10000 .* is ORDERED, and a device of it is not back$/,
    );
    await expectPlanted(
      () => sql('UPDATE plan SET started_at = NULL WHERE id = $1', [rollback.id]),
      'deployment.recalls-follow-devices',
      rollback.id,
      /and the rollback has not begun$/,
    );
  });

  it('one that waits for a locked tenant is none', async () => {
    await past(6);
    await sql(`UPDATE network_recall SET state = 'WANTED'`);
    expect(Object.keys(await found())).toEqual(['deployment.recalls-carried-out']);
    await sql(
      `INSERT INTO maintenance_lock (id, scope, tenant_id, reason, held_by, created_at, until) VALUES ($1, 'TENANT', $2, 'audit', 'test', now(), now() + interval '1 hour')`,
      [newId(), world.tenantId],
    );
    expect(await found('deployment.')).toEqual({});
  });
});
