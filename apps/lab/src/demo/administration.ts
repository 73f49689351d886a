/** What an operator does once, with the database at hand: the fabric, the pools, a customer, its portal, tokens, the name server. */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessModule, TOKEN_SCOPES, TokenService } from '#contexts/access';
import { addressingEntities, AddressingModule, AddressingService } from '#contexts/addressing';
import { EventsModule, InboundSourceService } from '#contexts/events';
import { fabricEntities, FabricModule, type FabricInventory, InventoryService } from '#contexts/fabric';
import { numberingEntities, NumberingModule, PoolAdminService } from '#contexts/numbering';
import { ConnectorService, SyncModule } from '#contexts/sync';
import { TenancyModule, TenancyService, tenancyEntities } from '#contexts/tenancy';
import { type Config, Database, PlatformModule, Secret, systemScope } from '#platform';
import { Slug } from '#engines/kernel';
import { type LoadedWorld, loadFabric, type WorldOptions } from '../fabrics/load-fabric.js';

export interface DemoWorld extends LoadedWorld {
  /** `trame_live_…` of the operator, with every scope. */
  readonly operatorToken: string;
  /** The customer's own, for orders. */
  readonly tenantToken: string;
  /** `whsec_…` of the portal `portal`. */
  readonly portalSecret: string;
}

export interface DemoNameServer {
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly zones: readonly string[];
}

const DAY_MS = 24 * 3600 * 1000;

export async function administrate(
  config: Config,
  inventory: FabricInventory,
  nameServer: DemoNameServer | null,
  options: WorldOptions = {},
): Promise<DemoWorld> {
  @Module({
    imports: [
      PlatformModule.forRoot(
        { ...config, LOG_LEVEL: 'warn' },
        [...numberingEntities, ...tenancyEntities, ...addressingEntities, ...fabricEntities],
        'demo',
      ),
      AccessModule,
      EventsModule,
      NumberingModule,
      TenancyModule,
      AddressingModule,
      FabricModule,
      SyncModule.with(() => {
        throw new Error('the worker speaks to name servers, not the administration');
      }),
    ],
  })
  class AdministrationModule {}
  const app = await NestFactory.createApplicationContext(AdministrationModule, { logger: false, abortOnError: false });
  try {
    const db = app.get(Database);
    const services = {
      db,
      inventory: app.get(InventoryService),
      pools: app.get(PoolAdminService),
      addressing: app.get(AddressingService),
      tenancy: app.get(TenancyService),
    };
    const world = await loadFabric(services, inventory, options);
    const { secret } = await db.inTransaction(systemScope('demo'), (tx) =>
      app.get(InboundSourceService).create(tx, { slug: Slug.parse('portal'), tenantId: world.tenantId }),
    );
    if (nameServer) {
      const target = {
        kind: 'POWERDNS' as const,
        fabricId: world.fabricId,
        slug: 'powerdns',
        url: nameServer.apiUrl,
        secret: new Secret(nameServer.apiKey),
        zones: nameServer.zones,
        mode: 'WRITE' as const,
      };
      await db.inTransaction(systemScope('demo'), (tx) => app.get(ConnectorService).createWithin(tx, target));
    }
    const token = async (name: string, tenantId: typeof world.tenantId | null, scopes: readonly string[]): Promise<string> =>
      (await app.get(TokenService).create({ name, tenantId, scopes, expiresAt: new Date(Date.now() + DAY_MS), createdBy: 'demo' })).secret;
    return {
      ...world,
      portalSecret: secret.reveal(),
      operatorToken: await token('demo operator', null, TOKEN_SCOPES),
      tenantToken: await token('demo customer', world.tenantId, [
        'tenant:read',
        'order:read',
        'order:write',
        'network:read',
        'pool:read',
        'device:read',
      ]),
    };
  } finally {
    await app.close();
  }
}
