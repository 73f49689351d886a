// A plan in the hands of an operator, through GraphQL: what is seen and approved is what is applied, and only that.
import { encodeId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world?.close());

interface Plan {
  readonly id: string;
  readonly digest: string;
  readonly risk: string;
  readonly state: string;
  readonly devices: readonly {
    readonly device: string;
    readonly wave: number;
    readonly diff: string;
    readonly state: string;
    readonly error: string | null;
    readonly hunks: readonly {
      readonly path: string;
      readonly text: string;
      readonly causes: readonly { readonly kind: string; readonly verb: string; readonly slug: string; readonly object: string | null }[];
    }[];
  }[];
}
interface Payload {
  readonly plan: Plan | null;
  readonly errors: readonly { readonly __typename: string; readonly code: string; readonly message: string }[];
}

const PLAN =
  '{ id digest risk state createdBy haltReason devices { device wave risk diff state error hunks { path text causes { kind verb slug object } } } }';
const PAYLOAD = `{ plan ${PLAN} errors { __typename code message } }`;
const DOCUMENTS = {
  plan: `query ($id: ID!) { plan(id: $id) ${PLAN} }`,
  propose: `mutation ($input: PlanDeploymentInput) { planDeployment(input: $input) ${PAYLOAD} }`,
  approve: `mutation ($id: ID!, $digest: String!, $comment: Label) { approvePlan(id: $id, digest: $digest, comment: $comment) ${PAYLOAD} }`,
  apply: `mutation ($id: ID!, $digest: String!) { applyPlan(input: { plan: $id, digest: $digest }) ${PAYLOAD} }`,
};
const ask = (document: keyof typeof DOCUMENTS, variables: Record<string, unknown> = {}): Promise<Payload> =>
  world.ask(world.operator, DOCUMENTS[document], variables);
const show = (id: string): Promise<Plan | null> => world.ask(world.operator, DOCUMENTS.plan, { id });

/** An order that nothing has been pushed for, and the plan of it. */
async function proposed(): Promise<{ readonly order: string; readonly vni: number; readonly plan: Plan }> {
  const { order } = await world.ask<{ order: { id: string; network: { vni: number } } }>(
    world.customer,
    'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id network { vni } } errors { code } } }',
    { input: world.orderInput() },
  );
  const { plan, errors } = await ask('propose', { input: {} });
  expect(errors).toEqual([]);
  return { order: order.id, vni: order.network.vni, plan: plan as Plan };
}
const orderState = async (id: string): Promise<string> =>
  (await world.ask<{ state: string }>(world.operator, 'query ($id: ID!) { order(id: $id) { state } }', { id })).state;
const refusalOf = ({ plan, errors }: Payload): { type: string | undefined; code: string | undefined } => {
  expect(plan).toBeNull();
  expect(errors).toHaveLength(1);
  return { type: errors[0]?.__typename, code: errors[0]?.code };
};
const wrong = (digest: string): string => digest.replace(/.$/, (last) => (last === '0' ? '1' : '0'));

