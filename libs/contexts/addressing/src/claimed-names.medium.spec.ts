// A name that a tenant has on name servers is no other tenant's, by whatever door it comes.
import pg from 'pg';
import { AuditService } from '#contexts/events';
import {
  type AddressSpaceId,
  Cidr,
  type FabricId,
  Fqdn,
  IdempotencyKey,
  Ip,
  type IpAddressId,
  type PrefixPoolId,
  type TenantId,
  ZonePrefix,
} from '#engines/kernel';
import { newId, systemScope, type Tx, tenantScope } from '#platform';
import { type Addressing, addressingOn } from '../../../../test/support/addressing.js';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { AddressLookup } from './address-lookup.js';
import { AddressNamesService } from './address-names.service.js';
import { AddressRefusals } from './address-refusals.js';
import type { AddressAllocation } from './domain/allocation.js';
import type { Subnet, SubnetDns } from './domain/subnet.js';
import { nameInvariants } from './name-invariants.js';
import { AddressAllocationStore } from './store/address-allocation.store.js';
import { AddressLookupStore } from './store/address-lookup.store.js';
import { AddressNamesStore } from './store/address-names.store.js';
import { addressingEntities } from './store/addressing.entity.js';
import { PrefixAllocationStore } from './store/prefix-allocation.store.js';
import { SubnetStore } from './store/subnet.store.js';

const SYSTEM = systemScope('spec');
const fqdn = (name: string): Fqdn => Fqdn.parse(name);
let opened: OpenDatabase;
let a: Addressing;
let names: AddressNamesService;
let lookup: AddressLookup;
let fabricId: FabricId;
let spaceId: AddressSpaceId;
let poolId: PrefixPoolId;
let [theirs, ours]: [TenantId, TenantId] = [newId<TenantId>(), newId<TenantId>()];
let serial = 0;

