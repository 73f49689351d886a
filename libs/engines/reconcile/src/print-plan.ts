import { canonicalJson } from '#engines/kernel';
import { diffText } from './config/diff-text.js';
import type { Change, ChangeVerb, Plan } from './plan.js';

const SIGN: Readonly<Record<ChangeVerb, string>> = { DELETE: '-', UPDATE: '~', CREATE: '+', KEEP: ' ', FOREIGN: '!' };

/**
 * The plan for people: a line of counts, then every change; what stays as it is is only counted.
 * Values come from other systems too, so control and invisible characters are shown as escapes.
 */
export function printPlan(plan: Plan<unknown>): string {
  const count = (verb: ChangeVerb): number => plan.changes.filter((change) => change.verb === verb).length;
  const counts = [
    `${count('DELETE')} to delete`,
    `${count('UPDATE')} to change`,
    `${count('CREATE')} to create`,
    `${count('KEEP')} unchanged`,
    ...(count('FOREIGN') > 0 ? [`${count('FOREIGN')} held by someone else`] : []),
  ];
  const printed = [`${plan.subject}: ${counts.join(', ')} (plan ${plan.digest.slice(0, 12)})`];
  for (const change of plan.changes) {
    if (change.verb !== 'KEEP') printed.push(`${SIGN[change.verb]} ${change.key}`, ...detail(change).map((line) => `    ${line}`));
  }
  return `${printed.map(visible).join('\n')}\n`;
}

function detail({ verb, before, after }: Change<unknown>): string[] {
  if (verb === 'UPDATE' && typeof before === 'string' && typeof after === 'string') return lines(diffText(before, after)).slice(2);
  if (verb === 'UPDATE' && isRecord(before) && isRecord(after)) return changedFields(before, after);
  if (verb === 'FOREIGN') return [...valueLines(before, 'has  '), ...valueLines(after, 'wants')];
  return [...(before === null ? [] : valueLines(before, '-')), ...(after === null ? [] : valueLines(after, '+'))];
}

export function changedFields(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((name) => text(before[name]) !== text(after[name]))
    .map((name) => `${name}: ${text(before[name])} → ${text(after[name])}`);
}

/** A text of several lines (a configuration) is shown line by line, anything else as canonical JSON. */
function valueLines(value: unknown, sign: string): string[] {
  return (typeof value === 'string' ? lines(value) : [text(value)]).map((line) => `${sign} ${line}`);
}

const lines = (value: string): string[] => value.replace(/\n$/, '').split('\n');
const text = (value: unknown): string => (value === undefined ? 'none' : canonicalJson(value));
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
export const visible = (line: string): string =>
  line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
