import assert from 'node:assert/strict';
import type { Fields, FieldValue, Ref } from '#engines/reconcile';

/** In ids of theirs; undefined where something it refers to is not there. */
export function translated(fields: Fields, remoteIdOf: (ref: Ref) => string | undefined): Fields | undefined {
  let isMissing = false;
  const swap = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(swap);
    if (typeof value !== 'object' || value === null) return value;
    const ref = value as Ref;
    const remoteId = remoteIdOf(ref);
    isMissing ||= remoteId === undefined;
    return { kind: ref.kind, id: `~${remoteId}` };
  };
  const swapped = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, swap(value) as FieldValue]));
  return isMissing ? undefined : swapped;
}

/** Of sets theirs may hold more: what others added. */
export function expectEqual(what: string, ours: Fields, theirs: Fields): void {
  for (const [field, value] of Object.entries(ours)) {
    const there = theirs[field] ?? null;
    if (!Array.isArray(value)) assert.deepEqual(there, value, `${what}.${field}`);
    else
      for (const element of value)
        assert.ok(JSON.stringify(there).includes(JSON.stringify(element)), `${what}.${field}: ${JSON.stringify(element)}`);
  }
}
