import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { addressingEntities } from '#contexts/addressing';
import { fabricEntities, FabricModule, FabricService } from '#contexts/fabric';
import { numberingEntities } from '#contexts/numbering';
import { tenancyEntities } from '#contexts/tenancy';
import { compileFabric, type FabricIntent } from '#engines/intent';
import type { FabricId } from '#engines/kernel';
import { type Config, Database, PlatformModule, systemScope } from '#platform';

/** What the fabric should be, compiled anew from the snapshot: nobody's memory of what was pushed. */
export async function readIntent(config: Config, fabricId: FabricId): Promise<FabricIntent> {
  @Module({
    imports: [
      PlatformModule.forRoot(
        { ...config, LOG_LEVEL: 'warn' },
        [...numberingEntities, ...tenancyEntities, ...addressingEntities, ...fabricEntities],
        'chaos',
      ),
      FabricModule,
    ],
  })
  class IntentModule {}
  const app = await NestFactory.createApplicationContext(IntentModule, { logger: false, abortOnError: false });
  try {
    const snapshot = await app
      .get(Database)
      .inTransaction(systemScope('chaos'), (tx) => app.get(FabricService, { strict: false }).snapshot(tx, fabricId), {
        isolation: 'REPEATABLE READ',
      });
    return compileFabric(snapshot);
  } finally {
    await app.close();
  }
}
