import { PowerDnsServer } from '#adapters/powerdns';
import { ConnectorService, type DnsZonesFactory } from '#contexts/sync';
import { Secret } from '#platform';
import type { LabDns } from '../../apps/lab/src/powerdns/index.js';
import type { InventoryWorld } from './inventory-world.js';

/** How a connector speaks to a name server. */
export const powerDnsServer: DnsZonesFactory = ({ url, apiKey, ownerId, formerOwnerIds, signal }) =>
  new PowerDnsServer({ apiUrl: url, apiKey: apiKey.reveal(), ownerId, formerOwnerIds, signal });

/** What is done about a name server's zones while a run is at them; absent: nothing. */
export interface ZoneHooks {
  /** A rejection is the answer to the reading. */
  readonly beforeRead?: (zone: string) => Promise<void>;
  /** Of what is to be written; without a change nothing is. */
  readonly aroundWrite?: (write: () => Promise<void>) => Promise<void>;
}

export const hookedPowerDns =
  ({ beforeRead, aroundWrite }: ZoneHooks): DnsZonesFactory =>
  (options) => {
    const server = powerDnsServer(options);
    // What somebody holds back was sent before the run was over: nobody calls that off.
    const held = aroundWrite === undefined ? server : powerDnsServer({ ...options, signal: new AbortController().signal });
    return {
      createZone: (zone, policy) => server.createZone(zone, policy),
      ask: (address, key) => server.ask(address, key),
      zone: (name, keys) => {
        const target = held.zone(name, keys);
        const read: typeof target.read = async () => {
          await beforeRead?.(name);
          return target.read();
        };
        const apply: typeof target.apply = async (plan) => {
          if (aroundWrite === undefined || plan.changes.length === 0) return target.apply(plan);
          let refused: Awaited<ReturnType<typeof target.apply>> = [];
          await aroundWrite(async () => {
            refused = await target.apply(plan);
          });
          return refused;
        };
        return { name: target.name, read, apply };
      },
    };
  };

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
