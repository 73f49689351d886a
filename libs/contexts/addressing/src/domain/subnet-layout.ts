/** Which addresses of a subnet can be given to hosts. Pure. */
import { Cidr, Ip } from '#engines/kernel';
import type { AddressExtent } from './allocation.js';

/**
 * First and last host address. IPv4: without network and broadcast address up to /30; a /31 has two hosts (RFC 3021), a /32 one.
 * IPv6: without the subnet-router anycast address (RFC 4291 §2.6.1) up to /126; a /127 has two (RFC 6164), a /128 one.
 */
export function hostRange(cidr: Cidr): AddressExtent {
  const family = Cidr.family(cidr);
  const hostBits = (family === 4 ? 32 : 128) - Cidr.length(cidr);
  const { first, last } = Cidr.bounds(cidr);
  const skipFirst = hostBits >= 2 ? 1n : 0n;
  const skipLast = hostBits >= 2 && family === 4 ? 1n : 0n;
  return { first: Ip.fromBigInt(family, first + skipFirst), last: Ip.fromBigInt(family, last - skipLast) };
}

/** IPv4 without its first and last /16, IPv6 without ::/80 (see `EMBEDDED_IPV4`) and its last 65,536 addresses: nobody counts from there beyond the end. */
export const SUBNETS_LIE_WITHIN: Readonly<Record<4 | 6, AddressExtent>> = {
  4: { first: '0.1.0.0' as Ip, last: '255.254.255.255' as Ip },
  6: { first: '::1:0:0:0' as Ip, last: 'ffff:ffff:ffff:ffff:ffff:ffff:fffe:ffff' as Ip },
};

export const extentContains = ({ first, last }: AddressExtent, address: Ip): boolean => {
  if (Ip.family(first) !== Ip.family(address)) return false;
  const value = Ip.toBigInt(address);
  return value >= Ip.toBigInt(first) && value <= Ip.toBigInt(last);
};

/** RFC 4291 §2.5.5: IPv4 addresses written as IPv6. They have two notations, so they have no place in a plan. */
export const EMBEDDED_IPV4 = '::/80' as Cidr;
