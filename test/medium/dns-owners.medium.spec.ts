/** Whose record sets they are: two Trames, and two fabrics of one of them, share a zone of the real server where there is one. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type CountingProxy, startCountingProxy } from '../../apps/lab/src/bench/sync/counting-proxy.js';
import { type LabDns, nameServerHere, startNameServer } from '../../apps/lab/src/powerdns/index.js';
import { dnsZones } from '../../apps/worker/src/adapters.js';
import { createInventoryWorld, type InventoryWorld } from '../support/inventory-world.js';
import { OutboundHttp } from '#adapters/outbound';
import { AddressAllocationService, AddressingService, PrefixAllocationService, SubnetService } from '#contexts/addressing';
import { InventoryService } from '#contexts/fabric';
import { ConnectorService, SyncModule, SyncRunService, SyncService } from '#contexts/sync';
import {
  Cidr,
  encodeId,
  type FabricId,
  Fqdn,
  IdempotencyKey,
  type IpAddressId,
  type PrefixPoolId,
  type SubnetId,
  type SyncTargetId,
} from '#engines/kernel';
import { LeaseService, Secret, systemScope } from '#platform';

const scope = systemScope('spec');
const ZONE = 'cust.example';
const http = new OutboundHttp({ name: 'someone-else', timeoutMs: 5000, maxResponseBytes: 1_000_000, allowPrivate: true });

/** One fabric's names and the connector that publishes them. */
interface Publisher {
  readonly world: InventoryWorld;
  readonly fabricId: FabricId;
  readonly subnetId: SubnetId;
  readonly connectorId: SyncTargetId;
}

let directory: string;
let dns: LabDns;
let proxy: CountingProxy;
let worlds: InventoryWorld[];
/** Two fabrics of one Trame, and one of another. */
let one: Publisher;
let twin: Publisher;
let other: Publisher;
let serial = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'trame-owners-'));
  dns = await startNameServer({ directory, zones: [ZONE] });
  proxy = await startCountingProxy(dns.apiUrl);
  worlds = await Promise.all([1, 2].map(() => createInventoryWorld([], [SyncModule.with(dnsZones)])));
  const [first, second] = worlds as [InventoryWorld, InventoryWorld];
  one = await publisher(first, first.fabricId, first.prefixPoolId, 'dns');
  twin = await publisher(first, ...(await secondFabric(first)), 'dns-twin');
  other = await publisher(second, second.fabricId, second.prefixPoolId, 'dns');
});
afterAll(async () => {
  for (const world of worlds) await world.close();
  await proxy.close();
  await dns.stop();
  await rm(directory, { recursive: true });
});

async function secondFabric(world: InventoryWorld): Promise<[FabricId, PrefixPoolId]> {
  const fabric = {
    slug: 'second',
    name: 'Second',
    asnScheme: 'IBGP' as const,
    rtAdministrator: 65_052,
    vtepPool: '172.17.1.0/24',
    anycastGatewayMac: '00:1c:73:00:00:02',
  };
  return world.asSystem(async (tx) => {
    const { fabricId } = await world.app
      .get(InventoryService)
      .load(tx, { fabric, sites: [], devices: [], links: [], sessions: [], vlanDomains: [] });
    const addressing = world.app.get(AddressingService);
    const spaceId = await addressing.createSpace(tx, { fabricId, slug: 'second', name: 'Second' });
    const range = { cidr: Cidr.parse('10.30.0.0/16'), slug: 'second-v4', name: 'Second', defaultLength: 24, minLength: 16, maxLength: 29 };
    return [fabricId, await addressing.createPrefixPool(tx, { spaceId, ...range })];
  });
}

async function publisher(world: InventoryWorld, fabricId: FabricId, poolId: PrefixPoolId, slug: string): Promise<Publisher> {
  const { tenantId } = world;
  const key = IdempotencyKey.parse(`lan-${slug}`);
  const [leaf] = (await world.app.get(PrefixAllocationService).allocate(scope, { poolId, tenantId, key, length: 24 })).allocations;
  if (!leaf) throw new Error('no prefix was given');
  const input = { prefixId: leaf.id, generation: leaf.generation, tenantId, gatewayMode: 'NONE' } as const;
  const { id: subnetId } = await world.asSystem((tx) => world.app.get(SubnetService).open(tx, input));
  return { world, fabricId, subnetId, connectorId: await connect(world, fabricId, slug) };
}

