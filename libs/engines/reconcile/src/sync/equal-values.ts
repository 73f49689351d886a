import { canonicalJson } from '#engines/kernel';
import { canonicalSet } from './value-set.js';
import type { FieldValue } from './values.js';

/** By canonical form; order and repetition in a list mean nothing. */
export const equalValues = (a: FieldValue, b: FieldValue): boolean => canonical(a) === canonical(b);

const canonical = (value: FieldValue): string => canonicalJson(Array.isArray(value) ? canonicalSet(value) : value);
