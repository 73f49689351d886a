/** The product in a process of the chaos: its services and nothing around them. */
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { addressingEntities, AddressingModule } from '#contexts/addressing';
import { EventsModule } from '#contexts/events';
import { numberingEntities, NumberingModule } from '#contexts/numbering';
import { TenancyModule, tenancyEntities } from '#contexts/tenancy';
import { loadConfig, PlatformModule } from '#platform';

/** @param environment settings of the product. */
export function openAllocationApp(environment: NodeJS.ProcessEnv): Promise<INestApplicationContext> {
  @Module({
    imports: [
      PlatformModule.forRoot(loadConfig(environment), [...numberingEntities, ...tenancyEntities, ...addressingEntities], 'chaos'),
      EventsModule,
      NumberingModule,
      TenancyModule,
      AddressingModule,
    ],
  })
  class AllocationModule {}
  return NestFactory.createApplicationContext(AllocationModule, { logger: false, abortOnError: false });
}
