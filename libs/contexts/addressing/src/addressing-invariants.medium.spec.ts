import pg from 'pg';
import { AuditService, type Invariant, InvariantInspector, type Violation } from '#contexts/events';
import { compareNatural } from '#engines/kernel';
import { newId, systemScope } from '#platform';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { addressInvariants } from './address-invariants.js';
import { prefixInvariants } from './prefix-invariants.js';

const SYSTEM = systemScope('spec');
const all: readonly Invariant[] = [...prefixInvariants, ...addressInvariants];
let opened: OpenDatabase;
let owner: pg.Client;
let inspector: InvariantInspector;
let serial = 0;
const [fabric, space, tenant, other] = [newId<string>(), newId<string>(), newId<string>(), newId<string>()];

beforeAll(async () => {
  opened = await openTestDatabase([]);
  owner = new pg.Client({ connectionString: opened.url });
  await owner.connect();
  inspector = new InvariantInspector(opened.db, new AuditService());
  await sql(
    `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
    [fabric],
  );
  for (const id of [tenant, other]) await sql('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [id, `t${++serial}`]);
  await sql(`INSERT INTO address_space (id, fabric_id, slug, name) VALUES ($1, $2, 's', 'S')`, [space, fabric]);
  await sql('INSERT INTO address_quota (tenant_id, space_id, max) VALUES ($1, $2, 1000)', [tenant, space]);
});
afterEach(() => owner.query('TRUNCATE prefix_pool, subnet, prefix CASCADE; UPDATE address_quota SET used = 0')); // What each test looks through is its own.
afterAll(async () => {
  await owner.end();
  await opened.close();
});

const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  opened.db.inTransaction(SYSTEM, (tx) => tx.sql<Row>(text, values));

interface Place {
  readonly pool: string;
  readonly subnet: string;
  readonly vrf: string;
  /** `10.<n>`: the pool has .0.0/17 and .128.0/18, of which .64.0/20 is excluded; .1.0/24 is a subnet, .2.0/24 of nobody's network. */
  readonly net: string;
}

/**
 * The subnet has .1.1 to .1.254: .1.1 and .1.9 are given out, .1.100–109 is DHCP with .1.103 given out, .1.200–209 is reserved. The IPv6 pool
 * beside it has one /64.
 */
async function busyPlace(): Promise<Place> {
  const net = `10.${++serial}`;
  const [pool, v6, range, second, range6] = [newId<string>(), newId<string>(), newId<string>(), newId<string>(), newId<string>()];
  for (const [id, family, min, standard, max] of [
    [pool, 4, 17, 24, 28],
    [v6, 6, 48, 64, 64],
  ] as const)
    await sql(
      `INSERT INTO prefix_pool (id, space_id, slug, name, family, min_length, default_length, max_length) VALUES ($1, $2, $3, 'P', $4, $5, $6, $7)`,
      [id, space, `p${serial}-${family}`, family, min, standard, max],
    );
  for (const [id, of, cidr] of [
    [range, pool, `${net}.0.0/17`],
    [second, pool, `${net}.128.0/18`],
    [range6, v6, `2001:db8:${serial}::/48`],
  ] as const) {
    await sql(`INSERT INTO prefix (id, space_id, cidr, role) VALUES ($1, $2, $3, 'POOL')`, [id, space, cidr]);
    await sql('INSERT INTO prefix_pool_range (pool_id, cidr, prefix_id) VALUES ($1, $2, $3)', [of, cidr, id]);
  }
  await sql(`INSERT INTO prefix_pool_exclusion (pool_id, cidr, reason) VALUES ($1, $2, 'old router')`, [pool, `${net}.64.0/20`]);
  await sql('INSERT INTO prefix_quota (tenant_id, pool_id, max) VALUES ($1, $2, 1000)', [tenant, pool]);
  const leaf = (parent: string, cidr: string, holder: string) =>
    sql<{ id: string }>(
      `INSERT INTO prefix (id, space_id, cidr, role, parent_id, tenant_id, key, holder_kind) VALUES ($1, $2, $3, 'SUBNET', $4, $5, $1::uuid::text, $6) RETURNING id`,
      [newId(), space, cidr, parent, tenant, holder],
    ).then(([row]) => row?.id as string);
  const held = await leaf(range, `${net}.1.0/24`, 'subnet');
  await leaf(range, `${net}.2.0/24`, 'external');
  await leaf(range6, `2001:db8:${serial}:7::/64`, 'external');
  const vrf = await newVrf();
  const subnet = newId<string>();
  await sql(`INSERT INTO subnet (id, tenant_id, prefix_id, space_id, cidr, gateway_mode, vrf_id) VALUES ($1, $2, $3, $4, $5, 'NONE', $6)`, [
    subnet,
    tenant,
    held,
    space,
    `${net}.1.0/24`,
    vrf,
  ]);
  await sql('SELECT vrf_route_add($1)', [subnet]);
  for (const [from, to, kind] of [
    [100, 109, 'DHCP'],
    [200, 209, 'RESERVED'],
  ] as const)
    await sql(`INSERT INTO address_range (subnet_id, tenant_id, first, last, kind, reason) VALUES ($1, $2, $3, $4, $5, 'old DHCP')`, [
      subnet,
      tenant,
      `${net}.1.${from}`,
      `${net}.1.${to}`,
      kind,
    ]);
  for (const host of [1, 9, 103])
    await sql(`INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key) VALUES ($1, $2, $3, $4, $5, 'HOST', $6)`, [
      newId(),
      tenant,
      space,
      subnet,
      `${net}.1.${host}`,
      `host/${host}`,
    ]);
  await sql('SELECT prefix_rebuild(id) FROM unnest($1::uuid[]) id', [[pool, v6]]);
  await sql('SELECT address_rebuild($1)', [subnet]);
  await sql('SELECT address_quota_recount($1, $2)', [tenant, space]);
  return { pool, subnet, vrf, net };
}

async function newVrf(): Promise<string> {
  const [id, vni] = [newId<string>(), 10_000 + ++serial];
  const allocations = [newId<string>(), newId<string>()];
  const [numbers, numberPool] = [newId<string>(), newId<string>()];
  await sql(`INSERT INTO number_space (id, kind) VALUES ($1, 'ASN') ON CONFLICT DO NOTHING`, [numbers]);
  await sql(
    `INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key) SELECT a, $2, $3, $4, n, a::text FROM unnest($1::uuid[]) WITH ORDINALITY u(a, n)`,
    [allocations, numbers, numberPool, tenant],
  );
  await sql(
    `INSERT INTO vrf (id, tenant_id, fabric_id, slug, name, device_name, l3vni_allocation_id, l3vni, evi_allocation_id, evi_id) VALUES ($1, $2, $3, $4, 'V', $4, $5, $6, $7, $6)`,
    [id, tenant, fabric, `vrf${vni}`, allocations[0], vni, allocations[1]],
  );
  return id;
}

async function found(): Promise<Record<string, readonly Violation[]>> {
  const broken: Record<string, readonly Violation[]> = {};
  for (const invariant of all) {
    const { violations } = await inspector.inspect(invariant, 'spec');
    if (violations.length > 0) broken[invariant.name] = violations.toSorted((a, b) => compareNatural(a.what, b.what)); // In no order of their own.
  }
  return broken;
}
const named = (name: string): Invariant => all.find((invariant) => invariant.name === name) as Invariant;

/** SQL with :pool, :subnet, :vrf and :net. */
interface Corruption {
  readonly name: string;
  readonly by: string;
  readonly at: 'pool' | 'subnet' | 'vrf' | 'space';
  readonly plant: string;
  readonly what: RegExp;
  readonly also?: readonly string[];
}

const DERIVED: readonly Corruption[] = [
  {
    name: 'addressing.prefixes-nothing-lost',
    by: 'a free block that is gone',
    at: 'pool',
    plant: `DELETE FROM free_prefix WHERE pool_id = :pool AND block = ':net.128.0/18'`,
    what: /^10\.\d+\.128\.0\/18 is neither free nor given out nor excluded, or not all of it is free$/,
  },
  {
    name: 'addressing.prefixes-nothing-lost',
    by: 'half of a free block',
    at: 'pool',
    plant: `UPDATE free_prefix SET length = 19, block = ':net.128.0/19' WHERE pool_id = :pool AND block = ':net.128.0/18'`,
    what: /^10\.\d+\.128\.0\/18 is neither/,
  },
  {
    name: 'addressing.free-prefixes-tidy',
    by: 'two halves that were not merged',
    at: 'pool',
    plant: `WITH half AS (UPDATE free_prefix SET length = 19, block = ':net.128.0/19' WHERE pool_id = :pool AND block = ':net.128.0/18')
            INSERT INTO free_prefix VALUES (:pool, 19, ':net.160.0/19')`,
    what: /^10\.\d+\.128\.0\/19 and its other half are both free and not merged$/,
  },
  {
    name: 'addressing.free-prefixes-tidy',
    by: 'blocks that overlap',
    at: 'pool',
    plant: `INSERT INTO free_prefix VALUES (:pool, 24, ':net.130.0/24')`,
    what: /^10\.\d+\.130\.0\/24 overlaps another free block$/,
  },
  {
    name: 'addressing.free-prefixes-unused',
    by: 'a prefix that is given out and free, too',
    at: 'pool',
    plant: `INSERT INTO free_prefix VALUES (:pool, 24, ':net.2.0/24')`,
    what: /^10\.\d+\.2\.0\/24 is given out and in a free block$/,
    also: ['addressing.free-prefixes-tidy'], // .3.0/24 is free, its other half.
  },
  {
    name: 'addressing.free-prefixes-unused',
    by: 'a free block in an excluded one',
    at: 'pool',
    plant: `INSERT INTO free_prefix VALUES (:pool, 24, ':net.66.0/24')`,
    what: /^10\.\d+\.66\.0\/24 is free and in a prefix that is given out or excluded$/,
  },
  {
    name: 'addressing.free-prefixes-configured',
    by: 'free space outside of the pool',
    at: 'pool',
    plant: `INSERT INTO free_prefix VALUES (:pool, 24, ':net.200.0/24')`,
    what: /^10\.\d+\.200\.0\/24 is free and in no range of the pool$/,
  },
  {
    name: 'addressing.prefix-state-copied',
    by: 'a state row that is gone',
    at: 'pool',
    plant: 'DELETE FROM prefix_pool_state WHERE pool_id = :pool',
    what: /^there is no state row$/,
  },
  {
    name: 'addressing.prefix-state-copied',
    by: 'lengths that did not arrive',
    at: 'pool',
    plant: 'UPDATE prefix_pool SET default_length = 25 WHERE id = :pool',
    what: /lengths 17\/24\/28.* instead of .*lengths 17\/25\/28/,
  },
  {
    name: 'addressing.prefix-hints-true',
    by: 'a hint above a free block',
    at: 'pool',
    plant: `UPDATE prefix_pool_state SET hints[19] = ':net.192.0/18' WHERE pool_id = :pool`,
    what: /^10\.\d+\.128\.0\/18 is free, and the hint for its length is 10\.\d+\.192\.0\/18$/,
  },
  {
    name: 'addressing.prefix-count-true',
    by: 'a count that is too low',
    at: 'pool',
    plant: 'UPDATE prefix_pool_state SET free = free - 1 WHERE pool_id = :pool',
    what: /^counted are 2783, and 2784 are free, in blocks of \/28$/,
  },
  {
    name: 'addressing.prefix-quota-true',
    by: 'a quota that counts too much',
    at: 'pool',
    plant: 'UPDATE prefix_quota SET used = used + 1 WHERE pool_id = :pool',
    what: /^tenant \S+ has 32 blocks, and 33 are counted$/,
  },
  {
    name: 'addressing.addresses-nothing-lost',
    by: 'a free range that is gone',
    at: 'subnet',
    plant: `DELETE FROM free_address WHERE subnet_id = :subnet AND first = ':net.1.210'`,
    what: /^10\.\d+\.1\.210-10\.\d+\.1\.254 is neither free nor given out nor reserved$/,
  },
  {
    name: 'addressing.addresses-nothing-lost',
    by: 'a free DHCP range that begins too late',
    at: 'subnet',
    plant: `UPDATE free_address SET first = first + 1 WHERE subnet_id = :subnet AND first = ':net.1.104'`,
    what: /^10\.\d+\.1\.104 is neither/,
  },
  {
    name: 'addressing.free-addresses-tidy',
    by: 'a range that was not merged',
    at: 'subnet',
    plant: `WITH cut AS (UPDATE free_address SET last = ':net.1.50' WHERE subnet_id = :subnet AND first = ':net.1.10')
            INSERT INTO free_address (subnet_id, first, last) VALUES (:subnet, ':net.1.51', ':net.1.99')`,
    what: /^10\.\d+\.1\.51-10\.\d+\.1\.99 overlaps or continues a free range that ends at 10\.\d+\.1\.50$/,
  },
  {
    name: 'addressing.free-addresses-unused',
    by: 'an address that is given out and free, too',
    at: 'subnet',
    plant: `INSERT INTO free_address (subnet_id, first, last) VALUES (:subnet, ':net.1.1', ':net.1.1')`,
    what: /^10\.\d+\.1\.1 is given out \([0-9a-f-]{36}\) and in the free range 10\.\d+\.1\.1$/,
    also: ['addressing.free-addresses-tidy'], // .1.2 follows.
  },
  {
    name: 'addressing.free-addresses-configured',
    by: 'a reserved address that is free, too',
    at: 'subnet',
    plant: `INSERT INTO free_address (subnet_id, first, last) VALUES (:subnet, ':net.1.204', ':net.1.205')`,
    what: /^10\.\d+\.1\.204-10\.\d+\.1\.205 is free and in a RESERVED range \(old DHCP\)$/,
  },
  {
    name: 'addressing.free-addresses-configured',
    by: 'a DHCP address that is free for everybody',
    at: 'subnet',
    plant: `WITH gone AS (DELETE FROM free_address WHERE subnet_id = :subnet AND kind = 'DHCP' AND first > ':net.1.200' RETURNING 1)
            INSERT INTO free_address (subnet_id, first, last) VALUES (:subnet, ':net.1.105', ':net.1.106')`,
    what: /^10\.\d+\.1\.105-10\.\d+\.1\.106 is free and in a DHCP range \(old DHCP\)$/,
  },
  {
    name: 'addressing.free-addresses-configured',
    by: 'free DHCP addresses outside of the DHCP range',
    at: 'subnet',
    plant: `INSERT INTO free_address (subnet_id, kind, first, last) VALUES (:subnet, 'DHCP', ':net.1.120', ':net.1.121')`,
    what: /^10\.\d+\.1\.120-10\.\d+\.1\.121 is free as DHCP and in no DHCP range$/,
  },
  {
    name: 'addressing.free-addresses-configured',
    by: 'the broadcast address',
    at: 'subnet',
    plant: `UPDATE free_address SET last = ':net.1.255' WHERE subnet_id = :subnet AND first = ':net.1.210'`,
    what: /^10\.\d+\.1\.210-10\.\d+\.1\.255 is free and not all of it is a host address of 10\.\d+\.1\.0\/24$/,
  },
  {
    name: 'addressing.subnet-state-copied',
    by: 'a state row that is gone',
    at: 'subnet',
    plant: 'DELETE FROM subnet_state WHERE subnet_id = :subnet',
    what: /^there is no state row$/,
  },
  {
    name: 'addressing.subnet-state-copied',
    by: 'a quarantine that did not arrive',
    at: 'subnet',
    plant: 'UPDATE subnet SET quarantine_seconds = 60 WHERE id = :subnet',
    what: /^quarantine of 86400 s instead of 60 s$/,
  },
  {
    name: 'addressing.subnet-hint-true',
    by: 'a hint above free addresses',
    at: 'subnet',
    plant: `UPDATE subnet_state SET hint = ':net.1.50' WHERE subnet_id = :subnet`,
    what: /^the hint is 10\.\d+\.1\.50, and 10\.\d+\.1\.2 is free$/,
  },
  {
    name: 'addressing.subnet-count-true',
    by: 'a count that is too high',
    at: 'subnet',
    plant: 'UPDATE subnet_state SET free = free + 1 WHERE subnet_id = :subnet',
    what: /^counted are 233, and 232 are free$/,
  },
  {
    name: 'addressing.address-quota-true',
    by: 'a quota that lost an address',
    at: 'space',
    plant: 'UPDATE address_quota SET used = used - 1',
    what: /^tenant \S+ has \d+ addresses, and \d+ are counted$/,
  },
  {
    name: 'addressing.routes-true',
    by: 'a subnet that its VRF does not see',
    at: 'vrf',
    plant: 'DELETE FROM vrf_route WHERE subnet_id = :subnet',
    what: /^10\.\d+\.1\.0\/24 is not among its routes$/,
  },
  {
    name: 'addressing.routes-true',
    by: 'a subnet that is seen where it should not be',
    at: 'vrf',
    plant: `INSERT INTO vrf_route SELECT :vrf, id, cidr FROM subnet WHERE id <> :subnet ORDER BY id DESC LIMIT 1`,
    what: /^10\.\d+\.1\.0\/24 is among its routes, and neither its own nor leaked into it$/,
  },
];

describe('the invariants of prefixes and addresses', () => {
  it('hold in a sound database', async () => {
    await busyPlace();
    await busyPlace();
    expect(await found()).toEqual({});
  });

  it.each([
    '192.168.7.0/30',
    '192.168.8.0/31',
    '192.168.9.9/32',
    '2001:db8:ffff::/64',
    '2001:db8:fffe::6/127',
    '2001:db8:fffd::7/128',
    '2001:db8:fffc::/112',
  ])('hold in the subnet %s, from empty to full', async (cidr) => {
    const [prefix, subnet] = [newId<string>(), newId<string>()];
    await sql(`INSERT INTO prefix (id, space_id, cidr, role, tenant_id, holder_kind) VALUES ($1, $2, $3, 'SUBNET', $4, 'subnet')`, [
      prefix,
      space,
      cidr,
      tenant,
    ]);
    await sql(`INSERT INTO subnet (id, tenant_id, prefix_id, space_id, cidr, gateway_mode) VALUES ($1, $2, $3, $4, $5, 'NONE')`, [
      subnet,
      tenant,
      prefix,
      space,
      cidr,
    ]);
    await sql('SELECT address_rebuild($1)', [subnet]);
    expect(await found()).toEqual({});
    for (const host of await sql<{ address: string }>(
      `SELECT address::text FROM (SELECT first AS address FROM subnet_state WHERE subnet_id = $1 UNION SELECT last FROM subnet_state WHERE subnet_id = $1
           UNION SELECT first + 1 FROM subnet_state WHERE subnet_id = $1 AND first < last) h`,
      [subnet],
    )) {
      await sql(
        `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key) VALUES ($1, $2, $3, $4, $5, 'HOST', $1::uuid::text)`,
        [newId(), tenant, space, subnet, host.address],
      );
      await sql('SELECT address_rebuild($1)', [subnet]);
      await sql('SELECT address_quota_recount($1, $2)', [tenant, space]);
      expect(await found()).toEqual({});
    }
    await sql('SELECT subnet_forget($1)', [subnet]);
    await sql('DELETE FROM prefix WHERE id = $1', [prefix]);
  });

  it.each(DERIVED)('$name finds $by and nothing else, and the repair mends it', async ({ name, at, plant, what, also = [] }) => {
    const [bystander, place] = [await busyPlace(), await busyPlace()];
    const untouched = await derivedOf(bystander);
    let text = plant.replaceAll(':net', place.net);
    for (const key of ['pool', 'subnet', 'vrf'] as const) text = text.replaceAll(`:${key}`, `'${place[key]}'`);
    await sql(text);
    const broken = await found();
    expect(Object.keys(broken).filter((each) => !also.includes(each))).toEqual([name]);
    expect(broken[name]).toEqual([{ id: at === 'space' ? space : place[at], what: expect.stringMatching(what) as string }]);
    expect(await inspector.repair(named(name), broken[name] as Violation[], 'spec')).toBeGreaterThan(0);
    expect(await found()).toEqual({});
    expect(await derivedOf(bystander)).toEqual(untouched);
  });

  const derivedOf = async (place: Place) => ({
    blocks: await sql('SELECT block FROM free_prefix WHERE pool_id = $1 ORDER BY block', [place.pool]),
    pool: await sql('SELECT free FROM prefix_pool_state WHERE pool_id = $1', [place.pool]),
    addresses: await sql('SELECT kind, first, last FROM free_address WHERE subnet_id = $1 ORDER BY kind, first', [place.subnet]),
    subnet: await sql('SELECT free FROM subnet_state WHERE subnet_id = $1', [place.subnet]),
  });

  it('knows what is leaked into a VRF', async () => {
    const [from, into] = [await busyPlace(), await busyPlace()];
    await sql('INSERT INTO vrf_leak (from_vrf_id, into_vrf_id) VALUES ($1, $2)', [from.vrf, into.vrf]);
    const broken = await found();
    expect(broken).toEqual({ 'addressing.routes-true': [{ id: into.vrf, what: `${from.net}.1.0/24 is not among its routes` }] });
    await inspector.repair(named('addressing.routes-true'), broken['addressing.routes-true'] as Violation[], 'spec');
    expect(await found()).toEqual({});
    await sql('DELETE FROM vrf_leak WHERE from_vrf_id = $1', [from.vrf]);
    await sql('DELETE FROM vrf_route WHERE viewer_vrf_id = $1 AND cidr = $2', [into.vrf, `${from.net}.1.0/24`]);
  });

  describe('about what only a person can put right', () => {
    /** Planted, found as exactly this, not repaired, and taken back. */
    const finds = async (name: string, plant: string, undo: string, what: RegExp, place: Place, at: 'pool' | 'subnet'): Promise<void> => {
      const filled = (text: string): string =>
        text.replaceAll(':net', place.net).replaceAll(':pool', `'${place.pool}'`).replaceAll(':subnet', `'${place.subnet}'`);
      await sql(filled(plant));
      expect(await found()).toEqual({ [name]: [{ id: place[at], what: expect.stringMatching(what) as string }] });
      expect(named(name).repair).toBeUndefined();
      await sql(filled(undo));
      expect(await found()).toEqual({});
    };

    it.each([
      [
        'addressing.prefixes-owned',
        `UPDATE prefix SET tenant_id = '${other.replace(/.{4}$/, 'ffff')}' WHERE cidr = ':net.2.0/24' AND role = 'SUBNET'`,
        `UPDATE prefix SET tenant_id = '${tenant}' WHERE cidr = ':net.2.0/24' AND role = 'SUBNET'`,
        /^10\.\d+\.2\.0\/24 \(.*\) belongs to the tenant .*ffff, who does not exist$/,
        'pool',
        ['addressing.prefix-quota-true'],
      ],
      [
        'addressing.prefixes-used',
        `UPDATE prefix SET holder_kind = 'subnet' WHERE cidr = ':net.2.0/24' AND role = 'SUBNET'`,
        `UPDATE prefix SET holder_kind = 'external' WHERE cidr = ':net.2.0/24' AND role = 'SUBNET'`,
        /^10\.\d+\.2\.0\/24 \(.*\) is held by a subnet and no subnet has it$/,
        'pool',
        [],
      ],
      [
        'addressing.subnets-have-prefixes',
        `UPDATE prefix SET holder_kind = 'external' WHERE cidr = ':net.1.0/24' AND role = 'SUBNET'`,
        `UPDATE prefix SET holder_kind = 'subnet' WHERE cidr = ':net.1.0/24' AND role = 'SUBNET'`,
        /^10\.\d+\.1\.0\/24 has a prefix that is held as external$/,
        'subnet',
        [],
      ],
      [
        'addressing.addresses-in-their-subnet',
        `UPDATE ip_address SET address = '192.0.2.9' WHERE address = ':net.1.9'`,
        `UPDATE ip_address SET address = ':net.1.9' WHERE address = '192.0.2.9'`,
        /^192\.0\.2\.9 \(.*\) is not in 10\.\d+\.1\.0\/24 of its space$/,
        'subnet',
        ['addressing.addresses-nothing-lost', 'addressing.subnet-count-true'],
      ],
    ] as const)('%s', async (name, plant, undo, what, at, also) => {
      const place = await busyPlace();
      if (also.length === 0) return finds(name, plant, undo, what, place, at);
      await sql(plant.replaceAll(':net', place.net));
      const broken = await found();
      expect(Object.keys(broken).sort()).toEqual([name, ...also].sort());
      expect(broken[name]).toEqual([{ id: place[at], what: expect.stringMatching(what) as string }]);
      expect(named(name).repair).toBeUndefined();
      await sql(undo.replaceAll(':net', place.net));
      expect(await found()).toEqual({});
    });

    it('a prefix that came from nowhere', async () => {
      const place = await busyPlace();
      const stray = newId<string>();
      await sql(`INSERT INTO prefix (id, space_id, cidr, role, tenant_id) VALUES ($1, $2, $3, 'SUBNET', $4)`, [
        stray,
        space,
        `${place.net}.3.0/24`,
        tenant,
      ]);
      await sql('SELECT prefix_rebuild($1)', [place.pool]);
      expect(await found()).toEqual({
        'addressing.prefixes-in-their-pool': [
          { id: place.pool, what: `${place.net}.3.0/24 (${stray}) lies in ${place.net}.0.0/17 and did not come from it` },
        ],
      });
      await sql('DELETE FROM prefix WHERE id = $1', [stray]);
    });

    it('prefixes and addresses that exist twice, and that their judges are gone', async () => {
      const place = await busyPlace();
      const definition = (
        await owner.query<{ name: string; definition: string }>(
          `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname IN ('prefix_leaf_disjoint', 'ip_address_unique')`,
        )
      ).rows;
      await owner.query('ALTER TABLE prefix DROP CONSTRAINT prefix_leaf_disjoint');
      await owner.query('ALTER TABLE ip_address DROP CONSTRAINT ip_address_unique');
      const [prefix, address] = [newId<string>(), newId<string>()];
      try {
        await sql(
          `INSERT INTO prefix (id, space_id, cidr, role, tenant_id, parent_id) SELECT $1, $2, $3, 'SUBNET', $4, parent_id FROM prefix WHERE cidr = $5 AND role = 'SUBNET'`,
          [prefix, space, `${place.net}.2.128/25`, tenant, `${place.net}.2.0/24`],
        );
        await sql(
          `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key) VALUES ($1, $2, $3, $4, $5, 'HOST', 'host/twin')`,
          [address, tenant, space, place.subnet, `${place.net}.1.9`],
        );
        const broken = await found();
        expect(broken['addressing.prefixes-never-twice']).toContainEqual({
          id: place.pool,
          what: `${place.net}.2.128/25 (${prefix}) overlaps another prefix`,
        });
        expect(broken['addressing.addresses-never-twice']).toEqual([
          { id: space, what: expect.stringMatching(`^${place.net}.1.9 is given out 2 times: `) as string },
          { id: space, what: 'the constraint ip_address_unique is missing' },
        ]);
      } finally {
        await sql('DELETE FROM prefix WHERE id = $1', [prefix]);
        await sql('DELETE FROM ip_address WHERE id = $1', [address]);
        for (const each of definition)
          await owner.query(
            `ALTER TABLE ${each.name.startsWith('prefix') ? 'prefix' : 'ip_address'} ADD CONSTRAINT ${each.name} ${each.definition}`,
          );
      }
      expect(await found()).toEqual({});
    });

    it('holds and quarantines that nobody ended', async () => {
      const place = await busyPlace();
      await sql(`UPDATE prefix SET state = 'HELD', expires_at = now() - interval '2 minutes' WHERE cidr = $1 AND role = 'SUBNET'`, [
        `${place.net}.2.0/24`,
      ]);
      await sql(`UPDATE ip_address SET state = 'HELD', expires_at = now() - interval '2 minutes' WHERE address = $1`, [`${place.net}.1.9`]);
      const broken = await found();
      expect(Object.keys(broken)).toEqual(['addressing.prefix-ends-kept', 'addressing.address-ends-kept']);
      expect(broken['addressing.prefix-ends-kept']).toEqual([
        { id: place.pool, what: expect.stringMatching(/^1 holds are over and still there, the oldest since /) as string },
      ]);
      await sql('SELECT prefix_sweep(100)');
      await sql('SELECT address_sweep(100)');
      expect(await found()).toEqual({});
    });
  });
});
