import { canonicalJson, compareNatural, DomainError, digest } from '#engines/kernel';
import type { ActualItem, Change, ChangeVerb, Item, Plan } from './plan.js';

const ORDER: Readonly<Record<ChangeVerb, number>> = { DELETE: 0, UPDATE: 1, CREATE: 2, KEEP: 3, FOREIGN: 4 };

/**
 * What it takes to make the owned part of `actual` equal `desired`.
 *
 * | desired | actual          | verb                                                        |
 * |---------|-----------------|-------------------------------------------------------------|
 * | yes     | absent          | CREATE                                                      |
 * | yes     | owned           | KEEP when the values are equal, else UPDATE                 |
 * | yes     | to be marked    | UPDATE                                                      |
 * | yes     | someone else's  | FOREIGN: a conflict, whatever the value; nothing is written |
 * | no      | owned           | DELETE                                                      |
 * | no      | someone else's  | not in the plan                                             |
 *
 * The order of the inputs does not matter. @throws DUPLICATE_KEY when one side names a key twice.
 */
export function makePlan<V>(input: {
  readonly subject: string;
  readonly desired: readonly Item<V>[];
  readonly actual: readonly ActualItem<V>[];
}): Plan<V> {
  const desired = byKey(input.subject, 'desired', input.desired);
  const actual = byKey(input.subject, 'actual', input.actual);
  const changes: Change<V>[] = [];
  for (const { key, value } of input.desired) {
    const present = actual.get(key);
    changes.push({ verb: verbFor(value, present), key, before: present ? present.value : null, after: value });
  }
  for (const { key, value, owned } of input.actual) {
    if (owned && !desired.has(key)) changes.push({ verb: 'DELETE', key, before: value, after: null });
  }
  changes.sort((a, b) => ORDER[a.verb] - ORDER[b.verb] || compareNatural(a.key, b.key));
  return { subject: input.subject, changes, digest: digest({ subject: input.subject, changes }) };
}

function verbFor<V>(wanted: V, present: ActualItem<V> | undefined): ChangeVerb {
  if (!present) return 'CREATE';
  if (!present.owned) return 'FOREIGN';
  return present.mustBeMarked !== true && canonicalJson(wanted) === canonicalJson(present.value) ? 'KEEP' : 'UPDATE';
}

/** Two values under one key leave no right answer, so there is no plan. */
function byKey<I extends Item<unknown>>(subject: string, side: 'desired' | 'actual', items: readonly I[]): Map<string, I> {
  const map = new Map<string, I>();
  for (const item of items) {
    if (map.has(item.key)) {
      throw new DomainError('DUPLICATE_KEY', `${subject}: ${side} holds ${item.key} twice`, { subject, side, key: item.key });
    }
    map.set(item.key, item);
  }
  return map;
}
