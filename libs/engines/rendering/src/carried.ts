/**
 * What is worked out of a list, and of the list of before where that one is known: a device whose networks are the same but for one has most of
 * its parts already. Only references are compared, so that nothing is looked at that has not changed.
 */
export interface Before<T, V> {
  readonly value: V;
  /** Of the list of before, and not in this one. */
  readonly removed: readonly T[];
  readonly added: readonly T[];
}

/** More changes than these, and all is worked out anew. */
const FEW = 64;

/** @param make has to give the same, with and without `before`. The list of before is found by its first entry, or by its last. */
export function carried<T extends object, V>(make: (list: readonly T[], before: Before<T, V> | null) => V): (list: readonly T[]) => V {
  const made = new WeakMap<readonly T[], V>();
  const latest = new WeakMap<T, { readonly list: readonly T[]; readonly value: V }>();
  return (list) => {
    const found = made.get(list);
    if (found !== undefined) return found;
    const [first, last] = [list[0], list.at(-1)];
    const before = (first && latest.get(first)) ?? (last && latest.get(last));
    const difference = before ? differenceOf(before.list, list) : null;
    const value = make(list, before && difference ? { value: before.value, ...difference } : null);
    made.set(list, value);
    for (const end of [first, last]) if (end) latest.set(end, { list, value });
    return value;
  };
}

function differenceOf<T>(before: readonly T[], now: readonly T[]): { readonly removed: readonly T[]; readonly added: readonly T[] } | null {
  const shorter = Math.min(before.length, now.length);
  let head = 0;
  while (head < shorter && before[head] === now[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const gone = new Set(before.slice(head, before.length - tail));
  const come = new Set(now.slice(head, now.length - tail));
  const removed = [...gone].filter((one) => !come.has(one));
  const added = [...come].filter((one) => !gone.has(one));
  return removed.length + added.length > FEW ? null : { removed, added };
}
