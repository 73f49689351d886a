import { PlannerService, RolloutService, TakeoverReader } from '#contexts/deployment';
import { FabricService } from '#contexts/fabric';
import { OrderReconciler, OrderService } from '#contexts/provisioning';
import type { DeviceId, NetworkId } from '#engines/kernel';
import { systemScope } from '#platform';
import { createWorld, type World } from '../support/world.js';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const provision = async () => (await world.app.get(OrderService).provision(world.tenantId, 'portal', world.order())).order;
const planner = (): PlannerService => world.app.get(PlannerService);
const rollouts = (): RolloutService => world.app.get(RolloutService);
const live = (slug: 'pve1' | 'pve2' | 'test'): string => [...(world.devices.get(slug)?.files.values() ?? [])].join('\n');
const system = <T>(work: Parameters<World['db']['inTransaction']>[1]): Promise<T> =>
  world.db.inTransaction(systemScope('spec'), work) as Promise<T>;

/** Makes the next change of pve1 one that needs a person. */
const changeUnderlay = () =>
  system(async (tx) => {
    await tx.run('UPDATE bgp_session SET keepalive_seconds = keepalive_seconds + 1, hold_seconds = hold_seconds + 3');
    await tx.run('UPDATE fabric SET revision = revision + 1');
  });
/** Who writes to pve1 from now on. */
const manage = (managed: 'OBSERVE' | 'SECTION') =>
  system((tx) => world.app.get(FabricService).manage(tx, world.deviceIds.get('pve1') as DeviceId, managed));

describe('a device that was ours, was only observed and is ours again', () => {
  it.each([['what the fabric asks for is another thing by now'], ['what the fabric asks for is what it carried']])(
    'is read first, and waits for a person with what was changed there by hand, where %s',
    async (when) => {
      expect(await world.settle((await provision()).id)).toBe('ACTIVE');
      await manage('OBSERVE');
      const files = world.devices.get('pve1')?.files;
      const [path, text] = [...(files ?? [])].find(([, content]) => content.includes(' timers 20 60')) as [string, string];
      files?.set(path, text.replace(' timers 20 60', ' timers 3 9'));
      const byHand = live('pve1');
      await world.converge();
      await manage('SECTION');
      expect(await planner().propose('operator')).toBeUndefined(); // Nobody has looked.
      if (when.includes('another')) await provision();
      for (let rounds = 0; rounds < 3; rounds++) await world.converge();
      expect(live('pve1')).toBe(byHand);
      expect(await world.app.get(TakeoverReader).readDue()).toBe(1);
      for (let rounds = 0; rounds < 3; rounds++) await world.converge();
      expect(live('pve1')).toBe(byHand);
      const plan = await planner().propose('operator');
      expect(plan).toMatchObject({ risk: 'HIGH', state: 'PROPOSED' });
      expect(plan?.items.find(({ slug }) => slug === 'pve1')?.riskReasons.join()).toMatch(
        /^pve1 was only observed and is taken over again, and \d of its lines become others, the first: /,
      );
      await planner().approve(plan?.id as never, plan?.digest ?? '', 'bob', null);
      await rollouts().requestApply(plan?.id as never, plan?.digest ?? '', 'bob');
      await world.converge();
      expect(live('pve1')).toContain(' timers 20 60');
      await world.converge(); // Proven, and everyday work goes on.
      expect(await world.settle((await provision()).id)).toBe('ACTIVE');
    },
  );
});

