import { DomainError } from '#engines/kernel';

/** What becomes of an object of ours that somebody removed there: written again, left away, or left to a person. */
export type GonePolicy = 'RECREATE' | 'ACCEPT' | 'HOLD';
/** How far the deletion of an object is that we removed: not begun, shown there as going away, and the grace period is over. */
export type RetirePhase = 'NONE' | 'GRACE' | 'DUE';

/** An object of theirs, as far as its existence is judged. */
export interface Sighting {
  readonly remoteId: string;
  /** The id of ours that the mark in it names; null: no mark. */
  readonly mark: string | null;
  /** Our mapping names it for an object of ours, be it another one. */
  readonly isLinked: boolean;
  /**
   * It is kept for an object of ours that is no more: our mapping names that one, and so does its mark; or the mark names the one whose place is looked for
   * already, which took it over as far as that.
   */
  readonly isLeft?: boolean;
  /** It carries the mark of the object that our mapping names it for as an earlier release wrote it: both witnesses agree, and the mark is to be written anew. */
  readonly isMarkedBefore?: boolean;
}

export interface ExistenceFacts {
  /** Our mapping; null: there is none for this pair. */
  readonly link: { readonly localId: string; readonly phase: RetirePhase } | null;
  /** Id of ours where it is there. Without a link: the one that a place is looked for. */
  readonly ours: string | null;
  /** The object that the link names; null: it is not there, or there is no link. */
  readonly theirs: Sighting | null;
  /** Where ours is there and theirs is not: others with our mark, or with the natural key of ours. */
  readonly alike?: readonly Sighting[];
  /** Where theirs is not there: the system can show what was deleted, and does not show it of this one. It may only be hidden from us. */
  readonly isGoneUnproven?: boolean;
  readonly whenGone: GonePolicy;
}

/** The natural key is held there by what is mapped to another object of ours, which is still there or of which the mark says something else; or by what carries another owner's mark. */
export type ForeignReason = 'KEY_HELD_BY_OURS' | 'KEY_HELD_BY_ANOTHER';

export type Existence =
  | { readonly verdict: 'MERGE' | 'CREATE' | 'RECREATE' | 'FORGET' }
  | { readonly verdict: 'RELINK' | 'SUCCEED'; readonly remoteId: string }
  /** Made again it would perhaps be there twice: a person says. */
  | { readonly verdict: 'PROPOSE_RECREATION' }
  /** More than one candidate: only a person can choose, whatever the connector's setting. */
  | { readonly verdict: 'PROPOSE_ADOPTION'; readonly candidates: readonly string[] }
  | { readonly verdict: 'FOREIGN'; readonly reason: ForeignReason; readonly remoteId: string }
  | { readonly verdict: 'REMOTE_GONE'; readonly policy: 'ACCEPT' | 'HOLD' }
  | { readonly verdict: 'RETIRE'; readonly step: 'DEPRECATE' | 'WAIT' | 'DELETE' }
  | { readonly verdict: 'UNLINK'; readonly reason: 'MARK_GONE' | 'MARK_OF_ANOTHER' };

/**
 * What an object of ours, or that our mapping names, comes to. Nothing is deleted but by RETIRE, which takes two witnesses: the link and the mark. What is
 * theirs alone is not judged: it is only met where it is in the place of one of ours (`alike`).
 *
 * | link | ours | theirs | mark in theirs      | verdict                                                                    |
 * |------|------|--------|---------------------|----------------------------------------------------------------------------|
 * | yes  | yes  | yes    | ours                | MERGE                                                                      |
 * | yes  | yes  | yes    | ours, as an earlier | SUCCEED: the mark is written anew                                          |
 * |      |      |        | release wrote it    |                                                                            |
 * | yes  | yes  | yes    | gone, or another's  | UNLINK: somebody took it out of our hands                                  |
 * | yes  | yes  | –      |                     | RELINK where one with our mark is found (renumbered, restored), else        |
 * |      |      |        |                     | REMOTE_GONE under ACCEPT and HOLD; under RECREATE as without a link,        |
 * |      |      |        |                     | and RECREATE instead of CREATE; PROPOSE_RECREATION where the system could   |
 * |      |      |        |                     | prove that it was deleted and does not                                     |
 * | yes  | –    | yes    | ours                | RETIRE: DEPRECATE, WAIT for the grace period, DELETE                       |
 * | yes  | –    | yes    | gone, or another's  | UNLINK: never deleted                                                      |
 * | yes  | –    | –      |                     | FORGET                                                                     |
 * | –    | yes  | –      |                     | by `alike`: RELINK with our mark; PROPOSE_ADOPTION without any mark;       |
 * |      |      |        |                     | SUCCEED where it was kept for one that we removed: the new one of the same |
 * |      |      |        |                     | key takes it over, or goes on to where it was interrupted; FOREIGN where only others hold the key; CREATE where    |
 * |      |      |        |                     | nobody does                                                                |
 *
 * @throws INVALID_VALUE without link and ours: there is nothing to judge.
 */
export function judgeExistence(facts: ExistenceFacts): Existence {
  const { link, ours, theirs, whenGone } = facts;
  if (link) {
    if (theirs) return judgeMapped(link, ours, theirs);
    if (ours === null) return { verdict: 'FORGET' };
    const marked = relink(ours, facts.alike ?? []);
    if (marked) return marked;
    if (whenGone !== 'RECREATE') return { verdict: 'REMOTE_GONE', policy: whenGone };
    return judgePlace(ours, facts.alike ?? []) ?? { verdict: facts.isGoneUnproven === true ? 'PROPOSE_RECREATION' : 'RECREATE' };
  }
  if (ours === null) throw new DomainError('INVALID_VALUE', 'existence is judged of a link or an object of ours', {});
  return judgePlace(ours, facts.alike ?? []) ?? { verdict: 'CREATE' };
}

function judgeMapped(link: { localId: string; phase: RetirePhase }, ours: string | null, theirs: Sighting): Existence {
  if (ours !== null && theirs.isMarkedBefore === true) return { verdict: 'SUCCEED', remoteId: theirs.remoteId };
  if (theirs.mark !== link.localId) return { verdict: 'UNLINK', reason: theirs.mark === null ? 'MARK_GONE' : 'MARK_OF_ANOTHER' };
  if (ours !== null) return { verdict: 'MERGE' };
  return { verdict: 'RETIRE', step: ({ NONE: 'DEPRECATE', GRACE: 'WAIT', DUE: 'DELETE' } as const)[link.phase] };
}

/** Is there something already in the place of ours? undefined: nobody. */
function judgePlace(ours: string, alike: readonly Sighting[]): Existence | undefined {
  const marked = relink(ours, alike);
  if (marked) return marked;
  const left = alike.find(({ mark, isLinked, isLeft }) => isLeft === true && isLinked && mark !== null);
  if (left) return { verdict: 'SUCCEED', remoteId: left.remoteId };
  const free = alike.filter(({ mark, isLinked }) => mark === null && !isLinked);
  if (free.length > 0) return { verdict: 'PROPOSE_ADOPTION', candidates: free.map(({ remoteId }) => remoteId) };
  const [holder] = alike;
  if (!holder) return undefined;
  return { verdict: 'FOREIGN', reason: holder.isLinked ? 'KEY_HELD_BY_OURS' : 'KEY_HELD_BY_ANOTHER', remoteId: holder.remoteId };
}

function relink(ours: string, alike: readonly Sighting[]): Existence | undefined {
  const marked = alike.find(({ mark, isLinked }) => mark === ours && !isLinked);
  return marked && { verdict: 'RELINK', remoteId: marked.remoteId };
}
