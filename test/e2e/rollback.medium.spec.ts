// A plan is taken back over the API: what becomes of its networks is in the answer.
import { encodeId } from '#engines/kernel';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world?.close());

const ROLLBACK = `mutation ($id: ID!, $reason: Label!, $digest: String, $devices: [ID!]) { rollbackPlan(id: $id, reason: $reason, digest: $digest, devices: $devices) {
  plan { id rollbackOf state risk recalls { network vni action state reason order } devices { device } } errors { __typename code message } } }`;
interface Payload {
  readonly plan: {
    readonly id: string;
    readonly recalls: readonly object[];
    readonly devices: readonly { readonly device: string }[];
  } | null;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}
const rollBack = (id: string, over: object = {}): Promise<Payload> =>
  world.ask<Payload>(world.operator, ROLLBACK, { id, reason: 'customers complain', ...over });
async function built(): Promise<{ readonly plan: string; readonly vni: number }> {
  const { order } = await world.ask<{ order: { id: string; network: { vni: number } } }>(
    world.customer,
    'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id network { vni } } errors { code } } }',
    { input: world.orderInput() },
  );
  expect(await world.settlePublic(order.id)).toBe('ACTIVE');
  const [newest] = await world.ask<{ id: string }[]>(world.operator, '{ plans(first: 1) { id } }');
  return { plan: newest?.id as string, vni: order.network.vni };
}

describe('rollbackPlan', () => {
  it('answers with the plan that takes back and what becomes of the networks; a newer plan refuses, and is named', async () => {
    const first = await built();
    const second = await built();
    const refused = await rollBack(first.plan);
    expect(refused).toMatchObject({ plan: null, errors: [{ __typename: 'PlanError', code: 'PLAN_STALE' }] });
    expect(refused.errors[0]?.message).toContain(second.plan);
    for (const [over, code] of [
      [{ id: 'plan_x' }, 'NOT_FOUND'],
      [{ id: encodeId('plan', '01890000-0000-7000-8000-000000000000') }, 'NOT_FOUND'],
      [{ digest: 'another' }, 'PLAN_STALE'],
      [{ devices: [] }, 'INVALID_VALUE'],
    ] as const)
      expect((await rollBack(second.plan, over)).errors.map((error) => error.code)).toEqual([code]);
    const { plan, errors } = await rollBack(second.plan);
    expect(errors).toEqual([]);
    expect(plan).toMatchObject({
      rollbackOf: second.plan,
      state: 'APPROVED',
      risk: 'LOW',
      devices: [{ device: 'pve1' }, { device: 'pve2' }],
      recalls: [{ vni: second.vni, action: 'WITHDRAW', state: 'PROPOSED', reason: null, order: null }],
    });
    const locks = await world.ask<{ subject: string }[]>(world.operator, '{ maintenanceLocks { subject reason } }');
    expect(locks).toEqual(['pve1', 'pve2'].map((subject) => ({ subject, reason: 'taken back: customers complain' })));
    expect((await rollBack(second.plan)).plan?.id).toBe(plan?.id);
  });
});
