import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { AddressingModule } from '#contexts/addressing';
import { FabricModule } from '#contexts/fabric';
import { SyncStore } from './store/sync.store.js';
import { DNS_ZONES, type DnsZonesFactory, SyncService } from './sync.service.js';

@Module({})
export class SyncModule {
  /** The worker brings the client. */
  static with(dnsZones: DnsZonesFactory): DynamicModule {
    const binding: Provider = { provide: DNS_ZONES, useValue: dnsZones };
    return { module: SyncModule, imports: [AddressingModule, FabricModule], providers: [SyncStore, SyncService, binding], exports: [SyncService] };
  }
}
