import { type DynamicModule, type INestApplicationContext, Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { demoInventory } from '../../apps/lab/src/fabrics/demo-inventory.js';
import { type LoadedWorld, loadFabric } from '../../apps/lab/src/fabrics/load-fabric.js';
import { createTestDatabase } from './database.js';
import { allEntities, testConfig } from './world.js';
import { AddressingModule, AddressingService, type NewSubnet, type Subnet } from '#contexts/addressing';
import { EventsModule } from '#contexts/events';
import { FabricModule, FabricService, InventoryService, PlaceService } from '#contexts/fabric';
import { type ClaimedNumber, NumberingModule, NumberingService, PoolAdminService } from '#contexts/numbering';
import { type Network, TenancyModule, TenancyService, type Vrf } from '#contexts/tenancy';
import { type AddressSpaceId, Label, type PoolId, type VlanDomainId } from '#engines/kernel';
import { Database, PlatformModule, systemScope, type Tx } from '#platform';

export interface InventoryWorld extends LoadedWorld {
  readonly app: INestApplicationContext;
  readonly db: Database;
  readonly url: string;
  readonly spaceId: AddressSpaceId;
  readonly vlanDomainId: VlanDomainId;
  asSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  vrf(slug: string): Promise<Vrf>;
  /** A network with a VLAN in the one VLAN domain, where one is named. */
  network(name: string, vlan?: number): Promise<Network>;
  subnet(network: Network, over?: Partial<NewSubnet>): Promise<Subnet>;
  /** A connector that nothing reads: the journal is kept for it. */
  watch(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The demo fabric with its pools and one tenant, and the services of what an inventory has; nothing is pushed to anywhere.
 * @param providers what a spec is about, beside them. @param imports the same as modules.
 */
export async function createInventoryWorld(providers: Provider[] = [], imports: DynamicModule[] = []): Promise<InventoryWorld> {
  const { url, drop } = await createTestDatabase();
  @Module({
    imports: [
      PlatformModule.forRoot(testConfig(url), allEntities, 'test'),
      NumberingModule,
      TenancyModule,
      AddressingModule,
      FabricModule,
      EventsModule,
      ...imports,
    ],
    providers,
  })
  class InventoryWorldModule {}
  const app = await NestFactory.createApplicationContext(InventoryWorldModule, { logger: false });
  const db = app.get(Database);
  const [addressing, tenancy, numbering] = [app.get(AddressingService), app.get(TenancyService), app.get(NumberingService)];
  const endpoint = { address: '127.0.0.1', port: 22, username: 'root', secret: 's' };
  const services = { db, inventory: app.get(InventoryService), pools: app.get(PoolAdminService), addressing, tenancy };
  const loaded = await loadFabric(services, demoInventory({ pve1: endpoint, pve2: endpoint, test: endpoint }));
  const { fabricId, tenantId } = loaded;
  const asSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.inTransaction(systemScope('spec'), work);
  const [spaceId, vlanDomainId] = await asSystem(async (tx) => [
    (await addressing.spaces(tx, fabricId)).get('customers') as AddressSpaceId,
    (await app.get(FabricService).names(tx, fabricId)).vlanDomains.get('leaf-test') as VlanDomainId,
  ]);
  const poolOf = async (tx: Tx, slug: string): Promise<PoolId> => (await numbering.poolBySlug(tx, slug)).id;
  const claim = async (tx: Tx, pool: string, key: string, prefer?: number): Promise<ClaimedNumber> =>
    numbering.claim(tx, {
      poolId: await poolOf(tx, pool),
      tenantId,
      key,
      holder: pool.startsWith('vlan') ? 'vlan_mapping' : 'network',
      ...(prefer !== undefined && { prefer }),
    });
  return {
    ...loaded,
    app,
    db,
    url,
    spaceId,
    vlanDomainId,
    asSystem,
    vrf: (slug) =>
      asSystem(async (tx) =>
        tenancy.createVrf(tx, {
          tenantId,
          fabricId,
          rtAdministrator: 65_051,
          l3vniPoolId: await poolOf(tx, 'l3vni'),
          eviPoolId: await poolOf(tx, 'evi'),
          slug,
          name: Label.parse(slug.toUpperCase()),
          key: slug,
        }),
      ),
    network: (name, vlan) =>
      asSystem(async (tx) => {
        const network = await tenancy.createNetwork(tx, {
          tenantId,
          fabricId,
          rtAdministrator: 65_051,
          vrfId: null,
          name: Label.parse(name),
          externalRef: null,
          vni: await claim(tx, 'cust-vni', `${name}/vni`),
          evi: await claim(tx, 'evi', `${name}/evi`),
          mtu: 1450,
        });
        if (vlan !== undefined)
          await app
            .get(PlaceService)
            .adoptPlaces(tx, network, [], new Map([[vlanDomainId, await claim(tx, 'vlan-leaf-test', `${name}/vlan`, vlan)]]));
        return network;
      }),
    subnet: (network, over = {}) =>
      asSystem((tx) =>
        addressing.createSubnet(tx, {
          tenantId,
          networkId: network.id,
          poolId: loaded.prefixPoolId,
          gatewayMode: 'ANYCAST_VTEP',
          gatewayName: null,
          dnsZone: null,
          key: `${network.slug}/subnet`,
          ...over,
        }),
      ),
    watch: () =>
      asSystem(async (tx) => {
        await tx.run(
          `INSERT INTO sync_target (id, slug, kind, url, sealed_secret, enabled) VALUES (gen_random_uuid(), 'netbox', 'NETBOX', 'http://netbox.test', '', true)`,
        );
      }),
    close: async () => {
      await app.close();
      await drop();
    },
  };
}
