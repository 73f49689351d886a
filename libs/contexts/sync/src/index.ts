export { type DesiredDns, dnsRecords, type NamedAddress, type OutsideZones } from './desired/dns-records.js';
export { syncEntities } from './store/sync-target.entity.js';
export { SyncModule } from './sync.module.js';
export { type DnsZonesFactory, SyncService } from './sync.service.js';
