// What happens to prefixes and addresses between two statements of somebody else.
import {
  AddressAllocationService,
  addressingEntities,
  AddressingModule,
  AddressingService,
  PrefixAllocationService,
  SubnetService,
} from '#contexts/addressing';
import { type AddressSpaceId, Cidr, IdempotencyKey, type PrefixPoolId, type SubnetId } from '#engines/kernel';
import { systemScope, tenantScope } from '#platform';
import { eventually } from '../../support/eventually.js';
import { AllocationWorld } from './allocation-world.js';

let world: AllocationWorld;
let prefixes: PrefixAllocationService;
let addresses: AddressAllocationService;
let poolId: PrefixPoolId;
let subnetId: SubnetId;
beforeAll(async () => {
  world = await AllocationWorld.open([AddressingModule], addressingEntities);
  prefixes = world.get(PrefixAllocationService);
  addresses = world.get(AddressAllocationService);
});
beforeEach(async () => {
  const fabricId = await world.fabric();
  poolId = await world.system(async (tx) => {
    const spaceId: AddressSpaceId = await world.get(AddressingService).createSpace(tx, { fabricId, slug: `s${world.next()}`, name: 'S' });
    const lengths = { minLength: 24, defaultLength: 28, maxLength: 30 };
    return world.get(AddressingService).createPrefixPool(tx, {
      spaceId,
      slug: `x${world.next()}`,
      name: 'X',
      cidr: Cidr.parse('10.1.0.0/16'),
      quarantineSeconds: 0,
      ...lengths,
    });
  });
  const { allocations } = await prefixes.allocate(as(), { poolId, tenantId: tenantId(), key: key() });
  const [leaf] = allocations;
  if (!leaf) throw new Error('no prefix was given');
  const on = { prefixId: leaf.id, generation: 1, tenantId: tenantId(), gatewayMode: 'NONE' as const, quarantineSeconds: 0 };
  subnetId = (await world.system((tx) => world.get(SubnetService).open(tx, on))).id;
});
afterAll(() => world.close());

const tenantId = () => world.tenants[0] as (typeof world.tenants)[number];
const other = () => world.tenants[1] as (typeof world.tenants)[number];
const as = () => tenantScope(tenantId(), 'spec');
const key = (): IdempotencyKey => IdempotencyKey.parse(`r${world.next()}`);

/** Somebody in this database waits for somebody else. */
const isWaiting = () =>
  eventually(
    () =>
      world.system((tx) =>
        tx.one<{ n: string }>(
          'SELECT count(*) AS n FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE NOT l.granted AND a.datname = current_database()',
        ),
      ),
    (row) => Number(row?.n) > 0,
  );

/** Of both kinds: a held one, whose time is over. */
const KINDS = {
  prefix: async () => {
    const { allocations } = await prefixes.allocate(as(), { poolId, tenantId: tenantId(), key: key(), ttlSeconds: 60 });
    const held = allocations[0] as (typeof allocations)[number];
    return {
      table: 'prefix',
      lock: poolId as string,
      id: held.id as string,
      extend: () => prefixes.extend(as(), held.id, 1, 600),
      bind: () => prefixes.bind(as(), held.id, 1),
    };
  },
  address: async () => {
    const { allocations } = await addresses.allocate(as(), { subnetId, tenantId: tenantId(), key: key(), ttlSeconds: 60 });
    const held = allocations[0] as (typeof allocations)[number];
    return {
      table: 'ip_address',
      lock: subnetId as string,
      id: held.id as string,
      extend: () => addresses.extend(as(), held.id, 1, 600),
      bind: () => addresses.bind(as(), held.id, 1),
    };
  },
} as const;

describe.each(['prefix', 'address'] as const)('a held %s that the sweeper is about to free', (kind) => {
  it.each([
    ['extend', 'HELD'],
    ['bind', 'BOUND'],
  ] as const)('is kept by whoever manages to %s it', async (act, state) => {
    const held = await KINDS[kind]();
    await world.system((tx) => tx.run(`UPDATE ${held.table} SET expires_at = now() - interval '1 second' WHERE id = $1`, [held.id]));
    let sweeping: Promise<unknown[]> | undefined;
    await world.system(async (tx) => {
      await tx.sql('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [held.lock]);
      sweeping = world.system((sweeper) => sweeper.sql(`SELECT ${kind}_sweep(100)`));
      await isWaiting();
      expect(await held[act]()).toMatchObject({ state });
    });
    expect(await sweeping).toEqual([]);
    expect(await world.system((tx) => tx.sql(`SELECT state FROM ${held.table} WHERE id = $1`, [held.id]))).toEqual([{ state }]);
  });
});

it('a prefix does not go to a tenant that has its key for another: a key has one answer', async () => {
  const same = key();
  const own = await prefixes.allocate(tenantScope(other(), 'spec'), { poolId, tenantId: other(), key: same });
  const two = await prefixes.allocate(as(), { poolId, tenantId: tenantId(), key: same, count: 2 });
  for (const { id } of two.allocations)
    await expect(prefixes.transfer(systemScope('spec'), id, 1, { tenantId: other(), holder: null })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  expect(await prefixes.allocate(tenantScope(other(), 'spec'), { poolId, tenantId: other(), key: same })).toEqual({
    ...own,
    replayed: true,
  });
});
