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
   * What both have when push and pull are done. A field in conflict, under IGNORE, or that one side does not know now, keeps the base it had. Of a set
   * under US only our elements: one that others added is not ours to remove.
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
 * under IGNORE: it is neither written nor taken over nor in conflict, and its base stays what we wrote last.
 */
export function mergeFields(rules: KindRules, copies: ThreeCopies): FieldsMerge {
  const { theirs } = copies;
  const base = copies.base ?? {};
  const merged = Object.keys(rules)
    .map((field) => ({ field, rule: rules[field] as FieldRule, l: wordOf(field, copies), b: own(base, field), r: own(theirs, field) }))
    .flatMap(({ field, rule, l, b, r }) =>
      l === undefined || r === undefined ? [] : [{ field, rule, l, b, r, ...mergeField(rule, l, b, r, copies.isTakenOver === true) }],
    );
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
    base: { ...base, ...fields(merged.map((field) => [field.field, field.base])) },
  };
}

/**
 * What ours says of a field. Of one that it leaves to them, and that the object before it wrote: nothing is to stand there. Otherwise what that object referred to
 * would be held for ever by one that never named it.
 */
function wordOf(field: string, { ours, base, theirs, isTakenOver = false }: ThreeCopies): FieldValue | undefined {
  const [l, b, r] = [own(ours, field), base === null ? undefined : own(base, field), own(theirs, field)];
  return l === undefined && isTakenOver && b !== undefined && r !== undefined && equalValues(r, b) ? null : l;
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