describe('a plan', () => {
  it('changes nothing by being made, and not by being approved', async () => {
    const order = await provision();
    const plan = await planner().propose('operator');
    expect(plan).toMatchObject({ state: 'PROPOSED', risk: 'LOW' });
    expect(plan?.items.map((item) => [item.slug, item.wave, item.diff.includes('+') && item.diff.includes('10000')])).toEqual([
      ['pve1', 0, true],
      ['pve2', 1, true],
    ]);
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await world.state(order.id)).toBe('RUNNING');
    expect(live('pve1')).not.toContain('10000');
  });

  it('is made once when two people make it at the same moment', async () => {
    await provision();
    const waiting = async (): Promise<number> =>
      (await system<{ n: number }[]>((tx) => tx.sql('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted')))[0]?.n ?? 0;
    let both: Promise<unknown[]> = Promise.resolve([]);
    await system(async (tx) => {
      await tx.run('LOCK TABLE plan_item IN SHARE MODE'); // Both are in the middle of it.
      both = Promise.all(['alice', 'bob'].map((person) => planner().propose(person)));
      for (const deadline = performance.now() + 10_000; (await waiting()) < 2 && performance.now() < deadline; );
    });
    const [first, second] = (await both) as { id: string }[];
    expect(second?.id).toBe(first?.id);
    expect(await system((tx) => tx.sql(`SELECT id FROM plan WHERE state = 'PROPOSED'`))).toEqual([{ id: first?.id }]);
  });

  it('is run when a person asks for exactly what was approved', async () => {
    await changeUnderlay();
    await world.converge();
    const plan = await planner().propose('operator');
    expect(plan).toMatchObject({ risk: 'HIGH', state: 'PROPOSED' });
    if (!plan) return;
    const before = live('pve1');
    await expect(rollouts().requestApply(plan.id, plan.digest, 'op')).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
    await expect(planner().approve(plan.id, 'another digest', 'op', null)).rejects.toMatchObject({ code: 'PLAN_STALE' });
    await planner().approve(plan.id, plan.digest, 'op', null);
    await world.converge();
    expect(live('pve1')).toBe(before);
    await rollouts().requestApply(plan.id, plan.digest, 'op');
    await world.converge();
    expect(live('pve1')).toContain('21 63');
  });

  it('does not hold up everyday work while it waits for a person', async () => {
    await system((tx) =>
      tx.run(`UPDATE bgp_session SET keepalive_seconds = 21, hold_seconds = 63 WHERE b_device_id = $1 OR a_device_id = $1`, [
        world.deviceIds.get('pve2'),
      ]),
    );
    const attachments = world.order().attachments.slice(0, 1);
    const { order } = await world.app.get(OrderService).provision(world.tenantId, 'portal', world.order({ attachments }));
    expect(await world.settle(order.id)).toBe('ACTIVE');
    expect(live('pve2')).not.toContain('21 63');
  });

  it('is proposed beside everyday work: where there is always some, it would never come to it otherwise', async () => {
    await system((tx) =>
      tx.run(`UPDATE bgp_session SET keepalive_seconds = 21, hold_seconds = 63 WHERE b_device_id = $1 OR a_device_id = $1`, [
        world.deviceIds.get('pve2'),
      ]),
    );
    const attachments = world.order().attachments.slice(0, 1);
    await world.app.get(OrderService).provision(world.tenantId, 'portal', world.order({ attachments }));
    await world.converge();
    expect(live('pve1')).toContain('10000');
    const proposed = await system((tx) =>
      tx.sql(
        `SELECT d.slug FROM plan p JOIN plan_item i ON i.plan_id = p.id JOIN device d ON d.id = i.device_id WHERE p.state = 'PROPOSED' ORDER BY d.slug`,
      ),
    );
    expect(proposed).toEqual([{ slug: 'pve2' }, { slug: 'test' }]);
  });

  it('that was approved and overtaken is refused, and never takes a device back', async () => {
    await changeUnderlay();
    await world.converge();
    const plan = await planner().propose('operator');
    if (!plan) throw new Error('no plan');
    await planner().approve(plan.id, plan.digest, 'op', null);
    await provision();
    await rollouts().requestApply(plan.id, plan.digest, 'op');
    await world.converge();
    expect((await rollouts().plan(plan.id)).state).toBe('SUPERSEDED');
    const fresh = await planner().propose('operator');
    if (!fresh) throw new Error('no plan');
    await expect(planner().approve(plan.id, plan.digest, 'op', null)).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await planner().approve(fresh.id, fresh.digest, 'op', null);
    await rollouts().requestApply(fresh.id, fresh.digest, 'op');
    await world.converge();
    expect(live('pve1')).toContain('10000');
  });

  it('says nothing of a device that is being pushed to: a proposal by the way reports nobody as done', async () => {
    const order = await provision();
    expect(await world.settle(order.id)).toBe('ACTIVE');
    const { order: removal } = await world.app
      .get(OrderService)
      .deprovision(world.tenantId, 'portal', { idempotencyKey: 'bye', networkId: order.networkId as NetworkId, ifVersion: null });
    await planner().propose('operator');
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await world.state(removal.id)).toBe('RUNNING');
    expect(await world.settle(removal.id)).toBe('RETIRED');
  });

  it('whose worker died after the device had confirmed finds everything done, and leaves nothing staged there', async () => {
    const { id } = await provision();
    expect(await world.settle(id)).toBe('ACTIVE');
    const before = live('pve1');
    await system(async (tx) => {
      await tx.run('UPDATE device_state SET is_uncertain = true WHERE device_id = $1', [world.deviceIds.get('pve1')]);
      await tx.run('UPDATE fabric SET revision = revision + 1');
    });
    await world.converge();
    expect(world.devices.get('pve1')?.pending).toBeNull();
    expect(live('pve1')).toBe(before);
    expect(
      await system((tx) => tx.one('SELECT is_uncertain, failures FROM device_state WHERE device_id = $1', [world.deviceIds.get('pve1')])),
    ).toEqual({
      is_uncertain: false,
      failures: 0,
    });
  });
});
