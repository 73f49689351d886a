import { Description, Fqdn, isDomainError, Mac } from '#engines/kernel';
import { wrongField } from './netbox-refusal.js';

/** Who is behind an address, as clients of NetBox write it: Proxmox keeps the MAC address in the description (`mac:bc:24:…`). */
export interface Station {
  readonly mac: Mac | null;
  readonly dnsName: Fqdn | null;
  readonly description: string | null;
}

const MOST = 200; // As NetBox has it.

/** @throws NetBoxRefusal 400 that says what would have been accepted. */
export function stationOf(body: Readonly<Record<string, unknown>>, zone: Fqdn | null): Station {
  const { description = '', dns_name: name = '' } = body;
  return { mac: macIn(description), dnsName: nameIn(name, zone), description: textIn(description) };
}

function textIn(description: unknown): string | null {
  if (description === null) return null;
  if (typeof description === 'string' && description.length > MOST)
    throw wrongField('description', `Ensure this field has no more than ${MOST} characters.`);
  return refusedAt('description', () => Description.parse(description));
}

function macIn(description: unknown): Mac | null {
  const [, text] = typeof description === 'string' ? (/^mac:(\S+)$/.exec(description) ?? []) : [];
  return text === undefined ? null : refusedAt('description', () => Mac.parse(text));
}

/** A name without a dot is the name of a guest: with the zone of the façade it is one of the DNS, without it is kept by nobody. */
function nameIn(name: unknown, zone: Fqdn | null): Fqdn | null {
  if (name === '' || name === null) return null;
  if (typeof name === 'string' && !name.includes('.')) {
    if (zone === null) return null;
    return refusedAt('dns_name', () => Fqdn.parse(`${name}.${zone}`));
  }
  return refusedAt('dns_name', () => Fqdn.parse(typeof name === 'string' ? name.replace(/\.$/, '') : name));
}

function refusedAt<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (isDomainError(error)) throw wrongField(field, error.message, { cause: error });
    throw error;
  }
}
