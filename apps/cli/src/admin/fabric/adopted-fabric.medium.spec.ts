// A fabric that runs, from the files of its devices into the database and to the first plan: nothing of it changes for any device.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AddressingModule, AddressingService } from '#contexts/addressing';
import { DeploymentModule, PlannerService, RollbackService, RolloutService, TakeoverReader } from '#contexts/deployment';
import { FakeDevice, FakeTransport } from '#contexts/deployment/testing';
import { InvariantInspector, InvariantRegistry } from '#contexts/events';
import { FabricModule, FabricService, PlaceService } from '#contexts/fabric';
import { NumberingModule } from '#contexts/numbering';
import { NetworkAdoptionService, OrderService, ProvisioningModule } from '#contexts/provisioning';
import { TenancyModule, TenancyService } from '#contexts/tenancy';
import type { FabricSnapshot } from '#engines/intent';
import type { NetworkId, TenantId } from '#engines/kernel';
import { differencesOf, type ImportedFile, onboard } from '#engines/onboarding';
import { handBuiltFabricInFull, switchFabric } from '#engines/onboarding/testing';
import { FRR_PATH, INTERFACES_PATH, RUNNING_CONFIG_PATH } from '#engines/rendering';
import { Database, PlatformModule, systemScope, type Tx } from '#platform';
import { eventually } from '../../../../../test/support/eventually.js';
import { createTestDatabase } from '../../../../../test/support/database.js';
import { allEntities, testConfig } from '../../../../../test/support/world.js';
import { writeFabric } from '../import-config/write-fabric.js';
import { loadDocument, readDocument } from './load-document.js';

interface AdoptedWorld {
  readonly app: INestApplicationContext;
  readonly devices: ReadonlyMap<string, FakeDevice>;
  readonly snapshot: () => Promise<FabricSnapshot>;
  readonly rows: <Row extends object>(sql: string) => Promise<Row[]>;
  readonly load: () => ReturnType<typeof loadDocument>;
  /** What a person changes in the document. */
  readonly edit: (change: (text: string) => string) => void;
}

