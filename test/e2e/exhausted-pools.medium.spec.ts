// A pool that has nothing left says so, says what would still fit, and keeps nothing of the order that asked.
import { encodeId } from '#engines/kernel';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { DatabaseState } from '../support/database-state.js';

let world: ApiWorld;
let database: DatabaseState;
beforeEach(async () => {
  world = await createApiWorld({ vnis: { first: 10_000, last: 10_001 }, prefix: '10.20.0.0/22', quarantineSeconds: 3600 });
  database = await DatabaseState.of(world.url);
});
afterEach(async () => {
  await database?.close();
  await world?.close();
});

interface Payload {
  readonly order: { readonly id: string; readonly network: { readonly id: string; readonly version: number } } | null;
  readonly errors: readonly Record<string, unknown>[];
}
const PROVISION = `mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) {
  order { id network { id version } } errors { __typename code message ... on PoolExhaustedError { pool free largestFreePrefixLength } } } }`;

const provision = (over: Readonly<Record<string, unknown>>): Promise<Payload> =>
  world.ask(world.customer, PROVISION, { input: world.orderInput(over) });
const subnets = (...wanted: Record<string, unknown>[]) => ({
  subnets: wanted.map((subnet) => ({ prefixPool: encodeId('prefixPool', world.prefixPoolId), ...subnet })),
});
async function refused(over: Readonly<Record<string, unknown>>): Promise<Record<string, unknown> | undefined> {
  const before = await database.read();
  const { order, errors } = await provision(over);
  expect(order).toBeNull();
  expect(await database.read()).toEqual(before);
  expect(errors).toHaveLength(1);
  return errors[0];
}

describe('a pool of prefixes', () => {
  it('without a block of the length says which is the largest that is left', async () => {
    expect((await provision(subnets({ length: 24 }, { length: 24 }, { length: 24 }, { length: 25 }))).errors).toEqual([]);
    expect(await refused(subnets({ length: 24 }))).toMatchObject({
      __typename: 'PoolExhaustedError',
      code: 'POOL_EXHAUSTED',
      pool: 'cust-v4',
      free: '0',
      largestFreePrefixLength: 25,
    });
    // One order asks for the last block twice: the second half of it has no room, so nothing of the first half is kept.
    expect(await refused(subnets({ length: 25 }, { length: 25 }))).toMatchObject({ code: 'POOL_EXHAUSTED', largestFreePrefixLength: null });
    expect((await provision(subnets({ length: 25 }))).errors).toEqual([]);
  });
});

describe('a pool of VNIs', () => {
  it('that is empty refuses, also while the numbers of a removed network rest', async () => {
    const first = await provision({ subnets: [] });
    expect((await provision({ subnets: [] })).errors).toEqual([]);
    const empty = { __typename: 'PoolExhaustedError', code: 'POOL_EXHAUSTED', pool: 'cust-vni', free: '0', largestFreePrefixLength: null };
    expect(await refused({ subnets: [] })).toMatchObject(empty);
    const { id, network } = first.order as NonNullable<Payload['order']>;
    expect(await world.settlePublic(id)).toBe('ACTIVE');
    const { version } = await world.ask<{ version: number }>(world.customer, 'query ($id: ID!) { network(id: $id) { version } }', {
      id: network.id,
    });
    const removal = await world.ask<Payload>(
      world.customer,
      'mutation ($input: DeprovisionNetworkInput!) { deprovisionNetwork(input: $input) { order { id network { id version } } errors { code } } }',
      { input: { idempotencyKey: 'bye', tenant: encodeId('tenant', world.tenantId), network: network.id, ifVersion: version } },
    );
    expect(await world.settlePublic(removal.order?.id as string)).toBe('RETIRED');
    expect(await refused({ subnets: [] })).toMatchObject(empty);
    const pool = await world.ask(world.customer, '{ numberPool(slug: "cust-vni") { total free used } }');
    expect(pool).toEqual({ total: '2', free: '0', used: '2' });
  });
});
