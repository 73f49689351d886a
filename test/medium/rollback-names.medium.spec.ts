// A network that a rollback brings back while names of it are another tenant's: it comes back without those, and with everything else.
import pg from 'pg';
import { AddressingService, AddressNamesService } from '#contexts/addressing';
import { RollbackService, RolloutService, SteeringService } from '#contexts/deployment';
import { NetworkRecalls, OrderReconciler, OrderService } from '#contexts/provisioning';
import { Fqdn, type IpAddressId, type NetworkId, type PlanId } from '#engines/kernel';
import { newId, systemScope, type Tx } from '#platform';
import { eventually } from '../support/eventually.js';
import { createWorld, type World } from '../support/world.js';

const [A, B] = ['a.web-10000.cust.example', 'b.web-10000.cust.example'];
let world: World;
let networkId: NetworkId;
let subnetOfAnother: string;
beforeEach(async () => {
  world = await createWorld();
  await built();
  await anotherTenant();
});
afterEach(() => world.close());

const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => world.db.inTransaction(systemScope('spec'), work);
const sql = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> => inTx((tx) => tx.sql<Row>(text, values));
/** The hosts a and b in cust.example; b has two more names. */
async function built(): Promise<void> {
  const [subnet] = world.order().subnets;
  const hosts = ['a', 'b'].map((name) => ({ name, mac: null, address: null }));
  const orderId = await world.provision({
    subnets: [{ ...(subnet as NonNullable<typeof subnet>), zone: Fqdn.parse('cust.example'), hosts }],
  });
  expect(await world.settle(orderId)).toBe('ACTIVE');
  networkId = (await sql<{ id: NetworkId }>('SELECT network_id AS id FROM network_order WHERE id = $1', [orderId]))[0]?.id as NetworkId;
  const [b] = await sql<{ id: IpAddressId }>(`SELECT id FROM ip_address WHERE dns_name = $1`, [B]);
  const aliases = ['own.cust.example', 'www.cust.example'].map((name) => Fqdn.parse(name));
  await inTx((tx) => world.app.get(AddressNamesService, { strict: false }).setAliases(tx, b?.id as IpAddressId, aliases));
}
async function anotherTenant(): Promise<void> {
  const [tenant, prefix] = [newId<string>(), newId<string>()];
  subnetOfAnother = newId<string>();
  await inTx(async (tx) => {
    await tx.run(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'other', 'Other')`, [tenant]);
    await tx.run(
      `INSERT INTO prefix (id, space_id, cidr, role, tenant_id, key, holder_kind) SELECT $1, id, '198.51.100.0/24', 'SUBNET', $2, 'other', 'subnet' FROM address_space LIMIT 1`,
      [prefix, tenant],
    );
    await tx.run(
      `INSERT INTO subnet (id, tenant_id, prefix_id, space_id, cidr, gateway_mode) SELECT $1, tenant_id, id, space_id, cidr, 'NONE' FROM prefix WHERE id = $2`,
      [subnetOfAnother, prefix],
    );
  });
}
const TAKE = `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key, dns_name, dns_aliases)
  SELECT gen_random_uuid(), tenant_id, space_id, id, '198.51.100.0'::inet + $2, 'HOST', $2::text, $3, $4 FROM subnet WHERE id = $1`;
async function removed(): Promise<PlanId> {
  const request = { idempotencyKey: 'remove', networkId, ifVersion: null };
  const { order } = await world.app.get(OrderService).deprovision(world.tenantId, 'portal', request);
  expect(await world.settle(order.id)).toBe('RETIRED');
  return (await world.app.get(RolloutService).latest(1))[0]?.id as PlanId;
}
const rolledBack = async (planId: PlanId): Promise<PlanId> =>
  (await world.app.get(RollbackService).rollBack(planId, 'alice', { digest: null, devices: null, reason: 'customers complain' })).id;
const recall = async (planId: PlanId) => (await world.app.get(RollbackService).recallsOf(planId))[0];
const networkState = async (): Promise<string> =>
  (await sql<{ state: string }>('SELECT state FROM network WHERE id = $1', [networkId]))[0]?.state as string;
/** What the worker does all the time, until the network is so. */
const until = (wanted: 'ACTIVE' | 'RETIRED'): Promise<string> =>
  eventually(
    async () => {
      await world.converge();
      await world.app.get(NetworkRecalls).run();
      await world.app.get(OrderReconciler).advanceOpen();
      return networkState();
    },
    (state) => state === wanted,
  );
const ourNames = async (): Promise<string[]> => {
  const { names, withheld } = await inTx((tx) => world.app.get(AddressingService, { strict: false }).names(tx, world.fabricId));
  expect(withheld).toEqual([]);
  return names
    .filter(({ address }) => !address.startsWith('198.'))
    .map(({ name }) => name as string)
    .sort();
};

it('is live again without them, and its order and the audit say which they are', async () => {
  const [had, removal] = [await ourNames(), await removed()];
  expect(had).toEqual(expect.arrayContaining([A, B, 'own.cust.example', 'www.cust.example']));
  await inTx((tx) => tx.run(TAKE, [subnetOfAnother, 1, 'theirs.cust.example', [A, 'www.cust.example']]));
  const rollback = await rolledBack(removal);
  await until('ACTIVE');
  expect(await ourNames()).toEqual(had.filter((name) => name !== A && name !== 'www.cust.example'));
  const without = `without the names ${A}, www.cust.example, which are in use by now`;
  const { orderId } = (await recall(rollback)) ?? {};
  expect(await recall(rollback)).toMatchObject({ state: 'ORDERED', reason: null });
  expect((await world.app.get(RolloutService).plan(rollback)).state).toBe('APPLIED');
  expect(await sql(`SELECT message FROM order_step WHERE order_id = $1 AND name = 'restored'`, [orderId])).toEqual([
    { message: expect.stringMatching(new RegExp(`^VNI \\d+, ${without}$`)) as string },
  ]);
  expect(await sql(`SELECT detail->'withoutNames' AS names FROM audit_entry WHERE action = 'order.restored'`)).toEqual([
    { names: [A, 'www.cust.example'] },
  ]);
});

it('waits for who is about to take one, and the next try is without it', async () => {
  const removal = await removed();
  const rollback = await rolledBack(removal);
  await world.converge(); // It is wanted from here on.
  const other = new pg.Client({ connectionString: world.url });
  await other.connect();
  try {
    await other.query('BEGIN; SET LOCAL ROLE trame_system');
    await other.query(TAKE, [subnetOfAnother, 1, 'theirs.cust.example', [B]]);
    const tried = world.app.get(NetworkRecalls).run();
    await eventually(
      () => sql('SELECT pid FROM pg_locks WHERE NOT granted'),
      (waiting) => waiting.length > 0,
    );
    await other.query('COMMIT');
    await tried;
  } finally {
    await other.end();
  }
  expect(await recall(rollback)).toMatchObject({ state: 'WANTED', reason: null });
  await until('ACTIVE');
  const without = `without the names ${B}, own.cust.example, www.cust.example, which are in use by now`;
  const { orderId } = (await recall(rollback)) ?? {};
  expect(await sql('SELECT message FROM order_step WHERE order_id = $1 AND name = $2', [orderId, 'restored'])).toEqual([
    { message: expect.stringContaining(without) as string },
  ]);
  expect(await ourNames()).not.toContain('own.cust.example');
});

it('is taken back as one that has all of its names when the rollback is cancelled before it runs', async () => {
  const removal = await removed();
  await inTx((tx) => tx.run(TAKE, [subnetOfAnother, 1, 'theirs.cust.example', ['www.cust.example']]));
  const rollback = await rolledBack(removal);
  await world.converge();
  await world.app.get(NetworkRecalls).run();
  expect(await sql(`SELECT detail->'withoutNames' AS names FROM audit_entry WHERE action = 'order.restored'`)).toEqual([
    { names: ['www.cust.example'] },
  ]);
  expect(await networkState()).toBe('PROVISIONING');
  await world.app.get(SteeringService).cancel(rollback, 'alice', 'the wrong one');
  await world.converge();
  const reason = 'the rollback did not run';
  expect(await recall(rollback)).toMatchObject({ state: 'UNWANTED', reason });
  await until('RETIRED');
  expect(await recall(rollback)).toMatchObject({ state: 'KEPT', reason });
});
