import { eventually } from '../../../../../test/support/eventually.js';
import { createInventoryWorld, type InventoryWorld } from '../../../../../test/support/inventory-world.js';
import pg from 'pg';
import { AddressAllocationService, AddressingService, PrefixAllocationService, type Subnet, SubnetService } from '#contexts/addressing';
import { type Network, TenancyService } from '#contexts/tenancy';
import {
  Cidr,
  type DeviceId,
  encodeId,
  type FabricId,
  IdempotencyKey,
  Ip,
  type IpAddressId,
  Label,
  type PrefixId,
  type TenantId,
} from '#engines/kernel';
import { newId, systemScope, tenantScope } from '#platform';
import { ContextInventory } from './context-inventory.js';
import { type JournalCursor, type JournalEntry, SyncJournal } from './sync-journal.js';

const scope = systemScope('spec');
const journal = new SyncJournal();
let world: InventoryWorld;
let network: Network;
let subnet: Subnet;
let serial = 0;

beforeAll(async () => {
  world = await createInventoryWorld([ContextInventory]);
  network = await world.network('web', 100);
  subnet = await world.subnet(network, { cidr: Cidr.parse('10.20.5.0/24') });
});
afterAll(() => world.close());

const after = (cursor: JournalCursor, limit = 1000) => world.asSystem((tx) => journal.journalAfter(tx, cursor, limit));
const START: JournalCursor = { xid: '0', seq: '0' };
/** Ids of tenants that are none: what is read together with one is all that was changed before it, and nothing of what was before another one. */
const marks = new Set<string>();
async function mark(): Promise<string> {
  const id = newId<TenantId>();
  await sql(`INSERT INTO sync_journal (kind, local_key) VALUES ('tenant', $1)`, [id]);
  marks.add(encodeId('tenant', id));
  return encodeId('tenant', id);
}
let reached = START;
/** What was changed since the last time. A neighbour's transaction that ends at this moment may hide the end of the journal: it is read until a mark is there. */
async function changesUpToNow(): Promise<JournalEntry[]> {
  const last = await mark();
  const seen = await eventually(
    () => after(reached),
    (found) => found.some(({ id }) => id === last),
    20_000,
  );
  reached = seen.find(({ id }) => id === last)?.cursor ?? reached;
  return seen.filter(({ id }) => !marks.has(id));
}
/** Kind and id of what the work changed, each once. */
async function changedBy(work: () => Promise<unknown>): Promise<string[]> {
  await changesUpToNow();
  await work();
  return [...new Set((await changesUpToNow()).map(({ kind, id }) => `${kind} ${id}`))].sort();
}
const allocate = async (over: object = {}): Promise<IpAddressId> => {
  const request = { subnetId: subnet.id, tenantId: world.tenantId, key: IdempotencyKey.parse(`k${++serial}`), ...over };
  return (await world.app.get(AddressAllocationService).allocate(scope, request)).allocations[0]?.id as IpAddressId;
};
const sql = (text: string, values: unknown[] = []) => world.asSystem((tx) => tx.run(text, values));

describe('the journal without a connector', () => {
  it('is not written', async () => {
    await allocate();
    expect(await after(START)).toEqual([]);
    await sql(
      `INSERT INTO sync_target (id, fabric_id, slug, kind, url, sealed_secret) VALUES (gen_random_uuid(), $1, 'dns', 'POWERDNS', 'http://dns.test', '')`,
      [world.fabricId],
    );
    await allocate();
    expect(await after(START)).toEqual([]);
  });
});

