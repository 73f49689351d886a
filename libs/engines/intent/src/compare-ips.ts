import { Ip } from '#engines/kernel';

/** By family, then by value: 9.0.0.1 before 10.0.0.1 before 2001:db8::1. */
export function compareIps(a: Ip, b: Ip): number {
  if (a === b) return 0;
  if (Ip.family(a) !== Ip.family(b)) return Ip.family(a) - Ip.family(b);
  const [left, right] = [Ip.toBigInt(a), Ip.toBigInt(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
