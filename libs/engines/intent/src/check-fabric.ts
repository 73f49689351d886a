/** Everything that must hold before a line is rendered. All checks run: a caller sees every finding at once. */
import type { Finding } from './finding.js';
import type { FabricSnapshot } from './snapshot.js';

/** Sorted by path and code; empty when the fabric can be compiled without remark. */
export function checkFabric(_snapshot: FabricSnapshot): readonly Finding[] {
  return [];
}
