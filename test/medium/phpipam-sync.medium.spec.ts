/** A phpIPAM that is kept in step by runs: what the engine, the runner and the adapter make of it together. */
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { parsePhpIpamSettings, PhpIpamInventory } from '#adapters/phpipam';
import { EventsModule } from '#contexts/events';
import { ConnectorService, type ConnectorSettings, SyncModule, type SyncRun, SyncRunner, SyncRunService } from '#contexts/sync';
import { InMemoryLocal } from '#contexts/sync/testing';
import type { SyncTargetId } from '#engines/kernel';
import { Database, PlatformModule, Secret, systemScope } from '#platform';
import { type PhpIpamSimulator, startPhpIpamSimulator } from '../../apps/lab/src/phpipam-simulator/index.js';
import { createTestDatabase } from '../support/database.js';
import { allEntities, testConfig } from '../support/world.js';

const MARK = 'custom_trame_id';
const CODE = 'a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5';
const TABLES = ['subnets', 'ipaddresses', 'vlans', 'vrf', 'customers', 'vlanDomains'] as const;

let app: INestApplicationContext;
let drop: () => Promise<void>;
let simulator: PhpIpamSimulator;
let local: InMemoryLocal;
let targetId: SyncTargetId;

const sql = <Row extends object>(text: string): Promise<Row[]> =>
  app.get(Database).inTransaction(systemScope('test'), (tx) => tx.sql<Row>(text, []));

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  const noServer = (): never => {
    throw new Error('there is no name server here');
  };
  @Module({
    imports: [
      PlatformModule.forRoot(testConfig(database.url), allEntities, 'test'),
      EventsModule,
      SyncModule.with(
        noServer,
        {
          PHPIPAM: ({ name, url, secret, settings, tlsSpkiSha256 }) =>
            new PhpIpamInventory({
              name,
              url,
              secret: secret.reveal(),
              settings: parsePhpIpamSettings(settings),
              tls: { pinnedSpkiSha256: tlsSpkiSha256 },
              timing: { readMs: 3000, writeMs: 3000, againMs: 5 },
            }),
        },
        {
          page: (...of) => local.page(...of),
          byIds: (...of) => local.byIds(...of),
          take: (...of) => local.take(...of),
        },
      ),
    ],
  })
  class WorldModule {}
  app = await NestFactory.createApplicationContext(WorldModule, { logger: false, abortOnError: false });
});
afterAll(async () => {
  await app.close();
  await drop();
});
afterEach(() => simulator.close());

const ref = (kind: string, id: string) => ({ kind, id });

/** What a small fabric has. */
function fill(): void {
  local = new InMemoryLocal();
  local.put('tenant', 'ten_1', { name: 'Acme GmbH', slug: 'acme', description: null });
  local.put('vrf', 'vrf_1', { name: 'red', tenant: ref('tenant', 'ten_1'), importTargets: [], exportTargets: [], description: null });
  local.put('vlanGroup', 'vld_1', { name: 'par1-leafs', slug: 'par1-leafs' });
  local.put('vlan', 'vld_1-net_1', {
    vid: 100,
    name: 'web',
    group: ref('vlanGroup', 'vld_1'),
    tenant: ref('tenant', 'ten_1'),
    status: 'active',
  });
  const prefix = { vrf: ref('vrf', 'vrf_1'), tenant: ref('tenant', 'ten_1'), description: null };
  local.put('prefix', 'pfx_1', { prefix: '10.20.0.0/16', status: 'container', vlan: null, ...prefix });
  local.put('prefix', 'pfx_2', { prefix: '10.20.1.0/24', status: 'active', vlan: ref('vlan', 'vld_1-net_1'), ...prefix });
  const address = { length: 24, vrf: ref('vrf', 'vrf_1'), tenant: ref('tenant', 'ten_1'), role: null, description: null };
  local.put('ipAddress', 'ip_1', { host: '10.20.1.1', dnsName: 'gw.cust.example', status: 'active', ...address });
  local.put('ipAddress', 'ip_2', { host: '10.20.1.7', dnsName: null, status: 'reserved', ...address });
}

async function open(settings: ConnectorSettings = {}): Promise<void> {
  fill();
  simulator = await startPhpIpamSimulator({ apps: [{ id: 'trame', code: CODE, security: 'ssl_code', permissions: 2 }] });
  for (const table of TABLES) simulator.ipam.database.addCustomField(table, MARK);
  simulator.ipam.typed('sections', { name: 'Customers' });
  for (const table of ['sync_journal', 'sync_run', 'sync_target']) await sql(`DELETE FROM ${table}`);
  const { id } = await app.get(ConnectorService).create(
    {
      kind: 'PHPIPAM',
      slug: 'ipam',
      url: simulator.url,
      secret: new Secret(CODE),
      tlsPins: [simulator.spkiSha256],
      mode: 'WRITE',
      graceSeconds: 0,
      settings: { app: 'trame', sections: ['Customers'] },
      ...settings,
    },
    'operator',
  );
  targetId = id;
}

async function sync(): Promise<SyncRun> {
  const runs = app.get(SyncRunService);
  const run = await runs.start({ targetId }, 'operator');
  await app.get(SyncRunner).run(targetId, new AbortController().signal);
  return runs.run(run.id);
}

async function changes(run: SyncRun): Promise<string[]> {
  const lines = await app.get(SyncRunService).changesOf(run.id, { first: 100, after: null });
  return lines.map(({ action, localId, state, error }) => [action, localId, state, ...(error === null ? [] : [error])].join(' '));
}

