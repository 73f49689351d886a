import type { DeviceFacts } from '#engines/intent';
import { Cidr, Ip } from '#engines/kernel';

const BITS = { 4: 32, 6: 128 };
/** No wider than is usual for loopbacks, and no narrower. */
const LONGEST = { 4: 24, 6: 64 };

/** The shortest prefix that all VTEP addresses share; undefined where there is none, or they are of two families. */
export function vtepPoolOf(devices: readonly DeviceFacts[]): Cidr | undefined {
  const addresses = devices.flatMap(({ vtep }) => vtep?.address ?? []);
  const [first] = addresses;
  if (first === undefined) return undefined;
  const family = Ip.family(first);
  if (addresses.some((address) => Ip.family(address) !== family)) return undefined;
  const numbers = addresses.map(Ip.toBigInt);
  for (let length = LONGEST[family]; length >= 0; length -= 1) {
    const shift = BigInt(BITS[family] - length);
    const [network, ...others] = new Set(numbers.map((number) => number >> shift));
    if (network !== undefined && others.length === 0) return Cidr.parse(`${Ip.fromBigInt(family, network << shift)}/${length}`);
  }
  return undefined;
}
