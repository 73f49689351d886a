export { type DesiredDns, dnsRecords, type NamedAddress, type OutsideZones } from './desired/dns-records.js';
export { ConnectorService } from './connector.service.js';
export type {
  Adoption,
  CircuitState,
  Connector,
  ConnectorHealth,
  ConnectorKind,
  ConnectorMode,
  ConnectorSettings,
  FieldPolicy,
  NewConnector,
  OnRemoteGone,
} from './domain/connector.js';
export type { ChangeState, PageOf, RunCounts, StoredChange, SyncConflict, SyncRun, SyncState } from './domain/sync-run.js';
export type { ForeignEndpoint, ForeignInventories, ForeignInventoryFactory } from './runner/foreign-inventories.js';
export { SyncRunner } from './runner/sync-runner.js';
export { ImportDesk } from './inventory/import/import-desk.js';
export { ImportRunner } from './inventory/import/import-runner.js';
export type { ImportState } from './inventory/import/import.store.js';
export type { SpaceRule } from './inventory/import/taking.js';
export { SyncModule } from './sync.module.js';
export { type StartSync, SyncRunService } from './sync-run.service.js';
export type { DnsZonesFactory } from './dns/names-run.js';
export { SyncService } from './sync.service.js';
export { type HookVerdict, MAX_NETBOX_WEBHOOK_BYTES, SyncHookService } from './sync-hook.service.js';
export { isSignature as isNetBoxSignature, isSignedByNetBox, parseNetBoxWebhook } from './netbox-webhook.js';
