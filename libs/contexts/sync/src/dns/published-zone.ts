/** The second witness of a zone: what stands there with our mark is deleted by itself only where this database knows that it was published. */
import type { ActualItem, Item } from '#engines/reconcile';
import type { RrsetValue } from '../ports/index.js';

/** What is known of a record set that was published. */
export interface PublishedSet {
  /** Null: it stood there when it was last looked at. Otherwise something was sent for it, and nobody knows what came of it: FRESH, it may still come. */
  readonly doubt: 'FRESH' | 'OLD' | null;
  /** The name server gave another answer than was written. */
  readonly answersOtherwise: boolean;
}

export interface PublishedZone {
  /** By key. */
  readonly sets: ReadonlyMap<string, PublishedSet>;
  /** Record sets of ours as a release before left them, which kept no more than their number; null: they have been looked at since. */
  readonly countBefore: number | null;
}

/** What a complete reading of a zone says of its rows. */
export interface ZoneReading {
  /** Marked as ours, wanted, and without a row: the rows were lost, or are of a release before that had none. */
  readonly learnt: readonly Item<RrsetValue>[];
  /** Keys of what was in doubt and stands there. */
  readonly certain: readonly string[];
  /** Keys of rows whose record set is not there, or no more ours. */
  readonly gone: readonly string[];
  /** Keys of what is marked as ours, not wanted, and without a row: a person says whether it goes. */
  readonly unremembered: ReadonlySet<string>;
}

/** Record sets of ours that were there before, and those of them that still are. */
export interface ZoneMeasure {
  readonly seenOurs: number;
  readonly seenOursBefore: number;
}

/** @param actual all of the zone, `owned` as judged. */
export function readPublished(
  { sets }: PublishedZone,
  actual: readonly ActualItem<RrsetValue>[],
  desired: readonly Item<RrsetValue>[],
): ZoneReading {
  const wanted = new Set(desired.map(({ key }) => key));
  const ours = actual.filter(({ owned }) => owned);
  const standing = new Set(ours.map(({ key }) => key));
  const strange = ours.filter(({ key }) => !sets.has(key));
  const rows = [...sets];
  return {
    learnt: strange.flatMap(({ key, value, mustBeMarked }) => (wanted.has(key) && mustBeMarked !== true ? [{ key, value }] : [])),
    certain: rows.flatMap(([key, { doubt }]) => (doubt !== null && standing.has(key) && wanted.has(key) ? [key] : [])),
    gone: rows.flatMap(([key, { doubt }]) => (doubt !== 'FRESH' && !standing.has(key) ? [key] : [])),
    unremembered: new Set(strange.flatMap(({ key }) => (wanted.has(key) ? [] : [key]))),
  };
}

/** What is in doubt is no part of it: a run that ended between sending and being answered looks like no loss. */
export function measureOf({ sets, countBefore }: PublishedZone, actual: readonly ActualItem<RrsetValue>[]): ZoneMeasure {
  const ours = actual.filter(({ owned }) => owned);
  if (countBefore !== null) return { seenOurs: ours.length, seenOursBefore: countBefore };
  return {
    seenOurs: ours.filter(({ key }) => sets.get(key)?.doubt === null).length,
    seenOursBefore: [...sets.values()].filter(({ doubt }) => doubt === null).length,
  };
}
