import type { KindRules } from './rules.js';
import type { Fields, FieldValue } from './values.js';

export interface FieldConflict {
  readonly field: string;
  readonly ours: FieldValue;
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
  /** What both have when push and pull are done; a field in conflict keeps the base it had. */
  readonly base: Fields;
}

export interface ThreeCopies {
  readonly ours: Fields;
  /** What both had when they last agreed; null: they never did (adopted just now). */
  readonly base: Fields | null;
  readonly theirs: Fields;
}

export type MergeFields = (rules: KindRules, copies: ThreeCopies) => FieldsMerge;