const connect = async (world: InventoryWorld, fabricId: FabricId, slug: string, over: object = {}): Promise<SyncTargetId> => {
  const secret = new Secret(dns.apiKey);
  const input = { kind: 'POWERDNS', slug, url: proxy.url, secret, fabricId, mode: 'WRITE', zones: [ZONE], ...over } as const;
  return (await world.app.get(ConnectorService).create(input, 'operator')).id;
};
const change = async ({ world, connectorId }: Publisher, settings: object) => {
  const connectors = world.app.get(ConnectorService);
  await connectors.update(connectorId, (await connectors.byId(connectorId)).version, settings, 'operator');
};
const named = async ({ world, subnetId }: Publisher, label: string, address?: string) => {
  const request = {
    subnetId,
    tenantId: world.tenantId,
    key: IdempotencyKey.parse(`k${++serial}`),
    dnsName: Fqdn.parse(`${label}.${ZONE}`),
  };
  const [given] = (await world.app.get(AddressAllocationService).allocate(scope, { ...request, ...(address ? { address } : {}) }))
    .allocations;
  if (!given) throw new Error('no address was given');
  return given;
};
const release = ({ world }: Publisher, { id, generation }: { id: IpAddressId; generation: number }) =>
  world.app.get(AddressAllocationService).release(scope, id, generation);
/** @returns what a person sees of its last run. */
const run = async ({ world, connectorId }: Publisher) => {
  await world.asSystem((tx) =>
    tx.run(`UPDATE sync_target SET recheck_at = clock_timestamp(), next_try_at = '-infinity' WHERE id = $1`, [connectorId]),
  );
  await world.app.get(SyncService).run(connectorId);
  const runs = world.app.get(SyncRunService);
  const [last] = await runs.runsOf(connectorId, { first: 1, after: null });
  if (!last) throw new Error('there was no run');
  const lines = await runs.changesOf(last.id, { first: 1000, after: null });
  const ofZone = lines.filter(({ label, error }) => label?.includes(ZONE) && !error?.startsWith('no reverse zone'));
  return ofZone.map(({ action, label, state, error }) => `${action} ${label?.split('.')[0]} ${state} ${error ?? ''}`.trim());
};
const markOf = async ({ world, connectorId }: Publisher): Promise<string> => {
  const row = await world.asSystem((tx) => tx.one<{ id: string }>('SELECT id FROM sync_installation'));
  return `id=${row?.id}.${encodeId('syncTarget', connectorId)}`;
};
const patches = () => proxy.take('PATCH');
const health = async ({ world, connectorId }: Publisher) => (await world.app.get(ConnectorService).byId(connectorId)).health;

const headers = () => ({ 'x-api-key': dns.apiKey, accept: 'application/json' });
const zoneUrl = () => `${dns.apiUrl}/api/v1/servers/localhost/zones/${ZONE}.`;
type Stored = { name: string; type: string; records: { content: string }[]; comments: { account: string; content: string }[] };
/** By label: what stands there, and the marks. */
const stored = async (): Promise<Record<string, { records: string[]; marks: string[] }>> => {
  const { rrsets } = JSON.parse((await http.request({ method: 'GET', url: zoneUrl(), headers: headers() })).body) as { rrsets: Stored[] };
  return Object.fromEntries(
    rrsets
      .filter(({ type, records }) => type === 'A' && records.length > 0)
      .map(({ name, records, comments }) => [
        name.split('.')[0],
        { records: records.map(({ content }) => content), marks: comments.map(({ account, content }) => `${account} ${content}`).sort() },
      ]),
  );
};
const write = async (label: string, records: readonly string[], comments: readonly { account: string; content: string }[]) => {
  const rrset = {
    name: `${label}.${ZONE}.`,
    type: 'A',
    ttl: 300,
    changetype: records.length > 0 ? 'REPLACE' : 'DELETE',
    records: records.map((content) => ({ content, disabled: false })),
    comments,
  };
  const answer = await http.request({ method: 'PATCH', url: zoneUrl(), headers: headers(), body: JSON.stringify({ rrsets: [rrset] }) });
  expect(answer).toMatchObject({ status: 204 });
};
const OLD = { account: 'trame', content: 'id=trame' };

it('two Trames, and two fabrics of one, publish into one zone and take away only what is their own', async () => {
  const published = await Promise.all([one, twin, other].map((who, i) => named(who, `web${i}`)));
  for (const who of [one, twin, other]) await run(who);
  const full = await stored();
  expect(Object.keys(full).sort()).toEqual(['web0', 'web1', 'web2']);
  for (const [i, who] of [one, twin, other].entries()) expect(full[`web${i}`]?.marks).toEqual([`trame ${await markOf(who)}`]);
  patches();
  for (const who of [one, twin, other]) expect(await run(who)).toEqual([]);
  expect(patches()).toBe(0);
  await release(one, published[0] as (typeof published)[0]);
  for (const who of [one, twin, other]) await run(who);
  const { web0: _gone, ...rest } = full;
  expect(await stored()).toEqual(rest);
});

