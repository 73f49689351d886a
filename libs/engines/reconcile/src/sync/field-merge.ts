import type { FieldValue } from './values.js';

/** What one field comes to; `undefined` = nothing to write on that side. */
export interface FieldMerge {
  readonly push?: FieldValue;
  readonly pull?: FieldValue;
  readonly base: FieldValue | undefined;
  readonly isConflict?: boolean;
  /** A change of the side that is written is lost. */
  readonly overwrites?: boolean;
}
