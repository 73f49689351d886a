import type { Kind, Wish } from './wish-of.js';

export interface Given {
  readonly id: string;
  /** A number, a prefix or an address. */
  readonly value: string;
  readonly generation: number;
  /** Null: bound. */
  readonly expiresAt: Date | null;
  readonly replayed: boolean;
}

/** What is put to the proof: the product, or something that is known to be wrong. Refusals are thrown as DomainError. */
export interface Allocator {
  /** What it gives. */
  readonly kinds: readonly Kind[];
  allocate(key: string, wish: Wish): Promise<Given>;
  bind(kind: Kind, id: string, generation: number): Promise<void>;
  extend(kind: Kind, id: string, generation: number, ttlSeconds: number): Promise<Date>;
  /** @param generation null: whatever it is. */
  release(kind: Kind, id: string, generation: number | null): Promise<void>;
  close(): Promise<void>;
}
