/** What a device says otherwise than what was last confirmed on it. */
import type { DeviceId } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import type { DeviceCollection } from '../ports/index.js';

/**
 * OURS_MISSING, OURS_CHANGED: a line that we put there. FOREIGN_IN_OWNED_SECTION: somebody's line where we have lines, too. SECRET_CHANGED: the
 * same line with another secret. ORDER_CHANGED: the same lines where their order counts. UNSAVED: the next reload boots something else.
 * What stands elsewhere is counted and is no item.
 */
export const DRIFT_KINDS = [
  'OURS_MISSING',
  'OURS_CHANGED',
  'FOREIGN_IN_OWNED_SECTION',
  'SECRET_CHANGED',
  'ORDER_CHANGED',
  'UNSAVED',
] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];
export type DriftRisk = 'LOW' | 'MEDIUM' | 'HIGH';

export interface DriftFinding {
  readonly kind: DriftKind;
  /** Path of the artefact: a file, or `running-config`. */
  readonly path: string;
  /** Headers above, outermost first, canonical. */
  readonly section: readonly string[];
  /** Canonical line, or a header with the lines below it; secrets as fingerprints; null: nothing. */
  readonly intended: string | null;
  readonly observed: string | null;
  readonly risk: DriftRisk;
  /** One sentence for people. */
  readonly likelyCause: string;
  /** False for what is no text of a configuration: live state, a daemon that is silent. */
  readonly isConfiguration: boolean;
}

/** What is known of a device before it is read. */
export interface DriftBase {
  readonly deviceId: DeviceId;
  readonly slug: string;
  readonly verifiedDigest: string;
  readonly verifiedArtefacts: readonly Artefact[];
  /** Went live, and nobody knows how it ended. */
  readonly unconfirmed: readonly Artefact[];
  /** Confirmed before, or maybe on it: what is left of it is no stranger's. Only where a person is asked whether a change is in force. */
  readonly former?: readonly Artefact[];
  /** Since our last push was confirmed; null when none is known. */
  readonly secondsSincePush: number | null;
  /** Known lines of others (ADR 0016): where they stand is not ours. */
  readonly kept: readonly { readonly path: string; readonly section: readonly string[]; readonly text: string }[];
}

export interface DriftVerdict {
  readonly findings: readonly DriftFinding[];
  /** Lines of others outside of our sections, secrets as fingerprints; a section of theirs is one. */
  readonly foreignElsewhere: readonly string[];
}

export type { DeviceCollection };

/** The same thing in the next collection, whatever value it has by then. */
export function driftIdentity({ kind, path, section, intended, observed }: DriftFinding): string {
  const subject = kind === 'UNSAVED' ? '' : (intended ?? observed ?? '');
  return JSON.stringify([kind, path, section, subject]);
}
