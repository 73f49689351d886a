import { isIPv4, isIPv6 } from 'node:net';

/** Who may be called: `PUBLIC` unicast only (addresses that a customer wrote), or `PRIVATE` too (addresses that an operator wrote). */
export type Reach = 'PUBLIC' | 'PRIVATE';

type Block = readonly [first: string, length: number, reason: string];

// IANA special-purpose registries. NEVER holds for everybody: link-local carries the metadata services of every cloud.
const NEVER_V4: readonly Block[] = [
  ['0.0.0.0', 8, 'this network'],
  ['169.254.0.0', 16, 'link-local'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved or broadcast'],
];
const PRIVATE_V4: readonly Block[] = [
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'carrier-grade NAT'],
  ['127.0.0.0', 8, 'loopback'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'protocol assignments'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.31.196.0', 24, 'AS112'],
  ['192.52.193.0', 24, 'AMT'],
  ['192.88.99.0', 24, '6to4 relay'],
  ['192.168.0.0', 16, 'private'],
  ['192.175.48.0', 24, 'AS112'],
  ['198.18.0.0', 15, 'benchmarking'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
];
const NEVER_V6: readonly Block[] = [
  ['::', 128, 'unspecified'],
  ['fe80::', 10, 'link-local'],
  ['fec0::', 10, 'site-local'],
  ['ff00::', 8, 'multicast'],
  ['fd00:ec2::', 32, 'cloud metadata'],
  ['fd20:ce::', 32, 'cloud metadata'],
  ['2001::', 32, 'Teredo'],
  ['64:ff9b:1::', 48, 'local NAT64'],
];
const PRIVATE_V6: readonly Block[] = [
  ['2001::', 23, 'protocol assignments'],
  ['2001:db8::', 32, 'documentation'],
  ['3fff::', 20, 'documentation'],
];

/**
 * Why this address must not be called, or null. What is hidden in a v4-mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052 §2.1)
 * or 6to4 (RFC 3056) address is judged by the IPv4 address inside. A text that is no address is refused too.
 */
export function forbiddenAddress(address: string, reach: Reach): string | null {
  if (isIPv4(address)) return judgeV4(toNumber(groupsOfV4(address), 8), reach);
  const groups = groupsOfV6(address);
  if (!groups) return 'not an address';
  const value = toNumber(groups, 16);
  const inner = embeddedV4(value);
  if (inner !== null) return judgeV4(inner, reach);
  const never = match(value, NEVER_V6, 16);
  if (never) return never;
  if (reach === 'PRIVATE') return null;
  // Only 2000::/3 is global unicast today (RFC 4291 §2.4): loopback, ULA and whatever comes next fall out here.
  return value >> 125n === 1n ? match(value, PRIVATE_V6, 16) : 'not global unicast';
}

function judgeV4(value: bigint, reach: Reach): string | null {
  return match(value, NEVER_V4, 8) ?? (reach === 'PUBLIC' ? match(value, PRIVATE_V4, 8) : null);
}

function embeddedV4(value: bigint): bigint | null {
  if (value >> 32n === 0xffffn) return value & 0xffffffffn;
  if (value >> 32n === 0x64ff9bn << 64n) return value & 0xffffffffn;
  if (value >> 112n === 0x2002n) return (value >> 80n) & 0xffffffffn;
  return null;
}

function match(value: bigint, blocks: readonly Block[], groupBits: 8 | 16): string | null {
  const width = groupBits === 8 ? 32 : 128;
  for (const [first, length, reason] of blocks) {
    const groups = groupBits === 8 ? groupsOfV4(first) : (groupsOfV6(first) ?? []);
    const shift = BigInt(width - length);
    if (toNumber(groups, groupBits) >> shift === value >> shift) return reason;
  }
  return null;
}

function groupsOfV4(address: string): number[] {
  return address.split('.').map(Number);
}

/** The eight groups. WHATWG URL parsing folds the dotted-quad tail away, which leaves only `::` to expand. */
function groupsOfV6(address: string): number[] | null {
  if (!isIPv6(address) || address.includes('%')) return null;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const parse = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const left = parse(head);
  if (tail === undefined) return left;
  const right = parse(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function toNumber(groups: readonly number[], groupBits: 8 | 16): bigint {
  return groups.reduce((value, group) => (value << BigInt(groupBits)) | BigInt(group), 0n);
}
