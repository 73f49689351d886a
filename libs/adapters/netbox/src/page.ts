/** One page of a list, and whether it adds up. */
import { z } from 'zod';
import { NetBoxError } from './netbox-error.js';
import { otherShape, type Row, rowOf } from './row.js';

const pageShape = z.looseObject({ count: z.int().nullable(), next: z.string().nullable(), results: z.array(z.unknown()) });

export interface Page {
  readonly rows: readonly Row[];
  readonly isLast: boolean;
  /** From this page on to the end; null where NetBox does not count. */
  readonly count: number | null;
}

/**
 * Pages are asked for by id and never by offset, so that rows which come or go in between shift nothing.
 * @param from the smallest id that may be in it.
 * @throws NETBOX_INCOMPLETE: rows are missing, repeated or out of order, or a filter was ignored. NETBOX_UNEXPECTED_ANSWER.
 */
export function readPage(json: unknown, from: number, call: string): Page {
  const parsed = pageShape.safeParse(json);
  if (!parsed.success) throw otherShape(call, parsed.error.issues[0]?.path.join('.') || 'the page');
  const { count, next, results } = parsed.data;
  const rows = results.map((row) => rowOf(row, call));
  const incomplete = (words: string): NetBoxError => new NetBoxError('NETBOX_INCOMPLETE', { call, words, retriable: true });

  let least = from;
  for (const { id } of rows) {
    if (id < least) throw incomplete(`id ${id} where ${least} or more was due: the order or a filter of the request was ignored`);
    least = id + 1;
  }
  const isLast = next === null;
  if (!isLast && rows.length === 0) throw incomplete('an empty page that is not the last');
  if (count !== null && (isLast ? count !== rows.length : count <= rows.length)) {
    throw incomplete(`it says that ${count} are left, has ${rows.length} and is ${isLast ? '' : 'not '}the last`);
  }
  return { rows, isLast, count };
}