/** An empty database, devices in memory, and the written document with what a person fills in. */
async function withFabric(files: readonly ImportedFile[], work: (world: AdoptedWorld) => Promise<void>): Promise<void> {
  const directory = fs.mkdtempSync(path.join(tmpdir(), 'trame-adopted-'));
  const { url, drop } = await createTestDatabase();
  const { snapshot } = onboard(files);
  const devices = new Map(snapshot.devices.map(({ slug }) => [slug as string, new FakeDevice(slug)]));
  const transport = new FakeTransport(devices);
  @Module({
    imports: [
      PlatformModule.forRoot(testConfig(url), allEntities, 'test'),
      NumberingModule,
      TenancyModule,
      AddressingModule,
      FabricModule,
      ProvisioningModule,
      DeploymentModule.with(
        new Map([
          ['SSH', transport],
          ['EAPI', transport],
        ]),
      ),
    ],
  })
  class AdoptedModule {}
  const app = await NestFactory.createApplicationContext(AdoptedModule, { logger: false });
  try {
    const management = new Map(snapshot.devices.map(({ slug }, index) => [slug as string, { address: `192.0.2.${index + 1}` }]));
    const { document, notCarried } = writeFabric(snapshot, { slug: 'blog', site: 'par1', tenant: 'acme', management });
    expect(notCarried).toEqual([]);
    fs.writeFileSync(path.join(directory, 'secret'), 'a secret');
    const file = path.join(directory, 'fabric.json');
    const filled = JSON.stringify(document).replaceAll(/"FILL IN: the file[^"]*"/g, '"secret"');
    fs.writeFileSync(file, filled.replaceAll(/"FILL IN: [^"]*"/g, '"trame"'));
    const inDatabase = app.get(Database);
    const rows: AdoptedWorld['rows'] = (sql) => inDatabase.inTransaction(systemScope('spec'), (tx) => tx.sql(sql));
    await work({
      app,
      devices,
      rows,
      load: () => loadDocument(app, readDocument(file), { file, isTrial: false }),
      edit: (change) => fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8'))),
      snapshot: () =>
        inDatabase.inTransaction(
          systemScope('spec'),
          async (tx) => app.get(FabricService).snapshot(tx, await app.get(FabricService).onlyFabric(tx)),
          { isolation: 'REPEATABLE READ' },
        ),
    });
  } finally {
    await app.close();
    await drop();
    fs.rmSync(directory, { recursive: true });
  }
}

/** What the how-to asks for: the stanzas of the fabric stand in Trame's file, those of loopback and management where they were. */
const moved = (interfaces: string): string =>
  interfaces
    .split('\n\n')
    .filter((stanza) => !/^iface (?:lo|ens18|vmbr0) /m.test(stanza))
    .join('\n\n');

function putOnDevices(files: readonly ImportedFile[], devices: AdoptedWorld['devices']): void {
  for (const { device, name, text } of files) {
    const disk = devices.get(device.toLowerCase())?.files;
    if (name === 'interfaces') disk?.set(INTERFACES_PATH, moved(text));
    else if (name === 'frr.conf') disk?.set(FRR_PATH, text.slice(text.indexOf('frr version')));
    else disk?.set(RUNNING_CONFIG_PATH, text);
  }
}

const manageAll = (app: INestApplicationContext, slugs: Iterable<string>): Promise<void> =>
  app.get(Database).inTransaction(systemScope('spec'), async (tx) => {
    for (const slug of slugs) await app.get(FabricService).manage(tx, (await app.get(FabricService).deviceBySlug(tx, slug)).id, 'SECTION');
  });

describe.each([
  ['that was built by hand', handBuiltFabricInFull()],
  ['of switches, with a VRF and its gateways', switchFabric()],
])('a fabric %s', (_, files) => {
  it('comes into the database as it is, is planned for by nobody while it is observed, and its first plan changes nothing', async () => {
    await withFabric(files, async ({ app, devices, load, snapshot, rows }) => {
      const { findings, isKept } = await load();
      expect({ isKept, errors: findings.filter(({ severity }) => severity === 'ERROR') }).toEqual({ isKept: true, errors: [] });
      expect(differencesOf(await snapshot(), files)).toEqual([]);
      expect(await rows('SELECT DISTINCT state FROM network')).toEqual([{ state: 'ACTIVE' }]);
      putOnDevices(files, devices);
      const before = JSON.stringify([...devices.values()].map((device) => [...device.files]));
      expect(await app.get(PlannerService).propose('somebody')).toBeUndefined();
      expect(await app.get(TakeoverReader).readDue()).toBe(0);

      await manageAll(app, devices.keys());
      expect(await app.get(TakeoverReader).readDue()).toBe(devices.size);
      const plan = await app.get(PlannerService).propose('somebody');
      expect(plan).toMatchObject({ risk: 'HIGH', state: 'PROPOSED' });
      expect(plan?.items.map(({ slug, diff, hunks }) => ({ slug, diff, hunks }))).toEqual(
        expect.arrayContaining([...devices.keys()].map((slug) => ({ slug, diff: '', hunks: [] }))),
      );
      for (const { slug, riskReasons } of plan?.items ?? [])
        expect(riskReasons).toEqual([`${slug} is taken over for the first time: what runs there means the same, and nothing changes.`]);
      expect(JSON.stringify([...devices.values()].map((device) => [...device.files]))).toBe(before);
    });
  });
});

describe('a device that is taken over', () => {
  it('is planned for when somebody has looked, and its plan says what would become another there', async () => {
    const files = handBuiltFabricInFull();
    await withFabric(files, async ({ app, devices, load }) => {
      await load();
      putOnDevices(files, devices);
      const host = devices.get('pve1')?.files;
      host?.set(FRR_PATH, host.get(FRR_PATH)?.replace('timers bgp 20 60', 'timers bgp 3 9') ?? '');
      devices.get('test')?.failAt('open', 'UNREACHABLE');
      await manageAll(app, devices.keys());
      expect(await app.get(PlannerService).propose('somebody')).toBeUndefined(); // not before somebody has looked
      await app.get(TakeoverReader).readDue();
      const plan = await app.get(PlannerService).propose('somebody');
      const reasons = new Map(plan?.items.map(({ slug, riskReasons }) => [slug, riskReasons.join()]));
      expect(reasons.get('pve1')).toMatch(/1 of its lines become others, the first: .*"timers bgp 20 60" instead of "timers bgp 3 9"/);
      expect(reasons.get('test')).toContain('could not be read: UNREACHABLE');
      expect(plan?.items.every(({ hunks }) => hunks.length > 0)).toBe(true);
    });
  });
});

describe('the first plan of adopted devices', () => {
  it('is approved by a person, and never taken back: that would end what runs', async () => {
    const files = handBuiltFabricInFull();
    await withFabric(files, async ({ app, devices, load, rows }) => {
      const { fabricId } = await load();
      putOnDevices(files, devices);
      await manageAll(app, devices.keys());
      await app.get(TakeoverReader).readDue();
      const [planner, rollouts] = [app.get(PlannerService), app.get(RolloutService)];
      const plan = await planner.propose('somebody');
      if (plan === undefined) throw new Error('there is a plan');
      await rollouts.converge(fabricId);
      expect(await rows('SELECT 1 FROM push_attempt')).toEqual([]); // it waits
      for (let person = 1; person <= plan.approvalsNeeded; person += 1)
        await planner.approve(plan.id, plan.digest, `person ${person}`, null);
      await rollouts.requestApply(plan.id, plan.digest, 'person 1');
      const look = async (): Promise<string> => {
        await rollouts.converge(fabricId);
        return (await rollouts.plan(plan.id)).state;
      };
      await eventually(look, (state) => state === 'APPLIED', 30_000);
      const wish = { digest: null, devices: null, reason: 'back' };
      await expect(app.get(RollbackService).rollBack(plan.id, 'somebody', wish)).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: 'the plan has changed nothing that could be taken back',
      });
    });
  });
});

