import { type DynamicModule, Module } from '@nestjs/common';
import { addressingEntities, AddressingModule } from '#contexts/addressing';
import { DeploymentModule } from '#contexts/deployment';
import { EventsModule } from '#contexts/events';
import { fabricEntities, FabricModule } from '#contexts/fabric';
import { numberingEntities, NumberingModule } from '#contexts/numbering';
import { ProvisioningModule, provisioningEntities } from '#contexts/provisioning';
import { SyncModule } from '#contexts/sync';
import { tenancyEntities, TenancyModule } from '#contexts/tenancy';
import { type Config, PlatformModule } from '#platform';
import { deviceTransports, dnsZones, foreignInventories } from './adapters.js';
import { SyslogHints } from './syslog-hints.js';

const entities = [...numberingEntities, ...tenancyEntities, ...addressingEntities, ...fabricEntities, ...provisioningEntities];

@Module({})
export class WorkerModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        PlatformModule.forRoot(config, entities, 'worker'),
        EventsModule,
        NumberingModule,
        TenancyModule,
        AddressingModule,
        FabricModule,
        ProvisioningModule,
        DeploymentModule.with(deviceTransports()),
        SyncModule.with(dnsZones, foreignInventories),
      ],
      providers: [SyslogHints],
    };
  }
}
