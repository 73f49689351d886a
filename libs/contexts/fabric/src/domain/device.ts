import type { Platform } from '#engines/intent';
import type { DeviceId, FabricId } from '#engines/kernel';

export interface Device {
  readonly id: DeviceId;
  readonly fabricId: FabricId;
  readonly slug: string;
  readonly platform: 'DEBIAN_FRR' | 'ARISTA_EOS';
  readonly managed: 'OBSERVE' | 'SECTION' | 'FULL';
  readonly site: string;
  readonly vtepAddress: string | null;
  readonly asn: number | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** How to reach a device; only the system reads it. */
export interface DeviceAccess {
  readonly id: DeviceId;
  readonly slug: string;
  readonly platform: Platform;
  readonly transport: 'SSH' | 'EAPI' | 'PVE';
  readonly managed: Device['managed'];
  readonly managementAddress: string;
  readonly managementPort: number;
  readonly username: string;
  readonly sshHostKeys: readonly string[];
  readonly tlsSpkiSha256: readonly string[];
  /** Of the chassis, as a person said; null: not compared. */
  readonly serialNumber: string | null;
  readonly systemMac: string | null;
  readonly sealed: Buffer | null;
}

export type ProgressStage =
  | 'IDLE'
  | 'PLANNED'
  | 'AWAITING_APPROVAL'
  /** Somebody has locked it. */
  | 'AWAITING_MAINTENANCE'
  /** A person, or another tool, configures it, and has not said that it is done. */
  | 'AWAITING_PERSON'
  /** A person has stopped the rollout for a while. */
  | 'PAUSED'
  | 'PUSHING'
  | 'CONFIRMED'
  | 'VERIFIED'
  | 'FAILED';

export interface DeviceProgress {
  readonly deviceId: DeviceId;
  readonly slug: string;
  readonly verifiedRevision: number;
  readonly stage: ProgressStage;
  readonly stageRevision: number;
  readonly failureCount: number;
  /** Revision of the fabric that the last failed push was for. */
  readonly failedRevision: number;
  readonly lastError: { readonly code: string; readonly message: string } | null;
}

/** How people and Trame come to a device; the port is known only where somebody said it. */
export interface ManagementPath {
  readonly address: string;
  readonly port: string | null;
}
