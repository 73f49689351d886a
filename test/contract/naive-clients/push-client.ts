/** Whoever pushes lines to a switch: the transport, and clients that leave something out. What a push owes is written against this. */
import type { DeviceTarget } from '#contexts/deployment/ports';

export interface PushClient {
  /** Puts the lines beside the running-config, live nowhere yet. @throws when the switch refuses them; nothing is left of it then. */
  stage(lines: readonly string[]): Promise<void>;
  /** Makes what was staged live, for good. FAILED: the switch has, or will have by itself, what it had before. */
  commit(): Promise<'DONE' | 'FAILED'>;
}

export type ConnectClient = (target: DeviceTarget) => Promise<PushClient>;
