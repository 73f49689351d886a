import { isDomainError } from '#engines/kernel';
import type { Keyset } from './connection.js';

/** What a store reads for a page that is ordered by id: one row more than shown, it tells whether there is a next page. */
export const rowsOf = (page: Keyset): { readonly first: number; readonly after: string | null } => ({
  first: page.first + 1,
  after: page.after?.[0] ?? null,
});

/** A query for one thing answers null where there is none, or none that this caller may know of. */
export async function orNull<T>(find: () => Promise<T>): Promise<T | null> {
  try {
    return await find();
  } catch (error) {
    if (isDomainError(error) && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}
