/** An intent that was kept by an older release does not have what came later: absent, null, false and empty are one. */
export function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => withoutNothing(item) ?? null);
  if (value === null || typeof value !== 'object') return value === null || value === false ? undefined : value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const kept = withoutNothing(item);
    return kept === undefined ? [] : [[key, kept]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
