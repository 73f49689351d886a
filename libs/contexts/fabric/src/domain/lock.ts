import { DomainError, type LockId, type PlanId } from '#engines/kernel';

export type LockScope = 'FABRIC' | 'SITE' | 'DEVICE' | 'TENANT';

/** Somebody works on it: nothing is pushed to what it covers (TENANT: no order is taken) until it is released or has ended by itself. */
export interface MaintenanceLock {
  readonly id: LockId;
  readonly scope: LockScope;
  /** Slug of what is locked. */
  readonly subject: string;
  readonly reason: string;
  readonly heldBy: string;
  readonly createdAt: Date;
  readonly until: Date;
  /** The rollback that holds it: its own pushes pass, and the lock ends by itself. */
  readonly planId: PlanId | null;
}

export const MAX_LOCK_SECONDS = 24 * 3600;

export function lockedError(
  what: string,
  { scope, reason, until }: Pick<MaintenanceLock, 'scope' | 'reason' | 'until'>,
): DomainError<'LOCKED'> {
  return new DomainError('LOCKED', `${what} until ${until.toISOString()}: ${reason}`, { scope, reason, until: until.toISOString() });
}
