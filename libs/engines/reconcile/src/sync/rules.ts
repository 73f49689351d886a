/**
 * Whose word counts where both sides say something. LAST_WRITER_WITH_REVIEW: the side that changed; both changed is a conflict for a person.
 * IGNORE: nobody's. Each side keeps what it says; it is written there once, when the object is made.
 */
export type Authority = 'US' | 'THEM' | 'LAST_WRITER_WITH_REVIEW' | 'IGNORE';
/** Of a field that is compared. */
export type ComparedAuthority = Exclude<Authority, 'IGNORE'>;

export interface FieldRule {
  readonly authority: Authority;
  /** The value is a set: merged element by element, elements of others stay. */
  readonly isSet?: boolean;
  /** RD, RT, VNI, owner of what is allocated: a change of an object that both had before waits for a person. */
  readonly isGuarded?: boolean;
}

/** By field; a field without a rule is not compared. */
export type KindRules = Readonly<Record<string, FieldRule>>;
