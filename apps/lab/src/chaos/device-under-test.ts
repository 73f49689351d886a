import type { Artefact } from '#engines/rendering';
import type { DeviceEndpoint } from '../fabrics/demo-inventory.js';

/**
 * What goes wrong with any device: nobody gets through · connections are taken and nothing is said · the change goes live and the
 * connection is cut before the answer · the device restarts between the change and its confirmation.
 */
export const DEVICE_FAULTS = ['refuses', 'hangs', 'drops-after-apply', 'reboots-before-confirm'] as const;
/**
 * More of a rollout: the device restarts in the middle of any step · the connection is cut before the change, or in the middle of an answer · the
 * answer is broken inside · five sessions of somebody who died are there · the disk is full · a tool says yes and does nothing · one does half.
 */
export const LEAF_FAULTS = [
  ...DEVICE_FAULTS,
  'reboots-anywhere',
  'cut-before-apply',
  'cut-in-answer',
  'error-inside-200',
  'stale-sessions',
] as const;
export const HOST_FAULTS = [...DEVICE_FAULTS, 'reboots-anywhere', 'disk-full', 'ifreload-lies', 'frr-reload-halves'] as const;
export type DeviceFault = (typeof LEAF_FAULTS)[number] | (typeof HOST_FAULTS)[number];

/** One execution's work on a device, from its first to its last change there; times in milliseconds of the epoch. */
export interface PushWindow {
  readonly fence: number;
  readonly from: number;
  /** Infinity while something of it is still open. */
  readonly to: number;
}

/** Numbers in the configuration that is live, whatever the files or the database say. */
export interface LiveNumbers {
  readonly vnis: readonly number[];
  readonly rds: readonly string[];
  /** Of its own VLAN domain; none on a host. */
  readonly vlans: readonly number[];
}

/** A simulated device with faults on demand and the evidence of what was done to it. */
export interface DeviceUnderTest {
  readonly slug: string;
  readonly endpoint: DeviceEndpoint;
  /** That it can have. */
  readonly faults: readonly DeviceFault[];
  /** @param random from 0, below 1: where it strikes, where that is open. */
  begin(fault: DeviceFault, random: () => number): Promise<void>;
  /** False while the fault has met nobody yet. Of a fault that is there for everybody, always true. */
  hasStruck(): boolean;
  /** What goes live is found wanting, until `heal`: its routing daemons are gone. Only where there are some. */
  stopRouting?(): void;
  /** Ends every fault; whoever waits for an answer is cut off, as when a hanging device is switched off and on. */
  heal(): Promise<void>;
  /** One line per way in which what is live is not what was wanted; empty: it is. */
  differences(wanted: readonly Artefact[], numbers: Pick<LiveNumbers, 'vnis' | 'rds'>): readonly string[];
  /** As this device writes a secret that it has; none: it does not have it. */
  secretsOnIt(secret: string): readonly string[];
  live(): LiveNumbers;
  /** What a push has left on it and nobody took away: sessions, timers, backups. */
  orphans(): readonly string[];
  windows(): readonly PushWindow[];
  close(): Promise<void>;
}
