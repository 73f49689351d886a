import { Description, digest, Fqdn, isDomainError, Mac, type SubnetId } from '#engines/kernel';
import type { FacadeId } from './facade.js';
import { wrongField } from './netbox-refusal.js';

/** Who is behind an address, as clients of NetBox write it: Proxmox keeps the MAC address in the description (`mac:bc:24:…`). */
export interface Station {
  readonly mac: Mac | null;
  readonly dnsName: Fqdn | null;
  readonly description: string | null;
  /** The name as it was said, whether or not it becomes one of the DNS. */
  readonly said: string | null;
}

const MOST = 200; // As NetBox has it.

/** @throws NetBoxRefusal 400 that says what would have been accepted. */
export function stationOf(body: Readonly<Record<string, unknown>>, zone: Fqdn | null): Station {
  const { description = '', dns_name: name = '' } = body;
  const dnsName = nameIn(name, zone);
  const said = dnsName ?? (typeof name === 'string' && name !== '' ? name.toLowerCase() : null);
  return { mac: macIn(description), dnsName, description: textIn(description), said };
}

/**
 * By what a station without a MAC address is known in a subnet; null: by nothing, it is another one each time. Its name alone would not do: it may
 * be somebody else's in the DNS, or be in no zone.
 */
export const keyOf = (facadeId: FacadeId, { mac, said }: Pick<Station, 'mac' | 'said'>): string | null =>
  mac !== null || said === null ? null : digest([facadeId, said]);

/** The same as `facade_take` writes it. */
export const keyIn = (subnetId: SubnetId, key: string): string => `nb:${subnetId}:${key}`;

/** What a MAC address says already is not written down a second time. */
export const writtenOf = ({ mac, description }: Station): string | null => (description === `mac:${mac ?? ''}` ? null : description);

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

/** A name without a dot is the name of a guest: with the zone of the façade it is one of the DNS, without it gets no record. */
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
