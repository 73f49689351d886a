/** Which addresses of a subnet can be given to hosts. Pure. */
import { Cidr, Ip } from '#engines/kernel';

export interface AddressExtent {
  readonly first: Ip;
  readonly last: Ip;
}

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

/** The host range as free extents with one address (the gateway's) taken out. */
export function freeExtents(cidr: Cidr, gateway: Ip | null): AddressExtent[] {
  const { first, last } = hostRange(cidr);
  if (gateway === null) return [{ first, last }];
  const family = Cidr.family(cidr);
  const [low, high, hole] = [Ip.toBigInt(first), Ip.toBigInt(last), Ip.toBigInt(gateway)];
  return [
    { low, high: hole - 1n },
    { low: hole + 1n, high },
  ]
    .filter((extent) => extent.low <= extent.high)
    .map((extent) => ({ first: Ip.fromBigInt(family, extent.low), last: Ip.fromBigInt(family, extent.high) }));
}
