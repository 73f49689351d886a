interface PgError {
  readonly code?: unknown;
  readonly constraint?: unknown;
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

/**
 * False when the server had not the time or the means: cancelled by its timeout (57014), out of resources (class 53), no connection in time. Then less of the
 * same takes as long, and waits as long. True for everything else, a connection that was cut included: the next one may stand.
 */
export function isWorthAnotherTry(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return !(error instanceof Error && /timeout/i.test(error.message));
  return state !== '57014' && !state.startsWith('53');
}
