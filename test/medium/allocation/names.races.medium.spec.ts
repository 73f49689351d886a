// Two tenants for one name at the same moment, and a subnet whose names are called otherwise while it gives out one.
import {
  AddressAllocationService,
  addressingEntities,
  AddressingModule,
  AddressingService,
  AddressNamesService,
  PrefixAllocationService,
  SubnetService,
} from '#contexts/addressing';
import { InvariantRegistry } from '#contexts/events';
import {
  Cidr,
  type FabricId,
  Fqdn,
  IdempotencyKey,
  type IpAddressId,
  type PrefixPoolId,
  type SubnetId,
  type TenantId,
  ZonePrefix,
} from '#engines/kernel';
import { type Tx, tenantScope } from '#platform';
import { eventually } from '../../support/eventually.js';
import { AllocationWorld } from './allocation-world.js';

let world: AllocationWorld;
let fabricId: FabricId;
let poolId: PrefixPoolId;
let red: SubnetId;
let green: SubnetId;
beforeAll(async () => {
  world = await AllocationWorld.open([AddressingModule], addressingEntities);
});
afterAll(() => world.close());
beforeEach(async () => {
  fabricId = await world.fabric();
  poolId = await world.system(async (tx) => {
    const addressing = world.get(AddressingService);
    const spaceId = await addressing.createSpace(tx, { fabricId, slug: 's', name: 'S' });
    const lengths = { minLength: 24, defaultLength: 24, maxLength: 24 };
    return addressing.createPrefixPool(tx, { spaceId, slug: `p${world.next()}`, name: 'P', cidr: Cidr.parse('10.1.0.0/16'), ...lengths });
  });
  [red, green] = [await subnet(tenants()[0]), await subnet(tenants()[1])];
});
afterEach(async () => {
  for (const invariant of world
    .get(InvariantRegistry)
    .all()
    .filter(({ name }) => name.startsWith('addressing.name')))
    await world.system(async (tx) => {
      expect(await invariant.violations(tx, await invariant.slices.next(tx, null), 5), invariant.name).toEqual([]);
    });
});

const tenants = (): readonly [TenantId, TenantId] => world.tenants.slice(0, 2) as [TenantId, TenantId];
const tenantOf = (of: SubnetId): TenantId => tenants()[of === red ? 0 : 1];
const as = <T>(of: SubnetId, work: (tx: Tx) => Promise<T>): Promise<T> => world.db.inTransaction(tenantScope(tenantOf(of), 'spec'), work);
const key = (): IdempotencyKey => IdempotencyKey.parse(`n${world.next()}`);
async function subnet(tenantId: TenantId): Promise<SubnetId> {
  const [leaf] = (await world.get(PrefixAllocationService).allocate(tenantScope(tenantId, 'spec'), { poolId, tenantId, key: key() }))
    .allocations;
  if (!leaf) throw new Error('no prefix was given');
  const on = {
    prefixId: leaf.id,
    generation: leaf.generation,
    tenantId,
    gatewayMode: 'NONE' as const,
    dnsZone: Fqdn.parse('cust.example'),
  };
  return (await world.system((tx) => world.get(SubnetService).open(tx, on))).id;
}
async function addressIn(tx: Tx, of: SubnetId, name: string): Promise<IpAddressId> {
  const request = { subnetId: of, tenantId: tenantOf(of), key: key(), dnsName: Fqdn.parse(name) };
  const [given] = (await world.get(AddressAllocationService).allocateIn(tx, request)).allocations;
  if (!given) throw new Error('no address was given');
  return given.id;
}
const address = (of: SubnetId, name: string): Promise<IpAddressId> => as(of, (tx) => addressIn(tx, of, name));
const setAliases = (tx: Tx, id: IpAddressId, alias: string): Promise<void> =>
  world.get(AddressNamesService).setAliases(tx, id, [Fqdn.parse(alias)]);
const setPrefix = (tx: Tx, of: SubnetId, prefix: string): Promise<unknown> =>
  world
    .get(SubnetService)
    .setDns(tx, of, { dnsZone: Fqdn.parse('cust.example'), dnsZonePrefix: ZonePrefix.parse(prefix), dnsTtlSeconds: null });
const published = (): Promise<string[]> =>
  world.system(async (tx) => (await world.get(AddressingService).names(tx, fabricId)).names.map(({ name }) => name).sort());

/** Somebody in this database waits for somebody else. */
const isWaiting = () =>
  eventually(
    () =>
      world.system((tx) =>
        tx.one<{ n: number }>(
          'SELECT count(*)::int AS n FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE NOT l.granted AND a.datname = current_database()',
        ),
      ),
    (row) => Number(row?.n) > 0,
  );

