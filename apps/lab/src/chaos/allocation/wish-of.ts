/** What a key stands for: whoever uses a key again, in whatever process, asks for the same. */
import { createHash } from 'node:crypto';

export type Kind = 'number' | 'prefix' | 'address';

export interface Wish {
  readonly kind: Kind;
  /** Null: bound at once. */
  readonly ttlSeconds: number | null;
  /** Of a prefix. */
  readonly length: number;
}

/** Of 20 requests: most are for the one number pool. */
const SHARES: readonly Kind[] = [...Array<Kind>(16).fill('number'), 'prefix', 'prefix', 'address', 'address'];

export function wishOf(key: string, kinds: readonly Kind[]): Wish {
  const digest = createHash('sha1').update(key).digest();
  const kind = SHARES[digest.readUInt8(0) % SHARES.length] as Kind;
  return {
    kind: kinds.includes(kind) ? kind : (kinds[0] as Kind),
    ttlSeconds: digest.readUInt8(1) % 4 === 0 ? 1 + (digest.readUInt8(2) % 2) : null,
    length: 26 + (digest.readUInt8(3) % 5),
  };
}
