import { type Cidr, DomainError, type Ip } from '#engines/kernel';

export const prefixPoolExhausted = (facts: {
  slug: string;
  length: number;
  largestFreePrefixLength: number | null;
}): DomainError<'POOL_EXHAUSTED'> =>
  new DomainError(
    'POOL_EXHAUSTED',
    facts.largestFreePrefixLength === null
      ? `the pool ${facts.slug} is used up`
      : `the pool ${facts.slug} has no free /${facts.length} left; the largest free block is a /${facts.largestFreePrefixLength}`,
    { ...facts, free: 0 },
  );

export const overlaps = (cidr: Cidr, overlapping: readonly Cidr[]): DomainError<'OVERLAPS'> =>
  new DomainError('OVERLAPS', `${cidr} overlaps a prefix that is in use`, { cidr, overlapping });

export const outOfRange = (what: string, accepted: string): DomainError<'OUT_OF_RANGE'> =>
  new DomainError('OUT_OF_RANGE', `${what} is out of range: ${accepted}`, { what, accepted });

export const addressTaken = (address: Ip): DomainError<'ALREADY_EXISTS'> =>
  new DomainError('ALREADY_EXISTS', `${address} is not free in its subnet`, { address });