/** A name of green's, by each way there is. What has to be there before is made at once. */
const WAYS: Readonly<Record<string, () => Promise<(tx: Tx) => Promise<unknown>>>> = {
  name: () => Promise.resolve((tx) => addressIn(tx, green, 'www.dmz.cust.example')),
  alias: async () => {
    const id = await address(green, `host${world.next()}.cust.example`);
    return (tx) => setAliases(tx, id, 'www.dmz.cust.example');
  },
  prefix: async () => {
    await address(green, 'www.cust.example');
    return (tx) => setPrefix(tx, green, 'dmz');
  },
};

describe.each(Object.keys(WAYS))('a name that another tenant is about to have, wanted as a %s', (way) => {
  const hold = async (tx: Tx): Promise<void> =>
    setAliases(tx, await addressIn(tx, red, `red${world.next()}.cust.example`), 'www.dmz.cust.example');

  it.each([
    ['is refused when it has it', true],
    ['is given when it gave up', false],
  ])('waits, and %s', async (_, isKept) => {
    const want = await WAYS[way]?.();
    let wanting: Promise<unknown> | undefined;
    const holding = as(red, async (tx) => {
      await hold(tx);
      wanting = as(green, (other) => want?.(other) ?? Promise.resolve()).then(
        () => 'given',
        (error: { code: string }) => error.code,
      );
      await isWaiting();
      if (!isKept) throw new Error('given up');
    }).catch((error: Error) => error.message);
    expect([await holding, await wanting]).toEqual(isKept ? [undefined, 'ALREADY_EXISTS'] : ['given up', 'given']);
    expect((await published()).filter((name) => name === 'www.dmz.cust.example')).toHaveLength(1);
    await world.system((tx) => tx.run('DELETE FROM ip_address'));
  });
});

it('one of many tenants that all want it at once has it', async () => {
  const wanted = Array.from({ length: 12 }, (_, n) => address(n % 2 === 0 ? red : green, 'all.cust.example').catch(() => null));
  expect((await Promise.all(wanted)).filter((id) => id !== null)).toHaveLength(1);
  const aliases = await Promise.all(Array.from({ length: 12 }, (_, n) => address(n % 2 === 0 ? red : green, `h${n}.cust.example`)));
  const set = await Promise.all(
    aliases.map((id, n) =>
      as(n % 2 === 0 ? red : green, (tx) => setAliases(tx, id, 'www.cust.example')).then(
        () => n % 2,
        () => null,
      ),
    ),
  );
  expect(new Set(set.filter((tenant) => tenant !== null)).size).toBe(1);
  expect(set.filter((tenant) => tenant !== null)).toHaveLength(6);
});

it('an address that is named while its subnet gets a prefix is called with it, whoever comes first', async () => {
  let other: Promise<unknown> | undefined;
  await as(red, async (tx) => {
    await setPrefix(tx, red, 'dmz');
    other = address(red, 'late.cust.example');
    await isWaiting();
  });
  await other;
  await as(red, async (tx) => {
    await addressIn(tx, red, 'early.cust.example');
    other = as(red, (second) => setPrefix(second, red, 'lan'));
    await isWaiting();
  });
  await other;
  expect(await published()).toEqual(['early.lan.cust.example', 'late.lan.cust.example']);
  await expect(address(green, 'late.lan.cust.example')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  await address(green, 'late.dmz.cust.example');
});

it('a subnet is not called otherwise while somebody gives out names there for long: whoever asks is told to try again, and holds nobody up', async () => {
  const there = await address(red, 'there.cust.example');
  await as(red, async (tx) => {
    await addressIn(tx, red, 'first.cust.example');
    await expect(as(red, (other) => setPrefix(other, red, 'dmz'))).rejects.toMatchObject({ code: 'LOCKED' });
    await as(red, (other) => setAliases(other, there, 'also.cust.example'));
  });
  expect(await published()).toEqual(['also.cust.example', 'first.cust.example', 'there.cust.example']);
  await as(red, async (tx) => {
    await setPrefix(tx, red, 'dmz');
    // So many names as a large subnet has take longer than other statements may.
    expect(await tx.one(`SELECT current_setting('statement_timeout') AS "within"`)).toEqual({ within: '2min' });
  });
  expect(await published()).toEqual(['also.dmz.cust.example', 'first.dmz.cust.example', 'there.dmz.cust.example']);
});
