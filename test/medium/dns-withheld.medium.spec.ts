/** A name that cannot be published is a line of each run, and the connector says so until it is another. */
import pg from 'pg';
import {
  AddressAllocationService,
  AddressNamesService,
  PrefixAllocationService,
  type SubnetDns,
  SubnetService,
} from '#contexts/addressing';
import { SyncModule, SyncService } from '#contexts/sync';
import { Fqdn, IdempotencyKey, type IpAddressId, type SubnetId, type TenantId, ZonePrefix } from '#engines/kernel';
import { newId, systemScope } from '#platform';
import { type LabDns, startSimulatedPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { connectDns, powerDnsServer } from '../support/dns-connector.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';

const ZONES = ['cust.example', '20.10.in-addr.arpa'];
const LONG = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.cust.example`;
const scope = systemScope('spec');
let dns: LabDns;
let world: InventoryWorld;
let serial = 0;

beforeAll(async () => {
  dns = await startSimulatedPowerDns({ zones: ZONES });
  world = await createInventoryWorld([], [SyncModule.with(powerDnsServer)]);
  await connectDns(world, dns, ZONES);
});
afterAll(async () => {
  await world?.close();
  await dns?.stop();
});

const key = () => IdempotencyKey.parse(`k${++serial}`);
const inZone = (prefix: string | null): SubnetDns => ({
  dnsZone: Fqdn.parse('cust.example'),
  dnsZonePrefix: prefix === null ? null : ZonePrefix.parse(prefix),
  dnsTtlSeconds: null,
});
async function subnet(tenantId: TenantId): Promise<SubnetId> {
  const { prefixPoolId: poolId } = world;
  const [leaf] = (await world.app.get(PrefixAllocationService).allocate(scope, { poolId, tenantId, key: key(), length: 28 })).allocations;
  if (!leaf) throw new Error('no prefix was given');
  const on = { prefixId: leaf.id, generation: leaf.generation, tenantId, gatewayMode: 'NONE' as const };
  return (await world.asSystem((tx) => world.app.get(SubnetService).open(tx, on))).id;
}
async function address(tenantId: TenantId, subnetId: SubnetId, name: string): Promise<{ id: IpAddressId; address: string }> {
  const request = { subnetId, tenantId, key: key(), dnsName: Fqdn.parse(name) };
  const [given] = (await world.app.get(AddressAllocationService).allocate(scope, request)).allocations;
  if (!given) throw new Error('no address was given');
  return given;
}
const setDns = (id: SubnetId, prefix: string | null) => world.asSystem((tx) => world.app.get(SubnetService).setDns(tx, id, inZone(prefix)));
const setAliases = (id: IpAddressId, ...aliases: string[]) =>
  world.asSystem((tx) =>
    world.app.get(AddressNamesService).setAliases(
      tx,
      id,
      aliases.map((name) => Fqdn.parse(name)),
    ),
  );
/** @param work as hands in the database do it: no trigger sees it, and the claims are made anew afterwards, as by the migration. */
async function asBefore(work: string, values: unknown[]): Promise<void> {
  const owner = new pg.Client({ connectionString: world.url });
  await owner.connect();
  await owner.query('SET session_replication_role = replica');
  await owner.query(work, values);
  await owner.query('SET session_replication_role = DEFAULT');
  await owner.query('SELECT dns_claims_rebuild()');
  await owner.query('INSERT INTO dns_change (target_id) SELECT id FROM sync_target');
  await owner.end();
}

interface Told {
  readonly state: string;
  readonly withheld: readonly { key: string; reason: string }[];
  readonly says: string | null;
}
async function told(): Promise<Told> {
  await world.app.get(SyncService).runDue();
  return world.asSystem(async (tx) => {
    const run = await tx.one<{ state: string; plan: { zone: string; key: string; reason?: string }[] }>(
      'SELECT state, plan FROM sync_run ORDER BY started_at DESC, id DESC LIMIT 1',
    );
    const target = await tx.one<{ says: string | null }>('SELECT last_error AS says FROM sync_target');
    const withheld = (run?.plan ?? []).flatMap(({ zone, key: of, reason }) => (zone === '' ? [{ key: of, reason: reason ?? '' }] : []));
    return { state: run?.state ?? '', withheld, says: target?.says ?? null };
  });
}

it('a name that its prefix makes too long', async () => {
  const id = await subnet(world.tenantId);
  const { address: at } = await address(world.tenantId, id, LONG);
  await setDns(id, 'd'.repeat(60));
  const called = LONG.replace('.cust', `.${'d'.repeat(60)}.cust`);
  const reason = 'with the prefix of its subnet the name is longer than 253 octets';
  expect(await told()).toEqual({
    state: 'SUCCEEDED',
    withheld: [{ key: `${called}/a`, reason }],
    says: `names are withheld: ${called} of ${at} (${reason})`,
  });
  await setDns(id, null);
  expect(await told()).toEqual({ state: 'SUCCEEDED', withheld: [], says: null });
});

it('a name that two tenants have had since before it was refused; what the first gives up is the other’s', async () => {
  const other = newId<TenantId>();
  await world.asSystem((tx) => tx.run(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'other', 'Other')`, [other]));
  const theirs = await address(other, await subnet(other), 'theirs.cust.example');
  await setAliases(theirs.id, 'www.cust.example');
  const id = await subnet(world.tenantId);
  const ours = await address(world.tenantId, id, 'ours.cust.example');
  await asBefore(`UPDATE ip_address SET dns_name = 'www.cust.example' WHERE id = $1`, [ours.id]);
  const reason = 'another tenant has this name';
  expect(await told()).toEqual({
    state: 'SUCCEEDED',
    withheld: [{ key: 'www.cust.example/a', reason }],
    says: `names are withheld: www.cust.example of ${theirs.address} (${reason})`,
  });
  await setDns(id, 'lan');
  expect(await told()).toEqual({ state: 'SUCCEEDED', withheld: [], says: null });
  await expect(setDns(id, null)).rejects.toMatchObject({ code: 'ALREADY_EXISTS', facts: { name: 'www.cust.example' } });
});
