/** A device that ran before it was ours: what it says against what would be pushed to it. Pure. */
import type { DeviceIntent } from '#engines/intent';
import type { Artefact } from '#engines/rendering';
import type { DeviceCollection } from '../ports/index.js';
import type { DriftFinding } from './drift.js';
import { compareDevice } from './drift-compare.js';
import type { DeviceRecord } from './plan.js';

/** The last reading of a device before the first plan for it. */
export type TakeoverReading =
  | {
      readonly desiredDigest: string /** In words, one line each; none: nothing changes there. */;
      readonly differences: readonly string[];
      readonly error: null;
    }
  | { readonly desiredDigest: null; readonly differences: readonly string[]; readonly error: string };

/** It was adopted and nothing was ever confirmed on it, or it was only observed since. */
export const isTakeover = ({ adopted }: DeviceIntent, record: DeviceRecord | undefined): boolean =>
  record?.isRetaken === true || (adopted !== undefined && (record === undefined || record.verifiedIntent === null));

/** What was read is of what shall be pushed now; of a device that could not be read the reason is the answer. */
export const isReadFor = (reading: TakeoverReading | undefined, desiredDigest: string): boolean =>
  reading !== undefined && (reading.desiredDigest === null || reading.desiredDigest === desiredDigest);

/** @returns none exactly when what would be pushed means the same to the device as what it has. */
export function takeoverDifferences(
  { deviceId, slug, adopted }: DeviceIntent,
  desiredDigest: string,
  artefacts: readonly Artefact[],
  seen: DeviceCollection,
): readonly string[] {
  const base = { deviceId, slug, verifiedDigest: desiredDigest, verifiedArtefacts: artefacts, unconfirmed: [], secondsSincePush: null };
  return compareDevice({ ...base, kept: adopted?.kept ?? [] }, seen)
    .findings.filter(isChange)
    .map(inWords);
}

/** What the next reload boots is the same before and after. */
const isChange = ({ kind }: DriftFinding): boolean => kind !== 'UNSAVED';

const inWords = ({ path, section, intended, observed }: DriftFinding): string =>
  [path, ...section, `${said(intended)} instead of ${said(observed)}`].join(' / ');
const said = (line: string | null): string => (line === null ? 'nothing' : `"${line.split('\n')[0] ?? ''}"`);

/** Why a person is asked before the first push, in one sentence. */
export function takeoverReason(slug: string, desiredDigest: string, reading: TakeoverReading | undefined, isAgain = false): string {
  const first = isAgain ? `${slug} was only observed and is taken over again` : `${slug} is taken over for the first time`;
  if (reading?.error != null) return `${first}, and it could not be read: ${reading.error}`;
  if (reading === undefined || reading.desiredDigest !== desiredDigest) return `${first}: what a person wrote there is replaced.`;
  const [example, ...others] = reading.differences;
  if (example === undefined) return `${first}: what runs there means the same, and nothing changes.`;
  return `${first}, and ${others.length + 1} of its lines become others, the first: ${example}`;
}
