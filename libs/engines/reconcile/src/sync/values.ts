/** Canonical text, number, boolean or null, as it is compared. */
export type Scalar = string | number | boolean | null;

/**
 * Another object of the inventory. `id` is ours where both ends are linked; an object of theirs that is not linked has `~` before its
 * foreign id, so it equals nothing of ours.
 */
export interface Ref {
  readonly kind: string;
  readonly id: string;
}

/** Elements in natural order, each once: order and repetition mean nothing in a foreign list that is a set. */
export type ValueSet = readonly (string | Ref)[];

export type FieldValue = Scalar | Ref | ValueSet;

/** By name; null is a value. A field that they do not know is absent there, one that we leave to them is absent here: neither is compared. */
export type Fields = Readonly<Record<string, FieldValue>>;
