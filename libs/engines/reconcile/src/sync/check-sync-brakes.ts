/** What one run found and would do in one kind. */
export interface SyncCounts {
  readonly kind: string;
  /** Objects that our mapping names, before the run. */
  readonly known: number;
  /** Rows of theirs that the scan returned, foreign ones included. */
  readonly seen: number;
  /** Rows of the last complete scan, plus what we created and minus what we deleted since; null: there was none. */
  readonly seenBefore: number | null;
  /** Of the rows that the scan returned, those that our mapping names. */
  readonly seenOurs: number;
  /** The same of the last complete scan, plus what became ours since, as far as our mapping still names it; null: there was none. */
  readonly seenOursBefore: number | null;
  /** Every page was read, of one release, with nothing refused in between. */
  readonly isComplete: boolean;
  /** DEPRECATE and DELETE. */
  readonly deletes: number;
  /** UPDATE, and each RELINK and ADOPT that writes fields of theirs. */
  readonly updates: number;
  /** RELINK and ADOPT: they are ours once the run is done, and were not all known before it. */
  readonly joins: number;
  /** UNLINK: a custom field that was removed takes all marks at once. */
  readonly unlinks: number;
  /** Changes that touch a guarded field. */
  readonly guarded: number;
}

export interface SyncLimits {
  /** Shares of `known`, 0…1, asked from `minKnown` objects on. */
  readonly maxDeleteRatio: number;
  readonly maxUpdateRatio: number;
  readonly minKnown: number;
  /** Whatever is known. */
  readonly maxDeletes: number;
  /** Share of `seenBefore`, 0…1, by which their set may be smaller. */
  readonly maxShrinkRatio: number;
}

export const SYNC_LIMITS: SyncLimits = { maxDeleteRatio: 0.1, maxUpdateRatio: 0.3, minKnown: 10, maxDeletes: 25, maxShrinkRatio: 0.2 };

export type StopCode =
  | 'INCOMPLETE_SCAN'
  | 'NO_ROWS'
  | 'SHRUNK'
  | 'OURS_SHRUNK'
  | 'DELETES'
  | 'DELETE_SHARE'
  | 'UPDATE_SHARE'
  | 'UNLINK_SHARE'
  | 'GUARDED'
  | 'UNREMEMBERED'
  | 'UNCOUNTED';

/** Why a run waits for a person; `count` of `of` where `limit` is allowed. */
export interface Stop {
  readonly code: StopCode;
  readonly kind: string;
  readonly count: number;
  readonly of: number;
  readonly limit: number;
}

/**
 * A run that deletes or changes much, or that sees much less than before, is more often a fault (a permission lost, a page that failed, a
 * restore) than a wish.
 *
 * | code            | stops when                                                              |
 * |-----------------|-------------------------------------------------------------------------|
 * | INCOMPLETE_SCAN | not every page was read                                                 |
 * | NO_ROWS         | none where there were some, or where our mapping names some             |
 * | SHRUNK          | the set is smaller by more than `maxShrinkRatio`                        |
 * | OURS_SHRUNK     | more than that of ours are not shown, however many others came; one is  |
 * |                 | no set. Not said a second time where all rows are ours                  |
 * | DELETES         | more than `maxDeletes`                                                  |
 * | DELETE_SHARE    | more than `maxDeleteRatio` of the known, where `minKnown` are           |
 * | UPDATE_SHARE    | more than `maxUpdateRatio` of the known, or of those that become known, |
 * |                 | where `minKnown` are                                                    |
 * | UNLINK_SHARE    | a larger share of the marks is gone than may be deleted                 |
 * | GUARDED         | any guarded field of an object that both had                            |
 * | UNREMEMBERED    | not counted here: of record sets, whose mapping and marks are read as a |
 * |                 | whole (contexts/sync): any that is marked, not wanted and not mapped    |
 * | UNCOUNTED       | a count is no whole number from 0 on: nothing is known of such a run    |
 *
 * Every comparison is written so that a limit that is no number stops the run. @returns empty: go on.
 */
export function checkSyncBrakes(counts: readonly SyncCounts[], limits: SyncLimits): readonly Stop[] {
  return counts.flatMap((kind) => stopsOf(kind, limits));
}

function stopsOf(counts: SyncCounts, limits: SyncLimits): Stop[] {
  const { kind, known, seen, seenOurs, deletes, updates, joins, unlinks, guarded } = counts;
  const all = [known, seen, seenOurs, deletes, updates, joins, unlinks, guarded, counts.seenBefore ?? 0, counts.seenOursBefore ?? 0];
  const uncounted = all.filter((count) => !isCount(count));
  if (uncounted.length > 0) return [{ code: 'UNCOUNTED', kind, count: uncounted.length, of: all.length, limit: 0 }];
  const seenBefore = Math.max(counts.seenBefore ?? 0, 0);
  const missing = Math.max(seenBefore - seen, 0);
  const oursBefore = Math.max(counts.seenOursBefore ?? 0, 0);
  const missingOurs = Math.max(oursBefore - seenOurs, 0);
  const hadSome = Math.max(seenBefore, known) > 0;
  const isWithin = (part: number, ratio: number, of = known): boolean => of < limits.minKnown || part / Math.max(of, 1) <= ratio;
  const isSaid = missingOurs === missing && oursBefore === seenBefore;
  const isFew = missingOurs <= 1 || missingOurs / Math.max(oursBefore, 1) <= limits.maxShrinkRatio;
  const touched = Math.max(known, joins);
  const stop = (code: StopCode, count: number, of: number, limit: number): Stop => ({ code, kind, count, of, limit });
  return [
    ...(counts.isComplete ? [] : [stop('INCOMPLETE_SCAN', seen, seenBefore, seenBefore)]),
    ...(hadSome && seen === 0 ? [stop('NO_ROWS', 0, Math.max(seenBefore, known), 1)] : []),
    ...(missing / Math.max(seenBefore, 1) <= limits.maxShrinkRatio ? [] : [stop('SHRUNK', missing, seenBefore, limits.maxShrinkRatio)]),
    ...(isFew || isSaid ? [] : [stop('OURS_SHRUNK', missingOurs, oursBefore, limits.maxShrinkRatio)]),
    ...(deletes <= limits.maxDeletes ? [] : [stop('DELETES', deletes, known, limits.maxDeletes)]),
    ...(isWithin(deletes, limits.maxDeleteRatio) ? [] : [stop('DELETE_SHARE', deletes, known, limits.maxDeleteRatio)]),
    ...(isWithin(updates, limits.maxUpdateRatio, touched) ? [] : [stop('UPDATE_SHARE', updates, touched, limits.maxUpdateRatio)]),
    ...(isWithin(unlinks, limits.maxDeleteRatio) ? [] : [stop('UNLINK_SHARE', unlinks, known, limits.maxDeleteRatio)]),
    ...(guarded === 0 ? [] : [stop('GUARDED', guarded, known, 0)]),
  ];
}

const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 0;
