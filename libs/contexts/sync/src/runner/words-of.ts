import { isDomainError, storableText } from '#engines/kernel';

/** What went wrong, for people; of another system's words all that can be kept. */
export const wordsOf = (error: unknown): string =>
  storableText(isDomainError(error) ? `${error.code}: ${error.message}` : error instanceof Error ? error.message : String(error));
