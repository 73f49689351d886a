/**
 * Router MAC of an L3VNI (RFC 9135 §4.1): FRR takes the MAC of the L3VNI's bridge, so it has to be given, unique per VTEP and stable.
 * IPv4: 02:00 + the four octets of the VTEP address, hence unique by construction. IPv6: 02 + 40 bits of a digest.
 */
import { digest, Ip, Mac } from '#engines/kernel';

export function routerMac(vtep: Ip): Mac {
  const tail = Ip.family(vtep) === 4 ? Ip.toBigInt(vtep).toString(16).padStart(10, '0') : digest(vtep).slice(0, 10);
  return Mac.parse(`02${tail}`);
}
