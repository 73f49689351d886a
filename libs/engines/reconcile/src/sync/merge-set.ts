import type { FieldMerge } from './field-merge.js';
import type { ComparedAuthority } from './rules.js';
import { canonicalSet, elementsOf } from './value-set.js';
import type { FieldValue } from './values.js';

/**
 * A field that is a set, element by element. L ours, B base, R theirs.
 *
 * US: there shall be R without what we removed (B \ L), with all of ours (L). What others added stays and is no difference; the base is L, so
 * that their elements never look like ones that we removed.
 * THEM: ours becomes R.
 * LAST_WRITER_WITH_REVIEW: additions and removals of both. There is no conflict: an element is in a set or is not, so two sides that both
 * changed it did the same.
 *
 * @param base undefined: both never agreed, so nobody has removed anything yet.
 */
export function mergeSet(authority: ComparedAuthority, ours: FieldValue, base: FieldValue | undefined, theirs: FieldValue): FieldMerge {
  const [l, b, r] = [elementsOf(ours), elementsOf(base ?? null), elementsOf(theirs)];
  const removed = (from: typeof l) => minus(b, from);
  const wanted =
    authority === 'US'
      ? new Map([...minus(r, removed(l)), ...l])
      : authority === 'THEM'
        ? r
        : new Map([...minus(l, removed(r)), ...minus(r, removed(l))]);
  const set = canonicalSet(wanted.values());
  const isPushed = !isSame(wanted, r);
  const isPulled = authority !== 'US' && !isSame(wanted, l);
  const isPushedBack = [...removed(r).keys()].some((key) => l.has(key));
  const isPulledOver = minus(minus(l, b), r).size > 0 || [...removed(l).keys()].some((key) => r.has(key));
  return {
    ...(isPushed ? { push: set } : {}),
    ...(isPulled ? { pull: set } : {}),
    base: authority === 'US' ? canonicalSet(l.values()) : set,
    overwrites: authority === 'US' ? isPushedBack : authority === 'THEM' && isPulledOver,
  };
}

type Elements = ReturnType<typeof elementsOf>;

const minus = (from: Elements, taken: Elements): Elements => new Map([...from].filter(([key]) => !taken.has(key)));
const isSame = (a: Elements, b: Elements): boolean => a.size === b.size && [...a.keys()].every((key) => b.has(key));
