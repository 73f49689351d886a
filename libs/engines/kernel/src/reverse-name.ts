import { Ip } from './ip.js';

/** Owner name of the PTR record of an address, without the trailing dot (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(ip: Ip): string {
  if (Ip.family(ip) === 4) return `${ip.split('.').reverse().join('.')}.in-addr.arpa`;
  const nibbles = Ip.toBigInt(ip).toString(16).padStart(32, '0');
  return `${[...nibbles].reverse().join('.')}.ip6.arpa`;
}
