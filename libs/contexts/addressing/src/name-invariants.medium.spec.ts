// Each way in which claims and names part is found by name, and nothing else is; the rule of what names are called is one, here and in the database.
import fc from 'fast-check';
import pg from 'pg';
import { AuditService, type Invariant, InvariantInspector, type Violation } from '#contexts/events';
import { Fqdn, Ip, type IpAddressId, type TenantId, ZonePrefix } from '#engines/kernel';
import { newId, systemScope } from '#platform';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { publishedNames } from './domain/published-names.js';
import { nameInvariants } from './name-invariants.js';

const [red, green] = [newId<string>(), newId<string>()];
let opened: OpenDatabase;
let owner: pg.Client;
let inspector: InvariantInspector;

beforeAll(async () => {
  opened = await openTestDatabase([]);
  owner = new pg.Client({ connectionString: opened.url });
  await owner.connect();
  inspector = new InvariantInspector(opened.db, new AuditService());
  const space = await spaceOf(newId(), 'f');
  for (const [n, tenant] of [red, green].entries()) {
    await sql('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [tenant, `t${n}`]);
    const subnet = await subnetOf(space, tenant, n);
    for (const host of [1, 2]) await address(subnet, tenant, host, `h${n}-${host}.cust.example`, [`www${n}.cust.example`]);
  }
});
afterAll(async () => {
  await owner.end();
  await opened.close();
});

const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  opened.db.inTransaction(systemScope('spec'), (tx) => tx.sql<Row>(text, values));
async function spaceOf(fabric: string, slug: string): Promise<string> {
  const space = newId<string>();
  await sql(
    `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, $2, 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
    [fabric, slug],
  );
  await sql(`INSERT INTO address_space (id, fabric_id, slug, name) VALUES ($1, $2, 's', 'S')`, [space, fabric]);
  return space;
}
interface PlacedSubnet {
  readonly id: string;
  readonly space: string;
  readonly n: number;
}
/** `10.0.<n>.0/24`. */
async function subnetOf(space: string, tenant: string, n: number): Promise<PlacedSubnet> {
  const [prefix, id] = [newId<string>(), newId<string>()];
  await sql(
    `INSERT INTO prefix (id, space_id, cidr, role, tenant_id, key, holder_kind) VALUES ($1, $2, $3, 'SUBNET', $4, $1::uuid::text, 'subnet')`,
    [prefix, space, `10.0.${n}.0/24`, tenant],
  );
  await sql(
    `INSERT INTO subnet (id, tenant_id, prefix_id, space_id, cidr, gateway_mode, dns_zone, dns_zone_prefix) VALUES ($1, $2, $3, $4, $5, 'NONE', 'cust.example', 'dmz')`,
    [id, tenant, prefix, space, `10.0.${n}.0/24`],
  );
  return { id, space, n };
}
async function address(of: PlacedSubnet, tenant: string, host: number, name: string, aliases: string[] | null = null): Promise<string> {
  const id = newId<string>();
  await sql(
    `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role, key, dns_name, dns_aliases) VALUES ($1, $2, $3, $4, $5, 'HOST', $1::uuid::text, $6, $7)`,
    [id, tenant, of.space, of.id, `10.0.${of.n}.${host}`, name, aliases],
  );
  return id;
}
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
const { slices, repair } = nameInvariants.find((invariant) => invariant.repair) as Invariant;
const mended = (tenant: string) => opened.db.inTransaction(systemScope('spec'), async (tx) => repair?.(tx, tenant));
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
    const what = `h0-2.dmz.cust.example (IPv4) is claimed first by tenant ${red}`;
    expect(await found()).toEqual({ 'addressing.names-of-one-tenant': [{ id: green, what }] });
    await sql(`UPDATE ip_address SET dns_aliases = NULL WHERE dns_name = 'h1-2.cust.example'`);
    expect(await found()).toEqual({});
  });

  it('mends the names of one tenant, in the order of right, and touches no others', async () => {
    await byHand(`DELETE FROM dns_name_claim WHERE name ~ '^h[01]-1'`);
    await byHand(`UPDATE ip_address SET dns_aliases = '{h0-1.cust.example}' WHERE dns_name = 'h1-2.cust.example'`);
    await byHand(`INSERT INTO dns_name_claim (family, name, tenant_id, uses) VALUES (4, 'h0-1.dmz.cust.example', '${green}', 1)`);
    expect(await mended(red)).toBe(1);
    const rows = await sql(`SELECT name, tenant_id AS of, place FROM dns_name_claim WHERE name ~ '^h[01]-1' ORDER BY name, place`);
    expect(rows).toEqual([
      { name: 'h0-1.dmz.cust.example', of: red, place: 0 },
      { name: 'h0-1.dmz.cust.example', of: green, place: 1 },
    ]);
    expect((await found())['addressing.name-claims-true']?.map(({ id }) => id)).toContain(green);
    await repaired();
    await sql(`UPDATE ip_address SET dns_aliases = NULL WHERE dns_name = 'h1-2.cust.example'`);
    expect(await found()).toEqual({});
  });

  it('says nothing of a name that two tenants have in two fabrics: each has it published', async () => {
    const subnet = await subnetOf(await spaceOf(newId(), 'g'), green, 2);
    const id = await address(subnet, green, 9, 'far.cust.example');
    await byHand(`UPDATE ip_address SET dns_aliases = '{h0-2.cust.example}' WHERE id = '${id}'`);
    await repaired();
    expect(await sql(`SELECT tenant_id AS of FROM dns_name_claim WHERE name = 'h0-2.dmz.cust.example' AND place = 1`)).toEqual([
      { of: green },
    ]);
    expect(await found()).toEqual({});
    await sql('DELETE FROM ip_address WHERE id = $1', [id]);
  });

  it('asks for as many tenants at once as have some twenty thousand names, or for one that has more', async () => {
    const [first, second] = [red, green].sort() as [string, string];
    const slice = (after: string | null) => opened.db.inTransaction(systemScope('spec'), (tx) => slices.next(tx, after));
    expect(await slice(null)).toEqual([first, second]);
    await byHand(
      `INSERT INTO dns_name_claim (family, name, tenant_id, uses) SELECT 6, 'n' || n, '${first}', 1 FROM generate_series(1, 20000) n`,
    );
    expect([await slice(null), await slice(first), await slice(second)]).toEqual([[first], [second], []]);
    await byHand(`DELETE FROM dns_name_claim WHERE family = 6`);
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
