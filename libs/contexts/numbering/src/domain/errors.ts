import { DomainError, type PoolId } from '#engines/kernel';

interface PoolFacts {
  readonly poolId: PoolId;
  readonly slug: string;
  readonly kind: string;
  readonly [fact: string]: unknown;
}

export const poolExhausted = (facts: PoolFacts): DomainError<'POOL_EXHAUSTED'> =>
  new DomainError('POOL_EXHAUSTED', `the pool ${facts.slug} has no free ${facts.kind} left`, { ...facts, free: 0 });

/** One text whoever holds the number: a tenant learns nothing of another. */
export const numberTaken = (facts: PoolFacts, value: number): DomainError<'ALREADY_EXISTS'> =>
  new DomainError('ALREADY_EXISTS', `${facts.kind} ${value} is not free in the pool ${facts.slug}`, { ...facts, value });
