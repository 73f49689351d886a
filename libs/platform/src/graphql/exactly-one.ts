import { DomainError } from '#engines/kernel';

/**
 * A thing is asked for by one of its names. Two of them could contradict each other, and none would be answered like one that does not
 * exist. @throws DomainError INVALID_VALUE.
 */
export function exactlyOne(names: Readonly<Record<string, unknown>>): void {
  const given = Object.values(names).filter((value) => value !== null && value !== undefined);
  if (given.length === 1) return;
  const accepted = `exactly one of ${Object.keys(names).join(', ')}`;
  throw new DomainError('INVALID_VALUE', `give ${accepted}`, { accepted });
}
