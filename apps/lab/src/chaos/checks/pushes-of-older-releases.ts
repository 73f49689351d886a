import type { ChaosDatabase } from '../chaos-database.js';
import type { ReleaseTime } from '../nemesis.js';
import { OF_NEWER_RELEASE } from '../preload/settings.js';

/** A push that had begun before the database changed hands may end: the worker looks every second, and a device is given up at once then. */
const GRACE_MS = 2500;

/** Whatever became of it: one that failed was at the device as well. */
export interface PushAttempt {
  readonly device: string;
  /** As the database knows the one who began it. */
  readonly process: string;
  /** By the clock of the database. */
  readonly from: number;
}

/** From now on every attempt says who began it. */
export async function tellWhoPushes(database: ChaosDatabase): Promise<void> {
  await database.rows(`ALTER TABLE push_attempt ADD COLUMN IF NOT EXISTS begun_by text DEFAULT current_setting('application_name')`);
}

export const pushAttempts = (database: ChaosDatabase): Promise<PushAttempt[]> =>
  database.rows<PushAttempt>(
    `SELECT d.slug AS device, a.begun_by AS process, (extract(epoch FROM a.started_at) * 1000)::float8 AS "from"
      FROM push_attempt a JOIN device d ON d.id = a.device_id ORDER BY a.started_at`,
  );

/** @returns one line for each push that a process began while the database belonged to a release that it does not know. */
export function pushesOfOlderReleases(attempts: readonly PushAttempt[], times: readonly ReleaseTime[]): string[] {
  return attempts
    .filter(
      ({ process, from }) => !process.endsWith(OF_NEWER_RELEASE) && times.some((time) => from > time.from + GRACE_MS && from < time.to),
    )
    .map(({ device, process, from }) => `${process} on ${device} at ${new Date(from).toISOString()}`);
}
