/** What is known of a device's drift: what was read last, and what people did about it. */
import type { DeviceId, DriftItemId, FabricId } from '#engines/kernel';
import type { DriftFinding } from './drift.js';

export interface DriftReport {
  readonly deviceId: DeviceId;
  readonly slug: string;
  /** UNREACHABLE is no verdict: the items are those of `collectedAt`. UNKNOWN: never read. */
  readonly verdict: 'UNKNOWN' | 'CLEAN' | 'DRIFT' | 'UNREACHABLE';
  readonly detail: string | null;
  readonly collectedAt: Date | null;
  readonly foreignElsewhere: number;
  /** The first of them. */
  readonly foreignLines: readonly string[];
  readonly items: readonly DriftItem[];
}

export interface DriftItem extends DriftFinding {
  readonly id: DriftItemId;
  readonly deviceId: DeviceId;
  readonly slug: string;
  readonly fabricId: FabricId;
  readonly firstSeenAt: Date;
  readonly endedAt: Date | null;
  /** Null when it is not ignored, or not any more. */
  readonly ignoredUntil: Date | null;
  readonly act: 'ADOPTED' | 'REAPPLIED' | 'IGNORED' | null;
  readonly actBy: string | null;
  readonly actAt: Date | null;
  readonly actReason: string | null;
}
