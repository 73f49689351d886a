import { describe } from 'vitest';

export interface Needs {
  /** What this machine lacks, e.g. `root`, `the Debian package frr`; empty where everything is there. */
  readonly missing: readonly string[];
}

const announced = new Set<string>();

/**
 * `describe`, where everything is there that it needs. Else its tests are skipped and the reason is printed once; the
 * reason is part of the name, so that a report shows it too.
 */
export function describeWith({ missing }: Needs, name: string, tests: () => void): void {
  if (missing.length === 0) return void describe(name, tests);
  const reason = `needs ${missing.join(', ')}`;
  if (!announced.has(reason)) console.warn(`skipped: ${reason}`);
  announced.add(reason);
  describe.skip(`${name} [${reason}]`, tests);
}
