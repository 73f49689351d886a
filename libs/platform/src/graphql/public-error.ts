import { GraphQLError } from 'graphql';
import { isDomainError } from '#engines/kernel';
import { isDatabaseAway } from '../db/sql-state.js';
import type { Logger } from '../log/logger.js';
import { isUserError, TOP_LEVEL_ERRORS, type TopLevelCode, userErrorRow } from './error-table.js';

/** An error in the form that leaves the process. Made once; whoever meets it later passes it on. */
export class PublicError extends GraphQLError {
  readonly code: TopLevelCode;
  constructor(code: TopLevelCode, message: string, requestId: string, more: Record<string, unknown> = {}, at?: GraphQLError) {
    super(message, {
      extensions: { code, requestId, ...more },
      nodes: at?.nodes ?? null,
      source: at?.source ?? null,
      positions: at?.positions ?? null,
      path: at?.path ?? null,
    });
    this.code = code;
  }
}

/**
 * What a caller sees of an error that is not data: a code of the closed list and the request id. The text is ours to show only where
 * the caller can do something about it; everything else reads the same and is in the log.
 */
export function toPublicError(error: unknown, requestId: string, log: Logger): PublicError {
  if (error instanceof PublicError && error.extensions['requestId'] !== '') return error; // A rule of validation knows no request.
  const at = error instanceof GraphQLError ? error : undefined;
  const cause = rootCause(error);
  if (cause instanceof PublicError) return new PublicError(cause.code, cause.message, requestId, extra(cause), at);
  const { code, message, more } = describe(cause, error);
  const level = userErrorRow(cause)?.log ?? TOP_LEVEL_ERRORS[code].log;
  log[level]('request.failed', { requestId, code, error: cause });
  return new PublicError(code, message, requestId, more, at);
}

const extra = ({ extensions: { code: _code, requestId: _requestId, ...more } }: PublicError): Record<string, unknown> => more;

/** graphql-js wraps what a resolver threw; a syntax or validation error wraps nothing. */
function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && !(cause instanceof PublicError) && cause.originalError) cause = cause.originalError;
  return cause;
}

function describe(cause: unknown, outer: unknown): { code: TopLevelCode; message: string; more: Record<string, unknown> } {
  if (cause instanceof GraphQLError) return { code: 'BAD_REQUEST', message: cause.message, more: {} };
  if (isDomainError(cause)) {
    if (cause.code === 'UNAUTHENTICATED' || cause.code === 'FORBIDDEN') return { code: cause.code, message: cause.message, more: {} };
    // Thrown by a query, or by a scalar: there is no payload that could hold it.
    if (isUserError(cause)) {
      const accepted = cause.facts['accepted'];
      const path = inputPath(outer);
      const more = { reason: cause.code, ...(typeof accepted === 'string' && { accepted }), ...(path && { path }) };
      return { code: 'BAD_REQUEST', message: path ? `${path.join('.')}: ${cause.message}` : cause.message, more };
    }
  }
  if (isDatabaseAway(cause))
    return { code: 'UNAVAILABLE', message: 'the service is not available at the moment; try again', more: { retryAfterSeconds: 2 } };
  return { code: 'INTERNAL', message: 'something went wrong on our side; the request id finds it in our log', more: {} };
}

/**
 * Where in the variables a scalar found what it refuses: graphql-js says it in words only, `Variable "$input" got invalid value "x" at
 * "input.subnets[0].cidr"; …`. Quotes inside the value are escaped there, so it cannot pretend to be elsewhere.
 */
function inputPath(error: unknown): string[] | undefined {
  const text = error instanceof GraphQLError ? error.message : '';
  const [, variable] = /^Variable "\$(\w+)" got invalid value /.exec(text) ?? [];
  const [, place] = / at "([\w.[\]]+)"; /.exec(text) ?? [];
  return variable === undefined ? undefined : (place ?? variable).split(/[.[\]]+/).filter((part) => part !== '');
}
