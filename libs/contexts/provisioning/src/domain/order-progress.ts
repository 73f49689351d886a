/** What an order makes of the progress of its devices. Pure: the same progress always gives the same verdict. */
import type { NetworkOrder, StepState } from './order.js';

export interface DeviceStanding {
  readonly deviceId: string;
  readonly slug: string;
  readonly verifiedRevision: number;
  readonly stage:
    | 'IDLE'
    | 'PLANNED'
    | 'AWAITING_APPROVAL'
    | 'AWAITING_MAINTENANCE'
    | 'AWAITING_PERSON'
    | 'PAUSED'
    | 'PUSHING'
    | 'CONFIRMED'
    | 'VERIFIED'
    | 'FAILED';
  readonly stageRevision: number;
  readonly failureCount: number;
  readonly failedRevision: number;
  readonly lastError: { readonly code: string; readonly message: string } | null;
}

export type Verdict =
  | { readonly kind: 'REACHED' }
  | { readonly kind: 'WAITING' }
  | { readonly kind: 'AWAITING_APPROVAL' }
  /** Somebody works on a device of it, is asked to configure it by hand, or has stopped the rollout for a while. */
  | { readonly kind: 'ON_HOLD' }
  | { readonly kind: 'FAILED'; readonly device: string | null; readonly code: string; readonly message: string };

const HELD: ReadonlySet<DeviceStanding['stage']> = new Set(['AWAITING_MAINTENANCE', 'AWAITING_PERSON', 'PAUSED']);

type Standing = Pick<NetworkOrder, 'revision' | 'failureBaseline' | 'isOverdue'>;

/** @param maxFailures failed pushes of one device, counted from when the order began to wait, before it is given up. */
export function judge(order: Standing, devices: readonly DeviceStanding[], maxFailures: number): Verdict {
  const waiting = devices.filter((device) => device.verifiedRevision < order.revision);
  if (waiting.length === 0) return { kind: 'REACHED' };
  const failed = waiting.find(
    (device) =>
      device.failedRevision >= order.revision && device.failureCount - (order.failureBaseline[device.deviceId] ?? 0) >= maxFailures,
  );
  if (failed) {
    return {
      kind: 'FAILED',
      device: failed.slug,
      code: failed.lastError?.code ?? 'DEVICE_UNREACHABLE',
      message: failed.lastError?.message ?? `${failed.slug} could not be configured`,
    };
  }
  // A person decides: no deadline runs meanwhile.
  if (waiting.some((device) => device.stage === 'AWAITING_APPROVAL' && device.stageRevision >= order.revision))
    return { kind: 'AWAITING_APPROVAL' };
  if (waiting.some((device) => HELD.has(device.stage) && device.stageRevision >= order.revision)) return { kind: 'ON_HOLD' };
  if (order.isOverdue) {
    const slowest = waiting[0] as DeviceStanding;
    return {
      kind: 'FAILED',
      device: slowest.slug,
      code: slowest.lastError?.code ?? 'TIMEOUT',
      message: slowest.lastError?.message ?? `${slowest.slug} was not verified in time`,
    };
  }
  return { kind: 'WAITING' };
}

/** Failures of plans that were made before the order say nothing of it: counting begins after them. Undefined where nothing changes. */
export function rebase(order: Standing, devices: readonly DeviceStanding[]): Record<string, number> | undefined {
  const stale = devices.filter(
    (device) => device.failedRevision < order.revision && device.failureCount !== order.failureBaseline[device.deviceId],
  );
  if (stale.length === 0) return undefined;
  return { ...order.failureBaseline, ...Object.fromEntries(stale.map((device) => [device.deviceId, device.failureCount])) };
}

/** In a few words, which the customer reads, too. */
const waitingFor = ({ stage, slug }: DeviceStanding): string =>
  stage === 'AWAITING_PERSON' ? `waits for a person: ${slug} is configured by hand` : stage.toLowerCase().replaceAll('_', ' ');

export interface StepView {
  readonly name: string;
  readonly state: StepState;
  readonly message: string | null;
}

/** The steps between "allocated" and the end: planned, one per device, verified. */
export function deviceSteps(order: Standing, devices: readonly DeviceStanding[]): StepView[] {
  const isVerified = (device: DeviceStanding): boolean => device.verifiedRevision >= order.revision;
  const isTouched = (device: DeviceStanding): boolean => isVerified(device) || device.stageRevision >= order.revision;
  const steps: StepView[] = [
    { name: 'planned', state: devices.every(isTouched) ? 'DONE' : devices.some(isTouched) ? 'RUNNING' : 'PENDING', message: null },
    ...devices.map((device): StepView => {
      if (isVerified(device)) return { name: `device:${device.slug}`, state: 'DONE', message: null };
      if (device.stageRevision < order.revision) return { name: `device:${device.slug}`, state: 'PENDING', message: null };
      if (device.stage === 'FAILED') return { name: `device:${device.slug}`, state: 'FAILED', message: device.lastError?.message ?? null };
      return { name: `device:${device.slug}`, state: 'RUNNING', message: waitingFor(device) };
    }),
    { name: 'verified', state: devices.every(isVerified) ? 'DONE' : 'PENDING', message: null },
  ];
  return steps;
}