const rows = (table: (typeof TABLES)[number]) => simulator.ipam.database.all(table);
const marks = () => TABLES.flatMap((table) => rows(table).map((row) => row[MARK])).filter((mark) => mark !== null);
const writesSince = (before: number): string[] => simulator.requests.slice(before).filter((request) => !request.startsWith('GET '));

it('is filled from nothing in one run, in order, and left alone by the next', async () => {
  await open();
  const run = await sync();
  expect(await changes(run)).toEqual(
    ['ten_1', 'vrf_1', 'vld_1', 'vld_1-net_1', 'pfx_1', 'pfx_2', 'ip_1', 'ip_2'].map((id) => `CREATE ${id} APPLIED`),
  );
  expect([...marks()].sort()).toEqual(['ip_1', 'ip_2', 'pfx_1', 'pfx_2', 'ten_1 slug=acme', 'vld_1', 'vld_1-net_1', 'vrf_1']);
  expect(rows('subnets').map((row) => [row['mask'], row['masterSubnetId'], row['vlanId']])).toEqual([
    ['16', 0, null],
    ['24', 1, 1],
  ]);
  expect(rows('ipaddresses').map((row) => [row['hostname'], row['state'], row['subnetId']])).toEqual([
    ['gw.cust.example', 2, 2],
    [null, 3, 2],
  ]);
  const before = simulator.requests.length;
  const again = await sync();
  expect([again.state, await changes(again), writesSince(before)]).toEqual(['SUCCEEDED', [], []]);
  expect(simulator.peakInFlight).toBe(1);
});

it('in OBSERVE is read and not written', async () => {
  await open({ mode: 'OBSERVE' });
  const run = await sync();
  expect(await changes(run)).toHaveLength(8);
  expect(writesSince(0).filter((request) => !request.startsWith('PATCH /tools/customers/0/'))).toEqual([]);
  expect(marks()).toEqual([]);
});

it('says a description back that somebody wrote there, gets back what is ours, and leaves a VLAN its name', async () => {
  await open();
  await sync();
  simulator.ipam.edited('subnets', 2, { description: 'web servers of Acme' });
  simulator.ipam.edited('vlans', 1, { name: 'renamed', customer_id: null });
  await sync();
  expect(local.get('prefix', 'pfx_2')?.['description']).toBe('web servers of Acme');
  expect(rows('vlans')).toMatchObject([{ name: 'renamed', customer_id: expect.anything() }]);
  expect(rows('subnets')[1]?.['description']).toBe('web servers of Acme');
});

it('loses what Trame has no more in two steps, and nothing that is not ours', async () => {
  await open();
  await sync();
  simulator.ipam.typed('ipaddresses', { ip_addr: '10.20.1.99', subnetId: 2, description: 'theirs' });
  local.remove('ipAddress', 'ip_2');
  const first = await sync();
  expect(await changes(first)).toEqual(['DEPRECATE ip_2 APPLIED']);
  expect(rows('ipaddresses')[1]).toMatchObject({ [MARK]: 'ip_2 deprecated', state: 1 });
  expect(await changes(await sync())).toEqual(['DELETE ip_2 APPLIED']);
  expect(rows('ipaddresses').map((row) => row[MARK])).toEqual(['ip_1', null]);
});

it('keeps a subnet in which others have addresses', async () => {
  await open();
  await sync();
  simulator.ipam.typed('ipaddresses', { ip_addr: '10.20.1.99', subnetId: 2, description: 'theirs' });
  for (const [kind, id] of [
    ['ipAddress', 'ip_1'],
    ['ipAddress', 'ip_2'],
    ['prefix', 'pfx_2'],
  ] as const)
    local.remove(kind, id);
  const guarded = await sync();
  if (guarded.state === 'BLOCKED_BY_GUARD') throw new Error(guarded.guards.join());
  expect(await changes(await sync())).toContain('DELETE pfx_2 REFUSED it is not deleted: address 10.20.1.99 would be deleted with it');
  expect([rows('subnets').length, rows('ipaddresses').map((row) => row['description'])]).toEqual([2, ['theirs']]);
});

it('is linked again by its marks where our links were lost, and nothing is made twice', async () => {
  await open();
  await sync();
  await sql('DELETE FROM sync_link');
  const before = simulator.requests.length;
  const run = await sync();
  expect((await changes(run)).every((line) => /^RELINK \S+ APPLIED$/.test(line))).toBe(true);
  expect(await sql('SELECT 1 FROM sync_link')).toHaveLength(8);
  expect(writesSince(before)).toEqual([]);
});

it('that cannot be read is no reason to delete or to make anything', async () => {
  await open();
  await sync();
  simulator.fatals.push({ when: (request) => request.includes('/addresses/'), how: 'html' });
  const before = simulator.requests.length;
  expect((await sync()).state).not.toBe('SUCCEEDED');
  expect(writesSince(before)).toEqual([]);
  expect(await sql('SELECT 1 FROM sync_link')).toHaveLength(8);
});

it('tells each object that it refuses, and takes the others', async () => {
  await open();
  local.put('vrf', 'vrf_2', {
    name: 'a-name-of-more-than-thirty-two-characters',
    tenant: null,
    importTargets: [],
    exportTargets: [],
    description: null,
  });
  const lines = await changes(await sync());
  expect(lines).toContain('CREATE vrf_2 REFUSED the name has 41 characters, and phpIPAM keeps 32');
  expect(lines.filter((line) => line.endsWith('APPLIED'))).toHaveLength(8);
});
