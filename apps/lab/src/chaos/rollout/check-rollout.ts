/** Old everywhere, new everywhere, or flagged for a person: the devices themselves, and what the database says of them. */
import type { FabricIntent } from '#engines/intent';
import type { ChaosDatabase } from '../chaos-database.js';
import { checkDevices } from '../checks/check-devices.js';
import { checkNumbers } from '../checks/check-numbers.js';
import { checkPushes, type PushesReport } from '../checks/check-pushes.js';
import type { DeviceUnderTest } from '../device-under-test.js';

export interface RolloutFindings {
  readonly pushes: PushesReport;
  /** Numbers that two networks have on devices, and changes of one plan that one device confirmed twice. */
  readonly doubled: readonly string[];
  /** Sessions, timers and backups on devices; attempts, leases and doubts in the database. */
  readonly orphans: readonly string[];
  /** Devices that do not carry render(intent) and of which nobody said so. */
  readonly offIntent: readonly string[];
  /** Devices of which the product says that it needs a person, and what it says. */
  readonly flagged: readonly { readonly device: string; readonly why: string }[];
}

const FLAGGED = `SELECT d.slug AS device, p.stage || coalesce(': ' || (p.last_error->>'message'), '') AS why
  FROM device d JOIN device_progress p ON p.device_id = d.id JOIN fabric f ON f.id = d.fabric_id WHERE p.verified_revision < f.revision ORDER BY d.slug`;
const TWICE = `SELECT d.slug, a.plan_id AS plan, count(*)::int AS times FROM push_attempt a JOIN device d ON d.id = a.device_id
  WHERE a.outcome = 'CONFIRMED' GROUP BY d.slug, a.plan_id HAVING count(*) > 1`;
const LEFT = `SELECT 'the attempt with fence ' || a.fence || ' on ' || d.slug || ' never ended' AS what FROM push_attempt a JOIN device d ON d.id = a.device_id WHERE a.finished_at IS NULL
  UNION ALL SELECT 'the lease ' || resource || ' is held' FROM lease WHERE resource LIKE 'device:%' AND until > clock_timestamp()
  UNION ALL SELECT 'what ' || d.slug || ' carries is not known' FROM device_state s JOIN device d ON d.id = s.device_id WHERE s.is_uncertain
  UNION ALL SELECT 'a device of the plan ' || p.generation || ' is still ' || i.state FROM plan p JOIN plan_item i ON i.plan_id = p.id WHERE p.state NOT IN ('PROPOSED', 'APPROVED', 'APPLYING', 'PAUSED') AND i.state = 'PUSHING'`;

export async function checkRollout(
  database: ChaosDatabase,
  intent: FabricIntent,
  devices: ReadonlyMap<string, DeviceUnderTest>,
): Promise<RolloutFindings> {
  const all = [...devices.values()];
  const flagged = await database.rows<{ device: string; why: string }>(FLAGGED);
  const isFlagged = new Set(flagged.map(({ device }) => device));
  const twice = await database.rows<{ slug: string; plan: string; times: number }>(TWICE);
  const left = await database.rows<{ what: string }>(LEFT);
  return {
    pushes: await checkPushes(database, all),
    doubled: [
      ...(await checkNumbers(database, all)),
      ...twice.map(({ slug, plan, times }) => `${slug} confirmed the plan ${plan} ${times} times`),
    ],
    orphans: [...all.flatMap((device) => device.orphans()), ...left.map(({ what }) => what)],
    offIntent: checkDevices(intent, devices).filter((line) => !isFlagged.has(line.split(':')[0] ?? '')),
    flagged,
  };
}
