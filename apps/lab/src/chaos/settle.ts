import type { ChaosDatabase } from './chaos-database.js';
import { pause } from './timing.js';

const LOOK_EVERY_MS = 100;

/** What is still on its way, by name; everything zero: settled. FAILED_STUCK counts: it waits for a device, and all of them are well. */
const UNDER_WAY = `SELECT
  (SELECT count(*) FROM inbox WHERE state = 'ACCEPTED')::int AS messages,
  (SELECT count(*) FROM network_order WHERE state IN ('ACCEPTED', 'RUNNING', 'AWAITING_APPROVAL', 'COMPENSATING', 'FAILED_STUCK'))::int AS orders,
  (SELECT count(*) FROM outbox)::int AS outbox,
  (SELECT count(*) FROM plan WHERE state IN ('PROPOSED', 'APPROVED', 'APPLYING'))::int AS plans,
  (SELECT count(*) FROM device_progress p, fabric f WHERE p.verified_revision < f.revision)::int AS devices`;

export type UnderWay = Readonly<Record<'messages' | 'orders' | 'outbox' | 'plans' | 'devices', number>>;

export interface Settling {
  readonly isSettled: boolean;
  readonly seconds: number;
  readonly left: UnderWay;
}

/** @param clients resolves when they have their last answers. */
export async function settle(database: ChaosDatabase, clients: Promise<unknown>, withinSeconds: number): Promise<Settling> {
  const from = performance.now();
  let areAnswered = false;
  void clients.finally(() => {
    areAnswered = true;
  });
  for (;;) {
    const [left] = (await database.rows<UnderWay>(UNDER_WAY)) as [UnderWay];
    const seconds = Math.round((performance.now() - from) / 100) / 10;
    const isSettled = areAnswered && Object.values(left).every((count) => count === 0);
    if (isSettled || seconds > withinSeconds) return { isSettled, seconds, left };
    await pause(LOOK_EVERY_MS);
  }
}
