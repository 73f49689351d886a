import { type AddressSpaceId, Cidr, type FabricId, IdempotencyKey, Ip, type PrefixPoolId, type TenantId } from '#engines/kernel';
import { newId, systemScope, type Tx } from '#platform';
import { type Addressing, addressingOn } from '../../../../test/support/addressing.js';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { addressInvariants } from './address-invariants.js';
import type { ImportedAddress, ImportedPrefix } from './domain/allocation.js';
import { prefixInvariants } from './prefix-invariants.js';
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
afterEach(async () => {
  for (const invariant of [...prefixInvariants, ...addressInvariants])
    await asSystem(async (tx) => {
      expect(await invariant.violations(tx, await invariant.slices.next(tx, null), 5), invariant.name).toEqual([]);
    });
});
afterAll(() => opened.close());

const asSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(system, work);
async function pool(...ranges: string[]): Promise<{ poolId: PrefixPoolId; spaceId: AddressSpaceId }> {
  return asSystem(async (tx) => {
    const spaceId = await a.addressing.createSpace(tx, { fabricId, slug: `s${++serial}`, name: 'S' });
    const lengths = { minLength: 8, defaultLength: 24, maxLength: 30 };
    return {
      spaceId,
      poolId: await a.pools.create(tx, {
        spaceId,
        slug: `p${serial}`,
        name: 'P',
        ranges: ranges.map((range) => Cidr.parse(range)),
        ...lengths,
      }),
    };
  });
}
/** Every second /28 of 10.0.0.0/16, last first. */
function* everySecond(count: number): Generator<ImportedPrefix> {
  for (let i = count - 1; i >= 0; i--) yield { cidr: Cidr.parse(`10.0.${i >> 3}.${(i & 7) * 32}/28`), tenantId, holder: 'old plan' };
}
const next = async (poolId: PrefixPoolId, length: number) =>
  (await a.prefixes.allocate(system, { poolId, tenantId, length, key: IdempotencyKey.parse(`k${++serial}`) })).allocations[0];

describe('an import of prefixes', () => {
  it('takes them out of what is free, and they are what all others are afterwards', async () => {
    const { poolId } = await pool('10.0.0.0/16', '10.1.0.0/16');
    expect(await a.importer.importPrefixes(system, poolId, everySecond(2048))).toBe(2048);
    expect((await asSystem((tx) => a.pools.pool(tx, poolId))).free).toBe(2n * 16384n - 2048n * 4n);
    expect([(await next(poolId, 28))?.cidr, (await next(poolId, 27))?.cidr]).toEqual(['10.0.0.16/28', '10.1.0.0/27']);
    const [first] = await asSystem((tx) => a.prefixes.allocationsOfPool(tx, poolId, null, 1));
    if (!first) throw new Error('nothing was imported');
    expect(first).toMatchObject({ cidr: '10.0.0.0/28', state: 'BOUND', holder: 'old plan', key: null });
    await a.prefixes.release(system, first.id, first.generation);
  });

  it('is refused as a whole, with the rows that are wrong', async () => {
    const { poolId } = await pool('10.0.0.0/16');
    await next(poolId, 28);
    const rows = (...cidrs: string[]): ImportedPrefix[] => [
      ...[...everySecond(9)].slice(0, -1),
      ...cidrs.map((cidr) => ({ cidr: Cidr.parse(cidr), tenantId })),
    ];
    await expect(a.importer.importPrefixes(system, poolId, rows('10.0.0.0/29'))).rejects.toMatchObject({
      code: 'OVERLAPS',
      facts: { overlapping: ['10.0.0.0/29'] },
    });
    await expect(a.importer.importPrefixes(system, poolId, rows('10.0.0.32/27'))).rejects.toMatchObject({
      code: 'OVERLAPS',
      facts: { overlapping: ['10.0.0.32/28'] },
    });
    await expect(a.importer.importPrefixes(system, poolId, rows('10.7.0.0/24', '10.0.9.0/31'))).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
      facts: { prefixes: ['10.0.9.0/31', '10.7.0.0/24'] },
    });
    const stranger = [{ cidr: Cidr.parse('10.0.8.0/24'), tenantId: newId<TenantId>() }];
    await expect(a.importer.importPrefixes(system, poolId, stranger)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await asSystem((tx) => a.pools.pool(tx, poolId))).free).toBe(16384n - 4n);
  });
});

describe('an import of addresses', () => {
  async function subnets(): Promise<AddressSpaceId> {
    const { poolId, spaceId } = await pool('10.0.0.0/16');
    for (const _ of ['10.0.0.0/24', '10.0.1.0/24']) {
      const leaf = await next(poolId, 24);
      if (leaf)
        await asSystem((tx) => a.subnets.open(tx, { prefixId: leaf.id, generation: 1, tenantId, gatewayMode: 'EXTERNAL_FIREWALL' }));
    }
    return spaceId;
  }
  const rows = (...addresses: string[]): ImportedAddress[] => addresses.map((address) => ({ address: Ip.parse(address) }));

  it('puts each into the subnet that has it, and counts them', async () => {
    const spaceId = await subnets();
    await asSystem((tx) => a.subnets.setQuota(tx, tenantId, spaceId, 1000n));
    const list = Array.from({ length: 100 }, (_, i) => [`10.0.0.${2 + i}`, `10.0.1.${254 - i}`]).flat();
    expect(await a.importer.importAddresses(system, spaceId, rows(...list))).toBe(200);
    const quota = await asSystem((tx) => tx.one<{ used: string }>('SELECT used FROM address_quota WHERE space_id = $1', [spaceId]));
    expect(quota?.used).toBe('202');
    const [low, high] = await asSystem((tx) => tx.sql<{ id: never }>('SELECT id FROM subnet WHERE space_id = $1 ORDER BY cidr', [spaceId]));
    const free = (id: never) => asSystem((tx) => a.subnets.free(tx, id, null, 10));
    expect([await free(low?.id as never), await free(high?.id as never)]).toEqual([
      [{ first: '10.0.0.102', last: '10.0.0.254' }],
      [{ first: '10.0.1.2', last: '10.0.1.154' }],
    ]);
  });

  it('is refused as a whole, with the rows that are wrong', async () => {
    const spaceId = await subnets();
    await expect(a.importer.importAddresses(system, spaceId, rows('10.0.0.9', '10.0.0.255', '10.0.2.1'))).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
      facts: { addresses: ['10.0.0.255', '10.0.2.1'] },
    });
    for (const taken of ['10.0.0.1', '10.0.0.9'])
      await expect(a.importer.importAddresses(system, spaceId, rows('10.0.0.9', taken))).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        facts: { addresses: [taken] },
      });
    expect(await a.importer.importAddresses(system, spaceId, rows('10.0.0.9'))).toBe(1);
  });
});
