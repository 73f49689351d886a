import type { AddressAllocation, PrefixAllocation } from '#contexts/addressing';
import type { NumberAllocation } from '#contexts/numbering';

/** Something that was given out, and by which of the services. */
export type Given =
  | { readonly of: 'number'; readonly allocation: NumberAllocation }
  | { readonly of: 'prefix'; readonly allocation: PrefixAllocation }
  | { readonly of: 'address'; readonly allocation: AddressAllocation };

export interface Grant {
  /** One for each value, in the order in which they were taken. */
  readonly given: readonly Given[];
  /** The key was seen before; this is what it got. */
  readonly replayed: boolean;
}

interface Granted<Allocation> {
  readonly allocations: readonly Allocation[];
  readonly replayed: boolean;
}

export const givenNumber = (allocation: NumberAllocation): Given => ({ of: 'number', allocation });
export const givenPrefix = (allocation: PrefixAllocation): Given => ({ of: 'prefix', allocation });
export const givenAddress = (allocation: AddressAllocation): Given => ({ of: 'address', allocation });

export const toGrant = <Allocation>(granted: Granted<Allocation>, toGiven: (allocation: Allocation) => Given): Grant => ({
  given: granted.allocations.map(toGiven),
  replayed: granted.replayed,
});
