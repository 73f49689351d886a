/** Which foreign system stands behind which port. */
import { EosTransport } from '#adapters/eos';
import { PowerDnsServer } from '#adapters/powerdns';
import { ProxmoxTransport } from '#adapters/proxmox';
import { OpenBsdTransport, SshHostTransport } from '#adapters/ssh';
import type { DeviceTransports } from '#contexts/deployment';
import type { DeviceTransport } from '#contexts/deployment/ports';
import type { DnsZonesFactory } from '#contexts/sync';
import { UNDO_WITHIN_MS } from './stopping.js';

export const deviceTransports = (): DeviceTransports =>
  new Map<'SSH' | 'EAPI' | 'PVE' | 'OPENBSD', DeviceTransport>([
    ['SSH', new SshHostTransport()],
    ['EAPI', new EosTransport()],
    ['PVE', new ProxmoxTransport({ undoMs: UNDO_WITHIN_MS })],
    ['OPENBSD', new OpenBsdTransport()],
  ]);

export const dnsZones: DnsZonesFactory = ({ url, apiKey }) =>
  new PowerDnsServer({ apiUrl: url, apiKey: apiKey.reveal(), ownerId: 'trame' });
