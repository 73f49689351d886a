import { type ExecutionResult, GraphQLError } from 'graphql';
import { type Logger, PublicError, TOP_LEVEL_ERRORS, toPublicError } from '#platform';
import { MAX_TOKENS } from './query-limits.js';

interface Fault {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  readonly errors?: unknown;
  readonly validation?: unknown;
}

/** Everything that leaves as `errors` of a GraphQL answer passes here: one form, one closed list of codes, nothing of ours inside. */
export function formatErrors(
  execution: ExecutionResult & { readonly errors: readonly GraphQLError[] },
  requestId: string,
  log: Logger,
): { statusCode: number; response: ExecutionResult } {
  const wasExecuted = 'data' in execution;
  const errors = execution.errors.flatMap(unfold).map((error) => toPublicError(translate(error, requestId), requestId, log));
  const status = httpStatusOf(execution.errors[0]) ?? TOP_LEVEL_ERRORS[errors[0]?.code ?? 'INTERNAL'].status;
  return { statusCode: wasExecuted ? 200 : status, response: { data: execution.data ?? null, errors } };
}

const faultOf = (error: unknown): Fault => ((error instanceof GraphQLError && error.originalError) || error) as Fault;

/** Mercurius throws one error around the list of what is wrong with a document. */
function unfold(error: unknown): unknown[] {
  const inner = faultOf(error).errors;
  return Array.isArray(inner) && inner.length > 0 ? inner : [error];
}

function httpStatusOf(error: unknown): number | undefined {
  const { statusCode } = faultOf(error);
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 && statusCode !== 400 ? statusCode : undefined;
}

/** Refusals of the server and of Mercurius in our words; every other error as it is. */
function translate(error: unknown, requestId: string): unknown {
  if (error instanceof PublicError) return error;
  const { code, statusCode, message, validation } = faultOf(error);
  const text = typeof message === 'string' ? message : 'bad request';
  if (text.startsWith('Syntax Error: Document contains more tha'))
    return new PublicError('QUERY_TOO_LARGE', `a document has at most ${MAX_TOKENS} tokens`, requestId);
  if (code === 'MER_ERR_GQL_QUERY_DEPTH') return new PublicError('QUERY_TOO_DEEP', text.replaceAll('`', ''), requestId);
  if (statusCode === 413) return new PublicError('QUERY_TOO_LARGE', 'the body is too large', requestId);
  const isOfServer = typeof code === 'string' && /^(?:FST|MER)_/.test(code) && typeof statusCode === 'number' && statusCode < 500;
  if (isOfServer || Array.isArray(validation)) return new PublicError('BAD_REQUEST', text, requestId);
  return error;
}
