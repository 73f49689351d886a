/** What has gone from a list and what has come: lists of facts have no order of their own, so what has only moved is in neither. */
export interface ListDifference<T> {
  readonly removed: readonly T[];
  readonly added: readonly T[];
}

/** How far the two lists are looked ahead in before entries are taken to be others. */
const HORIZON = 4;

/** Facts are compared by identity, then field by field. What stands at another place far away is counted as gone and come. */
export function listDifference<T extends object>(before: readonly T[], after: readonly T[]): ListDifference<T> {
  const removed: T[] = [];
  const added: T[] = [];
  let [old, now] = [0, 0];
  while (old < before.length && now < after.length) {
    if (isSame(before[old] as T, after[now] as T)) {
      old++;
      now++;
      continue;
    }
    const [skipOld, skipNow] = nextMeeting(before, old, after, now);
    for (let i = 0; i < skipOld; i++) removed.push(before[old++] as T);
    for (let i = 0; i < skipNow; i++) added.push(after[now++] as T);
  }
  return { removed: [...removed, ...before.slice(old)], added: [...added, ...after.slice(now)] };
}

function nextMeeting<T extends object>(before: readonly T[], old: number, after: readonly T[], now: number): readonly [number, number] {
  for (let ahead = 1; ahead <= HORIZON; ahead++) {
    const [gone, come] = [before[old + ahead], after[now + ahead]];
    if (gone !== undefined && isSame(gone, after[now] as T)) return [ahead, 0];
    if (come !== undefined && isSame(before[old] as T, come)) return [0, ahead];
  }
  return [1, 1];
}

/** Equal in all that they say; functions, dates and the like are in no fact. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && areSame(a, b);
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  let fields = 0;
  for (const field in left) {
    if (left[field] === undefined) continue;
    if (!isSame(left[field], right[field])) return false;
    fields++;
  }
  for (const field in right) if (right[field] !== undefined) fields--;
  return fields === 0;
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let place = 0; place < a.length; place++) if (!isSame(a[place], b[place])) return false;
  return true;
}
