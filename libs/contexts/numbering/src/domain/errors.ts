import { DomainError, type PoolId } from '#engines/kernel';
import { formatNumber, type NumberKind } from './number-kind.js';

export interface PoolFacts {
  readonly poolId: PoolId;
  readonly slug: string;
  readonly kind: NumberKind;
  readonly free?: number;
  readonly largestFreeBlock?: number;
  readonly [fact: string]: unknown;
}

export const poolExhausted = (facts: PoolFacts, wanted = 1): DomainError<'POOL_EXHAUSTED'> =>
  new DomainError(
    'POOL_EXHAUSTED',
    (facts.free ?? 0) === 0
      ? `the pool ${facts.slug} has no free ${facts.kind} left`
      : `the pool ${facts.slug} cannot give ${wanted} ${facts.kind}: ${facts.free} are free, at most ${facts.largestFreeBlock} of them in a row`,
    { ...facts, free: facts.free ?? 0, wanted },
  );

/** One text whoever holds the number: a tenant learns nothing of another. */
export const numberTaken = (facts: PoolFacts, value: number): DomainError<'ALREADY_EXISTS'> =>
  new DomainError('ALREADY_EXISTS', `${facts.kind} ${formatNumber(facts.kind, value)} is not free in the pool ${facts.slug}`, {
    ...facts,
    value,
  });

export const notInPool = (facts: PoolFacts, value: number, accepted: string): DomainError<'OUT_OF_RANGE'> =>
  new DomainError('OUT_OF_RANGE', `${facts.kind} ${formatNumber(facts.kind, value)} is not of the pool ${facts.slug}: ${accepted}`, {
    ...facts,
    value,
    accepted,
  });

export const quotaExceeded = (facts: PoolFacts, room: number): DomainError<'QUOTA_EXCEEDED'> =>
  new DomainError(
    'QUOTA_EXCEEDED',
    `the tenant may have ${room} more of the pool ${facts.slug}; release some, or ask the operator for more`,
    {
      ...facts,
      room,
      accepted: `at most ${room} more`,
    },
  );

export const keyReused = (key: string): DomainError<'IDEMPOTENCY_KEY_REUSED'> =>
  new DomainError('IDEMPOTENCY_KEY_REUSED', 'this idempotency key stands for another request', { key });

export const inUse = (kind: string): DomainError<'IN_USE'> =>
  new DomainError('IN_USE', `a ${kind.replace('_', ' ')} uses it: it is released with that`, { holderKind: kind });

export const versionConflict = (currentVersion: number): DomainError<'VERSION_CONFLICT'> =>
  new DomainError('VERSION_CONFLICT', 'it has changed since it was read: read it again', { currentVersion });

export const invalidState = (state: string, allowedStates: readonly string[]): DomainError<'INVALID_STATE'> =>
  new DomainError('INVALID_STATE', `it is ${state}, not ${allowedStates.join(' or ')}`, { state, allowedStates });
