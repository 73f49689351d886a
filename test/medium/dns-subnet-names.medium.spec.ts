/** What a subnet says of the names of its addresses, as the name server answers it: the real one where it is installed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressAllocationService, PrefixAllocationService, type SubnetDns, SubnetService } from '#contexts/addressing';
import { SyncModule, SyncService } from '#contexts/sync';
import { Fqdn, IdempotencyKey, type Ip, type SubnetId, ZonePrefix } from '#engines/kernel';
import { systemScope } from '#platform';
import { type LabDns, missingForPowerDns, resolve, startPowerDns, startSimulatedPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { connectDns, powerDnsServer } from '../support/dns-connector.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';

const ZONES = ['cust.example', '20.10.in-addr.arpa'];
const ZONE = Fqdn.parse('cust.example');
const scope = systemScope('spec');
const isReal = missingForPowerDns().length === 0;

let directory: string;
let dns: LabDns;
let world: InventoryWorld;
let serial = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trame-subnet-names-'));
  dns = isReal ? await startPowerDns({ directory, zones: ZONES }) : await startSimulatedPowerDns({ zones: ZONES });
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
async function named(name: string, subnetId: SubnetId): Promise<Ip> {
  const request = { subnetId, tenantId: world.tenantId, key: key(), dnsName: Fqdn.parse(name) };
  const [given] = (await world.app.get(AddressAllocationService).allocate(scope, request)).allocations;
  if (!given) throw new Error('no address was given');
  return given.address;
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

describe(`the names of a subnet, asked of ${isReal ? 'PowerDNS' : 'the simulated PowerDNS'}`, () => {
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
