import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { AddressingModule } from '#contexts/addressing';
import { EventsModule, JOB_HANDLERS } from '#contexts/events';
import { FabricModule } from '#contexts/fabric';
import { SyncStore } from './store/sync.store.js';
import { SyncJob } from './sync-job.js';
import { DNS_ZONES, type DnsZonesFactory, SyncService } from './sync.service.js';

const job = { provide: JOB_HANDLERS['sync.wanted'], useClass: SyncJob };

@Module({})
export class SyncModule {
  /** The worker brings the client. */
  static with(dnsZones: DnsZonesFactory): DynamicModule {
    const binding: Provider = { provide: DNS_ZONES, useValue: dnsZones };
    return {
      module: SyncModule,
      imports: [EventsModule, AddressingModule, FabricModule],
      providers: [SyncStore, SyncService, job, binding],
      exports: [SyncService, job.provide],
    };
  }
}
