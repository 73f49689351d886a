import type { RrsetValue } from '#contexts/sync/ports';
import { type ApiRrset, type RrsetWrite, valueOf } from './api-rrset.js';

/** EXTEND and PRUNE: since 4.9.12 and 5.0.2, and not in 5.0.0 and 5.0.1. @param version as the server says it; what is not understood has neither. */
export function hasRecordChanges(version: string): boolean {
  const [, major, minor, patch] = (/^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major === undefined || minor === undefined || patch === undefined) return false;
  if (major === 4) return minor > 9 || (minor === 9 && patch >= 12);
  return major > 5 || (major === 5 && (minor > 0 || patch >= 2));
}

/**
 * One record more or one less of a set of ours, as the record alone: the rest of the set is not sent. The TTL must be said and be that of the set (4.9 does
 * not look, and then has two). Not where a record is disabled: the server does not see it, and drops it, or with the last other record the whole set.
 * @returns undefined where the whole set is to be sent.
 */
export function recordChange(
  { name, type }: Pick<RrsetWrite, 'name' | 'type'>,
  present: ApiRrset,
  after: RrsetValue,
): RrsetWrite | undefined {
  if (present.ttl !== after.ttl || present.records.some(({ disabled }) => disabled)) return undefined;
  const before = valueOf(present).records;
  const [more, less] = [after.records.filter((one) => !before.includes(one)), before.filter((one) => !after.records.includes(one))];
  const [record, ...others] = [...more, ...less];
  if (record === undefined || others.length > 0) return undefined;
  return { name, type, changetype: more.length > 0 ? 'EXTEND' : 'PRUNE', ttl: after.ttl, records: [{ content: record, disabled: false }] };
}