describe('the journal', () => {
  beforeAll(() => world.watch());

  it('has an address that was given, changed or released, and no change that nobody outside can see', async () => {
    let id: IpAddressId | undefined;
    const addresses = world.app.get(AddressAllocationService);
    expect(await changedBy(async () => (id = await allocate({ ttlSeconds: 60 })))).toEqual([
      `ipAddress ${encodeId('ipAddress', id as IpAddressId)}`,
    ]);
    const touched = [`ipAddress ${encodeId('ipAddress', id as IpAddressId)}`];
    expect(await changedBy(() => addresses.extend(scope, id as IpAddressId, 1, 120))).toEqual([]);
    expect(await changedBy(() => addresses.bind(scope, id as IpAddressId, 1))).toEqual(touched);
    expect(await changedBy(() => addresses.release(scope, id as IpAddressId, null))).toEqual(touched);
  });

  it('is written by a tenant, who cannot read it', async () => {
    const id = newId<IpAddressId>();
    const asTenant = tenantScope(world.tenantId, 'portal');
    const insert = `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role) VALUES ($1, $2, $3, $4, '10.20.5.250', 'HOST')`;
    expect(
      await changedBy(() => world.db.inTransaction(asTenant, (tx) => tx.run(insert, [id, world.tenantId, world.spaceId, subnet.id]))),
    ).toEqual([`ipAddress ${encodeId('ipAddress', id)}`]);
    await expect(world.db.inTransaction(asTenant, (tx) => tx.sql('SELECT * FROM sync_journal'))).rejects.toMatchObject({ code: '42501' });
  });

  it('has what depends on a row: addresses and ranges of a subnet that goes to another VRF, a prefix whose network comes to a VLAN', async () => {
    const vrf = await world.vrf('prod');
    const id = await allocate();
    await world.asSystem((tx) =>
      world.app
        .get(SubnetService)
        .addRange(tx, subnet.id, { first: Ip.parse('10.20.5.50'), last: Ip.parse('10.20.5.60'), kind: 'DHCP', reason: '' }),
    );
    const moved = await changedBy(() => sql('UPDATE subnet SET vrf_id = $2 WHERE id = $1', [subnet.id, vrf.id]));
    expect(moved).toEqual(
      expect.arrayContaining([
        `prefix ${encodeId('prefix', subnet.prefixId)}`,
        `ipAddress ${encodeId('ipAddress', id)}`,
        `ipRange ${encodeId('subnet', subnet.id)}-0a140532`,
      ]),
    );
    expect(await changedBy(() => sql('UPDATE subnet SET version = version + 1'))).toEqual([]);
    const vlan = `${encodeId('vlanDomain', world.vlanDomainId)}-${encodeId('network', network.id)}`;
    expect(await changedBy(() => sql('UPDATE vlan_mapping SET vlan = 101'))).toEqual([
      `l2vpnTermination ${vlan}`,
      `prefix ${encodeId('prefix', subnet.prefixId)}`,
      `vlan ${vlan}`,
    ]);
    const net = encodeId('network', network.id);
    expect(await changedBy(() => world.asSystem((tx) => world.app.get(TenancyService).activate(tx, network.id)))).toEqual([
      `l2vpn ${net}`,
      `l2vpnTermination ${vlan}`,
      `vlan ${vlan}`,
    ]);
    expect(await changedBy(() => sql(`UPDATE route_target SET direction = 'EXPORT' WHERE network_id = $1`, [network.id]))).toEqual([
      `l2vpn ${net}`,
      `routeTarget rt-65051:${network.vni}`,
    ]);
  });

  it('has every other kind that changes', async () => {
    const { tenantId, vlanDomainId } = world;
    expect(await changedBy(() => sql(`UPDATE tenant SET name = 'Acme Group'`))).toEqual([`tenant ${encodeId('tenant', tenantId)}`]);
    expect(await changedBy(() => sql(`UPDATE vlan_domain SET slug = 'leaf-1'`))).toEqual([
      `vlanGroup ${encodeId('vlanDomain', vlanDomainId)}`,
    ]);
    const kinds = async (work: () => Promise<unknown>) => (await changedBy(work)).map((each) => each.split(' ')[0]);
    expect(await kinds(() => sql(`UPDATE vrf SET name = 'Production'`))).toEqual(['vrf']);
    expect(await kinds(() => sql(`UPDATE device SET hostname = 'leaf-1' WHERE slug = 'test'`))).toEqual(['device', 'interface']);
    expect(await kinds(() => sql(`UPDATE device SET seen_identity_at = now()`))).toEqual([]);
    expect(await kinds(() => sql(`UPDATE vtep SET asn = 65052 WHERE address = '172.16.1.1'`))).toEqual([
      'asn',
      'asn',
      'interface',
      'ipAddress',
    ]);
    expect(await changedBy(() => sql('DELETE FROM vtep'))).toContain('asn asn-0000065052');
  });

  it('has what is named after others: slugs of fabrics and sites, VLAN groups of one slug, two switches that are one', async () => {
    const kinds = async (work: () => Promise<unknown>) => (await changedBy(work)).map((each) => each.split(' ')[0]);
    expect(await kinds(() => sql(`UPDATE site SET slug = 'par2'`))).toEqual(['device', 'device', 'device']);
    expect(await kinds(() => sql(`UPDATE fabric SET slug = 'renamed'`))).toContain('vlanGroup');
    const [one, other] = await world.asSystem((tx) => tx.sql<{ id: DeviceId }>('SELECT id FROM device ORDER BY id'));
    const pair = `ipAddress pair-${encodeId('device', one?.id ?? '')}`;
    const mlags = JSON.stringify([{ members: [{ deviceId: other?.id }, { deviceId: one?.id }], sharedVtep: '172.16.1.100' }]);
    expect(await changedBy(() => sql(`UPDATE fabric SET facts = jsonb_set(facts, '{mlags}', $1::jsonb)`, [mlags]))).toContain(pair);
    expect(await changedBy(() => sql('UPDATE fabric SET revision = revision + 1'))).toEqual([]);
    expect(await changedBy(() => sql(`UPDATE fabric SET facts = facts - 'mlags'`))).toContain(pair);
    const group = `vlanGroup ${encodeId('vlanDomain', world.vlanDomainId)}`;
    const elsewhere = newId<FabricId>();
    await sql(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac)
         VALUES ($1, 'other', 'Other', 'IBGP', 65052, '172.17.0.0/16', '00:1c:73:00:00:02')`,
      [elsewhere],
    );
    expect(
      await changedBy(() =>
        sql(`INSERT INTO vlan_domain (id, fabric_id, slug, kind) SELECT gen_random_uuid(), $1, d.slug, d.kind FROM vlan_domain d LIMIT 1`, [
          elsewhere,
        ]),
      ),
    ).toContain(group);
    expect(await changedBy(() => sql('DELETE FROM vlan_domain WHERE fabric_id = $1', [elsewhere]))).toContain(group);
  });

  it('has a pool that is seen again when the leaf that filled it is gone', async () => {
    const { app, asSystem, spaceId, tenantId } = world;
    const cidr = Cidr.parse('192.0.2.0/24');
    const settings = { spaceId, cidr, slug: 'one', name: 'One', minLength: 24, defaultLength: 24, maxLength: 30, quarantineSeconds: 0 };
    const poolId = await asSystem((tx) => app.get(AddressingService).createPrefixPool(tx, settings));
    const prefixes = app.get(PrefixAllocationService);
    let leaf: PrefixId | undefined;
    const taken = await changedBy(async () => {
      leaf = (await prefixes.allocate(scope, { poolId, tenantId, key: IdempotencyKey.parse('whole') })).allocations[0]?.id;
    });
    expect(taken).toHaveLength(2);
    expect(await changedBy(() => prefixes.release(scope, leaf as PrefixId, null))).toEqual(taken);
  });

  it('does not skip a change that commits after a later one was read', async () => {
    await changesUpToNow();
    const before = reached;
    const late = new pg.Client({ connectionString: world.url });
    await late.connect();
    try {
      await late.query('BEGIN; SET ROLE trame_system');
      await late.query(`UPDATE tenant SET description = 'late'`);
      const id = await allocate();
      expect(await after(before)).toEqual([]);
      await late.query('COMMIT');
      const entries = await eventually(
        () => after(before),
        ({ length }) => length > 1,
      );
      expect(entries.map(({ id: changed }) => changed)).toEqual([encodeId('tenant', world.tenantId), encodeId('ipAddress', id)]);
      const [first, second] = entries;
      expect(await after(before, 1)).toEqual([first]);
      expect(await after(first?.cursor as JournalCursor)).toEqual([second]);
      expect(await after(second?.cursor as JournalCursor)).toEqual([]);
    } finally {
      await late.end();
    }
  });

  it('says nothing of a change that was taken back', async () => {
    const undo = new Error('undo');
    expect(
      await changedBy(() =>
        world
          .asSystem(async (tx) => {
            await world.app.get(TenancyService).createTenant(tx, { slug: 'never', name: Label.parse('Never') });
            throw undo;
          })
          .catch((error: unknown) => expect(error).toBe(undo)),
      ),
    ).toEqual([]);
  });

  it('is forgotten as far as it was read', async () => {
    const entries = await after(START, 3);
    const [, second, third] = entries;
    expect(await world.asSystem((tx) => journal.forget(tx, second?.cursor as JournalCursor, 100))).toBe(2);
    expect(await after(START, 1)).toEqual([third]);
  });

  it('has many rows of one statement each once, with the object that an inventory has', async () => {
    await changesUpToNow();
    await sql(
      `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, role) SELECT gen_random_uuid(), $1, $2, $3, '10.20.5.100'::inet + n, 'HOST' FROM generate_series(1, 50) n`,
      [world.tenantId, world.spaceId, subnet.id],
    );
    const ids = (await changesUpToNow()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(50);
    expect(ids).toHaveLength(50);
    const objects = await world.asSystem((tx) => world.app.get(ContextInventory).byIds(tx, 'ipAddress', ids));
    expect(objects.map(({ fields }) => fields['host'])).toEqual(expect.arrayContaining(['10.20.5.101', '10.20.5.150']));
  });
});
