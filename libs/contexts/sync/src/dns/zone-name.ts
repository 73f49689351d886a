import { Cidr, Fqdn } from '#engines/kernel';

const CLASSLESS = /^(\d{1,3})[/-](2[5-9]|3[01])\.((?:\d{1,3}\.){3})in-addr\.arpa$/;

/** A reverse zone of less than a /24 (RFC 2317): whoever has the /24 delegates it by CNAMEs, one for each address. */
export interface ClasslessZone {
  readonly zone: Fqdn;
  /** `2.0.192.in-addr.arpa` of `0-26.2.0.192.in-addr.arpa`. */
  readonly parent: string;
  readonly cidr: Cidr;
}

/** `0/26.2.0.192.in-addr.arpa`, or with a dash; undefined for every other zone. First and length, as in the RFC: `0-63` is not one. */
export function classlessZone(zone: string): ClasslessZone | undefined {
  const [, first, length, octets] = CLASSLESS.exec(zone.toLowerCase()) ?? [];
  if (first === undefined || octets === undefined) return undefined;
  const network = octets.slice(0, -1).split('.').reverse().join('.');
  try {
    return { zone: zone.toLowerCase() as Fqdn, parent: `${octets}in-addr.arpa`, cidr: Cidr.parse(`${network}.${first}/${length}`) };
  } catch {
    return undefined; // Not where a block of this length begins: the name of an ordinary zone.
  }
}

/** A zone may have a slash in its name (RFC 2317 §4), a host may not. @throws DomainError INVALID_VALUE. */
export const parseZone = (value: string): Fqdn => classlessZone(value)?.zone ?? Fqdn.parse(value);
