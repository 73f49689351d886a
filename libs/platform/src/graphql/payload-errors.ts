import { isDomainError } from '#engines/kernel';
import { userErrorRow } from './error-table.js';
import type { UserError } from './user-error.js';

/** An error of the domain as `errors` of a payload. @throws what is not the caller's to mend: it becomes a masked top-level error. */
export function payloadErrors(error: unknown): UserError[] {
  const row = userErrorRow(error);
  if (!row || !isDomainError(error)) throw error;
  return [new row.type(error)];
}

/**
 * Keeps a mutation at three lines: `return withErrors(async () => ({ network: toNetwork(await this.networks.create(…)) }))`.
 * Where the domain refuses, the payload holds nothing but `errors`.
 */
export async function withErrors<Result extends object>(
  work: () => Promise<Result>,
): Promise<(Result | Record<never, never>) & { errors: UserError[] }> {
  try {
    return { ...(await work()), errors: [] };
  } catch (error) {
    return { errors: payloadErrors(error) };
  }
}
