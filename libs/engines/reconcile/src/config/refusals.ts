/** What a merge does not do without a person, and why. */
import { DomainError } from '#engines/kernel';
import type { FactNode } from './fact-node.js';
import type { SectionPath } from './dialect.js';
import { factsOf, type Level } from './level.js';

export type RemediationErrorCode = 'LINE_NOT_SENDABLE' | 'FOREIGN_LINE_TAKEN' | 'FOREIGN_LINES_IN_ORDERED_SECTION';

export class RemediationError extends DomainError<
  RemediationErrorCode,
  { readonly section: string; readonly line: string; readonly found?: string }
> {}

/** Words that would leave, end or bypass the configuration session. */
const NOT_CONFIGURATION =
  /^(?:end|exit|abort|commit|configure|rollback|copy|write|show|bash|reload|enable|disable|run|do|delete|erase)(?=\s|$)/;

export function refuseUnsendable(path: SectionPath, fact: FactNode): void {
  if (!fact.isVerbatim && !NOT_CONFIGURATION.test(fact.text)) return;
  const line = fact.text.slice(0, 200);
  throw new RemediationError('LINE_NOT_SENDABLE', `${JSON.stringify(line)} is not one configuration command of EOS`, {
    section: path.join(' / '),
    line,
  });
}

/** A VLAN mapping, an RD or a port's VLAN that somebody else has set otherwise is not ours to change. */
export function refuseForeignClaim({ dialect, path, running, previous }: Level, wanted: FactNode): void {
  if (!dialect.isClaim(path, wanted.text)) return;
  const found = siblingWithKey(running, wanted);
  if (found === undefined || siblingWithKey(previous, found) !== undefined || previous?.children.has(found.text) === true) return;
  throw new RemediationError(
    'FOREIGN_LINE_TAKEN',
    `${path.join(' / ')}: wanted "${wanted.text}", but "${found.text}" is there and is not ours`,
    {
      section: path.join(' / '),
      line: wanted.text,
      found: found.text,
    },
  );
}

/** Another line of the section that excludes this one: same command, other value. */
export function siblingWithKey(section: FactNode | undefined, { text, key }: FactNode): FactNode | undefined {
  return factsOf(section).find((other) => other.key === key && other.text !== text);
}
