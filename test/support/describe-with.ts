import fs from 'node:fs';
import { describe } from 'vitest';

export interface Needs {
  /** What this machine lacks, as `root` or `Debian package frr`; empty where everything is there. See `missing`. */
  readonly missing: readonly string[];
}

/**
 * What this machine lacks of what tests need.
 *
 * @param programs Debian package → a file that it installs.
 */
export function missing(needs: { readonly root?: boolean; readonly programs?: Readonly<Record<string, string>> }): string[] {
  const lacks = Object.entries(needs.programs ?? {}).filter(([, file]) => !fs.existsSync(file));
  return [...(needs.root && process.getuid?.() !== 0 ? ['root'] : []), ...lacks.map(([name]) => `Debian package ${name}`)];
}

const announced = new Set<string>();

/**
 * `describe`, where everything is there that it needs. Else its tests are skipped and the reason is printed once; the
 * reason is part of the name, so that a report shows it too. In CI a skip for want of root or of a Debian package fails the
 * run (summary-reporter.ts).
 */
export function describeWith({ missing: lacking }: Needs, name: string, tests: () => void): void {
  if (lacking.length === 0) {
    describe(name, tests);
    return;
  }
  const reason = `needs ${lacking.map((text) => text.replace(/^needs /, '')).join(', ')}`;
  if (!announced.has(reason)) console.warn(`skipped: ${reason}`);
  announced.add(reason);
  describe.skip(`${name} [${reason}]`, tests);
}
