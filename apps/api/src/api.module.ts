import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { AccessModule, TokenService } from '#contexts/access';
import { addressingEntities, AddressingModule } from '#contexts/addressing';
import { AllocationModule } from '#contexts/allocation';
import { DeploymentModule } from '#contexts/deployment';
import { EventsModule } from '#contexts/events';
import { fabricEntities, FabricModule } from '#contexts/fabric';
import { FacadeModule } from '#contexts/facade';
import { numberingEntities, NumberingModule } from '#contexts/numbering';
import { ProvisioningModule, provisioningEntities } from '#contexts/provisioning';
import { SyncModule } from '#contexts/sync';
import { tenancyEntities, TenancyModule } from '#contexts/tenancy';
import { type Config, LOGGER, type Logger, PlatformModule } from '#platform';
import { mercuriusOptions } from './graphql/mercurius-options.js';
import { PublicErrorFilter } from './graphql/public-error.filter.js';
import { SubscriptionSockets } from './graphql/subscription-sockets.js';
import { HealthController } from './health.controller.js';

const entities = [...numberingEntities, ...tenancyEntities, ...addressingEntities, ...fabricEntities, ...provisioningEntities];

/** The contexts whose resolvers make the schema. The API plans and approves; it has no transport and never pushes, and speaks to no other system. */
export const apiContexts = [
  NumberingModule,
  TenancyModule,
  AddressingModule,
  AllocationModule,
  FabricModule,
  ProvisioningModule,
  DeploymentModule.with(new Map()),
  SyncModule.with(() => {
    throw new Error('the worker speaks to other systems, not the API');
  }),
];

@Module({
  imports: [AccessModule],
  providers: [
    {
      provide: SubscriptionSockets,
      inject: [TokenService, LOGGER],
      useFactory: (tokens: TokenService, log: Logger) => new SubscriptionSockets(tokens, log),
    },
  ],
  exports: [SubscriptionSockets],
})
class SubscriptionsModule {}

@Module({})
export class ApiModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        PlatformModule.forRoot(config, entities, 'api'),
        AccessModule,
        EventsModule,
        FacadeModule,
        ...apiContexts,
        GraphQLModule.forRootAsync<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          imports: [SubscriptionsModule],
          inject: [SubscriptionSockets, LOGGER],
          useFactory: mercuriusOptions,
        }),
        SubscriptionsModule,
      ],
      controllers: [HealthController],
      providers: [{ provide: APP_FILTER, useClass: PublicErrorFilter }],
    };
  }
}
