/** Did pushes keep off each other? Devices' own journals against each other and against the leases that the database gave. */
import type { ChaosDatabase } from '../chaos-database.js';
import type { DeviceUnderTest } from '../device-under-test.js';

export interface PushesReport {
  readonly count: number;
  /** Two executions at work on one device at one time. */
  readonly overlaps: readonly string[];
  /** Changes by an execution to which no lease was given, or before it was. */
  readonly unleased: readonly string[];
}

/** The clocks of the database and of the devices are one and the same; this is for rounding. */
const CLOCK_MS = 5;

export async function checkPushes(database: ChaosDatabase, devices: readonly DeviceUnderTest[]): Promise<PushesReport> {
  const leases = await database.rows<{ device: string; fence: number; from: number }>(
    `SELECT d.slug AS device, a.fence::int AS fence, (extract(epoch FROM a.started_at) * 1000)::float8 AS "from" FROM push_attempt a JOIN device d ON d.id = a.device_id`,
  );
  const given = new Map(leases.map(({ device, fence, from }) => [`${device} ${fence}`, from]));
  const overlaps: string[] = [];
  const unleased: string[] = [];
  let count = 0;
  for (const device of devices) {
    const windows = [...device.windows()].sort((a, b) => a.from - b.from);
    count += windows.length;
    for (const [index, first] of windows.entries()) {
      const since = given.get(`${device.slug} ${first.fence}`);
      if (since === undefined || first.from < since - CLOCK_MS)
        unleased.push(`${device.slug}: fence ${first.fence} was at work ${since === undefined ? 'without a lease' : 'before its lease'}`);
      for (const second of windows.slice(index + 1))
        if (second.from < first.to)
          overlaps.push(
            `${device.slug}: fences ${first.fence} (${stamp(first.from)}…${stamp(first.to)}) and ${second.fence} (${stamp(second.from)}…${stamp(second.to)})`,
          );
    }
  }
  return { count, overlaps, unleased };
}

const stamp = (ms: number): string => (Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 23) : 'open');
