/** What every request for prefixes or addresses has in common. */
import { hash } from 'node:crypto';
import { DomainError, invalidValue } from '#engines/kernel';

/** Values of one request. */
const MOST_VALUES = 1000;
/** A week: who needs longer binds. */
const LONGEST_HOLD_SECONDS = 604_800;

export function checkCount(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > MOST_VALUES) throw invalidValue('count', count, `1 to ${MOST_VALUES}`);
}

export function checkTtl(seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_HOLD_SECONDS)
    throw invalidValue('time to hold', seconds, `1 to ${LONGEST_HOLD_SECONDS} seconds`);
}

export function checkedHolder(holder: string | null): string | null {
  if (holder !== null && !/^[\x20-\x7e]{1,128}$/.test(holder)) throw invalidValue('holder', holder, '1 to 128 printable ASCII characters');
  return holder;
}

/** Of everything that the caller asked for besides the key. */
export const fingerprintOf = (parts: readonly unknown[]): string => hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22);

/** What the database wrote of a new allocation, without asking for it. */
export const newborn = (at: Date, ttlSeconds: number | null) =>
  ({
    state: ttlSeconds === null ? 'BOUND' : 'HELD',
    generation: 1,
    createdAt: at,
    updatedAt: at,
    expiresAt: ttlSeconds === null ? null : new Date(at.getTime() + ttlSeconds * 1000),
    releasedAt: null,
    reusableAt: null,
  }) as const;

/** A refusal of one among several, with its place. */
export const refusedAt = (index: number, { code, message, facts }: DomainError): DomainError =>
  new DomainError(code, message, { ...facts, path: [String(index)] });
