import { canonicalJson, compareNatural } from '#engines/kernel';
import type { FieldValue, Ref, ValueSet } from './values.js';

type Element = string | Ref;

/** Elements by their canonical form. A value that is no list is a set of one, null an empty one: foreign systems write both. */
export function elementsOf(value: FieldValue): ReadonlyMap<string, Element> {
  return new Map(listOf(value).map((element) => [canonicalJson(element), element]));
}

/** In natural order, each once. */
export function canonicalSet(elements: Iterable<Element>): ValueSet {
  const byKey = new Map([...elements].map((element) => [canonicalJson(element), element]));
  return [...byKey].sort(([a], [b]) => compareNatural(a, b)).map(([, element]) => element);
}

function listOf(value: FieldValue): ValueSet {
  if (isSet(value)) return value;
  if (value === null) return [];
  return [typeof value === 'object' ? value : String(value)];
}

const isSet = (value: FieldValue): value is ValueSet => Array.isArray(value);
