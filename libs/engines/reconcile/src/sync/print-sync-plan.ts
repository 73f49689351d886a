import { compareNatural } from '#engines/kernel';
import { changedFields, visible } from '../print-plan.js';
import type { Stop, StopCode } from './check-sync-brakes.js';
import type { SyncAction, SyncChange } from './sync-change.js';

const SIGN: Readonly<Record<SyncAction, string>> = {
  CREATE: '+',
  UPDATE: '~',
  DELETE: '-',
  DEPRECATE: '(-)',
  ADOPT: '=',
  RELINK: '=',
  UNLINK: '!',
  ACCEPT_GONE: '!',
};
const WORDS: Readonly<Record<SyncAction, string>> = {
  CREATE: 'to create',
  UPDATE: 'to change',
  DELETE: 'to delete',
  DEPRECATE: 'to mark as going away',
  ADOPT: 'to adopt',
  RELINK: 'to link again',
  UNLINK: 'to unlink',
  ACCEPT_GONE: 'gone there, and left so',
};

/**
 * The plan of a run for people: why it waits, a line of counts, then every change, by kind. Fields that are written there stand before an
 * arrow to the right; what is taken over here has one to the left; `(overwrites)` where somebody's change is lost.
 * Values come from other systems too, so control and invisible characters are shown as escapes.
 */
export function printSyncPlan(subject: string, changes: readonly SyncChange[], digest: string, stops: readonly Stop[] = []): string {
  const counts = (Object.keys(WORDS) as SyncAction[])
    .map((action) => ({ action, count: changes.filter((change) => change.action === action).length }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${count} ${WORDS[action]}`);
  const printed = [
    ...stops.map((stop) => `stopped: ${stopText(stop)}`),
    `${subject}: ${counts.length > 0 ? counts.join(', ') : 'nothing to do'} (plan ${digest.slice(0, 12)})`,
    ...changes.flatMap((change) => [
      `${SIGN[change.action]} ${change.kind} ${change.label}${note(change.action)}`,
      ...detail(change).map((line) => `    ${line}`),
    ]),
  ];
  return `${printed.map(visible).join('\n')}\n`;
}

/** One sentence about a stop, with its figures. */
export function stopText({ code, kind, count, of, limit }: Stop): string {
  const percent = `${Math.round(limit * 100)} %`;
  const sentences: Readonly<Record<StopCode, string>> = {
    INCOMPLETE_SCAN: `${kind}: not every page was read, so what is missing is not known to be gone`,
    NO_ROWS: `${kind}: nothing is there where there were ${of}`,
    SHRUNK: `${kind}: ${count} of ${of} rows are missing there, ${percent} may be`,
    OURS_SHRUNK: `${kind}: ${count} of ${of} of ours are missing there, ${percent} may be`,
    DELETES: `${kind}: ${count} would be deleted, ${limit} may be`,
    DELETE_SHARE: `${kind}: ${count} of ${of} would be deleted, ${percent} may be`,
    UPDATE_SHARE: `${kind}: ${count} of ${of} would be changed, ${percent} may be`,
    UNLINK_SHARE: `${kind}: our mark is gone from ${count} of ${of}, ${percent} may be`,
    GUARDED: `${kind}: ${count} changes of route targets, numbers or owners`,
    UNREMEMBERED: `${kind}: ${count} of ${of} are marked as ours and not wanted, and this Trame does not remember that it published them (after a restore, here or there, or an upgrade)`,
    UNCOUNTED: `${kind}: ${count} of its counts are no numbers`,
  };
  return sentences[code];
}

const note = (action: SyncAction): string =>
  action === 'CREATE' || action === 'UPDATE' || action === 'DELETE' ? '' : ` (${WORDS[action]})`;

function detail({ action, before, after, pull, overwritten }: SyncChange): string[] {
  const lost = (line: string): string => `${line}${overwritten.includes(fieldOf(line)) ? ' (overwrites)' : ''}`;
  const written = action === 'DELETE' || action === 'DEPRECATE' ? [] : changedFields(before, after);
  const taken = changedFields({}, pull).map((line) => line.replace(/^(.*?): none → /, '$1 ← '));
  return [...written, ...taken].sort((a, b) => compareNatural(fieldOf(a), fieldOf(b))).map(lost);
}
const fieldOf = (line: string): string => line.split(/: | ← /, 1)[0] ?? '';
