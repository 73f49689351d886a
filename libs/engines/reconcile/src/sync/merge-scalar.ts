import { equalValues } from './equal-values.js';
import type { FieldMerge } from './field-merge.js';
import type { ComparedAuthority } from './rules.js';
import type { FieldValue } from './values.js';

/** A field that has one value; the table is at `mergeFields`. @param base undefined: both never agreed on it. */
export function mergeScalar(authority: ComparedAuthority, ours: FieldValue, base: FieldValue | undefined, theirs: FieldValue): FieldMerge {
  if (equalValues(ours, theirs)) return { base: ours };
  if (base !== undefined && equalValues(theirs, base)) return { push: ours, base: ours };
  const isOursUntouched = base !== undefined && equalValues(ours, base);
  if (authority === 'US') return { push: ours, base: ours, overwrites: true };
  if (authority === 'THEM' || isOursUntouched) return { pull: theirs, base: theirs, overwrites: !isOursUntouched };
  return { base, isConflict: true };
}
