import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseTime } from '../nemesis.js';

/** A push that had begun before the database changed hands may end: the worker looks every second, and a device is given up at once then. */
const GRACE_MS = 2500;

/** @returns one line for each device that a worker pushed to while the database belonged to a release that it does not know. */
export function pushesOfOlderReleases(directory: string, times: readonly ReleaseTime[]): string[] {
  const found: string[] = [];
  for (const file of readdirSync(directory).filter((name) => /^worker-\d+\.log$/.test(name))) {
    const worker = file.replace('.log', '');
    for (const line of readFileSync(join(directory, file), 'utf8').split('\n')) {
      if (!line.includes('"event":"device.pushed"')) continue;
      const { time, device, durationMs } = JSON.parse(line) as { time: string; device: string; durationMs: number };
      const beganAt = Date.parse(time) - durationMs;
      if (times.some(({ from, to, newer }) => worker !== newer && beganAt > from + GRACE_MS && beganAt < to))
        found.push(`${worker} on ${device} at ${time}`);
    }
  }
  return found;
}
