import type { Brand } from './brand.js';
import { invalidValue } from './domain-error.js';

/** A caller's name for one request: the same key and the same request give the same answer. */
export type IdempotencyKey = Brand<string, 'IdempotencyKey'>;
/** A caller's name for a thing, such as its order number. */
export type ExternalRef = Brand<string, 'ExternalRef'>;

const printable = <T extends Brand<string, string>>(kind: string, maxLength: number) => ({
  /** Printable ASCII without blanks: it comes back in logs, headers and URLs as it is. */
  parse(value: unknown): T {
    if (typeof value !== 'string' || value.length > maxLength || !/^[\x21-\x7e]+$/.test(value))
      throw invalidValue(kind, value, `1 to ${maxLength} printable ASCII characters without blanks`);
    return value as T;
  },
});

export const IdempotencyKey = printable<IdempotencyKey>('idempotency key', 128);
export const ExternalRef = printable<ExternalRef>('external reference', 64);
