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
   * What both have when push and pull are done. A field in conflict, or that one side does not know now, keeps the base it had. Of a set
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
 * Sets are merged element by element: see `mergeSet`. A field without a rule, and one that a side does not know, is not compared.
 */
export function mergeFields(rules: KindRules, copies: ThreeCopies): FieldsMerge {
  const { ours, theirs } = copies;
  const base = copies.base ?? {};
  const merged = Object.keys(rules)
    .map((field) => ({ field, rule: rules[field] as FieldRule, l: own(ours, field), b: own(base, field), r: own(theirs, field) }))
    .flatMap(({ field, rule, l, b, r }) =>
      l === undefined || r === undefined ? [] : [{ field, rule, l, b, r, ...mergeField(rule, l, b, r) }],
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

function mergeField(rule: FieldRule, ours: FieldValue, base: FieldValue | undefined, theirs: FieldValue): FieldMerge {
  return rule.isSet ? mergeSet(rule.authority, ours, base, theirs) : mergeScalar(rule.authority, ours, base, theirs);
}

/** Names come from rules that people write: `constructor` is a field like any other. */
const own = (of: Fields, field: string): FieldValue | undefined => (Object.hasOwn(of, field) ? of[field] : undefined);
const fields = (entries: readonly (readonly [string, FieldValue | undefined])[]): Fields =>
  Object.fromEntries(entries.filter((entry): entry is readonly [string, FieldValue] => entry[1] !== undefined));
