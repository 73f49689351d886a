import { invalidValue } from '#engines/kernel';

/** @throws DomainError INVALID_VALUE. */
export function parseIdempotencyKey(value: unknown): string {
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(value))
    throw invalidValue('idempotency key', value, '1 to 128 printable ASCII characters without blanks');
  return value;
}
