import type { NetworkId, Vni } from '#engines/kernel';
import type { DeviceIntent } from '../device-intent.js';

/** What a device had before, and of it what may be another now: the rest is taken over instead of being made again. */
export interface Kept {
  readonly intent: DeviceIntent;
  /** Of the networks that may be another, those that are on the device now; once for each place. */
  readonly networks: readonly NetworkId[];
  /** Of all networks that may be another, before and now. */
  readonly vnis: ReadonlySet<Vni>;
  /** By name. */
  readonly vrfs: ReadonlySet<string>;
  /** Whether no network came to it, or left it, or has another number. */
  readonly hasSamePlaces: boolean;
}
