import { Fqdn, invalidValue, Ip } from '#engines/kernel';
import type { ZonePolicy } from '../ports/dns-zones.js';

/** What `settings` of a name server may hold. */
export interface DnsSettings {
  /** How a zone of the list that is missing there is made; null: it is not. */
  readonly createZones: ZonePolicy | null;
  /** Where the server answers questions, `192.0.2.53:53` or `[2001:db8::53]:53`; null: it is not asked. */
  readonly dnsAddress: string | null;
}

const KINDS = ['NATIVE', 'PRIMARY'] as const;
const EDITS = ['DEFAULT', 'INCREASE', 'EPOCH'] as const;

/** @throws DomainError INVALID_VALUE with what would have been accepted. */
export function parseDnsSettings(settings: Readonly<Record<string, unknown>>): DnsSettings {
  const unknown = Object.keys(settings).find((key) => key !== 'createZones' && key !== 'dnsAddress');
  if (unknown !== undefined) throw invalidValue('settings', unknown, 'createZones, dnsAddress');
  const { createZones, dnsAddress } = settings;
  return {
    createZones: createZones === undefined || createZones === null ? null : policyOf(createZones),
    dnsAddress: dnsAddress === undefined || dnsAddress === null ? null : addressOf(dnsAddress),
  };
}

function policyOf(value: unknown): ZonePolicy {
  const { nameservers, hostmaster, kind, soaEditApi, ...others } = (typeof value === 'object' ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  const [surplus] = Object.keys(others);
  if (surplus !== undefined) throw invalidValue('settings.createZones', surplus, 'nameservers, hostmaster, kind, soaEditApi');
  if (!Array.isArray(nameservers) || nameservers.length === 0)
    throw invalidValue('settings.createZones.nameservers', nameservers, 'the names of one name server or more');
  return {
    nameservers: nameservers.map((name) => Fqdn.parse(name)),
    hostmaster: Fqdn.parse(hostmaster),
    kind: oneOf('kind', kind ?? 'NATIVE', KINDS),
    soaEditApi: oneOf('soaEditApi', soaEditApi ?? 'DEFAULT', EDITS),
  };
}

function oneOf<Value extends string>(field: string, value: unknown, known: readonly Value[]): Value {
  const found = known.find((one) => one === value);
  if (found === undefined) throw invalidValue(`settings.createZones.${field}`, value, known.join(', '));
  return found;
}

function addressOf(value: unknown): string {
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(String(value)) ?? [];
  const accepted = 'an address and a port, as 192.0.2.53:53 or [2001:db8::53]:53';
  if (Number(port) < 1 || Number(port) > 65_535 || port === undefined) throw invalidValue('settings.dnsAddress', value, accepted);
  const host = Ip.parse(six ?? four);
  if (Ip.family(host) !== (six === undefined ? 4 : 6)) throw invalidValue('settings.dnsAddress', value, accepted);
  return six === undefined ? `${host}:${port}` : `[${host}]:${port}`;
}
