/**
 * How a token is written: `trame_live_<id>_<secret><checksum>`, 12 + 43 + 6 characters of base62. The prefix is for secret scanners,
 * the underscores let a double click take all of it, and the checksum (CRC-32 of what stands before it) refuses a typing error
 * without a question to the database. The id is in the clear, the secret holds 256 random bits.
 */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { toBase62 } from './domain/base62.js';

const FORM = /^(trame_live_([0-9A-Za-z]{12})_([0-9A-Za-z]{43}))([0-9A-Za-z]{6})$/;

export interface TokenText {
  readonly id: string;
  readonly secret: string;
  /** What the caller keeps; it is shown once. */
  readonly text: string;
}

const checksum = (body: string): string => toBase62(BigInt(crc32(body)), 6);

export function newTokenText(): TokenText {
  const id = toBase62(BigInt(`0x${randomBytes(16).toString('hex')}`) % 62n ** 12n, 12);
  return tokenText(id, toBase62(BigInt(`0x${randomBytes(32).toString('hex')}`), 43));
}

export function tokenText(id: string, secret: string): TokenText {
  const body = `trame_live_${id}_${secret}`;
  return { id, secret, text: body + checksum(body) };
}

/** @returns undefined for what cannot be a token: another form, or a wrong checksum. */
export function parseTokenText(text: string): TokenText | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [, body, id, secret, sum] = match as unknown as [string, string, string, string, string];
  return sum === checksum(body) ? { id, secret, text } : undefined;
}
