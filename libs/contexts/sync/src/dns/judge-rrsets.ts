import { canonicalJson } from '#engines/kernel';
import type { ActualItem, Item } from '#engines/reconcile';
import type { RrsetValue, ServedRrset } from '../ports/index.js';
import type { RunChange } from '../store/sync.store.js';
import { EVERYBODYS_MARK } from './zone-owner.js';

/** Whose the record sets are that stand in a zone. */
export interface ZoneClaims {
  judge(served: readonly ServedRrset[], desired: readonly Item<RrsetValue>[]): Promise<JudgedRrsets>;
  /** Why a name that is wanted is not written where another mark, or none, stands. */
  whyNot(markedBy: string | undefined): string;
}

export interface JudgedRrsets {
  /** As plans take them: what is taken over is owned, and is to be marked. */
  readonly actual: readonly ActualItem<RrsetValue>[];
  /** Marked as we did before, and no name of ours: whose it is, nobody knows. Left alone and told. */
  readonly unclaimed: readonly ServedRrset[];
}

/** Wanted, marked as everybody did before, and another value: ours only if we wrote what stands there. */
export const doubtful = (served: readonly ServedRrset[], desired: readonly Item<RrsetValue>[]): string[] => {
  const wanted = new Map(desired.map(({ key, value }) => [key, value]));
  const isDoubtful = ({ key, value, markedBy }: ServedRrset): boolean => {
    const ours = wanted.get(key);
    return markedBy === EVERYBODYS_MARK && ours !== undefined && !saysTheSame(ours, value);
  };
  return served.filter(isDoubtful).map(({ key }) => key);
};

/**
 * What carries a mark of before is taken over where the same name is wanted here and it cannot be somebody else's: it says the same, or it is what this
 * connector wrote last (`written`, by each witness), or the mark is of one connector alone. It is never deleted.
 */
export function judgeRrsets(
  served: readonly ServedRrset[],
  desired: readonly Item<RrsetValue>[],
  formerIds: readonly string[],
  written: ReadonlyMap<string, readonly RrsetValue[]>,
): JudgedRrsets {
  const wanted = new Map(desired.map(({ key, value }) => [key, value]));
  const unclaimed: ServedRrset[] = [];
  const actual = served.map((rrset): ActualItem<RrsetValue> => {
    const { key, value, owned, markedBy } = rrset;
    if (owned || markedBy === undefined || !formerIds.includes(markedBy)) return { key, value, owned };
    const ours = wanted.get(key);
    if (ours === undefined) unclaimed.push(rrset);
    const isOurs =
      ours !== undefined &&
      (markedBy !== EVERYBODYS_MARK || [ours, ...(written.get(key) ?? [])].some((known) => saysTheSame(known, value)));
    return isOurs ? { key, value, owned: true, mustBeMarked: true } : { key, value, owned: false };
  });
  return { actual, unclaimed };
}

const UNCLAIMED =
  'no name of this fabric, and not known to be ours to delete: it is marked as every Trame did before, or by a connector that is switched off; delete it there if nobody needs it';
/** A zone may be full of another's. */
const TOLD = 20;

/** What is left alone because nobody knows whose it is. */
export function unclaimedLines(zone: string, unclaimed: readonly ServedRrset[]): RunChange[] {
  const lines = unclaimed.slice(0, TOLD).map(({ key, value }) => ({ zone, verb: 'FOREIGN', key, before: value, reason: UNCLAIMED }));
  const more = unclaimed.length - lines.length;
  return more === 0 ? lines : [...lines, { zone, verb: 'FOREIGN', key: `${more} more`, reason: UNCLAIMED }];
}

/** Whoever says another TTL for the same records does not thereby give them up. */
const saysTheSame = (one: RrsetValue, other: RrsetValue): boolean => canonicalJson(one.records) === canonicalJson(other.records);
