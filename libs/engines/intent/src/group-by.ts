/** `Map.groupBy` for Node 20, which does not have it. Order of groups and members is the order of the list. */
export function groupBy<T, K>(list: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  let last: { readonly key: K; readonly group: T[] } | undefined; // What belongs together often stands together.
  for (const item of list) {
    const key = keyOf(item);
    if (last?.key === key) {
      last.group.push(item);
      continue;
    }
    const group = groups.get(key) ?? [];
    if (group.length === 0) groups.set(key, group);
    group.push(item);
    last = { key, group };
  }
  return groups;
}
