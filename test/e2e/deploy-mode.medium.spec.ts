// An order that wants a person to see what is pushed: who may ask for that, what waits, and what ends it.
import type { OrderState } from '#contexts/provisioning';
import { decodeId, encodeId, type OrderId } from '#engines/kernel';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world?.close());

interface Payload {
  readonly order: { readonly id: string; readonly state: string; readonly deploy: string } | null;
  readonly replayed: boolean | null;
  readonly errors: readonly { readonly code: string }[];
}
interface Plan {
  readonly id: string;
  readonly digest: string;
  readonly risk: string;
  readonly state: string;
  readonly approvalsNeeded: number;
  readonly devices: readonly { readonly device: string; readonly riskReasons: readonly string[] }[];
}
const PROVISION =
  'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id state deploy } replayed errors { code } } }';
const PLAN = 'id digest risk state approvalsNeeded devices { device riskReasons }';
const on = (...slugs: string[]) => ({
  attachments: slugs.map((slug) => ({ device: encodeId('device', world.deviceIds.get(slug) as string), tagging: 'BRIDGE_ONLY' })),
});
const provision = (token: string, over: object = {}): Promise<Payload> =>
  world.ask(token, PROVISION, { input: world.orderInput({ ...over }) });
const newest = async (): Promise<Plan | undefined> => (await world.ask<Plan[]>(world.operator, `{ plans(first: 1) { ${PLAN} } }`))[0];
const settle = (payload: Payload, until: OrderState[]): Promise<string> =>
  world.settle(decodeId<OrderId>('order', payload.order?.id as string), until);
async function carryOut({ id, digest }: Plan): Promise<void> {
  const seen = { id, digest };
  for (const document of [
    'mutation ($id: ID!, $digest: String!) { approvePlan(id: $id, digest: $digest) { plan { state } errors { code } } }',
    'mutation ($id: ID!, $digest: String!) { applyPlan(input: { plan: $id, digest: $digest }) { plan { state } errors { code } } }',
  ])
    expect((await world.ask<{ errors: object[] }>(world.operator, document, seen)).errors).toEqual([]);
}

describe('an order with PLAN_ONLY', () => {
  it('is for operators who may plan: a customer would hold up everybody on these devices', async () => {
    const orders = (): Promise<number> => world.count('network_order');
    const before = await orders();
    const planless = await world.newToken(null, ['order:write']);
    for (const token of [world.customer, planless]) {
      const { errors } = await world.graphql(token, PROVISION, { input: world.orderInput({ deploy: 'PLAN_ONLY' }) });
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    }
    expect(await orders()).toBe(before);
  });

  it('waits for a person, with all that its devices wait for, and goes live when the plan was approved', async () => {
    const input = world.orderInput({ ...on('pve1'), deploy: 'PLAN_ONLY' });
    const attended: Payload = await world.ask(world.operator, PROVISION, { input });
    expect(attended).toMatchObject({ errors: [], order: { deploy: 'PLAN_ONLY' } });
    // Everyday work of a customer on the same device would take it along, so it waits; elsewhere it does not.
    const beside = await provision(world.customer, on('pve1'));
    expect(beside.order?.deploy).toBe('AUTO_IF_LOW_RISK');
    const elsewhere = await provision(world.customer, on('pve2'));
    expect(await settle(elsewhere, ['ACTIVE'])).toBe('ACTIVE');
    expect(await settle(attended, ['AWAITING_APPROVAL'])).toBe('AWAITING_APPROVAL');
    expect(await settle(beside, ['AWAITING_APPROVAL'])).toBe('AWAITING_APPROVAL');
    const plans = await world.ask<Plan[]>(world.operator, `{ plans(first: 5) { ${PLAN} } }`);
    const plan = plans.find(({ state }) => state === 'PROPOSED') as Plan;
    // A person is asked, one: nothing of it is dangerous.
    expect(plan).toMatchObject({ risk: 'MEDIUM', approvalsNeeded: 1, devices: [{ device: 'pve1' }] });
    expect(plan.devices[0]?.riskReasons).toEqual([expect.stringContaining(`wants to see what is pushed (order ${attended.order?.id}).`)]);
    await carryOut(plan);
    expect(await settle(attended, ['ACTIVE'])).toBe('ACTIVE');
    expect(await settle(beside, ['ACTIVE'])).toBe('ACTIVE');
    const again: Payload = await world.ask(world.operator, PROVISION, { input });
    expect(again).toMatchObject({ replayed: true, order: { id: attended.order?.id, state: 'ACTIVE' } });
    // It is over with it: the next order on the device is everyday work.
    expect(await settle(await provision(world.customer, on('pve1')), ['ACTIVE'])).toBe('ACTIVE');
    expect((await newest())?.risk).toBe('LOW');
  });

  it('that is removed before anybody looked holds nothing up any more', async () => {
    const attended = await provision(world.operator, { ...on('pve1'), deploy: 'PLAN_ONLY' });
    await settle(attended, ['AWAITING_APPROVAL']);
    const { network } = await world.ask<{ network: { id: string; version: number } }>(
      world.operator,
      'query ($id: ID!) { order(id: $id) { network { id version } } }',
      { id: attended.order?.id },
    );
    const removal = await world.ask<Payload>(
      world.operator,
      'mutation ($input: DeprovisionNetworkInput!) { deprovisionNetwork(input: $input) { order { id state deploy } errors { code } } }',
      { input: { idempotencyKey: 'away', tenant: encodeId('tenant', world.tenantId), network: network.id, ifVersion: network.version } },
    );
    expect(removal.errors).toEqual([]);
    expect(await settle(removal, ['RETIRED', 'CANCELLED'])).toMatch(/RETIRED|CANCELLED/);
    expect(await settle(await provision(world.customer, on('pve1')), ['ACTIVE'])).toBe('ACTIVE');
  });
});

it('of any mode asks a person where the plan is HIGH: nobody orders that away', async () => {
  await world.db.inTransaction(systemScope('spec'), async (tx) => {
    await tx.run('UPDATE bgp_session SET keepalive_seconds = keepalive_seconds + 1, hold_seconds = hold_seconds + 3');
    await tx.run('UPDATE fabric SET revision = revision + 1');
  });
  const order = await provision(world.customer, on('pve1'));
  expect(await settle(order, ['AWAITING_APPROVAL'])).toBe('AWAITING_APPROVAL');
  expect(await newest()).toMatchObject({ state: 'PROPOSED', risk: 'HIGH' });
});
