import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { AddressingModule } from '#contexts/addressing';
import { EventsModule, JOB_HANDLERS } from '#contexts/events';
import { FabricModule } from '#contexts/fabric';
import { NumberingModule } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { ConnectorResolver } from './api/connector.resolver.js';
import { SyncRunResolver } from './api/sync-run.resolver.js';
import { ConnectorService } from './connector.service.js';
import { DNS_ZONES, type DnsZonesFactory, NamesRun } from './dns/names-run.js';
import { ZoneKeeper } from './dns/zone-keeper.js';
import { inventoryProviders } from './inventory/inventory-providers.js';
import { ContextInventory } from './inventory/context-inventory.js';
import type { LocalInventory } from './inventory/local-inventory.js';
import { InventorySyncJob } from './inventory-sync-job.js';
import { ChangeApplier } from './runner/change-applier.js';
import { FOREIGN_INVENTORIES, type ForeignInventories } from './runner/foreign-inventories.js';
import { FullRun } from './runner/full-run.js';
import { IncrementalRun } from './runner/incremental-run.js';
import { LateCreates } from './runner/late-creates.js';
import { LookupPlanner } from './runner/lookup-planner.js';
import { ObjectPlanner } from './runner/object-planner.js';
import { OutcomeKeeper } from './runner/outcome-keeper.js';
import { LOCAL_INVENTORY } from './runner/run-context.js';
import { RunEnding } from './runner/run-ending.js';
import { RunKeeper } from './runner/run-keeper.js';
import { ScanPlanner } from './runner/scan-planner.js';
import { SyncRunner } from './runner/sync-runner.js';
import { ConnectorStore } from './store/connector.store.js';
import { DnsPublishedStore } from './store/dns-published.store.js';
import { SyncChangeStore } from './store/sync-change.store.js';
import { SyncConflictStore } from './store/sync-conflict.store.js';
import { SyncDueStore } from './store/sync-due.store.js';
import { SyncHintStore } from './store/sync-hint.store.js';
import { SyncRecheckStore } from './store/sync-recheck.store.js';
import { SyncRunStore } from './store/sync-run.store.js';
import { SyncScanStore } from './store/sync-scan.store.js';
import { SyncLinkStore } from './store/sync-link.store.js';
import { SyncStore } from './store/sync.store.js';
import { SyncUnlinkedStore } from './store/sync-unlinked.store.js';
import { SyncHookService } from './sync-hook.service.js';
import { SyncInstallationStore } from './store/sync-installation.store.js';
import { SyncHookStore } from './store/sync-hook.store.js';
import { SyncJob } from './sync-job.js';
import { SyncRunService } from './sync-run.service.js';
import { SyncService } from './sync.service.js';

const job = { provide: JOB_HANDLERS['sync.wanted'], useClass: SyncJob };

const stores = [
  ConnectorStore,
  DnsPublishedStore,
  SyncRunStore,
  SyncChangeStore,
  SyncConflictStore,
  SyncHintStore,
  SyncHookStore,
  SyncDueStore,
  SyncInstallationStore,
  SyncRecheckStore,
  SyncScanStore,
  SyncLinkStore,
  SyncUnlinkedStore,
];
const runner = [
  SyncRunner,
  FullRun,
  IncrementalRun,
  RunKeeper,
  RunEnding,
  ScanPlanner,
  LateCreates,
  LookupPlanner,
  ObjectPlanner,
  ChangeApplier,
  OutcomeKeeper,
];

@Module({})
export class SyncModule {
  /**
   * The worker brings the clients; a process without them keeps nothing, and may still be asked and told.
   * @param local what Trame has, for tests; absent: what the contexts have.
   */
  static with(dnsZones: DnsZonesFactory, inventories: ForeignInventories = {}, local?: LocalInventory): DynamicModule {
    const bindings: Provider[] = [
      { provide: DNS_ZONES, useValue: dnsZones },
      { provide: FOREIGN_INVENTORIES, useValue: inventories },
      local ? { provide: LOCAL_INVENTORY, useValue: local } : { provide: LOCAL_INVENTORY, useExisting: ContextInventory },
    ];
    return {
      module: SyncModule,
      imports: [AccessModule, EventsModule, NumberingModule, TenancyModule, AddressingModule, FabricModule],
      providers: [
        SyncStore,
        SyncService,
        NamesRun,
        ZoneKeeper,
        ...stores,
        ...runner,
        ...inventoryProviders,
        InventorySyncJob,
        ConnectorService,
        SyncRunService,
        SyncHookService,
        ConnectorResolver,
        SyncRunResolver,
        job,
        ...bindings,
      ],
      exports: [SyncService, SyncRunner, ConnectorService, SyncRunService, SyncHookService, job.provide],
    };
  }
}
