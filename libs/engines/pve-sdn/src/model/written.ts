/**
 * Addresses as an operator wrote them. Proxmox copies them into its files letter by letter, so they are checked and kept, not
 * brought into canonical form: `2001:DB8::1` stays `2001:DB8::1`.
 */
import { type Brand, Cidr, invalidValue, Ip } from '#engines/kernel';

/** A checked address in the spelling of the operator. */
export type WrittenIp = Brand<string, 'WrittenIp'>;

/** An address with its length. Host bits may be set: Proxmox keeps them (`192.0.2.1/24`). */
export interface Prefix {
  readonly text: string;
  readonly address: WrittenIp;
  readonly length: number;
}

export function writtenIp(what: string, value: unknown): WrittenIp {
  if (typeof value === 'string' && isIp(value)) return value as WrittenIp;
  throw invalidValue(what, value, 'one IPv4 or IPv6 address, e.g. 192.0.2.1 or 2001:db8::1');
}

export function writtenPrefix(what: string, value: unknown): Prefix {
  const [, address = '', length = ''] = typeof value === 'string' ? (/^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(value) ?? []) : [];
  if (!isIp(address) || Number(length) > (address.includes(':') ? 128 : 32)) {
    throw invalidValue(what, value, 'an address with its length, e.g. 192.0.2.0/24 or 2001:db8::/64');
  }
  return { text: `${address}/${Number(length)}`, address: address as WrittenIp, length: Number(length) };
}

export const familyOf = (ip: WrittenIp): 4 | 6 => Ip.family(Ip.parse(ip));
export const canonical = (ip: WrittenIp): Ip => Ip.parse(ip);
export const isSameIp = (a: WrittenIp, b: WrittenIp): boolean => canonical(a) === canonical(b);

/** 32 or 128: the length of one address of the family. */
export const hostLength = (ip: WrittenIp): number => (familyOf(ip) === 4 ? 32 : 128);

/** The prefix with its host bits cleared. */
export function networkOf({ address, length }: Prefix): Cidr {
  const shift = BigInt(hostLength(address) - length);
  return Cidr.parse(`${Ip.fromBigInt(familyOf(address), (Ip.toBigInt(canonical(address)) >> shift) << shift)}/${length}`);
}

function isIp(text: string): boolean {
  try {
    Ip.parse(text);
    return true;
  } catch {
    return false;
  }
}
