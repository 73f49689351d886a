import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { AddressingModule } from '#contexts/addressing';
import { EventsModule, JOB_HANDLERS } from '#contexts/events';
import { FabricModule } from '#contexts/fabric';
import { NumberingModule } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { ConnectorService } from './connector.service.js';
import { inventoryProviders } from './inventory/inventory-providers.js';
import { FOREIGN_INVENTORIES, type ForeignInventories } from './runner/foreign-inventories.js';
import { ConnectorStore } from './store/connector.store.js';
import { SyncChangeStore } from './store/sync-change.store.js';
import { SyncConflictStore } from './store/sync-conflict.store.js';
import { SyncHintStore } from './store/sync-hint.store.js';
import { SyncRunStore } from './store/sync-run.store.js';
import { SyncStore } from './store/sync.store.js';
import { SyncJob } from './sync-job.js';
import { SyncRunService } from './sync-run.service.js';
import { DNS_ZONES, type DnsZonesFactory, SyncService } from './sync.service.js';

const job = { provide: JOB_HANDLERS['sync.wanted'], useClass: SyncJob };

const stores = [ConnectorStore, SyncRunStore, SyncChangeStore, SyncConflictStore, SyncHintStore];

@Module({})
export class SyncModule {
  /** The worker brings the clients; a process without them keeps nothing, and may still be asked and told. */
  static with(dnsZones: DnsZonesFactory, inventories: ForeignInventories = {}): DynamicModule {
    const bindings: Provider[] = [
      { provide: DNS_ZONES, useValue: dnsZones },
      { provide: FOREIGN_INVENTORIES, useValue: inventories },
    ];
    return {
      module: SyncModule,
      imports: [EventsModule, NumberingModule, TenancyModule, AddressingModule, FabricModule],
      providers: [SyncStore, SyncService, ...stores, ...inventoryProviders, ConnectorService, SyncRunService, job, ...bindings],
      exports: [SyncService, ConnectorService, SyncRunService, job.provide],
    };
  }
}
