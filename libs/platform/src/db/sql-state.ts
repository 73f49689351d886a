interface PgError {
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly hint?: unknown;
  readonly driverError?: PgError;
}

const driverError = (error: unknown): PgError | undefined =>
  error !== null && typeof error === 'object' ? ((error as PgError).driverError ?? (error as PgError)) : undefined;

/** SQLSTATE of an error of pg or of TypeORM around it; undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
  const code = driverError(error)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Name of the constraint that was violated (23505 unique, 23P01 exclusion, 23503 foreign key, 23514 check). */
export function violatedConstraint(error: unknown): string | undefined {
  const constraint = driverError(error)?.constraint;
  return sqlState(error)?.startsWith('23') && typeof constraint === 'string' ? constraint : undefined;
}

/** What a trigger of ours says of a violation in its hint. PostgreSQL itself says none. */
export function violationHint(error: unknown): string | undefined {
  const hint = driverError(error)?.hint;
  return violatedConstraint(error) !== undefined && typeof hint === 'string' ? hint : undefined;
}

/**
 * False when the server had not the time or the means: cancelled by its timeout (57014), out of resources (class 53), no connection in time. Then less of the
 * same takes as long, and waits as long. True for everything else, a connection that was cut included: the next one may stand.
 */
export function isWorthAnotherTry(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return !(error instanceof Error && /timeout/i.test(error.message));
  return state !== '57014' && !state.startsWith('53');
}

/**
 * Class 08 (connection), 53 (connections, memory or disk are used up), 57P (shutdown, crash, starting up, cut off); and what had to wait too long or
 * lost too often against others: 57014 (its time was over), 55P03 (lock), 40001 and 40P01 after all retries. The same request may succeed later.
 */
const AWAY = /^(?:08|53|57P|57014|55P03|40001|40P01|25P0[34])/;
const NO_ANSWER = /^(?:ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND)$/;
/** Errors of pg that have no code. */
const CUT_OFF =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|and is not queryable|Cannot use a pool after calling end/;

/** True when the request was right and the database could not serve it now. */
export function isDatabaseAway(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return AWAY.test(state);
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && NO_ANSWER.test(code)) return true;
  return typeof message === 'string' && CUT_OFF.test(message);
}