it('an empty Trame that is told to write changes nothing in a zone full of another’s names', async () => {
  const before = await stored();
  const empty = await createInventoryWorld([], [SyncModule.with(dnsZones)]);
  worlds.push(empty);
  patches();
  const nobody = { ...other, world: empty, fabricId: empty.fabricId, connectorId: await connect(empty, empty.fabricId, 'dns') };
  expect(await run(nobody)).toEqual([]);
  expect([patches(), await stored()]).toEqual([0, before]);
  await write('legacy', ['192.0.2.7'], [OLD]);
  expect(await run(nobody)).toEqual([expect.stringMatching(/^FOREIGN legacy SKIPPED .*delete it there/)]);
  expect([patches(), (await stored())['legacy']?.marks]).toEqual([0, ['trame id=trame']]);
  await write('legacy', [], []);
});

it('a name that two want is written once, and the other one says who keeps it; it comes when that one lets go', async () => {
  const [mine, theirs] = [await named(one, 'shared'), await named(other, 'shared')];
  for (const who of [one, other]) await run(who);
  patches();
  for (let round = 0; round < 3; round++) {
    expect(await run(one)).toEqual([]);
    expect(await run(other)).toEqual([
      `FOREIGN shared SKIPPED the record set is not ours: another Trame (${(await markOf(one)).slice(3)}) keeps it`,
    ]);
  }
  expect([patches(), (await stored())['shared']?.records]).toEqual([0, [mine.address]]);
  expect(await health(other)).toMatchObject({ ok: false, message: expect.stringContaining('another Trame') });
  await release(one, mine);
  await run(one);
  await run(other);
  expect((await stored())['shared']).toEqual({ records: [theirs.address], marks: [`trame ${await markOf(other)}`] });
  await release(other, theirs);
  await run(other);
});

it('a name that goes from one fabric to the other is written by the other once the first has taken it away', async () => {
  const before = await named(one, 'moves');
  await run(one);
  await release(one, before);
  const after = await named(twin, 'moves');
  expect(await run(twin)).toEqual(['FOREIGN moves SKIPPED the record set is not ours: the connector dns of this Trame keeps it']);
  await run(one);
  await one.world.app.get(SyncService).runDue(); // At once, and not when it is time to look again.
  expect((await stored())['moves']).toEqual({ records: [after.address], marks: [`trame ${await markOf(twin)}`] });
  await release(twin, after);
  await run(twin);
});

describe(`what was marked before marks said whose they are, on ${nameServerHere()}`, () => {
  it('is marked anew in one PATCH where it is wanted, keeps what people noted, and is left and told otherwise', async () => {
    const names = await Promise.all(['old1', 'old2', 'old3', 'edited'].map((label) => named(one, label)));
    await run(one);
    const note = { account: 'alice', content: 'ticket 7' };
    for (const [i, { address }] of names.slice(0, 3).entries()) await write(`old${i + 1}`, [address], [OLD, note]);
    await write('edited', ['192.0.2.66'], [OLD]);
    await write('stranger', ['192.0.2.7'], [OLD]);
    patches();
    const lines = await run(one);
    expect(lines.filter((line) => line.startsWith('UPDATE')).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual(
      ['old1', 'old2', 'old3'].map((label) => `UPDATE ${label} APPLIED`),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^FOREIGN stranger SKIPPED .*no name of this fabric/));
    expect(lines).toContainEqual(expect.stringMatching(/^FOREIGN edited SKIPPED .*says something else/));
    expect(patches()).toBe(1);
    const now = await stored();
    for (const [i, { address }] of names.slice(0, 3).entries())
      expect(now[`old${i + 1}`]).toEqual({ records: [address], marks: ['alice ticket 7', `trame ${await markOf(one)}`] });
    expect([now['edited']?.records, now['stranger']?.records]).toEqual([['192.0.2.66'], ['192.0.2.7']]);
    expect(await health(one)).toMatchObject({ ok: false, message: expect.stringContaining('stranger') });
    await run(one);
    expect([patches(), await stored()]).toEqual([0, now]);
    for (const label of ['edited', 'stranger']) await write(label, [], []);
    for (const name of names) await release(one, name);
    await run(one);
    expect(await health(one)).toMatchObject({ ok: true });
  });

  it('and says something else is corrected only where this connector wrote it', async () => {
    const first = await named(one, 'moved');
    await run(one);
    await write('moved', [first.address], [OLD]);
    await release(one, first);
    const second = await named(one, 'moved');
    expect(second.address).not.toBe(first.address);
    expect(await run(one)).toEqual([expect.stringMatching(/^UPDATE moved APPLIED/)]);
    expect((await stored())['moved']).toEqual({ records: [second.address], marks: [`trame ${await markOf(one)}`] });
    await release(one, second);
    await run(one);
  });

  it('and is known by a run alone is corrected also where that is not answered at first', async () => {
    const first = await named(one, 'proven');
    await run(one);
    await write('proven', [first.address], [OLD]);
    await one.world.asSystem((tx) => tx.run(`DELETE FROM dns_published WHERE key LIKE 'proven%'`));
    await release(one, first);
    const second = await named(one, 'proven');
    proxy.hold('PATCH');
    expect(await run(one)).toEqual([expect.stringMatching(/^UPDATE proven .*not known what came of it/)]);
    expect(await run(one)).toEqual([expect.stringMatching(/^UPDATE proven APPLIED/)]);
    expect((await stored())['proven']?.records).toEqual([second.address]);
    await release(one, second);
    await run(one);
  });
});

