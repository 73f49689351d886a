import type { DeviceIntent } from '#engines/intent';
import type { DeviceId, FabricId, PlanId } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';

export type PlanState = 'PROPOSED' | 'APPROVED' | 'APPLYING' | 'APPLIED' | 'FAILED' | 'SUPERSEDED' | 'EXPIRED';
export type ItemState = 'PENDING' | 'PUSHING' | 'CONFIRMED' | 'VERIFIED' | 'FAILED' | 'SKIPPED';
export type Risk = 'NONE' | 'LOW' | 'MEDIUM' | 'HIGH';

/** Immutable: the executor has no choice left to make. Only `state` and what follows from it move. */
export interface DeploymentPlan {
  readonly id: PlanId;
  readonly fabricId: FabricId;
  /** Orders plans of a fabric. */
  readonly generation: number;
  /** Orders intents: the revision of the fabric that this plan brings its devices to. */
  readonly targetRevision: number;
  /** What a person saw and approved is what is applied. */
  readonly digest: string;
  readonly risk: Risk;
  readonly state: PlanState;
  /** Approved is not yet asked to run: a person does that, or the policy that approved it. */
  readonly isReleased: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly haltReason: string | null;
  readonly items: readonly PlanItem[];
}

export interface PlanItem {
  readonly deviceId: DeviceId;
  readonly slug: string;
  /** 0 is the canary; a wave begins when the one before is done. */
  readonly wave: number;
  readonly desiredDigest: string;
  readonly artefacts: readonly Artefact[];
  readonly intent: DeviceIntent;
  /** Unified diff against what was last confirmed. */
  readonly diff: string;
  readonly risk: Risk;
  readonly state: ItemState;
  readonly attempt: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** What is known of a device when a plan is made. */
export interface DeviceRecord {
  readonly deviceId: DeviceId;
  readonly verifiedDigest: string | null;
  readonly verifiedArtefacts: readonly Artefact[];
  /** What may be on it as well: changes that went live and whose end nobody knows. */
  readonly uncertainArtefacts: readonly Artefact[];
  readonly verifiedIntent: DeviceIntent | null;
  /** A change went live and nobody knows how it ended: only the device can tell. */
  readonly isUncertain: boolean;
  /** In back-off after a failure: left out, so that one dead device does not hold up the others. */
  readonly isResting: boolean;
}
