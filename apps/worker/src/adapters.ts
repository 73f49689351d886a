/** Which foreign system stands behind which port. */
import { EosTransport } from '#adapters/eos';
import { NetBoxInventory } from '#adapters/netbox';
import { parsePhpIpamSettings, PhpIpamInventory } from '#adapters/phpipam';
import { PowerDnsServer } from '#adapters/powerdns';
import { ProxmoxTransport } from '#adapters/proxmox';
import { OpenBsdTransport, SshHostTransport } from '#adapters/ssh';
import type { DeviceTransports } from '#contexts/deployment';
import type { DeviceTransport } from '#contexts/deployment/ports';
import type { DnsZonesFactory, ForeignEndpoint, ForeignInventories } from '#contexts/sync';
import { UNDO_WITHIN_MS } from './stopping.js';

export const deviceTransports = (): DeviceTransports =>
  new Map<'SSH' | 'EAPI' | 'PVE' | 'OPENBSD', DeviceTransport>([
    ['SSH', new SshHostTransport()],
    ['EAPI', new EosTransport()],
    ['PVE', new ProxmoxTransport({ undoMs: UNDO_WITHIN_MS })],
    ['OPENBSD', new OpenBsdTransport()],
  ]);

export const dnsZones: DnsZonesFactory = ({ url, apiKey, ownerId, formerOwnerIds, signal, ...endpoint }) =>
  new PowerDnsServer({ apiUrl: url, apiKey: apiKey.reveal(), ownerId, formerOwnerIds, signal, ...tlsOf(endpoint) });

export const foreignInventories: ForeignInventories = {
  NETBOX: ({ name, url, secret, settings, ...endpoint }) =>
    new NetBoxInventory({ name, url, token: secret.reveal(), settings, ...tlsOf(endpoint) }),
  PHPIPAM: ({ name, url, secret, settings, ...endpoint }) =>
    new PhpIpamInventory({ name, url, secret: secret.reveal(), settings: parsePhpIpamSettings(settings), ...tlsOf(endpoint) }),
};

const tlsOf = ({ tlsSpkiSha256 }: Pick<ForeignEndpoint, 'tlsSpkiSha256'>): { tls?: { pinnedSpkiSha256: readonly string[] } } =>
  tlsSpkiSha256.length === 0 ? {} : { tls: { pinnedSpkiSha256: tlsSpkiSha256 } };
