import type { Artefact } from '#engines/rendering';
import type { DeviceEndpoint } from '../fabrics/demo-inventory.js';

/**
 * What goes wrong with a device: nobody gets through · connections are taken and nothing is said · the change goes live and the
 * connection is cut before the answer · the device restarts between the change and its confirmation.
 */
export const DEVICE_FAULTS = ['refuses', 'hangs', 'drops-after-apply', 'reboots-before-confirm'] as const;
export type DeviceFault = (typeof DEVICE_FAULTS)[number];

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
  begin(fault: DeviceFault): Promise<void>;
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
