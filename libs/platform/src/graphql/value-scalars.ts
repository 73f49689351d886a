import { invalidValue } from '#engines/kernel';
import { scalar } from './scalar.js';

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

function parseDateTime(value: unknown): Date {
  const match = typeof value === 'string' ? RFC_3339.exec(value) : null;
  const at = new Date(match ? (value as string) : Number.NaN);
  const [year, month, day] = (match ?? []).slice(1, 4).map(Number) as [number, number, number];
  // JavaScript reads February 30 as March 2.
  const isRealDay = match !== null && new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
  if (!isRealDay || Number.isNaN(at.getTime()) || year < 2000 || year > 2100) {
    throw invalidValue('time', value, 'RFC 3339 with a zone, from 2000 to 2100, e.g. 2026-01-31T12:00:00Z');
  }
  return at;
}

export const DateTimeScalar = scalar<Date>({
  name: 'DateTime',
  description: 'RFC 3339. In with any zone, out always UTC with milliseconds.',
  parse: parseDateTime,
  serialize: (value) => value.toISOString(),
});

function parseBigCount(value: unknown): bigint {
  if (typeof value === 'string' && /^(?:0|[1-9]\d{0,38})$/.test(value)) return BigInt(value);
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw invalidValue('count', value, 'a whole number of at most 39 digits, as a decimal string');
}

export const BigCountScalar = scalar<bigint | number>({
  name: 'BigCount',
  description: 'A count that may pass 2^53 (IPv6): a decimal string.',
  parse: parseBigCount,
  serialize: String,
});

function parsePoolNumber(value: unknown): string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  if (typeof value === 'string' && /^[\x21-\x7e]{1,64}$/.test(value)) return value;
  throw invalidValue('number', value, 'a whole number, or text in the notation of its kind, e.g. 10000, "65000:10000", "239.1.0.0"');
}

export const PoolNumberScalar = scalar<string>({
  name: 'PoolNumber',
  description:
    'A number of a pool in the notation of its kind: `10000` (VNI, VLAN, EVI id, ASN), `65000:10000` (route target), `239.1.0.0` (multicast group), `0000:0000:0000:0000:0001` (ESI), `02:00:00:00:00:01` (router MAC). Always text out; text or a number in.',
  parse: parsePoolNumber,
});

const MAX_DEPTH = 8;
const MAX_JSON_BYTES = 16 * 1024;

function depthOf(value: unknown, depth = 0): number {
  if (value === null || typeof value !== 'object' || depth > MAX_DEPTH) return depth;
  if (Object.hasOwn(value, '__proto__')) return Number.POSITIVE_INFINITY;
  return Math.max(depth + 1, ...Object.values(value).map((part) => depthOf(part, depth + 1)));
}

function parseJsonObject(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (!isObject || depthOf(value) > MAX_DEPTH || Buffer.byteLength(JSON.stringify(value)) > MAX_JSON_BYTES) {
    throw invalidValue('JSON object', value, 'an object, not a string of JSON, at most 8 levels deep and 16 KiB long');
  }
  return value as Readonly<Record<string, unknown>>;
}

export const JsonObjectScalar = scalar({
  name: 'JSONObject',
  description: 'An object, never a string of JSON; at most 8 levels and 16 KiB.',
  parse: parseJsonObject,
});
