// Product H3, steps 1 to 3, from one end to the other: Proxmox' plugin asks the API, a worker writes, a name server is asked. API and worker are processes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessModule } from '#contexts/access';
import { AddressingModule, AddressingService } from '#contexts/addressing';
import { EventsModule } from '#contexts/events';
import { FabricModule, FabricService } from '#contexts/fabric';
import { FacadeModule, FacadeService } from '#contexts/facade';
import { NumberingModule, NumberingService } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { Cidr, Fqdn, Label } from '#engines/kernel';
import { Database, PlatformModule, systemScope } from '#platform';
import { ChaosDatabase } from '../../apps/lab/src/chaos/chaos-database.js';
import { administrate, type DemoWorld } from '../../apps/lab/src/demo/administration.js';
import { type Stack, startStack } from '../../apps/lab/src/demo/stack.js';
import { demoInventory } from '../../apps/lab/src/fabrics/demo-inventory.js';
import { type LabDns, missingForPowerDns, resolve, startPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { ProxmoxPlugin } from '../medium/facade/proxmox-plugin.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { describeWith } from '../support/describe-with.js';
import { eventually } from '../support/eventually.js';
import { allEntities } from '../support/world.js';

const ZONES = ['cust.example', '10.in-addr.arpa'];
const QUARANTINE_SECONDS = 2;
const WITHIN_MS = 10_000;
const endpoint = { address: '127.0.0.1', port: 9, username: 'nobody', secret: 'nothing' };
const MAC = 'da:65:8f:18:9b:6f';

describeWith({ missing: missingForPowerDns() }, 'a zone of Proxmox with names', () => {
  let directory: string;
  let database: TestDatabase;
  let rows: ChaosDatabase;
  let dns: LabDns;
  let stack: Stack;
  let pve: ProxmoxPlugin;
  let other: ProxmoxPlugin;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-proxmox-'));
    database = await createTestDatabase();
    rows = new ChaosDatabase(database.url);
    dns = await startPowerDns({ directory: join(directory, 'dns'), zones: ZONES });
    stack = await startStack({ directory, databaseUrl: database.url });
    const inventory = demoInventory({ pve1: endpoint, pve2: endpoint, test: endpoint });
    const world = await administrate(stack.config, inventory, { apiUrl: dns.apiUrl, apiKey: dns.apiKey, zones: ZONES });
    [pve, other] = (await doors(stack, world)).map((token) => new ProxmoxPlugin(`${stack.apiUrl}/netbox/api`, token)) as [
      ProxmoxPlugin,
      ProxmoxPlugin,
    ];
  });
  afterAll(async () => {
    await stack?.stop();
    await dns?.stop();
    await rows?.close();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const served = (name: string, type: 'A' | 'PTR', wanted: readonly string[]): Promise<unknown> =>
    eventually(
      () => resolve(dns.dnsPort, name, type),
      (found) => JSON.stringify(found) === JSON.stringify(wanted),
      WITHIN_MS,
    );
  const live = (): Promise<{ vrf: string; address: string }[]> =>
    rows.rows(
      `SELECT v.slug AS vrf, host(a.address) AS address FROM ip_address a JOIN subnet s ON s.id = a.subnet_id JOIN vrf v ON v.id = s.vrf_id
        WHERE a.state <> 'QUARANTINED' ORDER BY v.slug, a.address`,
    );

  it('gets subnet, gateway and guest in the VRF of its token and never in the container around it; the guest has a name forward and back', async () => {
    await pve.configure();
    await other.addSubnet('10.0.0.0/24'); // The same addresses, in VRF B.
    await pve.addSubnet('10.0.0.0/24');
    await pve.addIp({ ip: '10.0.0.1', length: 24, isGateway: true });
    expect(await pve.addNextFreeIp('10.0.0.0/24', MAC, 'web')).toBe('10.0.0.2');
    await pve.addIp({ ip: '10.0.0.10', length: 24, mac: 'da:65:8f:18:9b:70', hostname: 'db' });
    expect(await live()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.10'].map((address) => ({ vrf: 'vrf-a', address })));
    await served('web.vrf-a.cust.example', 'A', ['10.0.0.2']);
    await served('2.0.0.10.in-addr.arpa', 'PTR', ['web.vrf-a.cust.example']);
    await served('10.0.0.10.in-addr.arpa', 'PTR', ['db.vrf-a.cust.example']);
  });

  it('deletes an address that never was: nothing goes, not 10.0.0.10 either', async () => {
    await other.addSubnet('10.5.0.0/24');
    expect(await other.delIp('10.0.0.1')).toBe(false); // It is in VRF A.
    expect(await pve.delIp('10.0.0.3')).toBe(false);
    expect(await pve.delIp('10.0.0.1')).toBe(true);
    expect(await pve.delIp('10.0.0.1')).toBe(false); // NetBox would have found 10.0.0.10 by now.
    expect(await live()).toEqual(['10.0.0.2', '10.0.0.10'].map((address) => ({ vrf: 'vrf-a', address })));
    expect(await resolve(dns.dnsPort, '10.0.0.10.in-addr.arpa', 'PTR')).toEqual(['db.vrf-a.cust.example']);
  });

  it('changes a name with its guest, takes it away with it, and has the address again when it has rested', async () => {
    await pve.updateIp({ ip: '10.0.0.2', length: 24, mac: MAC, hostname: 'shop' });
    await served('2.0.0.10.in-addr.arpa', 'PTR', ['shop.vrf-a.cust.example']);
    await served('web.vrf-a.cust.example', 'A', []);
    expect(await pve.delIp('10.0.0.2')).toBe(true);
    await served('shop.vrf-a.cust.example', 'A', []);
    await served('2.0.0.10.in-addr.arpa', 'PTR', []);
    await eventually(
      () => rows.rows(`SELECT FROM ip_address WHERE state = 'QUARANTINED'`),
      (resting) => resting.length === 0,
      30_000,
    );
    expect((await live()).map(({ address }) => address)).toEqual(['10.0.0.10']);
    await pve.addIp({ ip: '10.0.0.2', length: 24, mac: 'da:65:8f:18:9b:99', hostname: 'next' }); // Somebody else's now.
    await served('2.0.0.10.in-addr.arpa', 'PTR', ['next.vrf-a.cust.example']);
  });
});

/** Two VRFs with addresses of their own, and a door to each. @returns tokens. */
async function doors({ config }: Stack, { fabricId, tenantId }: DemoWorld): Promise<string[]> {
  @Module({
    imports: [
      PlatformModule.forRoot({ ...config, LOG_LEVEL: 'warn' }, allEntities, 'test'),
      AccessModule,
      EventsModule,
      NumberingModule,
      TenancyModule,
      AddressingModule,
      FabricModule,
      FacadeModule,
    ],
  })
  class DoorsModule {}
  const app = await NestFactory.createApplicationContext(DoorsModule, { logger: false, abortOnError: false });
  const get = <Service>(service: new (...dependencies: never[]) => Service): Service => app.get(service, { strict: false });
  try {
    const tokens: string[] = [];
    for (const slug of ['vrf-a', 'vrf-b']) {
      const vrfId = await app.get(Database).inTransaction(systemScope('test'), async (tx) => {
        const { id: l3vniPoolId } = await get(NumberingService).poolBySlug(tx, 'l3vni');
        const vrf = await get(FabricService).createVrf(tx, { tenantId, l3vniPoolId, slug, name: Label.parse(slug), key: slug });
        const spaceId = await get(AddressingService).createSpace(tx, { fabricId, slug, name: slug });
        await get(AddressingService).createPrefixPool(tx, {
          spaceId,
          slug,
          name: slug,
          cidr: Cidr.parse('10.0.0.0/8'),
          minLength: 8,
          defaultLength: 24,
          maxLength: 30,
          quarantineSeconds: QUARANTINE_SECONDS,
        });
        return vrf.id;
      });
      const dnsZone = Fqdn.parse(`${slug}.cust.example`);
      tokens.push(await get(FacadeService).create({ slug, tenantId, vrfId, poolSlugs: [slug], dnsZone, actor: 'test' }));
    }
    return tokens;
  } finally {
    await app.close();
  }
}