describe('a document of what runs', () => {
  // One of its targets is only imported.
  const files = switchFabric().map((file) => ({
    ...file,
    text: file.text.replaceAll('      rd 10.7.1.1:50\n', '      rd 10.7.1.1:50\n      route-target import evpn 7:8\n'),
  }));

  it('is loaded once with its very numbers, however often it is said, and goes on where a load died', async () => {
    await withFabric(files, async ({ app, load, rows, snapshot }) => {
      const counts = (): Promise<object[]> =>
        rows(`SELECT (SELECT count(*) FROM device) AS devices, (SELECT count(*) FROM network) AS networks, (SELECT count(*) FROM vrf) AS vrfs,
          (SELECT count(*) FROM audit_entry WHERE action LIKE '%.adopted') AS acts, (SELECT revision FROM fabric) AS revision`);
      const adoption = app.get(NetworkAdoptionService);
      const real = adoption.adoptNetwork.bind(adoption);
      let calls = 0;
      adoption.adoptNetwork = (tx, network) => (++calls === 2 ? Promise.reject(new Error('the process died')) : real(tx, network));
      await expect(load()).rejects.toThrow('the process died'); // first tried, then kept up to here
      expect(await counts()).toMatchObject([{ devices: '3', vrfs: '1', networks: '0' }]);
      await load();
      const after = await counts();
      expect(after).toMatchObject([{ devices: '3', vrfs: '1', networks: '1', acts: '2' }]);
      await load();
      expect(await counts()).toEqual(after);
      for (const invariant of app.get(InvariantRegistry).all())
        expect((await app.get(InvariantInspector).inspect(invariant, 'spec')).violations).toEqual([]);
      const [vrf] = (await snapshot()).vrfs;
      expect(vrf?.importTargets.toSorted()).toEqual(['65000:50030', '7:8']);
      expect(vrf?.exportTargets).toEqual(['65000:50030']);
      expect(
        await rows(`SELECT p.slug, a.value::int, a.state, t.slug AS tenant FROM number_allocation a JOIN number_pool p ON p.id = a.pool_id
          JOIN tenant t ON t.id = a.tenant_id ORDER BY p.slug, a.value`),
      ).toEqual(
        [
          ['blog-evi-adopted', 30],
          ['blog-evi-adopted', 50],
          ['blog-l3vni', 50_030],
          ['blog-vlan-leaf1', 30],
          ['blog-vlan-leaf2', 30],
          ['blog-vni', 10_030],
        ].map(([slug, value]) => ({ slug, value, state: 'BOUND', tenant: 'acme' })),
      );
      expect(await rows('SELECT cidr::text, host(gateway_address) AS gateway FROM subnet')).toEqual([
        { cidr: '10.30.0.0/24', gateway: '10.30.0.1' },
      ]);
    });
  });

  it('may have the same names for several tenants', async () => {
    await withFabric(files, async ({ load, rows, edit }) => {
      edit((text) => {
        const said = JSON.parse(text.replaceAll('"last":50030', '"last":50031').replaceAll('"last":50}', '"last":51}')) as {
          tenants: { slug: string; name: string }[];
          vrfs: object[];
        };
        said.tenants.push({ slug: 'beta', name: 'beta' });
        const targets = [{ target: '65000:50031', direction: null }];
        said.vrfs.push({ ...said.vrfs[0], tenant: 'beta', deviceName: 'beta', l3vni: 50_031, evi: 51, targets, distinguishers: [] });
        return JSON.stringify(said);
      });
      for (let times = 0; times < 2; times++) {
        expect((await load()).isKept).toBe(true);
        const found = await rows<{ slug: string; tenant: string }>(
          'SELECT v.slug, t.slug AS tenant FROM vrf v JOIN tenant t ON t.id = v.tenant_id ORDER BY tenant',
        );
        expect(found.map(({ tenant }) => tenant)).toEqual(['acme', 'beta']);
        expect(new Set(found.map(({ slug }) => slug)).size).toBe(1);
      }
    });
  });

  it('brings back a network that was removed since, or says why not, and does not call it loaded', async () => {
    await withFabric(files, async ({ app, load, rows }) => {
      await load();
      const state = () => rows<{ state: string }>('SELECT state FROM network ORDER BY created_at');
      const inDatabase = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app.get(Database).inTransaction(systemScope('spec'), work);
      const [id] = (await rows<{ id: NetworkId }>('SELECT id FROM network')).map((row) => row.id) as [NetworkId];
      await inDatabase(async (tx) => {
        const network = await app.get(TenancyService).lockNetwork(tx, id);
        await app.get(PlaceService).detachAll(tx, id, true);
        await app.get(AddressingService).retireNetwork(tx, id);
        await app.get(TenancyService).retire(tx, network);
      });
      await expect(load()).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        message: expect.stringContaining('the network vni10030') as string,
      });
      for (const table of ['number_allocation', 'prefix'])
        await rows(`UPDATE ${table} SET reusable_at = now() - interval '1 s' WHERE state = 'QUARANTINED'`);
      await rows('SELECT number_sweep(100), prefix_sweep(100)');
      await load();
      expect(await state()).toEqual([{ state: 'RETIRED' }, { state: 'ACTIVE' }]);
      await load();
      expect(await state()).toHaveLength(2);
    });
  });

  it('is said again without taking over what a person has put on OBSERVE, and adds nothing to a device that Trame writes to', async () => {
    await withFabric(files, async ({ app, load, rows, edit }) => {
      edit((text) => {
        const wider = text.replaceAll('"last":10030', '"last":10031').replaceAll('"last":50}', '"last":51}');
        return wider.replaceAll('"managed":"OBSERVE"', '"managed":"SECTION"');
      });
      await load();
      const fabric = app.get(FabricService);
      const inDatabase = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app.get(Database).inTransaction(systemScope('spec'), work);
      const { id } = await inDatabase((tx) => fabric.deviceBySlug(tx, 'leaf1'));
      const managed = () => rows(`SELECT slug, managed FROM device WHERE slug LIKE 'leaf%' ORDER BY slug`);
      expect(await managed()).toEqual(['leaf1', 'leaf2'].map((slug) => ({ slug, managed: 'SECTION' })));
      await inDatabase((tx) => fabric.manage(tx, id, 'OBSERVE'));
      await load();
      expect(await managed()).toMatchObject([{ managed: 'OBSERVE' }, { managed: 'SECTION' }]);
      edit((text) => {
        const said = JSON.parse(text) as { networks: object[] };
        const own = { slug: 'another', vni: 10_031, evi: 51, targets: [{ target: '65000:10031', direction: null }], distinguishers: [] };
        const places = [{ device: 'leaf2', port: null, tagging: 'BRIDGE_ONLY' }];
        said.networks.push({ ...said.networks[0], ...own, vlans: [], subnets: [], places });
        return JSON.stringify(said);
      });
      await expect(load()).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringMatching(/^the network another: Trame writes to leaf2 already/) as string,
      });
      await inDatabase(async (tx) => fabric.manage(tx, (await fabric.deviceBySlug(tx, 'leaf2')).id, 'OBSERVE'));
      await expect(load()).resolves.toBeDefined(); // It is looked at as any other.
    });
  });

  it('is refused as a whole when a number is in no pool, with the pool that would have to hold it', async () => {
    await withFabric(files, async ({ load, rows, edit }) => {
      edit((text) => text.replace('"ranges":[{"first":10030,"last":10030}]', '"ranges":[{"first":20000,"last":20010}]'));
      await expect(load()).rejects.toMatchObject({
        code: 'OUT_OF_RANGE',
        message:
          'the network vni10030: VNI 10030 is in no pool: a pool of kind VNI of the fabric with a range that has 10030 would have to hold it',
      });
      expect(await rows('SELECT 1 FROM fabric')).toEqual([]);
    });
  });

  it('lets Trame write to nothing that is only observed, and takes that back while no order waits', async () => {
    await withFabric(files, async ({ app, load, rows }) => {
      await load();
      const fabric = app.get(FabricService);
      const inDatabase = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app.get(Database).inTransaction(systemScope('spec'), work);
      const { id } = await inDatabase((tx) => fabric.deviceBySlug(tx, 'leaf1'));
      await expect(inDatabase((tx) => fabric.access(tx, id))).rejects.toMatchObject({ code: 'INVALID_STATE' });
      const [network] = await rows<{ id: NetworkId; tenant: TenantId }>('SELECT id, tenant_id AS tenant FROM network');
      if (network === undefined) throw new Error('no network was loaded');
      const order = { networkId: network.id, idempotencyKey: 'away', ifVersion: null, reason: null };
      await expect(app.get(OrderService).deprovision(network.tenant, 'portal', order)).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: 'the network is on leaf1, which is only observed: nothing can be taken from it',
      });
      expect(await inDatabase((tx) => fabric.manage(tx, id, 'SECTION'))).toBe(true);
      expect(await inDatabase((tx) => fabric.manage(tx, id, 'SECTION'))).toBe(false);
      expect((await inDatabase((tx) => fabric.access(tx, id))).slug).toBe('leaf1');
      await inDatabase((tx) => tx.run(`UPDATE network SET state = 'PROVISIONING'`));
      await expect(inDatabase((tx) => fabric.manage(tx, id, 'OBSERVE'))).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: 'orders wait for leaf1: vni10030',
      });
    });
  });
});
