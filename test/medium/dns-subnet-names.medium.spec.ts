/** What a subnet says of the names of its addresses, as the name server answers it: the real one where it is installed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AddressAllocationService,
  AddressNamesService,
  PrefixAllocationService,
  type SubnetDns,
  SubnetService,
} from '#contexts/addressing';
import { SyncModule, SyncService } from '#contexts/sync';
import { Fqdn, IdempotencyKey, type Ip, type IpAddressId, type SubnetId, ZonePrefix } from '#engines/kernel';
import { systemScope } from '#platform';
import { type LabDns, nameServerHere, resolve, startNameServer } from '../../apps/lab/src/powerdns/index.js';
import { connectDns, powerDnsServer } from '../support/dns-connector.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';

const ZONES = ['cust.example', '20.10.in-addr.arpa'];
const ZONE = Fqdn.parse('cust.example');
const scope = systemScope('spec');

let directory: string;
let dns: LabDns;
let world: InventoryWorld;
let serial = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trame-subnet-names-'));
  dns = await startNameServer({ directory, zones: ZONES });
  world = await createInventoryWorld([], [SyncModule.with(powerDnsServer)]);
  await connectDns(world, dns, ZONES);
});
afterAll(async () => {
  await world?.close();
  await dns?.stop();
  await rm(directory, { recursive: true, force: true });
});

const key = () => IdempotencyKey.parse(`k${++serial}`);
async function subnet(over: Partial<SubnetDns> = {}): Promise<SubnetId> {
  const { tenantId, prefixPoolId: poolId } = world;
  const [leaf] = (await world.app.get(PrefixAllocationService).allocate(scope, { poolId, tenantId, key: key(), length: 28 })).allocations;
  if (!leaf) throw new Error('no prefix was given');
  const { dnsZone, dnsZonePrefix, dnsTtlSeconds } = over;
  const { id } = await world.asSystem((tx) =>
    world.app.get(SubnetService).open(tx, {
      prefixId: leaf.id,
      generation: leaf.generation,
      tenantId,
      gatewayMode: 'NONE',
      ...(dnsZone && { dnsZone }),
      ...(dnsZonePrefix && { dnsZonePrefix }),
      ...(dnsTtlSeconds != null && { dnsTtlSeconds }),
    }),
  );
  return id;
}
const named = async (name: string, subnetId: SubnetId): Promise<Ip> => (await allocated(name, subnetId)).address;
async function allocated(name: string, subnetId: SubnetId): Promise<{ id: IpAddressId; address: Ip; generation: number }> {
  const request = { subnetId, tenantId: world.tenantId, key: key(), dnsName: Fqdn.parse(name) };
  const [given] = (await world.app.get(AddressAllocationService).allocate(scope, request)).allocations;
  if (!given) throw new Error('no address was given');
  return given;
}
const setDns = (id: SubnetId, dns: Partial<SubnetDns>) =>
  world.asSystem((tx) => world.app.get(SubnetService).setDns(tx, id, { dnsZone: ZONE, dnsZonePrefix: null, dnsTtlSeconds: null, ...dns }));
const runDue = () => world.app.get(SyncService).runDue();
const forward = (name: string) => resolve(dns.dnsPort, name, 'A');
const back = (address: Ip) => resolve(dns.dnsPort, `${address.split('.').reverse().join('.')}.in-addr.arpa`, 'PTR');
/** TTL of each record set that the last run wrote. */
const writtenTtls = () =>
  world.asSystem(async (tx) => {
    const row = await tx.one<{ plan: { key: string; after?: { ttl: number } }[] }>(
      'SELECT plan FROM sync_run ORDER BY started_at DESC, id DESC LIMIT 1',
      [],
    );
    return Object.fromEntries((row?.plan ?? []).map((line) => [line.key, line.after?.ttl]));
  });
const runs = () => world.asSystem(async (tx) => (await tx.one<{ n: number }>('SELECT count(*)::int AS n FROM sync_run', []))?.n);

