import type { DeviceIntent } from '#engines/intent';
import type { DeviceId, FabricId, PlanId } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import type { Cause } from './causes.js';
import type { Snippet } from './external/snippet.js';
import type { Hunk } from './hunks.js';
import type { DeviceFindings } from '../ports/index.js';
import type { Strategy } from './strategy.js';

/**
 * PAUSED goes on when a person says so. HALTED: a fault or a person stopped it, the rest was not begun. CANCELLED: a person does not want it.
 * FAILED: it went to its end, and not every device is verified. AWAITING_PERSON: all that Trame pushes is pushed and proven, and the fabric goes
 * on with other plans; what others configure is not confirmed yet.
 */
export type PlanState =
  | 'PROPOSED'
  | 'APPROVED'
  | 'APPLYING'
  | 'PAUSED'
  | 'AWAITING_PERSON'
  | 'APPLIED'
  | 'FAILED'
  | 'HALTED'
  | 'CANCELLED'
  | 'SUPERSEDED'
  | 'EXPIRED';
/** AWAITING_PERSON: nothing was pushed, and Trame never will: a person confirms it, or what runs is handed in. */
export type ItemState = 'PENDING' | 'PUSHING' | 'CONFIRMED' | 'VERIFIED' | 'FAILED' | 'SKIPPED' | 'AWAITING_PERSON';
export type Risk = 'NONE' | 'LOW' | 'MEDIUM' | 'HIGH';

/** Immutable: the executor has no choice left to make. Only `state` and what follows from it move. */
export interface DeploymentPlan {
  readonly id: PlanId;
  readonly fabricId: FabricId;
  /** Orders plans of a fabric. */
  readonly generation: number;
  /** Orders intents: the revision of the fabric that this plan brings its devices to. */
  readonly targetRevision: number;
  /** Lowest revision that one of its devices was proven at when the plan was made; null for a plan of an older release. */
  readonly baseRevision: number | null;
  readonly strategy: Strategy;
  /** People who have to approve it before it may run. */
  readonly approvalsNeeded: number;
  readonly approvals: readonly Approval[];
  /** The wave that soaks or has soaked last, and until when. */
  readonly soakedWave: number | null;
  readonly soakingUntil: Date | null;
  /** The plan that this one takes back. */
  readonly rollbackOf: PlanId | null;
  /** What a person saw and approved is what is applied. */
  readonly digest: string;
  /** The way by which its devices are managed may change; only where a person has said so, and others have approved it. */
  readonly mayTouchManagement?: boolean;
  readonly risk: Risk;
  readonly state: PlanState;
  /** Approved is not yet asked to run: a person does that, or the policy that approved it. */
  readonly isReleased: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** By the clock of the database. */
  readonly isExpired: boolean;
  readonly haltReason: string | null;
  readonly items: readonly PlanItem[];
}

export interface Approval {
  readonly by: string;
  readonly at: Date;
  readonly comment: string | null;
}

export interface PlanItem {
  readonly deviceId: DeviceId;
  readonly slug: string;
  /** A person, or another tool, configures it: it is in no wave, `wave` is the one after the last. */
  readonly isExternal: boolean;
  /** What that person puts in force; empty where Trame pushes. */
  readonly snippets: readonly Snippet[];
  /** 0 is the canary; a wave begins when the one before is done. */
  readonly wave: number;
  /** Within the wave: steps follow each other, the devices of one are pushed to side by side. */
  readonly step: number;
  /** Groups of devices that stand in for each other. */
  readonly redundancy: readonly string[];
  readonly causes: readonly Cause[];
  /** A sentence for each reason why a person is asked; empty for everyday work. */
  readonly riskReasons: readonly string[];
  readonly desiredDigest: string;
  readonly artefacts: readonly Artefact[];
  readonly intent: DeviceIntent;
  /** Unified diff against what was last confirmed. */
  readonly diff: string;
  /** Of the diff, in its order, each with the objects that cause it; empty in a plan of an older release. */
  readonly hunks: readonly Hunk[];
  readonly risk: Risk;
  readonly state: ItemState;
  readonly attempt: number;
  /** Who said that it is in force, or handed in what runs; null where Trame pushes. */
  readonly confirmedBy: string | null;
  /** `live`: it was in force on the device, and went back. */
  readonly error: { readonly code: string; readonly message: string; readonly live?: boolean } | null;
  /** Found when the device was looked at just before: what it had taken back by itself. */
  readonly selfReverted?: DeviceFindings['selfReverted'];
  /** False: after a reboot in the middle of a push only the next push undoes it; null: not looked at yet, or it needs nothing for that. */
  readonly undoesAtBoot?: boolean | null;
}

/** What is known of a device when a plan is made. */
export interface DeviceRecord {
  readonly deviceId: DeviceId;
  readonly verifiedDigest: string | null;
  readonly verifiedArtefacts: readonly Artefact[];
  /** What may be on it as well: changes that went live and whose end nobody knows. */
  readonly uncertainArtefacts: readonly Artefact[];
  readonly verifiedIntent: DeviceIntent | null;
  /** Versions by name of the secrets that the device was sent when it last confirmed. */
  readonly secrets?: Readonly<Record<string, number>>;
  /** A change went live and nobody knows how it ended: only the device can tell. */
  readonly isUncertain: boolean;
  /** It was confirmed once, was only observed meanwhile, and is ours again: what is remembered of it need not be so. */
  readonly isRetaken?: boolean;
  /** In back-off after a failure: left out, so that one dead device does not hold up the others. */
  readonly isResting: boolean;
}
