/** THE table of errors: code → what a caller sees, HTTP status, log level. A test finds codes of the sources that are not in it. */
import { type DomainError, isDomainError } from '#engines/kernel';
import {
  AlreadyExistsError,
  CheckFailedError,
  type ErrorCode,
  IdempotencyError,
  InUseError,
  InvalidInputError,
  InvalidStateError,
  LockedError,
  NotFoundError,
  OverlapError,
  PlanError,
  PoolExhaustedError,
  QuotaExceededError,
  type UserError,
  VersionConflictError,
} from './user-error.js';

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

interface UserErrorRow {
  readonly type: new (error: DomainError) => UserError;
  readonly status: number;
  readonly log: LogLevel;
}

const USER_ERRORS: Readonly<Record<ErrorCode, UserErrorRow>> = {
  INVALID_VALUE: { type: InvalidInputError, status: 422, log: 'debug' },
  OUT_OF_RANGE: { type: InvalidInputError, status: 422, log: 'debug' },
  NOT_FOUND: { type: NotFoundError, status: 404, log: 'debug' },
  ALREADY_EXISTS: { type: AlreadyExistsError, status: 409, log: 'debug' },
  IN_USE: { type: InUseError, status: 409, log: 'debug' },
  OVERLAPS: { type: OverlapError, status: 409, log: 'debug' },
  POOL_EXHAUSTED: { type: PoolExhaustedError, status: 409, log: 'warn' },
  QUOTA_EXCEEDED: { type: QuotaExceededError, status: 409, log: 'info' },
  VERSION_CONFLICT: { type: VersionConflictError, status: 409, log: 'debug' },
  IDEMPOTENCY_KEY_REUSED: { type: IdempotencyError, status: 409, log: 'info' },
  PLAN_STALE: { type: PlanError, status: 409, log: 'info' },
  PLAN_EXPIRED: { type: PlanError, status: 409, log: 'info' },
  APPROVAL_REQUIRED: { type: PlanError, status: 409, log: 'info' },
  CHECK_FAILED: { type: CheckFailedError, status: 422, log: 'info' },
  LOCKED: { type: LockedError, status: 409, log: 'info' },
  INVALID_STATE: { type: InvalidStateError, status: 409, log: 'debug' },
};

/** The closed list of `extensions.code` of top-level errors. */
export type TopLevelCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'QUERY_TOO_DEEP'
  | 'TOO_MANY_ALIASES'
  | 'QUERY_TOO_LARGE'
  | 'BAD_REQUEST'
  | 'UNAVAILABLE'
  | 'INTERNAL';

interface TopLevelRow {
  readonly status: number;
  readonly log: LogLevel;
}

export const TOP_LEVEL_ERRORS: Readonly<Record<TopLevelCode, TopLevelRow>> = {
  UNAUTHENTICATED: { status: 401, log: 'info' },
  FORBIDDEN: { status: 403, log: 'info' },
  QUERY_TOO_DEEP: { status: 400, log: 'info' },
  TOO_MANY_ALIASES: { status: 400, log: 'info' },
  QUERY_TOO_LARGE: { status: 413, log: 'info' },
  BAD_REQUEST: { status: 400, log: 'debug' },
  UNAVAILABLE: { status: 503, log: 'warn' },
  INTERNAL: { status: 500, log: 'error' },
};

/** Faults of ours or of what we talk to: callers see INTERNAL and a request id, operators find the rest in the log. */
export const OPERATOR_CODES: ReadonlySet<string> = new Set([
  'DUPLICATE_KEY',
  'EMBEDDED_POSTGRES_FAILED',
  'EMBEDDED_POSTGRES_IN_USE',
  'EMBEDDED_POSTGRES_UNAVAILABLE',
  'INTERNAL',
  'LEASE_LOST',
  'RENDER_ESCAPE',
  'RENDER_UNSUPPORTED',
  'SECRET_UNREADABLE',
]);

/** The row of an error that its caller can do something about; undefined for every other. */
export function userErrorRow(error: unknown): UserErrorRow | undefined {
  return isDomainError(error) && Object.hasOwn(USER_ERRORS, error.code) ? USER_ERRORS[error.code as ErrorCode] : undefined;
}

/** True when repeating the same request cannot help: its content is what is wrong. Everything else may pass. */
export const isUserError = (error: unknown): error is DomainError<ErrorCode> => userErrorRow(error) !== undefined;

export const isKnownErrorCode = (code: string): boolean =>
  Object.hasOwn(USER_ERRORS, code) || Object.hasOwn(TOP_LEVEL_ERRORS, code) || OPERATOR_CODES.has(code);
