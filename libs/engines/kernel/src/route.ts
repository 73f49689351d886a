import type { Brand } from './brand.js';
import { invalidValue } from './domain-error.js';
import { Ip } from './ip.js';

/** Canonical text of an 8-byte route distinguisher (RFC 4364 §4.2): `ASN:n` or `IPv4:n`. */
export type RouteDistinguisher = Brand<string, 'RouteDistinguisher'>;
/** Canonical text of an 8-byte route target extended community (RFC 4360 §4, RFC 5668). */
export type RouteTarget = Brand<string, 'RouteTarget'>;

interface Encoded {
  /** 0: 2-byte ASN + 4-byte number · 1: IPv4 + 2-byte number · 2: 4-byte ASN + 2-byte number. */
  readonly type: 0 | 1 | 2;
  readonly admin: number;
  readonly assigned: number;
}

const ACCEPTED = 'ASN:number or IPv4:number; the number is at most 65535 after an IPv4 address or an ASN above 65535, else 4294967295';

function decode(value: unknown): Encoded | undefined {
  const match = typeof value === 'string' ? /^(?:0:)?([0-9.]+):(0|[1-9]\d{0,9})$/.exec(value) : null;
  if (!match) return undefined;
  const assigned = Number(match[2]);
  const text = match[1] as string;
  if (text.includes('.')) {
    let admin: number;
    try {
      admin = Number(Ip.toBigInt(Ip.parse(text)));
    } catch {
      return undefined;
    }
    return assigned <= 65_535 ? { type: 1, admin, assigned } : undefined;
  }
  if (!/^(?:0|[1-9]\d{0,9})$/.test(text)) return undefined;
  const admin = Number(text);
  if (admin <= 65_535) return assigned <= 4_294_967_295 ? { type: 0, admin, assigned } : undefined;
  return admin <= 4_294_967_295 && assigned <= 65_535 ? { type: 2, admin, assigned } : undefined;
}

function format({ type, admin, assigned }: Encoded): string {
  return `${type === 1 ? Ip.fromBigInt(4, BigInt(admin)) : admin}:${assigned}`;
}

function codec<T extends Brand<string, string>>(kind: string, subtype: number) {
  const parse = (value: unknown): T => {
    const encoded = decode(value);
    if (!encoded) throw invalidValue(kind, value, ACCEPTED);
    return format(encoded) as T;
  };
  return {
    parse,
    of: (admin: number | Ip, assigned: number): T => parse(`${admin}:${assigned}`),
    /** The eight bytes on the wire, in hexadecimal: two texts of one value have the same bytes. */
    toHex(value: T): string {
      const { type, admin, assigned } = decode(value) as Encoded;
      const hex = (n: number, bytes: number): string => n.toString(16).padStart(bytes * 2, '0');
      const head = subtype < 0 ? hex(type, 2) : hex(type, 1) + hex(subtype, 1);
      return head + (type === 0 ? hex(admin, 2) + hex(assigned, 4) : hex(admin, 4) + hex(assigned, 2));
    },
  };
}

export const RouteDistinguisher = codec<RouteDistinguisher>('route distinguisher', -1);
export const RouteTarget = codec<RouteTarget>('route target', 0x02);
