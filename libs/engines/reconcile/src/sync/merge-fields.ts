import { equalValues } from './equal-values.js';
import type { FieldMerge } from './field-merge.js';
import { mergeScalar } from './merge-scalar.js';
import { mergeSet } from './merge-set.js';
import type { FieldRule, KindRules } from './rules.js';
import type { Fields, FieldValue } from './values.js';

export interface FieldConflict {
  readonly field: string;
  readonly ours: FieldValue;
  /** null also where both never agreed. */
  readonly base: FieldValue;
  readonly theirs: FieldValue;
}

export interface FieldsMerge {
  /** What to write there. Empty: nothing. */
  readonly push: Fields;
  /** What to take over here. */
  readonly pull: Fields;
  readonly conflicts: readonly FieldConflict[];
  /** Fields of `push` in which a change of theirs is overwritten: told, never silent. */
  readonly pushedBack: readonly string[];
  /** Fields of `pull` in which a change of ours is overwritten. */
  readonly pulledOver: readonly string[];
  /** Guarded fields of `push` and `pull` of an object that both had before: they wait for a person. */
  readonly guarded: readonly string[];
  /**
   * What both have when push and pull are done. A field in conflict, under IGNORE, or that they do not know now, keeps the base it had; one that we leave
   * to them keeps none but what we withdrew. Of a set under US only our elements: one that others added is not ours to remove.
   */
  readonly base: Fields;
}

export interface ThreeCopies {
  readonly ours: Fields;
  /** What both had when they last agreed; null: they never did (adopted just now). */
  readonly base: Fields | null;
  readonly theirs: Fields;
  /** Both had it before although the base is lost (linked again by its mark): its guarded fields are told. */
  readonly wasLinked?: boolean;
  /** Theirs was kept for another object of ours until now: what is written only when an object is made is due again, where nobody else wrote. */
  readonly isTakenOver?: boolean;
}

interface Words {
  readonly field: string;
  readonly rule: FieldRule;
  readonly l: FieldValue | undefined;
  readonly b: FieldValue | undefined;
  readonly r: FieldValue | undefined;
}

/**
 * Three-way merge of an object's fields. L ours, B base, R theirs; values are compared in canonical form.
 *
 * | L, B, R                | US               | THEM             | LAST_WRITER_WITH_REVIEW |
 * |------------------------|------------------|------------------|-------------------------|
 * | L = R                  | –                | –                | –                       |
 * | L ≠ B, R = B           | push             | push             | push                    |
 * | L = B, R ≠ B           | push, pushedBack | pull             | pull                    |
 * | both changed, or no B  | push, pushedBack | pull, pulledOver | conflict                |
 *
 * Sets are merged element by element: see `mergeSet`. A field without a rule, and one that a side does not know, is not compared. Nor is one
 * under IGNORE: it is neither written nor taken over nor in conflict, and its base stays what we wrote last. One that ours leaves to them (it is absent)
 * is emptied once where what we said last still stands there.
 */
export function mergeFields(rules: KindRules, copies: ThreeCopies): FieldsMerge {
  const { ours, theirs } = copies;
  const base = copies.base ?? {};
  const words = Object.keys(rules).map(
    (field): Words => ({ field, rule: rules[field] as FieldRule, l: own(ours, field), b: own(base, field), r: own(theirs, field) }),
  );
  const merged = words
    .map(withdrawn)
    .flatMap(({ field, rule, l, b, r }) =>
      l === undefined || r === undefined ? [] : [{ field, rule, l, b, r, ...mergeField(rule, l, b, r, copies.isTakenOver === true) }],
    );
  const theirsAlone = words
    .filter(({ rule, l, r }) => rule.authority !== 'IGNORE' && l === undefined && r !== undefined)
    .map(({ field }) => [field, undefined]);
  const pushes = merged.filter(({ push }) => push !== undefined);
  const pulls = merged.filter(({ pull }) => pull !== undefined);
  const hadBoth = copies.base !== null || copies.wasLinked === true;
  return {
    push: fields(pushes.map(({ field, push }) => [field, push])),
    pull: fields(pulls.map(({ field, pull }) => [field, pull])),
    conflicts: merged.filter(({ isConflict }) => isConflict).map(({ field, l, b, r }) => ({ field, ours: l, base: b ?? null, theirs: r })),
    pushedBack: pushes.filter(({ overwrites }) => overwrites).map(({ field }) => field),
    pulledOver: pulls.filter(({ overwrites }) => overwrites).map(({ field }) => field),
    guarded: merged
      .filter(({ rule, push, pull }) => hadBoth && rule.isGuarded && (push !== undefined || pull !== undefined))
      .map(({ field }) => field),
    base: fields(Object.entries({ ...base, ...Object.fromEntries(theirsAlone), ...fields(merged.map((one) => [one.field, one.base])) })),
  };
}

/**
 * Of a field that ours leaves to them, where they have what we said last: nothing is to stand there. Otherwise what it refers to would be held for ever by one
 * that does not name it any more.
 */
function withdrawn(words: Words): Words {
  const { rule, l, b, r } = words;
  const isOfOurs = l === undefined && rule.authority !== 'THEM' && b !== undefined && r !== undefined && equalValues(b, r);
  return isOfOurs ? { ...words, l: null } : words;
}

function mergeField(
  { authority, isSet }: FieldRule,
  ours: FieldValue,
  base: FieldValue | undefined,
  theirs: FieldValue,
  isTakenOver: boolean,
): FieldMerge {
  if (authority !== 'IGNORE') return (isSet ? mergeSet : mergeScalar)(authority, ours, base, theirs);
  // What stands there is the word of the object that is no more, and nobody's.
  const isStale = isTakenOver && base !== undefined && equalValues(theirs, base) && !equalValues(ours, theirs);
  return isStale ? { push: ours, base: ours } : { base };
}

/** Names come from rules that people write: `constructor` is a field like any other. */
const own = (of: Fields, field: string): FieldValue | undefined => (Object.hasOwn(of, field) ? of[field] : undefined);
const fields = (entries: readonly (readonly [string, FieldValue | undefined])[]): Fields =>
  Object.fromEntries(entries.filter((entry): entry is readonly [string, FieldValue] => entry[1] !== undefined));
