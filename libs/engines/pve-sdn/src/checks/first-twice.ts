/** The first two items that share a key; items without one (null) share nothing. */
export function firstTwice<T>(items: Iterable<T>, key: (item: T) => string | number | null): readonly [T, T] | null {
  const seen = new Map<string | number, T>();
  for (const item of items) {
    const value = key(item);
    if (value === null) continue;
    const before = seen.get(value);
    if (before !== undefined) return [before, item];
    seen.set(value, item);
  }
  return null;
}
