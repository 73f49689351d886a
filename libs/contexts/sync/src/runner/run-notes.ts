import type { InventoryKind } from '../inventory/kinds.js';
import type { ForeignCapabilities } from '../ports/index.js';
import type { Tally } from '../store/sync-change.store.js';

export const sum = (tally: readonly Tally[], is: (line: Tally) => boolean): number =>
  tally.filter(is).reduce((all, { count }) => all + count, 0);
export const isLeft = ({ state }: Tally): boolean => state === 'REFUSED' || state === 'SKIPPED' || state === 'STALE';

/**
 * What a person should know of a run that came to its end, beside its counts: they are those of the plan where nothing was written.
 * @param how `isComplete`: everything was looked at; `isShown`: the connector observes.
 * @returns null: nothing.
 */
export function notesOf(
  { capabilities }: { readonly capabilities: ForeignCapabilities },
  tally: readonly Tally[],
  how: { readonly isComplete: boolean; readonly isShown: boolean },
): string | null {
  const count = (of: (line: Tally) => boolean, words: string): string[] => {
    const lines = sum(tally, of);
    return lines > 0 ? [`${lines} of its lines ${words}`] : [];
  };
  const notes = [
    ...(how.isShown ? count(({ state }) => state === 'PLANNED', 'are shown and were not written: the connector is in OBSERVE') : []),
    ...count(isLeft, 'were not carried out'),
    ...count(({ state }) => state === 'PROPOSED', 'are proposed, and wait until somebody adopts them'),
    ...(how.isComplete ? leftAloneOf(capabilities.lacking ?? new Map()) : []),
  ];
  return notes.length === 0 ? null : notes.join('; ');
}

/** Kinds that lack the same are said together. */
function leftAloneOf(lacking: ReadonlyMap<InventoryKind, string>): string[] {
  const kinds = new Map<string, InventoryKind[]>();
  for (const [kind, words] of lacking) kinds.set(words, [...(kinds.get(words) ?? []), kind]);
  return [...kinds].map(([words, of]) => `${of.join(', ')} left alone: ${words}`);
}