describe(`what one fabric sent and nobody answered may hit later what the other has written since, which looks when no more can come, on ${nameServerHere()}`, () => {
  /** The same zone of another server: nothing came there. */
  let elsewhere: Publisher;
  beforeAll(async () => {
    elsewhere = { ...one, connectorId: await connect(one.world, one.fabricId, 'elsewhere', { url: 'http://192.0.2.53:8081' }) };
    await change(elsewhere, { enabled: false });
  });

  it.each([
    ['as does the first', { zones: [ZONE] }],
    ['also where another zone of the first cannot be read', { zones: [ZONE, 'missing.example'] }],
    ['also where the first was switched off meanwhile', { enabled: false }],
  ])('%s', async (_who, settings) => {
    const before = await named(one, 'late');
    await run(one);
    await release(one, before);
    const arrives = proxy.hold('PATCH');
    await run(one);
    expect(await run(one)).toEqual([expect.stringMatching(/^DELETE late APPLIED/)]);
    const after = await named(twin, 'late');
    await run(twin);
    await change(one, settings);
    await arrives();
    expect(await stored()).not.toHaveProperty('late');
    const over = 'UPDATE sync_target SET may_come_until = clock_timestamp() WHERE id = $1 AND may_come_until IS NOT NULL';
    await one.world.asSystem((tx) => tx.run(over, [one.connectorId]));
    await one.world.app.get(SyncService).runDue();
    expect((await stored())['late']).toEqual({ records: [after.address], marks: [`trame ${await markOf(twin)}`] });
    const waiting = await one.world.asSystem((tx) =>
      tx.sql<{ slug: string }>('SELECT slug FROM sync_target WHERE id = $1 AND (recheck_at IS NOT NULL OR may_come_until IS NOT NULL)', [
        elsewhere.connectorId,
      ]),
    );
    expect(waiting).toEqual([]);
    await change(one, { zones: [ZONE], enabled: true });
    await release(twin, after);
    await run(twin);
  });
});

describe(`two connectors of one fabric, on ${nameServerHere()}`, () => {
  it('are refused one zone of one server, also where it is spelled otherwise, with words that say what would do', async () => {
    const { world, fabricId } = one;
    await expect(connect(world, fabricId, 'again', { url: `${proxy.url}/` })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringMatching(/connector dns keeps .* in cust\.example .*leave them out here or there, or switch that one off/),
    });
    const elsewhere = await connect(world, fabricId, 'again', { zones: ['other.example'], mode: 'OBSERVE' });
    const again: Publisher = { ...one, connectorId: elsewhere };
    await expect(change(again, { zones: [ZONE] })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await change(again, { enabled: false });
    await change(again, { zones: [ZONE] });
    await expect(change(again, { enabled: true })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('one after the other: the second takes over what is wanted in one PATCH, and deletes nothing of the first', async () => {
    const [kept, left] = [await named(twin, 'kept'), await named(twin, 'left')];
    await run(twin);
    await change(twin, { enabled: false });
    await release(twin, left);
    const next: Publisher = { ...twin, connectorId: await connect(twin.world, twin.fabricId, 'dns-next') };
    patches();
    const lines = await run(next);
    expect(lines).toContainEqual(expect.stringMatching(/^FOREIGN left SKIPPED/));
    expect(patches()).toBe(1);
    const now = await stored();
    expect(now['kept']).toEqual({ records: [kept.address], marks: [`trame ${await markOf(next)}`] });
    expect(now['left']?.marks).toEqual([`trame ${await markOf(twin)}`]);
  });
});

it('while another connector writes into the zone nothing is written; it is tried again', async () => {
  const address = await named(other, 'waits');
  await other.world.app.get(LeaseService).withLease(`dns-zone:${new URL(proxy.url).host}/${ZONE}`, async () => {
    patches();
    await run(other);
    expect(patches()).toBe(0);
    expect(await health(other)).toMatchObject({ ok: false, message: expect.stringContaining('another connector is writing into') });
  });
  await run(other);
  expect((await stored())['waits']?.records).toEqual([address.address]);
});
