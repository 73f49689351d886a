import type { DeviceIntent } from '#engines/intent';
import { isSinceFrr } from './frr-release.js';

/**
 * FRR treats an explicit route target that equals its automatic one (AS:VNI) as a no-op: it stays automatic, is missing in
 * `show running-config` and frr-reload finds it anew for ever (8.4.4). This line moves the automatic value away (RFC 8365 §5.1.2.1 sets
 * a bit above the VNI), so that every target in the file is really explicit. It has to precede the `vni` blocks. 10.8 renamed it.
 */
export function explicitTargets(intent: Pick<DeviceIntent, 'software'>): string {
  return isSinceFrr(intent, 10, 8) ? 'auto-route-target both rfc8365-compatible' : 'autort rfc8365-compatible';
}

interface Numbered {
  readonly rd: string;
  readonly importTargets: readonly string[];
  readonly exportTargets: readonly string[];
}

/** One target a line: FRR does not take more under `vni` (8.4.4). */
export function targets({ rd, importTargets, exportTargets }: Numbered): string[] {
  return [
    `rd ${rd}`,
    ...importTargets.map((target) => `route-target import ${target}`),
    ...exportTargets.map((target) => `route-target export ${target}`),
  ];
}
