import { PowerDnsServer } from '#adapters/powerdns';
import { ConnectorService, type DnsZonesFactory } from '#contexts/sync';
import { Secret } from '#platform';
import type { LabDns } from '../../apps/lab/src/powerdns/index.js';
import type { InventoryWorld } from './inventory-world.js';

/** How a connector speaks to a name server. */
export const powerDnsServer: DnsZonesFactory = ({ url, apiKey, ownerId, formerOwnerIds }) =>
  new PowerDnsServer({ apiUrl: url, apiKey: apiKey.reveal(), ownerId, formerOwnerIds });

/** The one of the world's fabric, which has a `SyncModule` with `powerDnsServer`. */
export const connectDns = (world: InventoryWorld, dns: LabDns, zones: readonly string[]): ReturnType<ConnectorService['create']> =>
  world.app.get(ConnectorService).create(
    {
      kind: 'POWERDNS',
      slug: 'dns',
      url: dns.apiUrl,
      secret: new Secret(dns.apiKey),
      fabricId: world.fabricId,
      mode: 'WRITE',
      zones: [...zones],
      settings: { dnsAddress: `127.0.0.1:${dns.dnsPort}` },
    },
    'operator',
  );
