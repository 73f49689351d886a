import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { addressingEntities, AddressingModule } from '#contexts/addressing';
import { DeploymentModule } from '#contexts/deployment';
import { EventsModule } from '#contexts/events';
import { fabricEntities, FabricModule } from '#contexts/fabric';
import { FacadeModule } from '#contexts/facade';
import { numberingEntities, NumberingModule } from '#contexts/numbering';
import { SyncModule } from '#contexts/sync';
import { ProvisioningModule, provisioningEntities } from '#contexts/provisioning';
import { TenancyModule, tenancyEntities } from '#contexts/tenancy';
import { type Config, PlatformModule } from '#platform';

const entities = [...numberingEntities, ...tenancyEntities, ...addressingEntities, ...fabricEntities, ...provisioningEntities];

/**
 * Runs `work` with the contexts that hold what the intent is made of, on the database of `config`, and closes everything afterwards. Nothing in
 * them runs by itself: timers and handlers are the worker's.
 */
export async function withContexts<T>(config: Config, work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  @Module({
    imports: [
      PlatformModule.forRoot(config, entities, 'cli'),
      EventsModule,
      NumberingModule,
      TenancyModule,
      AddressingModule,
      FabricModule,
      FacadeModule,
      ProvisioningModule,
      DeploymentModule.with(new Map()), // It speaks to no device.
      SyncModule.with(() => {
        throw new Error('the worker speaks to name servers, not the command line');
      }),
    ],
  })
  class ContextsModule {}
  const app = await NestFactory.createApplicationContext(ContextsModule, { logger: false, abortOnError: false });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
