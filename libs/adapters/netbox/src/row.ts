import { z } from 'zod';
import { NetBoxError } from './netbox-error.js';

/** Name of the custom field that holds the id of ours. */
export const MARK_FIELD = 'trame_id';
/** Slugs of tags. */
export const MANAGED_TAG = 'managed-by-trame';
export const DEPRECATED_TAG = 'trame-deprecated';

/** What every object has; the rest is read column by column, by kind. */
const baseShape = z.looseObject({
  id: z.int().positive(),
  display: z.string(),
  last_updated: z.string().nullable(),
  custom_fields: z.record(z.string(), z.unknown()),
});
export type Row = z.infer<typeof baseShape>;
export const BASE_COLUMNS = ['id', 'display', 'last_updated', 'custom_fields'] as const;

const tagsShape = z.array(z.looseObject({ id: z.int(), slug: z.string() }));

/** @throws NETBOX_UNEXPECTED_ANSWER with the column. */
export function rowOf(json: unknown, call: string): Row {
  const parsed = baseShape.safeParse(json);
  if (parsed.success) return parsed.data;
  throw otherShape(call, parsed.error.issues[0]?.path.join('.') || 'the object');
}

export function otherShape(call: string, column: string): NetBoxError {
  return new NetBoxError('NETBOX_UNEXPECTED_ANSWER', {
    call,
    words: `${column} is missing or of another shape than the API says`,
    retriable: false,
  });
}

/** @throws NETBOX_UNEXPECTED_ANSWER. */
export function column<T>(row: Row, name: string, shape: z.ZodType<T>): T {
  const parsed = shape.safeParse(row[name]);
  if (parsed.success) return parsed.data;
  throw otherShape(`object ${row.id} (${row.display.slice(0, 60)})`, name);
}

/** The id of ours in it; null: no mark. */
export function markOf(row: Row): string | null {
  const mark = row.custom_fields[MARK_FIELD];
  return typeof mark === 'string' && mark !== '' ? mark : null;
}

export const tagsOf = (row: Row): { readonly id: number; readonly slug: string }[] => column(row, 'tags', tagsShape);

/**
 * The tag that NetBox computes of `last_updated` (netbox/api/viewsets): Python's isoformat in UTC, which leaves out microseconds that are
 * zero. Lists carry no ETag, but this. @param lastUpdated `2026-05-01T17:42:11.123456Z`, or with an offset.
 */
export function etagOf(lastUpdated: string): string {
  const [, seconds = '', fraction = '', zone = ''] = /^([\dT:-]{19})(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(lastUpdated) ?? [];
  const at = new Date(`${seconds}${zone}`);
  if (Number.isNaN(at.getTime())) throw otherShape('an object', 'last_updated');
  const microseconds = fraction.padEnd(6, '0');
  return `W/"${at.toISOString().slice(0, 19)}${microseconds === '000000' ? '' : `.${microseconds}`}+00:00"`;
}
