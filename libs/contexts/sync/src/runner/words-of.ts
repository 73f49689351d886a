import { isDomainError } from '#engines/kernel';

/** What went wrong, for people. */
export const wordsOf = (error: unknown): string =>
  isDomainError(error) ? `${error.code}: ${error.message}` : error instanceof Error ? error.message : String(error);
