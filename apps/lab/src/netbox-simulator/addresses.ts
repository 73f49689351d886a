/** Addresses as NetBox holds them: a host and a mask, printed the way that Python's netaddr prints them. */
import { isIPv4, isIPv6 } from 'node:net';

export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  readonly host: bigint;
  readonly length: number;
}

export const bitsOf = (family: Family): number => (family === 4 ? 32 : 128);

/** `10.0.0.1/24`; a host without a mask has all bits of it. Null: no address. */
export function parseAddress(text: string): Address | null {
  const [host = '', mask, more] = text.split('/');
  if (more !== undefined) return null;
  const family: Family = host.includes(':') ? 6 : 4;
  const value = family === 4 ? parseV4(host) : parseV6(host);
  if (value === null) return null;
  if (mask === undefined) return { family, host: value, length: bitsOf(family) };
  if (!/^\d{1,3}$/.test(mask) || Number(mask) > bitsOf(family)) return null;
  return { family, host: value, length: Number(mask) };
}

function parseV4(text: string): bigint | null {
  if (!isIPv4(text)) return null;
  return BigInt(text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0));
}

function parseV6(text: string): bigint | null {
  if (!isIPv6(text) || text.includes('%')) return null;
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const v4 = mapped ? Number(parseV4(mapped[2] ?? '') ?? 0n) : 0;
  const plain = mapped ? `${mapped[1]}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}` : text;
  const [left = '', right] = plain.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [front, back] = [groups(left), right === undefined ? [] : groups(right)];
  const zeros = new Array<string>(8 - front.length - back.length).fill('0');
  return [...front, ...zeros, ...back].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

export function hostText(family: Family, host: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((host >> shift) & 255n)).join('.');
  if (host >> 32n === 0xffffn) return `::ffff:${hostText(4, host & 0xffff_ffffn)}`;
  const groups = Array.from({ length: 8 }, (_, at) => Number((host >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));
  const runs = [...groups.join(':').matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)];
  const longest = runs.sort((a, b) => b[0].length - a[0].length || a.index - b.index)[0];
  if (longest === undefined) return groups.join(':');
  const all = groups.join(':');
  return `${all.slice(0, longest.index).replace(/:$/, '')}::${all.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}

export const addressText = ({ family, host, length }: Address): string => `${hostText(family, host)}/${length}`;

const sizeBelow = (family: Family, length: number): bigint => 1n << BigInt(bitsOf(family) - length);

export const sizeOf = ({ family, length }: Address): bigint => sizeBelow(family, length);

export function firstOf({ family, host, length }: Address): bigint {
  return host - (host % sizeBelow(family, length));
}

export const lastOf = (address: Address): bigint => firstOf(address) + sizeOf(address) - 1n;

export const networkOf = (address: Address): Address => ({ ...address, host: firstOf(address) });

/** Sorts as addresses do: by family, then number. */
export const hostKey = (family: Family, host: bigint): string => `${family}${host.toString(16).padStart(32, '0')}`;

export const prefixKey = (prefix: Address): string => `${hostKey(prefix.family, prefix.host)}/${String(prefix.length).padStart(3, '0')}`;

export const isWithin = (inner: Address, outer: Address): boolean =>
  inner.family === outer.family && inner.length >= outer.length && inner.host >= firstOf(outer) && inner.host <= lastOf(outer);

/** `10.0.0.4/30`, `10.0.0.8/29` …: the largest blocks that fill the stretch, in order. */
export function blocksOf(family: Family, from: bigint, to: bigint): Address[] {
  const blocks: Address[] = [];
  for (let at = from; at <= to; ) {
    let length = bitsOf(family);
    while (length > 0 && at % sizeBelow(family, length - 1) === 0n && at + sizeBelow(family, length - 1) - 1n <= to) length -= 1;
    blocks.push({ family, host: at, length });
    at += sizeBelow(family, length);
  }
  return blocks;
}