beforeAll(async () => {
  opened = await openTestDatabase(addressingEntities);
  a = addressingOn(opened);
  const addresses = new AddressAllocationStore();
  const refusals = new AddressRefusals(new SubnetStore(), addresses);
  names = new AddressNamesService(new AddressNamesStore(), new AuditService());
  lookup = new AddressLookup(new AddressLookupStore(), addresses, new PrefixAllocationStore(), refusals, new AuditService());
});
afterAll(() => opened.close());
beforeEach(async () => {
  [fabricId, theirs, ours] = [newId<FabricId>(), newId<TenantId>(), newId<TenantId>()];
  await asSystem(async (tx) => {
    await tx.run(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, $2, 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
      [fabricId, `f${++serial}`],
    );
    for (const id of [theirs, ours]) await tx.run('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [id, `t${++serial}`]);
    spaceId = await a.addressing.createSpace(tx, { fabricId, slug: 's', name: 'S' });
    const lengths = { minLength: 8, defaultLength: 24, maxLength: 30 };
    poolId = await a.pools.create(tx, { spaceId, slug: `p${++serial}`, name: 'P', ranges: [Cidr.parse('10.0.0.0/8')], ...lengths });
  });
});
/** What is published agrees with what is claimed, and nothing is withheld. */
afterEach(async () => {
  await asSystem(async (tx) => {
    expect((await a.addressing.names(tx, fabricId)).withheld).toEqual([]);
    for (const invariant of nameInvariants)
      for (let ids = await invariant.slices.next(tx, null); ids.length > 0; ids = await invariant.slices.next(tx, ids.at(-1) ?? null))
        expect(await invariant.violations(tx, ids, 5), invariant.name).toEqual([]);
  });
  await asSystem((tx) => tx.run('DELETE FROM ip_address'));
});

const asSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(SYSTEM, work);
const as = <T>(tenant: TenantId, work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(tenantScope(tenant, 'spec'), work);
/** @param work no trigger sees it, and names are claimed afterwards, as by the migration. */
async function asBefore(work: string, values: unknown[]): Promise<void> {
  const owner = new pg.Client({ connectionString: opened.url });
  await owner.connect();
  await owner.query('SET session_replication_role = replica');
  await owner.query(work, values);
  await owner.query('SELECT dns_claims_rebuild()');
  await owner.end();
}
const key = (): IdempotencyKey => IdempotencyKey.parse(`k${++serial}`);

interface Opening extends Partial<SubnetDns> {
  readonly gatewayName?: Fqdn;
}
async function subnet(tenantId: TenantId, { dnsZone, dnsZonePrefix, gatewayName }: Opening = {}): Promise<Subnet> {
  const [leaf] = (await a.prefixes.allocate(tenantScope(tenantId, 'spec'), { poolId, tenantId, key: key() })).allocations;
  if (!leaf) throw new Error('no prefix was given');
  return as(tenantId, (tx) =>
    a.subnets.open(tx, {
      prefixId: leaf.id,
      generation: leaf.generation,
      tenantId,
      gatewayMode: gatewayName === undefined ? 'NONE' : 'EXTERNAL_FIREWALL',
      ...(gatewayName !== undefined && { gatewayName }),
      ...(dnsZone && { dnsZone }),
      ...(dnsZonePrefix && { dnsZonePrefix }),
    }),
  );
}
const withPrefix = (tenantId: TenantId, zone: string, prefix: string): Promise<Subnet> =>
  subnet(tenantId, { dnsZone: fqdn(zone), dnsZonePrefix: ZonePrefix.parse(prefix) });
async function address(of: Subnet, dnsName?: string): Promise<AddressAllocation> {
  const request = { subnetId: of.id, tenantId: of.tenantId, key: key(), ...(dnsName !== undefined && { dnsName: fqdn(dnsName) }) };
  const [given] = (await a.addresses.allocate(tenantScope(of.tenantId, 'spec'), request)).allocations;
  if (!given) throw new Error('no address was given');
  return given;
}
const setAliases = (of: TenantId, id: IpAddressId, ...aliases: string[]): Promise<void> =>
  as(of, (tx) => names.setAliases(tx, id, aliases.map(fqdn)));
const setDns = ({ tenantId, id }: Subnet, zone: string | null, prefix: string | null): Promise<Subnet> =>
  as(tenantId, (tx) =>
    a.subnets.setDns(tx, id, {
      dnsZone: zone === null ? null : fqdn(zone),
      dnsZonePrefix: prefix === null ? null : ZonePrefix.parse(prefix),
      dnsTtlSeconds: null,
    }),
  );
const published = async (): Promise<string[]> =>
  asSystem(async (tx) => (await a.addressing.names(tx, fabricId)).names.map(({ name, address: at }) => `${name} ${at}`).sort());

const NAME = 'www.p.t.cust.example';
/** How they have it. */
const HELD: Readonly<Record<string, () => Promise<AddressAllocation>>> = {
  'is called so': async () => address(await subnet(theirs), NAME),
  'is called so by the prefix of its subnet': async () => address(await withPrefix(theirs, 't.cust.example', 'p'), 'www.t.cust.example'),
  'has it as an alias': async () => {
    const given = await address(await subnet(theirs), 'host.t.cust.example');
    await setAliases(theirs, given.id, NAME);
    return given;
  },
  'has it as an alias by the prefix of its subnet': async () => {
    const given = await address(await withPrefix(theirs, 't.cust.example', 'p'), 'host.t.cust.example');
    await setAliases(theirs, given.id, 'www.t.cust.example');
    return given;
  },
};
/** How we would have it. */
const DOORS: Readonly<Record<string, () => Promise<unknown>>> = {
  'an allocation': async () => address(await subnet(ours), NAME),
  'an allocation in a subnet with a prefix': async () => address(await withPrefix(ours, 'cust.example', 'p.t'), 'www.cust.example'),
  'taking over an address': async () => {
    const of = await subnet(ours);
    const adopted = { address: Ip.parse(of.cidr.replace('.0/24', '.9')), key: key(), dnsName: fqdn(NAME) };
    return a.addresses.adopt(tenantScope(ours, 'spec'), of.id, ours, [adopted]);
  },
  'an import': async () => {
    const of = await subnet(ours);
    const at = (n: number) => Ip.parse(of.cidr.replace('.0/24', `.${n}`));
    return a.importer.importAddresses(SYSTEM, spaceId, [
      { address: at(8), dnsName: fqdn('fine.cust.example') },
      { address: at(9), dnsName: fqdn(NAME) },
    ]);
  },
  'an order': async () => {
    const of = await subnet(ours);
    return as(ours, (tx) => a.addressing.assign(tx, { subnet: of, mac: null, dnsName: fqdn(NAME), key: key() }));
  },
  'a gateway': () => subnet(ours, { gatewayName: fqdn(NAME) }),
  'a rename': async () => {
    const { id, generation } = await address(await subnet(ours), 'mine.cust.example');
    return as(ours, (tx) => lookup.changeStation(tx, id, generation, { mac: null, dnsName: fqdn(NAME), description: null }));
  },
  'an alias': async () => setAliases(ours, (await address(await subnet(ours), 'mine.cust.example')).id, NAME),
  'a prefix of the subnet': async () => {
    const of = await subnet(ours, { dnsZone: fqdn('cust.example') });
    await address(of, 'www.cust.example');
    return setDns(of, 'cust.example', 'p.t');
  },
  'no prefix any more': async () => {
    const of = await withPrefix(ours, 't.cust.example', 'mine');
    await setAliases(ours, (await address(of, 'mine.t.cust.example')).id, NAME);
    return setDns(of, null, null);
  },
};

const BY_PREFIX = 'is called so by the prefix of its subnet';
const AS_ALIAS = 'has it as an alias';
/** Each door, and each way to have it. */
const CASES = [
  ...Object.keys(DOORS).flatMap((door) => [BY_PREFIX, AS_ALIAS].map((held) => [held, door] as const)),
  ...Object.keys(HELD).flatMap((held) =>
    held === BY_PREFIX || held === AS_ALIAS ? [] : [[held, 'an allocation in a subnet with a prefix'] as const],
  ),
];
const hold = (how: string): Promise<AddressAllocation> => (HELD[how] as () => Promise<AddressAllocation>)();
const comeBy = (door: string): Promise<unknown> => (DOORS[door] as () => Promise<unknown>)();
const publishedAs = async (name: string): Promise<string[]> => (await published()).filter((line) => line.startsWith(`${name} `));

it.each(CASES)('what another tenant %s is not ours by %s; when they have it no more, it is', async (how, door) => {
  const { id, address: at } = await hold(how);
  const refused: unknown = await comeBy(door).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'ALREADY_EXISTS', facts: { name: NAME }, message: expect.stringContaining(NAME) });
  const told = JSON.stringify([refused, (refused as Error).message]);
  for (const secret of [theirs, at]) expect(told).not.toContain(secret);
  expect(await publishedAs(NAME)).toEqual([`${NAME} ${at}`]);
  await a.addresses.release(tenantScope(theirs, 'spec'), id, null);
  await asSystem((tx) => tx.run('DELETE FROM ip_address WHERE tenant_id = $1', [ours]));
  await comeBy(door);
  expect(await publishedAs(NAME)).toHaveLength(1);
});

