// Each question of a system that knows values and not ids is answered by an index, however many addresses there are, and whichever plan is kept.
import { type AddressSpaceId, Cidr, type Fqdn, Ip, type IpAddressId, type Mac, type SubnetId, type TenantId } from '#engines/kernel';
import { newId, systemScope, type Tx, tenantScope } from '#platform';
import { type OpenDatabase, openTestDatabase } from '../../../../../test/support/open-database.js';
import { addressingEntities } from './addressing.entity.js';
import { AddressLookupStore, type Realm } from './address-lookup.store.js';

const SUBNETS = 1000;
const HOSTS = 12;

const store = new AddressLookupStore();
let opened: OpenDatabase;
let realm: Realm;
let subnetId: SubnetId;
let addressId: IpAddressId;

/** Two tenants in one address space, twenty-four thousand addresses in all, and a range in each subnet. */
beforeAll(async () => {
  opened = await openTestDatabase(addressingEntities);
  const [fabricId, spaceId] = [newId<string>(), newId<AddressSpaceId>()];
  const parties = [1, 2].map((n) => ({ n, tenantId: newId<TenantId>() }));
  await opened.db.inTransaction(
    systemScope('spec'),
    async (tx) => {
      await tx.run(
        `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
        [fabricId],
      );
      await tx.run(`INSERT INTO address_space (id, fabric_id, slug, name) VALUES ($1, $2, 's', 'S')`, [spaceId, fabricId]);
      for (const { n, tenantId } of parties) {
        await tx.run('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [tenantId, `t${n}`]);
        await tx.run(
          `WITH made AS (
            INSERT INTO prefix (id, space_id, cidr, role, tenant_id, holder_kind)
              SELECT gen_random_uuid(), $1, ('10.' || 16 * $3::int + i / 256 || '.' || i % 256 || '.0/24')::cidr, 'SUBNET', $2, 'subnet' FROM generate_series(0, ${SUBNETS - 1}) i RETURNING id, cidr)
          INSERT INTO subnet (id, tenant_id, prefix_id, space_id, cidr, gateway_mode) SELECT id, $2, id, $1, cidr, 'NONE' FROM made`,
          [spaceId, tenantId, n],
        );
        await tx.run(
          `INSERT INTO address_range (subnet_id, tenant_id, first, last, kind, reason)
            SELECT id, tenant_id, host(cidr)::inet + 251, host(cidr)::inet + 253, 'DHCP', '' FROM subnet WHERE tenant_id = $1`,
          [tenantId],
        );
        await tx.run(
          `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, mac, dns_name)
            SELECT gen_random_uuid(), s.tenant_id, s.space_id, s.id, host(s.cidr)::inet + h, 'HOST',
                   ('02:00:0' || $2::int || ':' || lpad(to_hex(h), 2, '0') || ':00:01')::macaddr,
                   'h' || h || '.' || replace(host(s.cidr), '.', '-') || '.example'
              FROM subnet s, generate_series(1, ${HOSTS}) h WHERE s.tenant_id = $1`,
          [tenantId, n],
        );
      }
      // What the server does by itself a minute later.
      await tx.run('SET LOCAL ROLE NONE');
      await tx.run('ANALYZE ip_address, subnet, address_range');
    },
    { statementTimeoutMs: 60_000 },
  );
  const [own] = parties;
  realm = { tenantId: own?.tenantId as TenantId, vrfId: null, spaceIds: [spaceId] };
  const found = await inTenant((tx) =>
    tx.one<{ id: IpAddressId; subnetId: SubnetId }>(`SELECT id, subnet_id AS "subnetId" FROM ip_address WHERE address = '10.16.7.9'`),
  );
  [addressId, subnetId] = [found?.id as IpAddressId, found?.subnetId as SubnetId];
}, 120_000);
afterAll(() => opened?.close());

const inTenant = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(tenantScope(realm?.tenantId, 'spec'), work);

const READ = `SELECT (SELECT sum(pg_stat_get_xact_tuples_returned(c.oid)) FROM pg_class c WHERE c.relname ~ '^(ip_address|subnet|address_range)')::int AS n`;

/** Rows and entries of indexes that were read, the plan being one for any value. */
async function read(ask: (tx: Tx) => Promise<{ rows: readonly unknown[]; count: number }>): Promise<{ rows: number; read: number }> {
  return inTenant(async (tx) => {
    await tx.sql(`SELECT set_config('plan_cache_mode', 'force_generic_plan', true)`);
    const before = await tx.one<{ n: number }>(READ);
    const { rows } = await ask(tx);
    const after = await tx.one<{ n: number }>(READ);
    return { rows: rows.length, read: (after?.n ?? 0) - (before?.n ?? 0) };
  });
}

const PAGE = { offset: 0, limit: 50 };
const cidr = Cidr.parse('10.16.7.0/24');
const address = Ip.parse('10.16.7.9');

describe('a look by value', () => {
  it.each([
    ['prefix', { cidr }],
    ['beginning', { network: Ip.parse('10.16.7.0') }],
    ['inclusion', { within: cidr }],
    ['an address in it', { having: address }],
  ] as const)('finds a subnet by its %s and reads no others', async (_how, question) => {
    const { rows, read: few } = await read((tx) => store.subnets(tx, realm, question, PAGE));
    expect(rows).toBe(1);
    expect(few).toBeLessThan(20);
  });

  it('finds an address and reads no others', async () => {
    const name = 'h9.10-16-7-0.example' as Fqdn;
    const questions = {
      address: { address },
      id: { ids: [addressId] },
      name: { dnsName: name },
      'name in a subnet': { subnetId, dnsName: name },
    };
    for (const [how, question] of Object.entries(questions)) {
      const { rows, read: few } = await read((tx) => store.addresses(tx, realm, question, PAGE));
      expect([how, rows]).toEqual([how, 1]);
      expect(few, how).toBeLessThan(20);
    }
    // A station is in many subnets at most.
    const station = await read((tx) => store.addresses(tx, realm, { mac: '02:00:01:09:00:01' as Mac }, PAGE));
    expect(station.rows).toBe(PAGE.limit);
    expect(station.read).toBeLessThan(10 * SUBNETS);
  });

  it('lists a subnet and reads no others', async () => {
    const { rows, read: few } = await read((tx) => store.addresses(tx, realm, { within: cidr }, PAGE));
    expect(rows).toBe(HOSTS);
    expect(few).toBeLessThan(6 * HOSTS);
  });

  it('finds a range by its ends, and lists pages of all in one question', async () => {
    const [first, last] = [Ip.parse('10.16.7.251'), Ip.parse('10.16.7.253')];
    const one = await read((tx) => store.dhcpRanges(tx, realm, { first, last }, PAGE));
    expect(one.rows).toBe(1);
    expect(one.read).toBeLessThan(20);
    const all = await inTenant((tx) => store.dhcpRanges(tx, realm, {}, { offset: 950, limit: 100 }));
    expect([all.rows.length, all.count]).toEqual([50, SUBNETS]);
    expect(all.rows[0]).toMatchObject({ cidr: '10.19.182.0/24', first: '10.19.182.251', last: '10.19.182.253' });
  });

  it('finds what lies in a prefix and nothing beside it, at both of its ends', async () => {
    const within = async (text: string): Promise<number> =>
      (await inTenant((tx) => store.addresses(tx, realm, { within: Cidr.parse(text) }, { offset: 0, limit: 1000 }))).count;
    expect(await within('10.16.7.8/30')).toBe(4);
    expect(await within('10.16.7.9/32')).toBe(1);
    expect(await within('10.16.6.0/23')).toBe(2 * HOSTS);
    expect(await within('2001:db8::/32')).toBe(0);
    const subnets = async (text: string): Promise<number> =>
      (await inTenant((tx) => store.subnets(tx, realm, { within: Cidr.parse(text) }, PAGE))).count;
    expect(await Promise.all(['10.16.6.0/23', '10.16.7.0/24', '10.16.7.0/25', '10.19.231.0/24', '10.19.232.0/24'].map(subnets))).toEqual([
      2, 1, 0, 1, 0,
    ]);
  });
});
