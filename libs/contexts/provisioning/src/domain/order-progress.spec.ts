import { type DeviceStanding, deviceSteps, judge, rebase } from './order-progress.js';

const device = (over: Partial<DeviceStanding> = {}): DeviceStanding => ({
  deviceId: 'd1',
  slug: 'pve1',
  verifiedRevision: 4,
  stage: 'IDLE',
  stageRevision: 4,
  failureCount: 7,
  failedRevision: 5,
  lastError: null,
  ...over,
});
const order = { revision: 5, failureBaseline: { d1: 7, d2: 0 }, isOverdue: false };

describe('an order and its devices', () => {
  it('is reached when every device is verified at its revision or a later one', () => {
    expect(judge(order, [device({ verifiedRevision: 5 }), device({ deviceId: 'd2', verifiedRevision: 9 })], 3)).toEqual({
      kind: 'REACHED',
    });
    expect(judge(order, [device({ verifiedRevision: 5 }), device()], 3)).toEqual({ kind: 'WAITING' });
  });

  it('counts failures from when it began to wait', () => {
    const lastError = { code: 'WRONG_HOST_KEY', message: 'pve1 shows another host key' };
    expect(judge(order, [device({ failureCount: 9, lastError })], 3)).toEqual({ kind: 'WAITING' });
    expect(judge(order, [device({ failureCount: 10, lastError })], 3)).toEqual({ kind: 'FAILED', device: 'pve1', ...lastError });
  });

  it('does not take failures of older plans upon itself', () => {
    const older = device({ failureCount: 99, failedRevision: 4 });
    expect(judge(order, [older], 3)).toEqual({ kind: 'WAITING' });
    expect(rebase(order, [older])).toEqual({ ...order.failureBaseline, d1: 99 });
    expect(rebase(order, [device({ failureCount: 99 })])).toBeUndefined();
  });

  it('does not blame a device that is verified', () => {
    expect(judge(order, [device({ failureCount: 99, verifiedRevision: 5 })], 3)).toEqual({ kind: 'REACHED' });
  });

  it('lets no deadline run while a person has to approve', () => {
    const late = { ...order, isOverdue: true };
    expect(judge(late, [device({ stage: 'AWAITING_APPROVAL', stageRevision: 6 })], 3)).toEqual({ kind: 'AWAITING_APPROVAL' });
    expect(judge(late, [device()], 3)).toMatchObject({ kind: 'FAILED', code: 'TIMEOUT', device: 'pve1' });
  });

  it('shows each device as a step', () => {
    const steps = deviceSteps(order, [
      device({ stage: 'PUSHING', stageRevision: 5 }),
      device({ slug: 'pve2', verifiedRevision: 5 }),
      device({ slug: 'test' }),
    ]);
    expect(steps.map((step) => `${step.name} ${step.state}`)).toEqual([
      'planned RUNNING',
      'device:pve1 RUNNING',
      'device:pve2 DONE',
      'device:test PENDING',
      'verified PENDING',
    ]);
  });
});
