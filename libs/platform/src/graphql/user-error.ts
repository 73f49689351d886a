/** Errors that a caller can do something about: data in a payload, never an exception. New kinds are additive for clients. */
import { Field, Int, InterfaceType, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { DomainError } from '#engines/kernel';
import { CidrScalar } from './network-scalars.js';
import { BigCountScalar } from './value-scalars.js';

export enum ErrorCode {
  INVALID_VALUE = 'INVALID_VALUE',
  OUT_OF_RANGE = 'OUT_OF_RANGE',
  NOT_FOUND = 'NOT_FOUND',
  ALREADY_EXISTS = 'ALREADY_EXISTS',
  IN_USE = 'IN_USE',
  OVERLAPS = 'OVERLAPS',
  POOL_EXHAUSTED = 'POOL_EXHAUSTED',
  QUOTA_EXCEEDED = 'QUOTA_EXCEEDED',
  VERSION_CONFLICT = 'VERSION_CONFLICT',
  IDEMPOTENCY_KEY_REUSED = 'IDEMPOTENCY_KEY_REUSED',
  PLAN_STALE = 'PLAN_STALE',
  PLAN_EXPIRED = 'PLAN_EXPIRED',
  APPROVAL_REQUIRED = 'APPROVAL_REQUIRED',
  CHECK_FAILED = 'CHECK_FAILED',
  LOCKED = 'LOCKED',
  INVALID_STATE = 'INVALID_STATE',
}
registerEnumType(ErrorCode, { name: 'ErrorCode' });

const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? value : Array.isArray(value) && value.length > 0 ? value.map(String).join(', ') : null;
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const countOf = (value: unknown): bigint | number | null => (typeof value === 'bigint' ? value : numberOf(value));
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

@InterfaceType({
  description: 'What was wrong with a request. Top-level `errors` are for transport, authentication, limits and faults of ours.',
})
export abstract class UserError {
  @Field(() => ErrorCode) code: ErrorCode;
  @Field({ description: 'One sentence that says what to do.' }) message: string;
  @Field(() => [String], { description: 'Path into the input, e.g. `["subnets", "0", "cidr"]`; empty where it is about the whole.' })
  path: string[];

  constructor(error: DomainError) {
    this.code = error.code as ErrorCode;
    this.message = error.message;
    this.path = textsOf(error.facts['path']);
  }
}

@ObjectType({ implements: () => UserError })
export class InvalidInputError extends UserError {
  @Field(() => String, { nullable: true, description: 'What would have been accepted.' }) accepted: string | null;
  constructor(error: DomainError) {
    super(error);
    this.accepted = textOf(error.facts['accepted']);
  }
}

@ObjectType({ implements: () => UserError, description: 'There is no such thing, or none that this caller may know of.' })
export class NotFoundError extends UserError {}

@ObjectType({ implements: () => UserError, description: 'It is taken. Whoever holds it, the text is the same.' })
export class AlreadyExistsError extends UserError {
  @Field(() => String, { nullable: true, description: 'Only where it is your own: its external reference, holder or key.' })
  heldBy: string | null;
  constructor(error: DomainError) {
    super(error);
    this.heldBy = textOf(error.facts['heldBy']);
  }
}

@ObjectType({ implements: () => UserError })
export class InUseError extends UserError {
  @Field(() => String, { nullable: true, description: 'What of ours uses it, e.g. `network`: it is released with that.' })
  holderKind: string | null;
  constructor(error: DomainError) {
    super(error);
    this.holderKind = textOf(error.facts['holderKind']);
  }
}

@ObjectType({ implements: () => UserError })
export class OverlapError extends UserError {
  @Field(() => [CidrScalar]) overlapping: string[];
  constructor(error: DomainError) {
    super(error);
    this.overlapping = textsOf(error.facts['overlapping']);
  }
}

@ObjectType({ implements: () => UserError })
export class PoolExhaustedError extends UserError {
  @Field(() => String, { nullable: true, description: 'Slug of the pool.' }) pool: string | null;
  @Field(() => BigCountScalar) free: bigint | number;
  @Field(() => Int, { nullable: true, description: 'The largest block that is still to be had; null in a pool of numbers.' })
  largestFreePrefixLength: number | null;
  @Field(() => BigCountScalar, {
    nullable: true,
    description: 'How many free numbers follow each other at most; null in a pool of prefixes.',
  })
  largestFreeBlock: number | null;
  constructor(error: DomainError) {
    super(error);
    this.pool = textOf(error.facts['slug']);
    this.free = countOf(error.facts['free']) ?? 0;
    this.largestFreeBlock = numberOf(error.facts['largestFreeBlock']);
    this.largestFreePrefixLength = numberOf(error.facts['largestFreePrefixLength']);
  }
}

@ObjectType({ implements: () => UserError, description: 'The tenant has as much of the pool as it may have.' })
export class QuotaExceededError extends UserError {
  @Field(() => String, { nullable: true, description: 'Slug of the pool.' }) pool: string | null;
  @Field(() => BigCountScalar, { description: 'How many more the tenant may have.' }) room: bigint | number;
  constructor(error: DomainError) {
    super(error);
    this.pool = textOf(error.facts['slug']);
    this.room = countOf(error.facts['room']) ?? 0;
  }
}

@ObjectType({ implements: () => UserError, description: 'Somebody changed it since you read it: read again, decide again.' })
export class VersionConflictError extends UserError {
  @Field(() => Int, { nullable: true }) currentVersion: number | null;
  constructor(error: DomainError) {
    super(error);
    this.currentVersion = numberOf(error.facts['currentVersion']);
  }
}

@ObjectType({ implements: () => UserError, description: 'The key stands for another request already.' })
export class IdempotencyError extends UserError {}

@ObjectType({ implements: () => UserError, description: 'The plan is not the one that was seen, is too old, or nobody has approved it.' })
export class PlanError extends UserError {}

@ObjectType({ implements: () => UserError, description: 'Somebody works on it: nothing is changed until the lock ends.' })
export class LockedError extends UserError {
  @Field(() => String, { nullable: true, description: 'FABRIC, SITE, DEVICE or TENANT.' }) scope: string | null;
  @Field(() => String, { nullable: true, description: 'In the words of whoever locked it.' }) reason: string | null;
  @Field(() => String, { nullable: true, description: 'RFC 3339; the lock ends by itself then.' }) until: string | null;
  constructor(error: DomainError) {
    super(error);
    this.scope = textOf(error.facts['scope']);
    this.reason = textOf(error.facts['reason']);
    this.until = textOf(error.facts['until']);
  }
}

@ObjectType()
export class CheckFinding {
  @Field() code: string;
  @Field() message: string;
  @Field({ description: 'By names: `networks.blue.subnets.10.20.0.0/24`.' }) path: string;
}

@ObjectType({ implements: () => UserError, description: 'The fabric could not be built like this.' })
export class CheckFailedError extends UserError {
  @Field(() => [CheckFinding]) findings: CheckFinding[];
  constructor(error: DomainError) {
    super(error);
    const findings = error.facts['findings'];
    this.findings = Array.isArray(findings) ? (findings as CheckFinding[]) : [];
  }
}

@ObjectType({ implements: () => UserError })
export class InvalidStateError extends UserError {
  @Field(() => String, { nullable: true }) state: string | null;
  @Field(() => [String]) allowedStates: string[];
  constructor(error: DomainError) {
    super(error);
    this.state = textOf(error.facts['state']);
    this.allowedStates = textsOf(error.facts['allowedStates']);
  }
}

/** For the schema: payloads name the interface only, so nothing else refers to these. */
export const userErrorTypes = [
  InvalidInputError,
  NotFoundError,
  AlreadyExistsError,
  InUseError,
  OverlapError,
  PoolExhaustedError,
  QuotaExceededError,
  VersionConflictError,
  IdempotencyError,
  PlanError,
  CheckFailedError,
  LockedError,
  InvalidStateError,
];