it('a name of IPv4 leaves that of IPv6 to others, and addresses of one tenant share one', async () => {
  await hold(AS_ALIAS);
  const again = await address(await subnet(theirs), 'other.t.cust.example');
  await setAliases(theirs, again.id, NAME);
  const lengths = { minLength: 48, defaultLength: 64, maxLength: 64 };
  poolId = await asSystem((tx) =>
    a.pools.create(tx, { spaceId, slug: `p${++serial}`, name: 'P', ranges: [Cidr.parse('2001:db8::/32')], ...lengths }),
  );
  await address(await subnet(ours), NAME);
  expect(await publishedAs(NAME)).toHaveLength(3);
});

it('a name that a prefix hides is nobody’s: others may have it as a further name, and the prefix stays', async () => {
  const of = await withPrefix(theirs, 't.cust.example', 'p');
  await address(of, 'www.t.cust.example');
  const { id, address: at } = await address(await subnet(ours), 'mine.cust.example');
  await setAliases(ours, id, 'www.t.cust.example');
  expect(await publishedAs('www.t.cust.example')).toEqual([`www.t.cust.example ${at}`]);
  await expect(setDns(of, null, null)).rejects.toMatchObject({ code: 'ALREADY_EXISTS', facts: { name: 'www.t.cust.example' } });
});

it('a further name that two tenants have had since before is said anew by both, with others, and not taken by a third address', async () => {
  const first = await address(await subnet(theirs), 'theirs.cust.example');
  const second = await address(await subnet(ours), 'ours.cust.example');
  await asBefore(`UPDATE ip_address SET dns_aliases = '{both.cust.example}' WHERE id = ANY($1)`, [[first.id, second.id]]);
  await setAliases(theirs, first.id, 'both.cust.example', 'new.cust.example');
  await setAliases(ours, second.id, 'both.cust.example', 'other.cust.example');
  const third = await address(await subnet(ours), 'third.cust.example');
  await expect(setAliases(ours, third.id, 'both.cust.example')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  expect(await publishedAs('both.cust.example')).toEqual([`both.cust.example ${first.address}`]);
  await setAliases(ours, second.id);
});
