import { Address6 } from 'ip-address';
import type { Brand } from './brand.js';
import { invalidValue } from './domain-error.js';

/** One address in canonical text (dotted quad, or RFC 5952), without length and zone. */
export type Ip = Brand<string, 'Ip'>;
/** A prefix in canonical text with the host bits zero: `10.20.0.0/24`, `2001:db8::/64`. */
export type Cidr = Brand<string, 'Cidr'>;

interface Parsed {
  readonly family: 4 | 6;
  readonly value: bigint;
}

const ACCEPTED_IP = 'one IPv4 or IPv6 address without length or zone, e.g. 10.20.0.5 or 2001:db8::5';
const ACCEPTED_CIDR = 'a prefix with its length and zero host bits, e.g. 10.20.0.0/24 or 2001:db8::/64';
const DOTTED_QUAD = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/;

function parseAddress(text: string): Parsed | undefined {
  if (DOTTED_QUAD.test(text))
    return text.split('.').every((octet) => Number(octet) <= 255) ? { family: 4, value: BigInt(quadValue(text)) } : undefined;
  if (!/^[0-9a-fA-F:]{2,39}$/.test(text) || !Address6.isValid(text)) return undefined;
  const value = new Address6(text).bigInt();
  return value >> 32n === 0xffffn ? undefined : { family: 6, value }; // ::ffff:0:0/96 is IPv4 in disguise
}

function format({ family, value }: Parsed): string {
  return family === 4 ? quadOf(value) : Address6.fromBigInt(value).correctForm();
}

function quadOf(value: bigint): string {
  if (value < 0n || value > 0xffff_ffffn) throw new RangeError(`no IPv4 address has the value ${value}`);
  const bits = Number(value);
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

/** Of a dotted quad with octets of at most 255. */
function quadValue(ip: string): number {
  let value = 0;
  let octet = 0;
  for (let at = 0; at < ip.length; at++) {
    const digit = ip.charCodeAt(at) - 48;
    if (digit >= 0) octet = octet * 10 + digit;
    else {
      value = value * 256 + octet;
      octet = 0;
    }
  }
  return value * 256 + octet;
}

const bits = (family: 4 | 6): number => (family === 4 ? 32 : 128);

export const Ip = {
  parse(value: unknown): Ip {
    const parsed = typeof value === 'string' ? parseAddress(value) : undefined;
    if (!parsed) throw invalidValue('IP address', value, ACCEPTED_IP);
    return format(parsed) as Ip;
  },
  family(ip: Ip): 4 | 6 {
    return ip.includes(':') ? 6 : 4;
  },
  toBigInt(ip: Ip): bigint {
    if (!ip.includes(':')) return BigInt(quadValue(ip));
    return (parseAddress(ip) as Parsed).value;
  },
  fromBigInt(family: 4 | 6, value: bigint): Ip {
    return format({ family, value }) as Ip;
  },
};

export const Cidr = {
  parse(value: unknown): Cidr {
    const match = typeof value === 'string' ? /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(value) : null;
    const address = match && parseAddress(match[1] as string);
    if (!match || !address) throw invalidValue('prefix', value, ACCEPTED_CIDR);
    const length = Number(match[2]);
    if (length > bits(address.family)) throw invalidValue('prefix', value, ACCEPTED_CIDR);
    const network = (address.value >> BigInt(bits(address.family) - length)) << BigInt(bits(address.family) - length);
    const canonical = `${format({ family: address.family, value: network })}/${length}`;
    if (network !== address.value) throw invalidValue('prefix', value, `its host bits are set; did you mean ${canonical}?`);
    return canonical as Cidr;
  },
  family(cidr: Cidr): 4 | 6 {
    return cidr.includes(':') ? 6 : 4;
  },
  length(cidr: Cidr): number {
    return Number(cidr.slice(cidr.indexOf('/') + 1));
  },
  network(cidr: Cidr): Ip {
    return cidr.slice(0, cidr.indexOf('/')) as Ip;
  },
  /** First and last value of the prefix, network and broadcast included. */
  bounds(cidr: Cidr): { first: bigint; last: bigint } {
    const first = Ip.toBigInt(Cidr.network(cidr));
    return { first, last: first + (1n << BigInt(bits(Cidr.family(cidr)) - Cidr.length(cidr))) - 1n };
  },
  contains(cidr: Cidr, ip: Ip): boolean {
    if (Cidr.family(cidr) !== Ip.family(ip)) return false;
    const { first, last } = Cidr.bounds(cidr);
    const value = Ip.toBigInt(ip);
    return value >= first && value <= last;
  },
  /** The address `offset` above the network address: `Cidr.host('10.0.0.0/24', 1)` is 10.0.0.1. */
  host(cidr: Cidr, offset: number | bigint): Ip {
    return Ip.fromBigInt(Cidr.family(cidr), Cidr.bounds(cidr).first + BigInt(offset));
  },
};

export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  if (Cidr.family(a) !== Cidr.family(b)) return false;
  const left = Cidr.bounds(a);
  const right = Cidr.bounds(b);
  return left.first <= right.last && right.first <= left.last;
}