describe('a plan', () => {
  it('says of each part of its diff which objects it is there for, by name and id', async () => {
    const { order, vni, plan } = await proposed();
    const { network } = await world.ask<{ network: { id: string; slug: string } }>(
      world.operator,
      'query ($id: ID!) { order(id: $id) { network { id slug } } }',
      { id: order },
    );
    for (const { diff, hunks } of plan.devices) {
      expect(hunks.length).toBeGreaterThan(1);
      for (const { text, causes } of hunks) {
        expect(diff).toContain(text);
        expect(causes).toEqual([{ kind: 'NETWORK', verb: 'ADDED', slug: network.slug, object: network.id }]);
      }
      expect(hunks.some(({ text }) => text.includes(String(vni)))).toBe(true);
    }
    // Kept with it, and the same for whoever asks.
    expect((await show(plan.id))?.devices).toEqual(plan.devices);
    const again = await ask('propose', { input: {} });
    expect(again.plan?.digest).toBe(plan.digest);
    expect(await world.settlePublic(order)).toBe('ACTIVE');
  });

  it('is seen, approved and applied by its digest, and the order for it is live', async () => {
    const { order, vni, plan } = await proposed();
    expect(plan).toMatchObject({ risk: 'LOW', state: 'PROPOSED' });
    expect(plan.devices.map(({ device, wave, state }) => ({ device, wave, state }))).toEqual([
      { device: 'pve1', wave: 0, state: 'PENDING' },
      { device: 'pve2', wave: 1, state: 'PENDING' },
    ]);
    for (const { diff } of plan.devices) expect(diff).toMatch(new RegExp(`^\\+.*${vni}`, 'm'));
    const { id, digest } = plan;
    expect(refusalOf(await ask('apply', { id, digest }))).toEqual({ type: 'PlanError', code: 'APPROVAL_REQUIRED' });
    expect(refusalOf(await ask('approve', { id, digest: wrong(digest) }))).toEqual({ type: 'PlanError', code: 'PLAN_STALE' });
    expect(await show(id)).toEqual(plan);
    expect(await ask('approve', { id, digest, comment: 'seen' })).toMatchObject({ plan: { id, state: 'APPROVED' }, errors: [] });
    expect(refusalOf(await ask('apply', { id, digest: wrong(digest) }))).toEqual({ type: 'PlanError', code: 'PLAN_STALE' });
    expect(await ask('apply', { id, digest })).toMatchObject({ plan: { id, digest }, errors: [] });
    expect(await world.settlePublic(order)).toBe('ACTIVE');
    const applied = (await show(id)) as Plan;
    expect(applied).toMatchObject({ digest, state: 'APPLIED' });
    expect(applied.devices.map(({ state }) => state)).toEqual(['VERIFIED', 'VERIFIED']);
    expect(applied.devices.map(({ diff }) => diff)).toEqual(plan.devices.map(({ diff }) => diff));
    expect(await ask('propose')).toEqual({ plan: null, errors: [] });
  });

  it('that is too old is neither approved nor applied', async () => {
    const { order, plan } = await proposed();
    const { id, digest } = plan;
    const age = (): Promise<number> =>
      world.db.inTransaction(systemScope('test'), (tx) => tx.run(`UPDATE plan SET expires_at = now() - interval '1 second'`));
    expect(await age()).toBeGreaterThan(0);
    expect(refusalOf(await ask('approve', { id, digest }))).toEqual({ type: 'PlanError', code: 'PLAN_EXPIRED' });
    expect(refusalOf(await ask('apply', { id, digest }))).toEqual({ type: 'PlanError', code: 'PLAN_EXPIRED' });
    expect(await world.settlePublic(order)).toBe('ACTIVE');
  });

  it('that was overtaken by another order is not approved, and never run', async () => {
    const [overtaken, seen] = [await proposed(), await proposed()];
    const { id, digest } = overtaken.plan;
    expect(seen.plan.digest).not.toBe(digest);
    expect(['INVALID_STATE', 'PLAN_STALE']).toContain(refusalOf(await ask('approve', { id, digest })).code);
    const approval = { id: seen.plan.id, digest: seen.plan.digest };
    expect((await ask('approve', approval)).errors).toEqual([]);
    const last = await proposed();
    await ask('apply', approval);
    await world.converge();
    expect(await show(approval.id)).toMatchObject({ state: 'SUPERSEDED' });
    for (const { order } of [overtaken, seen, last]) expect(await world.settlePublic(order)).toBe('ACTIVE');
  });

  it('for a part of the devices is about these alone', async () => {
    const { order } = await proposed();
    const device = encodeId('device', world.deviceIds.get('pve2') as string);
    const { plan } = await ask('propose', { input: { devices: [device] } });
    expect(plan?.devices.map((item) => item.device)).toEqual(['pve2']);
    const nothing = await ask('propose', { input: { devices: ['dev_x'] } });
    expect(refusalOf(nothing)).toEqual({ type: 'NotFoundError', code: 'NOT_FOUND' });
    expect(await world.settlePublic(order)).toBe('ACTIVE');
  });

  it('is no matter of a customer, whatever the scopes of the token', async () => {
    const { order, plan } = await proposed();
    const variables = { id: plan.id, digest: plan.digest };
    for (const document of [DOCUMENTS.plan, DOCUMENTS.propose, DOCUMENTS.approve, DOCUMENTS.apply]) {
      const { data, errors } = await world.graphql(world.customer, document, variables);
      expect(data === null || data['plan'] === null).toBe(true);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    }
    expect(await show(plan.id)).toEqual(plan);
    expect(await orderState(order)).toBe('RUNNING');
    expect(await world.settlePublic(order)).toBe('ACTIVE');
  });

  it('says which objects cause it, in which waves it goes, and what speaks against it; a lock speaks against it', async () => {
    const { order, plan } = await proposed();
    const details = `query ($id: ID!) { plan(id: $id) { stale approvalsNeeded baseRevision targetRevision rollbackOf checks { name ok message }
      waves { order canary deviceCount done failed steps soakSeconds maxFailures } devices { device step riskReasons redundancy causes { kind slug verb } } } }`;
    const show = () => world.ask<Record<string, unknown>>(world.operator, details, { id: plan.id });
    const wave = { steps: 1, deviceCount: 1, done: 0, failed: 0, soakSeconds: 0, maxFailures: 0 };
    const network = { kind: 'NETWORK', slug: expect.any(String) as string, verb: 'ADDED' };
    const seen = await show();
    expect(seen).toMatchObject({
      stale: false,
      approvalsNeeded: 1,
      rollbackOf: null,
      waves: [
        { ...wave, order: 0, canary: true },
        { ...wave, order: 1, canary: false },
      ],
      devices: [
        { device: 'pve1', step: 0, riskReasons: [], redundancy: [], causes: [network] },
        { device: 'pve2', step: 0, riskReasons: [], redundancy: [], causes: [network] },
      ],
    });
    expect(Number(seen['baseRevision'])).toBeLessThan(Number(seen['targetRevision']));
    const failing = (found: Record<string, unknown>) =>
      (found['checks'] as { name: string; ok: boolean }[]).filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failing(seen)).toEqual(['APPROVALS']);
    const acquire =
      'mutation ($input: LockInput!) { acquireLock(input: $input) { lock { id scope subject reason heldBy until } errors { code } } }';
    const device = encodeId('device', world.deviceIds.get('pve2') as string);
    const { lock } = await world.ask<{ lock: { id: string } }>(world.operator, acquire, {
      input: { scope: 'DEVICE', subject: device, reason: 'new fans' },
    });
    expect(lock).toMatchObject({ scope: 'DEVICE', subject: 'pve2', reason: 'new fans' });
    expect(failing(await show())).toEqual(['APPROVALS', 'LOCKS']);
    const { id } = await world
      .ask<{ id: string }>(world.operator, '{ maintenanceLocks { id } }')
      .then((found) => (found as unknown as { id: string }[])[0] as { id: string });
    expect(id).toBe(lock.id);
    await world.ask(world.operator, 'mutation ($id: ID!) { releaseLock(id: $id) { errors { code } } }', { id });
    expect(await world.settlePublic(order)).toBe('ACTIVE');
    expect(await show()).toMatchObject({ stale: false });
  });

  it('is paused, resumed, halted and cancelled only while it is under way; a strategy that cannot be is refused', async () => {
    const { order, plan } = await proposed();
    for (const field of ['pausePlan', 'resumePlan', 'haltPlan', 'cancelPlan']) {
      const document = `mutation ($id: ID!) { ${field}(id: $id) ${PAYLOAD} }`;
      expect(refusalOf(await world.ask(world.operator, document, { id: plan.id }))).toEqual({
        type: 'InvalidStateError',
        code: 'INVALID_STATE',
      });
      expect(refusalOf(await world.ask(world.operator, document, { id: 'plan_x' }))).toEqual({ type: 'NotFoundError', code: 'NOT_FOUND' });
    }
    for (const strategy of [{ canaries: 0 }, { wavePercents: [50, 20] }, { parallel: 51 }, { soakSeconds: -1 }])
      expect(refusalOf(await ask('propose', { input: { strategy } }))).toEqual({ type: 'InvalidInputError', code: 'INVALID_VALUE' });
    const [newest] = await world.ask<{ id: string }[]>(world.operator, '{ plans(first: 1) { id } }');
    expect(newest).toEqual({ id: plan.id });
    expect(await world.settlePublic(order)).toBe('ACTIVE');
  });

  it('that does not exist is null, or not found', async () => {
    for (const id of [
      encodeId('plan', '01890000-0000-7000-8000-000000000000'),
      'x',
      encodeId('order', '01890000-0000-7000-8000-000000000000'),
    ]) {
      expect(await show(id)).toBeNull();
      for (const step of ['approve', 'apply'] as const)
        expect(refusalOf(await ask(step, { id, digest: 'd' }))).toEqual({ type: 'NotFoundError', code: 'NOT_FOUND' });
    }
  });
});
