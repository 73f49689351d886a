import type { Cidr, Ip, SubnetId } from '#engines/kernel';

/** First and last address, both included. */
export interface Extent {
  readonly first: Ip;
  readonly last: Ip;
}

/** Where an address is taken: the next free one of a prefix or a range, known by its number, or exactly one. */
export type Place =
  | { readonly kind: 'prefix' | 'ip-range'; readonly number: number }
  | { readonly kind: 'prefix'; readonly subnetId: SubnetId; readonly prefer: Ip };

/** A prefix, or a range of it, that was found. */
export interface Located {
  readonly subnetId: SubnetId;
  readonly cidr: Cidr;
  readonly within?: Extent;
}
