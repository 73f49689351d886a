/**
 * Named places between one effect and the next: what a process that dies there leaves behind is what another has to go on from. A test
 * dies at each of them on purpose (`TRAME_CRASH_AT`); without that a passing costs one comparison.
 */

/** In the order in which one push, one rollout, one batch passes them. */
export const CRASH_POINTS = [
  // One push to one device.
  'push.leased', // the device is ours, nothing is written
  'push.begun', // the attempt is written, the device was not spoken to
  'push.opened', // a connection stands
  'push.inspected', // it was read
  'push.recovered', // what an earlier execution left is undone
  'push.staged', // the new configuration lies beside the old one
  'push.uncertain', // it is written that a change may be live, and none is
  'push.applied', // live, unconfirmed
  'push.verified', // live, found good, unconfirmed
  'push.confirmed', // the device keeps it, the database does not know
  'push.recorded', // the database knows
  'push.nothing', // what was staged changes nothing and was taken away, the database does not know
  'push.reverted', // undone at once, the database does not know
  'push.failing', // it failed and that is not written
  'push.failed', // that is written
  // One rollout.
  'rollout.leased', // the fabric is ours
  'rollout.planned', // there is a plan, nobody began it
  'rollout.applying', // the plan is under way, no device was touched
  'rollout.stepped', // the devices of a step have ended
  'rollout.proving', // everything is confirmed, nothing is proved
  'rollout.proved', // one device is proved
  'rollout.finishing', // all is done, the plan does not say so
  'rollout.finished', // the plan says so
  'rollback.made', // plan, locks and recalls are written in a transaction that is open
  // Outbox to queue.
  'relay.picked', // rows are deleted in a transaction that is open
  'relay.added', // the jobs are in the queue, the rows not gone
  'relay.committed', // the rows are gone
  // Orders.
  'order.judged', // before the transaction of an order's next step ends
  'order.advanced', // after it
  'recall.ordered', // before the transaction that turns a recall into an order ends
  // Name servers.
  'sync.begun', // the run is written
  'sync.zone_written', // a zone is written, the database does not know
  'sync.settled', // the database knows
  // Systems with an inventory.
  'inventory.planned', // all that a run would do is written, nothing is done
  'inventory.batch_written', // some of it is done there, and its links are not written
  'inventory.applied', // all of it is done, the run does not say so
  // Messages of portals.
  'inbox.stored', // before the transaction that keeps a message ends
  // Keys.
  'secrets.sealed', // a batch is sealed under the new key in a transaction that is open
  'secrets.committed', // it is there
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Where to die, and at which passing. */
export interface CrashOrder {
  readonly name: CrashPoint;
  /** 1 is the first passing since the process began. */
  readonly passing: number;
}

let order: CrashOrder | null = null;
let left = 0;

/** For the whole process, at its beginning; null: never. */
export function armCrashPoint(at: CrashOrder | null): void {
  order = at;
  left = at?.passing ?? 0;
}

/** Ends the process here, as the kernel ends it when memory is short: nothing is flushed, closed or said. */
export function crashPoint(name: CrashPoint): void {
  if (order === null || order.name !== name) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

/** `push.applied` or `push.applied:2`; undefined when it is neither. */
export function parseCrashOrder(text: string): CrashOrder | undefined {
  const [, name, passing = '1'] = /^([a-z_.]+)(?::([1-9]\d{0,5}))?$/.exec(text) ?? [];
  const known = CRASH_POINTS.find((point) => point === name);
  return known && { name: known, passing: Number(passing) };
}
