/** Names that no order made, published by the service that keeps a name server; the server is the simulated one, whose contract the real one shares. */
import { resolve, type LabDns, startSimulatedPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { connectDns, powerDnsServer } from '../support/dns-connector.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';
import { OutboundHttp } from '#adapters/outbound';
import { AddressAllocationService, AddressingImporter, PrefixAllocationService, type Subnet, SubnetService } from '#contexts/addressing';
import { ConnectorService, SyncModule, SyncRunService, SyncService } from '#contexts/sync';
import type { Network } from '#contexts/tenancy';
import { Cidr, Fqdn, IdempotencyKey, Ip, type IpAddressId, type SubnetId, type SyncTargetId } from '#engines/kernel';
import { systemScope } from '#platform';

const scope = systemScope('spec');
const http = new OutboundHttp({ name: 'someone-else', timeoutMs: 5000, maxResponseBytes: 1_000_000, allowPrivate: true });
const ZONES = ['cust.example', '20.10.in-addr.arpa'];
const POLICY = { nameservers: ['ns1.lab.invalid'], hostmaster: 'hostmaster.lab.invalid' };

let world: InventoryWorld;
let dns: LabDns;
let targetId: SyncTargetId;
let network: Network;
let subnet: Subnet;
let serial = 0;

beforeAll(async () => {
  dns = await startSimulatedPowerDns({ zones: ZONES });
  world = await createInventoryWorld([], [SyncModule.with(powerDnsServer)]);
  network = await world.network('web', 100);
  subnet = await world.subnet(network, { cidr: Cidr.parse('10.20.5.0/24') });
  await networkIs('ACTIVE');
  const { id } = await connectDns(world, dns, ZONES);
  targetId = id;
  await runDue();
});
afterAll(async () => {
  await world.close();
  await dns.stop();
});

const sql = (text: string, values: unknown[] = []) => world.asSystem((tx) => tx.run(text, values));
const networkIs = (state: string) => sql('UPDATE network SET state = $2 WHERE id = $1', [network.id, state]);
const runDue = () => world.app.get(SyncService).runDue();
const addresses = () => world.app.get(AddressAllocationService);
const allocate = async (
  name: string,
  subnetId: SubnetId = subnet.id,
  over: object = {},
): Promise<{ id: IpAddressId; address: Ip; generation: number }> => {
  const request = { subnetId, tenantId: world.tenantId, key: IdempotencyKey.parse(`k${++serial}`), dnsName: Fqdn.parse(name), ...over };
  const [allocation] = (await addresses().allocate(scope, request)).allocations;
  if (!allocation) throw new Error('no address was given');
  return allocation;
};
const served = (name: string) => resolve(dns.dnsPort, name, 'A');
const pointer = (address: Ip) => resolve(dns.dnsPort, `${address.split('.').reverse().join('.')}.in-addr.arpa`, 'PTR');
const runs = () =>
  world.asSystem((tx) =>
    tx.sql<{
      state: string;
      error: string | null;
      plan: { zone: string; verb: string; key: string; reason?: string; answered?: string }[];
    }>('SELECT state, error, plan FROM sync_run WHERE target_id = $1 ORDER BY started_at, id', [targetId]),
  );
const lastRun = async () => (await runs()).at(-1);
const health = async () => (await world.app.get(ConnectorService).byId(targetId)).health;
const others = async (zone: string, rrset: object) => {
  const url = `${dns.apiUrl}/api/v1/servers/localhost/zones/${zone}.`;
  const answer = await http.request({
    method: 'PATCH',
    url,
    headers: { 'x-api-key': dns.apiKey },
    body: JSON.stringify({ rrsets: [rrset] }),
  });
  expect(answer).toMatchObject({ status: 204 });
};
const settings = async (change: object) => {
  const { version } = await world.app.get(ConnectorService).byId(targetId);
  await world.app.get(ConnectorService).update(targetId, version, change, 'operator');
};

describe('a name that no order made', () => {
  it('is served once its address is somebody’s for good, and no more when it is released', async () => {
    const held = await allocate('held.cust.example', subnet.id, { ttlSeconds: 60 });
    await runDue();
    expect(await served('held.cust.example')).toEqual([]);
    const { generation } = await addresses().bind(scope, held.id, held.generation);
    await runDue();
    expect(await served('held.cust.example')).toEqual([held.address]);
    expect(await pointer(held.address)).toEqual(['held.cust.example']);
    await addresses().release(scope, held.id, generation);
    await runDue();
    expect(await served('held.cust.example')).toEqual([]);
    expect(await pointer(held.address)).toEqual([]);
  });

  it('is served of a subnet without a network', async () => {
    const { tenantId, prefixPoolId: poolId } = world;
    const request = { poolId, tenantId, key: IdempotencyKey.parse('lan'), length: 28 };
    const [leaf] = (await world.app.get(PrefixAllocationService).allocate(scope, request)).allocations;
    if (!leaf) throw new Error('no prefix was given');
    const input = { prefixId: leaf.id, generation: leaf.generation, tenantId, gatewayMode: 'NONE' } as const;
    const { id } = await world.asSystem((tx) => world.app.get(SubnetService).open(tx, input));
    const { address } = await allocate('lan.cust.example', id);
    await runDue();
    expect(await served('lan.cust.example')).toEqual([address]);
  });

  it('is served when an import brought it', async () => {
    const address = Ip.parse('10.20.5.77');
    await world.app
      .get(AddressingImporter)
      .importAddresses(scope, world.spaceId, [{ address, dnsName: Fqdn.parse('imported.cust.example') }]);
    await runDue();
    expect(await served('imported.cust.example')).toEqual([address]);
  });

  it('goes and comes with its network, and changes with its words', async () => {
    const { id, address } = await allocate('old.cust.example');
    await runDue();
    await networkIs('DEPROVISIONING');
    await runDue();
    expect(await served('old.cust.example')).toEqual([]);
    await networkIs('PROVISIONING');
    await sql(`UPDATE ip_address SET dns_name = 'new.cust.example' WHERE id = $1`, [id]);
    await runDue();
    expect([await served('old.cust.example'), await served('new.cust.example'), await pointer(address)]).toEqual([
      [],
      [address],
      ['new.cust.example'],
    ]);
  });

  it('makes no run where no name changed', async () => {
    await runDue();
    const before = (await runs()).length;
    await addresses().allocate(scope, { subnetId: subnet.id, tenantId: world.tenantId, key: IdempotencyKey.parse('nameless') });
    await networkIs('ACTIVE');
    await sql(`UPDATE ip_address SET description = 'rack 7' WHERE dns_name IS NOT NULL`);
    await allocate('only-held.cust.example', subnet.id, { ttlSeconds: 600 });
    await runDue();
    expect((await runs()).length).toBe(before);
    expect(await health()).toMatchObject({ ok: true, lagSeconds: 0 });
  });

  it('that was committed while a run was under way is in the next one', async () => {
    const { rows, release } = await openTransaction(
      `UPDATE ip_address SET dns_name = 'late.cust.example' WHERE dns_name = 'new.cust.example'`,
    );
    expect(rows).toBe(1);
    await allocate('early.cust.example');
    await runDue();
    expect(await served('early.cust.example')).toHaveLength(1);
    await release();
    await runDue();
    expect(await served('late.cust.example')).toHaveLength(1);
  });
});

/** A change that is made and not yet committed. */
async function openTransaction(text: string): Promise<{ rows: number; release: () => Promise<void> }> {
  let commit = (): void => undefined;
  const held = new Promise<void>((done) => {
    commit = done;
  });
  let ended: Promise<void> = Promise.resolve();
  const rows = await new Promise<number>((changed, failed) => {
    ended = world.asSystem(async (tx) => {
      changed(await tx.run(text));
      await held;
    });
    ended.catch(failed);
  });
  return {
    rows,
    release: async () => {
      commit();
      await ended;
    },
  };
}

describe('an alias of somebody else', () => {
  it('keeps one name away, is told, and holds up nothing; once it is gone the name comes by itself', async () => {
    const alias = {
      name: 'www.cust.example.',
      type: 'CNAME',
      changetype: 'REPLACE',
      ttl: 60,
      records: [{ content: 'elsewhere.example.', disabled: false }],
    };
    await others('cust.example', alias);
    const { address } = await allocate('www.cust.example');
    const other = await allocate('api.cust.example');
    await runDue();
    expect(await served('api.cust.example')).toEqual([other.address]);
    expect(await lastRun()).toMatchObject({
      state: 'PARTIAL',
      error: expect.stringContaining("www.cust.example/a: somebody else's CNAME"),
    });
    expect((await lastRun())?.plan).toContainEqual({
      zone: 'cust.example',
      verb: 'CREATE',
      key: 'www.cust.example/a',
      after: { ttl: 300, records: [address] },
      reason: "somebody else's CNAME has this name, to elsewhere.example.",
    });
    expect(await health()).toMatchObject({ ok: false, message: expect.stringContaining('www.cust.example') });

    const next = await allocate('next.cust.example');
    await runDue();
    expect(await served('next.cust.example')).toEqual([next.address]);

    await others('cust.example', { name: 'www.cust.example.', type: 'CNAME', changetype: 'DELETE' });
    await sql('UPDATE sync_target SET recheck_at = clock_timestamp() WHERE id = $1 AND recheck_at > clock_timestamp()', [targetId]);
    await runDue();
    expect(await served('www.cust.example')).toEqual([address]);
    expect(await health()).toMatchObject({ ok: true });
  });
});

describe('a record set of ours that somebody deleted', () => {
  it('is there again when it is time to look', async () => {
    const { address } = await allocate('kept.cust.example');
    await runDue();
    await others('cust.example', { name: 'kept.cust.example.', type: 'A', changetype: 'DELETE' });
    await runDue();
    expect(await served('kept.cust.example')).toEqual([]);
    await sql(`UPDATE sync_target SET last_ok_at = clock_timestamp() - make_interval(secs => scan_every_seconds) WHERE id = $1`, [
      targetId,
    ]);
    await runDue();
    expect(await served('kept.cust.example')).toEqual([address]);
  });
});

describe('after a change', () => {
  it('the run says what the name server answers', async () => {
    const { address } = await allocate('asked.cust.example');
    await runDue();
    const changed = (await lastRun())?.plan ?? [];
    const after = { ttl: 300, records: [address] };
    expect(changed).toContainEqual({ zone: 'cust.example', verb: 'CREATE', key: 'asked.cust.example/a', after, answered: address });
  });

  it('a name server that does not answer is told, and the run has not failed', async () => {
    await settings({ settings: { dnsAddress: '127.0.0.1:1' } });
    await allocate('unasked.cust.example');
    await runDue();
    expect(await lastRun()).toMatchObject({ state: 'SUCCEEDED', error: null });
    const changed = (await lastRun())?.plan.find(({ key }) => key === 'unasked.cust.example/a');
    expect(changed?.answered).toMatch(/^the name server 127\.0\.0\.1:1 did not answer/);
    expect(await served('unasked.cust.example')).toHaveLength(1);
  });
});

describe('another TTL of the connector', () => {
  it('is written to every record set', async () => {
    const { address } = await allocate('ttl.cust.example');
    await runDue();
    await settings({ ttlSeconds: 60 });
    await runDue();
    const line = (await lastRun())?.plan.find(({ key }) => key === 'ttl.cust.example/a');
    expect(line).toMatchObject({ verb: 'UPDATE', before: { ttl: 300 }, after: { ttl: 60, records: [address] } });
    await settings({ ttlSeconds: 300 });
    await runDue();
  });
});

describe('in OBSERVE', () => {
  const shown = async () => {
    const runsOf = world.app.get(SyncRunService);
    const [run] = await runsOf.runsOf(targetId, { first: 1, after: null });
    if (!run) throw new Error('there was no run');
    const lines = await runsOf.changesOf(run.id, { first: 1000, after: null });
    return { run, lines: new Map(lines.map((line) => [line.label, line])) };
  };
  it('it is shown what would be written, made and deleted, and nothing is; then it is written', async () => {
    const kept = await allocate('observed-kept.cust.example');
    await runDue();
    await settings({ mode: 'OBSERVE', zones: [...ZONES, 'observed.example'], settings: { createZones: POLICY } });
    const { address } = await allocate('a.observed.example');
    const other = await allocate('observed.cust.example');
    await addresses().release(scope, kept.id, kept.generation);
    await runDue();
    const { run, lines } = await shown();
    expect(run).toMatchObject({ state: 'SUCCEEDED', error: null, counts: { created: 0, updated: 0, deleted: 0 } });
    expect(lines.get('observed.example')).toMatchObject({ action: 'CREATE_ZONE', state: 'PLANNED' });
    expect(lines.get('a.observed.example/a')).toMatchObject({
      action: 'CREATE',
      state: 'PLANNED',
      after: { ttl: 300, records: [address] },
    });
    expect(lines.get('observed.cust.example/a')).toMatchObject({ action: 'CREATE', state: 'PLANNED', after: { records: [other.address] } });
    expect(lines.get('observed-kept.cust.example/a')).toMatchObject({
      action: 'DELETE',
      state: 'PLANNED',
      before: { records: [kept.address] },
    });
    expect([await served('observed.cust.example'), await served('observed-kept.cust.example')]).toEqual([[], [kept.address]]);
    const missing = await http.request({
      method: 'GET',
      url: `${dns.apiUrl}/api/v1/servers/localhost/zones/observed.example.`,
      headers: { 'x-api-key': dns.apiKey },
    });
    expect(missing.status).toBe(404);

    await settings({ mode: 'WRITE' });
    await runDue();
    expect([await served('observed.cust.example'), await served('observed-kept.cust.example'), await served('a.observed.example')]).toEqual(
      [[other.address], [], [address]],
    );
    const written = await shown();
    expect(written.run.counts).toMatchObject({ created: 5, deleted: 2 });
    expect(written.lines.get('observed.cust.example/a')).toMatchObject({ state: 'APPLIED' });
  });
});

describe('a zone of the list that is not there', () => {
  it('is missed, and made where the policy says so', async () => {
    const made = 'made.example';
    await settings({ settings: {}, zones: [...ZONES, made] });
    const { address } = await allocate('a.made.example');
    await runDue();
    expect(await lastRun()).toMatchObject({ state: 'PARTIAL', error: expect.stringContaining('has no zone made.example') });
    await settings({ settings: { createZones: POLICY } });
    await runDue();
    expect(await served('a.made.example')).toEqual([address]);
    expect((await lastRun())?.plan[0]).toEqual({ zone: made, verb: 'CREATE_ZONE', key: made });
  });

  it.each([
    [{ createZones: {} }, 'nameservers'],
    [{ createZones: { nameservers: ['ns1.lab.invalid'] } }, 'DNS name'],
    [{ createZones: { ...POLICY, kind: 'SECONDARY' } }, 'NATIVE, PRIMARY'],
    [{ createZones: { ...POLICY, soa: 1 } }, 'soaEditApi'],
    [{ dnsAddress: 'ns1.example:53' }, 'IP'],
    [{ dnsAddress: '192.0.2.1' }, '192.0.2.53:53'],
    [{ createZone: POLICY }, 'createZones, dnsAddress'],
  ])('is not said to be made by %j', async (wrong, words) => {
    await expect(settings({ settings: wrong })).rejects.toMatchObject({ code: 'INVALID_VALUE', message: expect.stringContaining(words) });
  });
});
