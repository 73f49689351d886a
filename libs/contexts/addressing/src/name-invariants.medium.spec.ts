// Each way in which claims and names part is found by name, and nothing else is; the rule of what names are called is one, here and in the database.
import fc from 'fast-check';
import pg from 'pg';
import { AuditService, InvariantInspector, type Violation } from '#contexts/events';
import { Fqdn, Ip, type IpAddressId, type TenantId, ZonePrefix } from '#engines/kernel';
import { newId, systemScope } from '#platform';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { publishedNames } from './domain/published-names.js';
import { nameInvariants } from './name-invariants.js';

const [fabric, space, red, green] = [newId<string>(), newId<string>(), newId<string>(), newId<string>()];
let opened: OpenDatabase;
let owner: pg.Client;
let inspector: InvariantInspector;

beforeAll(async () => {
  opened = await openTestDatabase([]);
  owner = new pg.Client({ connectionString: opened.url });
  await owner.connect();
  inspector = new InvariantInspector(opened.db, new AuditService());
  await sql(
    `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
    [fabric],
  );
  await sql(`INSERT INTO address_space (id, fabric_id, slug, name) VALUES ($1, $2, 's', 'S')`, [space, fabric]);
  for (const [n, tenant] of [red, green].entries()) {
    await sql('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [tenant, `t${n}`]);
    const [prefix, subnet] = [newId<string>(), newId<string>()];
    await sql(
      `INSERT INTO prefix (id, space_id, cidr, role, tenant_id, key, holder_kind) VALUES ($1, $2, $3, 'SUBNET', $4, $1::uuid::text, 'subnet')`,
      [prefix, space, `10.0.${n}.0/24`, tenant],
    );
    await sql(
      `INSERT INTO subnet (id, tenant_id, prefix_id, space_id, cidr, gateway_mode, dns_zone, dns_zone_prefix) VALUES ($1, $2, $3, $4, $5, 'NONE', 'cust.example', 'dmz')`,
      [subnet, tenant, prefix, space, `10.0.${n}.0/24`],
    );
    for (const host of [1, 2])
      await sql(
        `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key, dns_name, dns_aliases) VALUES ($1, $2, $3, $4, $5, 'HOST', $1::uuid::text, $6, $7)`,
        [newId(), tenant, space, subnet, `10.0.${n}.${host}`, `h${n}-${host}.cust.example`, [`www${n}.cust.example`]],
      );
  }
});
afterAll(async () => {
  await owner.end();
  await opened.close();
});

const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  opened.db.inTransaction(systemScope('spec'), (tx) => tx.sql<Row>(text, values));
/** No trigger sees it. */
async function byHand(text: string): Promise<void> {
  await owner.query('SET session_replication_role = replica');
  await owner.query(text);
  await owner.query('SET session_replication_role = DEFAULT');
}
async function found(): Promise<Record<string, readonly Violation[]>> {
  const broken: Record<string, readonly Violation[]> = {};
  for (const invariant of nameInvariants) {
    const { violations } = await inspector.inspect(invariant, 'spec');
    if (violations.length > 0) broken[invariant.name] = violations;
  }
  return broken;
}
async function repaired(): Promise<void> {
  const broken = await found();
  for (const invariant of nameInvariants) if (invariant.repair) await inspector.repair(invariant, broken[invariant.name] ?? [], 'spec');
}

describe('the doctor', () => {
  it('finds nothing in what the triggers keep', async () => {
    expect(await found()).toEqual({});
    expect(await sql('SELECT uses FROM dns_name_claim WHERE name = $1', ['www0.dmz.cust.example'])).toEqual([{ uses: 2 }]);
  });

  it.each([
    [
      'a claim that is lost',
      `DELETE FROM dns_name_claim WHERE name = 'h0-1.dmz.cust.example'`,
      red,
      'h0-1.dmz.cust.example (IPv4) is a name of 1 addresses, and 0 are counted',
    ],
    [
      'a claim of nothing',
      `INSERT INTO dns_name_claim (family, name, tenant_id, uses) VALUES (6, 'x.cust.example', '${green}', 3)`,
      green,
      'x.cust.example (IPv6) is a name of 0 addresses, and 3 are counted',
    ],
    [
      'a wrong count',
      `UPDATE dns_name_claim SET uses = 5 WHERE name = 'www0.dmz.cust.example'`,
      red,
      'www0.dmz.cust.example (IPv4) is a name of 2 addresses, and 5 are counted',
    ],
    [
      'an alias that no trigger saw',
      `UPDATE ip_address SET dns_aliases = '{a.cust.example}' WHERE dns_name = 'h1-1.cust.example'`,
      green,
      'a.dmz.cust.example (IPv4) is a name of 1 addresses, and 0 are counted',
    ],
  ])('finds %s, and repairs it', async (_, broken, id, what) => {
    await byHand(broken);
    expect((await found())['addressing.name-claims-true']).toContainEqual({ id, what });
    await repaired();
    expect(await found()).toEqual({});
  });

  it('finds a name of two tenants, which is a person’s to end, and no repair’s', async () => {
    await byHand(`UPDATE ip_address SET dns_aliases = '{h0-2.cust.example}' WHERE dns_name = 'h1-2.cust.example'`);
    await repaired();
    const what = `h0-2.dmz.cust.example (IPv4) is published for tenant ${red}`;
    expect(await found()).toEqual({ 'addressing.names-of-one-tenant': [{ id: green, what }] });
    await sql(`UPDATE ip_address SET dns_aliases = NULL WHERE dns_name = 'h1-2.cust.example'`);
    expect(await found()).toEqual({});
  });
});

it('a name is called the same by the database and by what is published', async () => {
  const label = fc.constantFrom('a', 'b', 'dmz', 'cust', 'example');
  const text = (min: number, max: number) => fc.array(label, { minLength: min, maxLength: max }).map((labels) => labels.join('.'));
  const inZone = fc.record({ host: text(1, 3), zone: fc.option(text(2, 3)), prefix: fc.option(text(1, 2)), isInside: fc.boolean() });
  const cases = fc
    .sample(inZone, { numRuns: 500, seed: 7 })
    .map(({ host, zone, prefix, isInside }) => ({ name: `${host}.${isInside && zone !== null ? zone : 'example'}`, zone, prefix }));
  const rows = await sql<{ called: string }>(
    `SELECT dns_called(x.name, x.zone, CASE WHEN x.zone IS NOT NULL THEN x.prefix END) AS called FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY x (name, zone, prefix, n) ORDER BY n`,
    [cases.map(({ name }) => name), cases.map(({ zone }) => zone), cases.map(({ prefix }) => prefix)],
  );
  const expected = cases.map(({ name, zone, prefix }) => {
    const dnsZonePrefix = zone === null || prefix === null ? null : ZonePrefix.parse(prefix);
    const kept = {
      name: Fqdn.parse(name),
      dnsZone: zone === null ? null : Fqdn.parse(zone),
      dnsZonePrefix,
      dnsTtlSeconds: null,
      isAlias: false,
    };
    return publishedNames([{ ...kept, addressId: '1' as IpAddressId, tenantId: red as TenantId, address: Ip.parse('10.0.0.1') }]).names[0]
      ?.name;
  });
  expect(rows.map(({ called }) => called)).toEqual(expected);
  expect(new Set(expected.filter((name, n) => name !== cases[n]?.name)).size).toBeGreaterThan(20);
});