describe(`the names of a subnet, asked of ${nameServerHere()}`, () => {
  it('have its prefix before their zone, forward and back, and move when it is another or none', async () => {
    const id = await subnet({ dnsZone: ZONE, dnsZonePrefix: ZonePrefix.parse('dmz') });
    const address = await named('web.cust.example', id);
    const other = await named('web.elsewhere.cust.example', await subnet());
    await runDue();
    expect([await forward('web.dmz.cust.example'), await back(address)]).toEqual([[address], ['web.dmz.cust.example']]);
    expect(await forward('web.cust.example')).toEqual([]);

    await setDns(id, { dnsZonePrefix: ZonePrefix.parse('rack-7.dmz') });
    await runDue();
    expect([await forward('web.rack-7.dmz.cust.example'), await back(address)]).toEqual([[address], ['web.rack-7.dmz.cust.example']]);
    expect(await forward('web.dmz.cust.example')).toEqual([]);

    await setDns(id, {});
    await runDue();
    expect([await forward('web.cust.example'), await back(address)]).toEqual([[address], ['web.cust.example']]);
    expect([await forward('web.elsewhere.cust.example'), await back(other)]).toEqual([[other], ['web.elsewhere.cust.example']]);
  });

  it('have its TTL, forward and back, or that of the name server; who says the same again writes nothing', async () => {
    const id = await subnet({ dnsZone: ZONE, dnsTtlSeconds: 60 });
    const address = await named('ttl.cust.example', id);
    const pointer = `${address.split('.').reverse().join('.')}.in-addr.arpa/ptr`;
    await runDue();
    expect(await writtenTtls()).toEqual({ 'ttl.cust.example/a': 60, [pointer]: 60 });
    await setDns(id, {});
    await runDue();
    expect(await writtenTtls()).toEqual({ 'ttl.cust.example/a': 300, [pointer]: 300 });
    const before = await runs();
    await setDns(id, {});
    await runDue();
    expect(await runs()).toBe(before);
  });

  it.each([
    [{ dnsZone: null, dnsZonePrefix: ZonePrefix.parse('dmz') }, 'dnsZone beside it'],
    [{ dnsTtlSeconds: 0 }, '1 to 604800'],
    [{ dnsTtlSeconds: 604_801 }, '1 to 604800'],
  ])('are not %j', async (wrong, words) => {
    const id = await subnet();
    await expect(setDns(id, wrong)).rejects.toMatchObject({ code: 'INVALID_VALUE', message: expect.stringContaining(words) });
    await expect(subnet({ dnsZone: null, ...wrong })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });
});

describe(`further names of an address, asked of ${nameServerHere()}`, () => {
  const setAliases = (id: IpAddressId, ...aliases: string[]) =>
    world.asSystem((tx) =>
      world.app.get(AddressNamesService).setAliases(
        tx,
        id,
        aliases.map((name) => Fqdn.parse(name)),
      ),
    );

  it('are answered forward, the PTR is of its own name alone; they change, are shared by addresses, and go with the address', async () => {
    const id = await subnet();
    const web = await allocated('web-1.cust.example', id);
    const other = await allocated('web-2.cust.example', id);
    await setAliases(web.id, 'www.cust.example', 'a.cust.example');
    await setAliases(other.id, 'www.cust.example', 'web-1.cust.example');
    await runDue();
    expect((await forward('www.cust.example')).sort()).toEqual([web.address, other.address].sort());
    expect((await forward('web-1.cust.example')).sort()).toEqual([web.address, other.address].sort());
    expect(await forward('a.cust.example')).toEqual([web.address]);
    expect([await back(web.address), await back(other.address)]).toEqual([['web-1.cust.example'], ['web-2.cust.example']]);

    await setAliases(web.id, 'b.cust.example');
    await runDue();
    expect([await forward('a.cust.example'), await forward('b.cust.example'), await forward('www.cust.example')]).toEqual([
      [],
      [web.address],
      [other.address],
    ]);

    await world.app.get(AddressAllocationService).release(scope, web.id, web.generation);
    await runDue();
    expect([await forward('b.cust.example'), await back(web.address)]).toEqual([[], []]);
    await expect(setAliases(web.id, 'c.cust.example')).rejects.toMatchObject({ code: 'INVALID_STATE' });
    const left = await world.asSystem((tx) => tx.sql('SELECT dns_aliases AS aliases FROM ip_address WHERE id = $1', [web.id]));
    expect(left).toEqual([{ aliases: null }]);
  });
});
