import { canonicalJson, digest, Ip, reverseName } from '#engines/kernel';
import type { OutsideZones } from '../desired/dns-records.js';
import type { RunCounts } from '../domain/sync-run.js';
import type { RunChange, RunState } from '../store/sync.store.js';
import { NO_COUNTS } from '../store/sync-run.store.js';

/** Where only forward zones are listed, every address has a line: those of the first show what is missing. */
const OUTSIDE_SHOWN = 200;
export const GONE_BY = 'it would be another now, or nothing: the next run looks at it';

/** Names and addresses that no zone of the list holds: nobody can ask for them. */
export function outsideLines(outside: readonly OutsideZones[], ttl: number): RunChange[] {
  const lines = outside.slice(0, OUTSIDE_SHOWN).map(({ name, address, missing }): RunChange => {
    const isName = missing === 'FORWARD_ZONE';
    return {
      zone: '',
      verb: 'CREATE',
      key: isName ? `${name}/${Ip.family(address) === 4 ? 'a' : 'aaaa'}` : `${reverseName(address)}/ptr`,
      after: { ttl, records: [isName ? address : `${name}.`] },
      reason: isName ? 'no zone of the connector holds this name' : 'no reverse zone of the connector holds this address',
    };
  });
  const more = outside.length - lines.length;
  return more === 0
    ? lines
    : [...lines, { zone: '', verb: 'CREATE', key: `${more} more`, reason: 'no zone of the connector holds these names and addresses' }];
}

/** The same change as one that a person has seen. */
export const sameChange = ({ zone, verb, key, before, after }: RunChange): string =>
  canonicalJson({ zone, verb, key, before: before ?? null, after: after ?? null });

/** Of what waits for a person; where nothing waits, of all lines. */
export function digestOf(lines: readonly RunChange[]): string {
  const held = lines.filter(({ isHeld }) => isHeld);
  return digest((held.length > 0 ? held : lines).map(sameChange));
}

/** What was done; of what was only shown nothing. */
export function countsOf(lines: readonly RunChange[], read: Pick<RunCounts, 'read' | 'unchanged'>): RunCounts {
  const done = lines.filter(({ reason, isOnlyShown }) => reason === undefined && isOnlyShown !== true);
  const count = (...verbs: readonly string[]): number => done.filter(({ verb }) => verbs.includes(verb)).length;
  return {
    ...NO_COUNTS,
    ...read,
    created: count('CREATE', 'CREATE_ZONE'),
    updated: count('UPDATE'),
    deleted: count('DELETE'),
    skipped: lines.filter(({ reason }) => reason !== undefined).length,
  };
}

export function stateOf(lines: readonly RunChange[], left: number): Exclude<RunState, 'BLOCKED_BY_GUARD'> {
  if (left === 0) return 'SUCCEEDED';
  return lines.some(({ reason, verb }) => reason === undefined && verb !== 'KEEP') ? 'PARTIAL' : 'FAILED';
}
