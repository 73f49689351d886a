/** Addresses as phpIPAM keeps them: decimal texts, and dotted where the API shows them. */
import { isIPv4, isIPv6 } from 'node:net';

export interface Network {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** Of what PHP would take for an address; null: none. */
export function toDecimal(text: string): string | null {
  if (/^\d+$/.test(text)) return text;
  if (isIPv4(text))
    return text
      .split('.')
      .reduce((value, octet) => value * 256n + BigInt(octet), 0n)
      .toString();
  if (!isIPv6(text) || text.includes('%')) return null;
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const all = tail === undefined ? left : [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n).toString();
}

/** Numbers below 2³² are IPv4: that is how phpIPAM tells the families apart. */
export function toDotted(decimal: string): string {
  const value = BigInt(decimal);
  if (value < 2n ** 32n) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

export function networkOf(decimal: string, mask: number): Network {
  const value = BigInt(decimal);
  const family = value < 2n ** 32n ? 4 : 6;
  const host = BigInt((family === 4 ? 32 : 128) - mask);
  const first = (value >> host) << host;
  return { family, first, last: first + (1n << host) - 1n };
}

export const overlaps = (a: Network, b: Network): boolean => a.family === b.family && a.first <= b.last && b.first <= a.last;
export const contains = (outer: Network, inner: Network): boolean =>
  outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
