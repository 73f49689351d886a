import {
  type AddressSpaceId,
  Cidr,
  type FabricId,
  IdempotencyKey,
  type PrefixId,
  type PrefixPoolId,
  type TenantId,
  type VrfId,
} from '#engines/kernel';
import { newId, systemScope, type Tx } from '#platform';
import { type Addressing, addressingOn } from '../../../../test/support/addressing.js';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import type { Subnet } from './domain/subnet.js';
import { addressingEntities } from './store/addressing.entity.js';

const system = systemScope('spec');
let opened: OpenDatabase;
let a: Addressing;
let fabricId: FabricId;
let tenantId: TenantId;
let serial = 0;

beforeAll(async () => {
  opened = await openTestDatabase(addressingEntities);
  a = addressingOn(opened);
  [fabricId, tenantId] = [newId<FabricId>(), newId<TenantId>()];
  await asSystem(async (tx) => {
    await tx.run(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
      [fabricId],
    );
    await tx.run(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'acme', 'Acme')`, [tenantId]);
  });
});
afterAll(() => opened.close());

const asSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(system, work);
const space = (): Promise<AddressSpaceId> => asSystem((tx) => a.addressing.createSpace(tx, { fabricId, slug: `s${++serial}`, name: 'S' }));
const container = (spaceId: AddressSpaceId, cidr: string) =>
  asSystem((tx) => a.tree.createContainer(tx, { spaceId, cidr: Cidr.parse(cidr) }));
const pool = (spaceId: AddressSpaceId, ...ranges: string[]): Promise<PrefixPoolId> =>
  asSystem((tx) =>
    a.pools.create(tx, {
      spaceId,
      slug: `p${++serial}`,
      name: 'P',
      ranges: ranges.map((range) => Cidr.parse(range)),
      minLength: 8,
      defaultLength: 24,
      maxLength: 32,
    }),
  );
const prefer = async (poolId: PrefixPoolId, cidr: string) => {
  const [leaf] = (
    await a.prefixes.allocate(system, { poolId, tenantId, key: IdempotencyKey.parse(`k${++serial}`), prefer: Cidr.parse(cidr) })
  ).allocations;
  if (!leaf) throw new Error('no prefix');
  return leaf;
};
/** Every prefix of a space with its parent's. */
const tree = async (spaceId: AddressSpaceId): Promise<Record<string, string | null>> => {
  const rows = await asSystem((tx) =>
    tx.sql<{ child: string; parent: string | null }>(
      `SELECT c.role || ' ' || c.cidr AS child, p.role || ' ' || p.cidr AS parent FROM prefix c LEFT JOIN prefix p ON p.id = c.parent_id WHERE c.space_id = $1`,
      [spaceId],
    ),
  );
  return Object.fromEntries(rows.map(({ child, parent }) => [child, parent]));
};

describe('the tree of prefixes', () => {
  it('has each below the smallest around it, in whatever order they come and go', async () => {
    const spaceId = await space();
    await container(spaceId, '10.1.0.0/16');
    const poolId = await pool(spaceId, '10.1.4.0/22', '10.2.0.0/16');
    await container(spaceId, '10.0.0.0/8');
    const between = await container(spaceId, '10.1.0.0/20');
    await container(spaceId, '10.1.4.0/22'); // The range has it to itself.
    await prefer(poolId, '10.1.5.0/24');
    const expected = {
      'CONTAINER 10.0.0.0/8': null,
      'CONTAINER 10.1.0.0/16': 'CONTAINER 10.0.0.0/8',
      'CONTAINER 10.1.0.0/20': 'CONTAINER 10.1.0.0/16',
      'CONTAINER 10.1.4.0/22': 'CONTAINER 10.1.0.0/20',
      'POOL 10.1.4.0/22': 'CONTAINER 10.1.4.0/22',
      'POOL 10.2.0.0/16': 'CONTAINER 10.0.0.0/8',
      'SUBNET 10.1.5.0/24': 'POOL 10.1.4.0/22',
    };
    expect(await tree(spaceId)).toEqual(expected);
    await asSystem((tx) => a.tree.removeContainer(tx, between.id));
    const { 'CONTAINER 10.1.0.0/20': _, ...rest } = expected;
    expect(await tree(spaceId)).toEqual({ ...rest, 'CONTAINER 10.1.4.0/22': 'CONTAINER 10.1.0.0/16' });
    const children = await asSystem(async (tx) => {
      const [root] = await a.tree.roots(tx, spaceId, null, 10);
      return a.tree.children(tx, (root as { id: PrefixId }).id, null, 10);
    });
    expect(children.map(({ role, cidr }) => [role, cidr])).toEqual([
      ['CONTAINER', '10.1.0.0/16'],
      ['POOL', '10.2.0.0/16'],
    ]);
  });

  it('has no container in a pool, no pool in another or around a container, and no prefix twice', async () => {
    const spaceId = await space();
    const poolId = await pool(spaceId, '10.1.0.0/16');
    await container(spaceId, '10.8.0.0/16');
    await prefer(poolId, '10.1.0.0/24');
    for (const refused of [
      () => container(spaceId, '10.1.0.0/24'),
      () => container(spaceId, '10.8.0.0/16'),
      () => pool(spaceId, '10.1.0.0/20'),
      () => pool(spaceId, '10.0.0.0/12'),
      () => pool(spaceId, '10.0.0.0/8'),
    ])
      await expect(refused()).rejects.toMatchObject({ code: 'OVERLAPS' });
    const [range] = (await asSystem((tx) => a.tree.roots(tx, spaceId, null, 10))).filter(({ role }) => role === 'POOL');
    await expect(asSystem((tx) => a.tree.removeContainer(tx, (range as { id: PrefixId }).id))).rejects.toMatchObject({ code: 'IN_USE' });
    await expect(asSystem((tx) => a.tree.removeContainer(tx, newId<PrefixId>()))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is used as a picture of equal parts shows', async () => {
    const spaceId = await space();
    const [low] = [await pool(spaceId, '10.0.0.0/17'), await pool(spaceId, '10.0.192.0/18')];
    for (const cidr of ['10.0.0.0/20', '10.0.32.0/24', '10.0.64.0/18']) await prefer(low, cidr);
    const heat = (cidr: string, bits: number) => asSystem((tx) => a.tree.heat(tx, spaceId, Cidr.parse(cidr), bits));
    expect(await heat('10.0.0.0/16', 3)).toEqual([0.5, 1 / 32, 1, 1, 0, 0, 0, 0]);
    expect(await heat('10.0.64.0/18', 2)).toEqual([1, 1, 1, 1]);
    expect(await heat('10.0.32.0/23', 1)).toEqual([1, 0]);
    expect(await asSystem((tx) => a.tree.utilization(tx, spaceId, Cidr.parse('10.0.0.0/17')))).toBe((0.5 + 1 / 32 + 2) / 4);
    await expect(heat('10.0.0.0/30', 3)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(heat('10.0.0.0/8', 13)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });
});

/** A VRF needs numbers, and those need pools: enough of them to hang subnets on. */
async function vrf(): Promise<VrfId> {
  const [id, spaceId, poolId] = [newId<VrfId>(), newId<string>(), newId<string>()];
  const n = ++serial;
  await asSystem(async (tx) => {
    await tx.run(`INSERT INTO number_space (id, fabric_id, kind) VALUES ($1, $2, 'VNI') ON CONFLICT DO NOTHING`, [spaceId, fabricId]);
    const known = await tx.one<{ id: string }>(`SELECT id FROM number_space WHERE fabric_id = $1 AND kind = 'VNI'`, [fabricId]);
    await tx.run(`INSERT INTO number_pool (id, space_id, slug, name, kind) VALUES ($1, $2, $3, 'P', 'L3VNI')`, [
      poolId,
      known?.id,
      `n${n}`,
    ]);
    const allocations = [newId<string>(), newId<string>()];
    for (const [i, allocation] of allocations.entries())
      await tx.run('INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key) VALUES ($1, $2, $3, $4, $5, $6)', [
        allocation,
        known?.id,
        poolId,
        tenantId,
        n * 2 + i,
        `v${n}-${i}`,
      ]);
    await tx.run(
      `INSERT INTO vrf (id, tenant_id, fabric_id, slug, name, device_name, l3vni_allocation_id, l3vni, evi_allocation_id, evi_id) VALUES ($1, $2, $3, $4, $4, $4, $5, $6, $7, $6)`,
      [id, tenantId, fabricId, `v${n}`, allocations[0], n * 2, allocations[1]],
    );
  });
  return id;
}
/** In an address space of its own, so that only the VRFs can object. */
async function subnetIn(vrfId: VrfId, cidr: string): Promise<Subnet> {
  const leaf = await prefer(await pool(await space(), '10.0.0.0/8'), cidr);
  return asSystem((tx) => a.subnets.open(tx, { prefixId: leaf.id, generation: 1, tenantId, vrfId, gatewayMode: 'NONE' }));
}
const leak = (from: VrfId, into: VrfId) => asSystem((tx) => a.leaks.leak(tx, from, into));
const unleak = (from: VrfId, into: VrfId) => asSystem((tx) => a.leaks.unleak(tx, from, into));

describe('VRFs', () => {
  it('keep what they see apart: in themselves, and in what leaks into them, in one direction', async () => {
    const [red, blue] = [await vrf(), await vrf()];
    await subnetIn(red, '10.0.0.0/24');
    await expect(subnetIn(red, '10.0.0.128/25')).rejects.toMatchObject({ code: 'OVERLAPS', facts: { overlapping: ['10.0.0.0/24'] } });
    await leak(red, blue);
    await expect(subnetIn(blue, '10.0.0.0/28')).rejects.toMatchObject({ code: 'OVERLAPS' });
    await subnetIn(blue, '10.9.0.0/24');
    await subnetIn(red, '10.0.1.0/24');
    await expect(subnetIn(red, '10.9.0.0/16')).rejects.toMatchObject({ code: 'OVERLAPS' }); // Blue would see both.
    await leak(red, blue); // Again is no error.
    await unleak(red, blue);
    await subnetIn(blue, '10.0.0.0/28');
    await expect(leak(red, blue)).rejects.toMatchObject({ code: 'OVERLAPS', facts: { overlapping: ['10.0.0.0/24', '10.0.0.0/28'] } });
    await expect(leak(blue, red)).rejects.toMatchObject({ code: 'OVERLAPS' });
    expect(await asSystem((tx) => a.leaks.leakingInto(tx, blue))).toEqual([]);
  });

  it('see what leaks into them, and not what leaks into that', async () => {
    const [red, green, blue] = [await vrf(), await vrf(), await vrf()];
    await subnetIn(red, '10.0.0.0/24');
    await leak(red, green);
    await leak(green, blue);
    expect((await subnetIn(blue, '10.0.0.0/24')).cidr).toBe('10.0.0.0/24');
    await expect(leak(red, red)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await expect(leak(red, newId<VrfId>())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('never see two prefixes that overlap when a leak and subnets come at once', async () => {
    for (let round = 0; round < 5; round++) {
      const [red, blue] = [await vrf(), await vrf()];
      await Promise.allSettled([leak(red, blue), subnetIn(red, '10.0.0.0/24'), subnetIn(blue, '10.0.0.0/25'), leak(blue, red)]);
      const seen = await asSystem((tx) =>
        tx.sql<{ n: number }>(
          `SELECT count(*)::int AS n FROM (SELECT vrf_id AS viewer, cidr FROM subnet UNION ALL SELECT l.into_vrf_id, s.cidr FROM vrf_leak l JOIN subnet s ON s.vrf_id = l.from_vrf_id) v
            WHERE v.viewer = ANY($1) AND v.cidr && '10.0.0.0/24' GROUP BY v.viewer HAVING count(*) > 1`,
          [[red, blue]],
        ),
      );
      expect(seen).toEqual([]);
    }
  });
});
