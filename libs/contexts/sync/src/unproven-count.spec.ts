import { UnprovenCount, type UnprovenFields } from './unproven-count.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('messages that prove nothing', () => {
  it('are told at once, then once a minute with their number, and at once again after a quiet minute', () => {
    const told: UnprovenFields[] = [];
    const unproven = new UnprovenCount((fields) => told.push(fields));
    for (let n = 0; n < 1000; n++) unproven.add(n % 2 ? 'netbox' : null);
    expect(told).toEqual([{ count: 1, connectors: { '(none)': 1 } }]);
    vi.advanceTimersByTime(60_000);
    expect(told.slice(1)).toEqual([{ count: 999, connectors: { '(none)': 499, netbox: 500 } }]);
    vi.advanceTimersByTime(60_000);
    unproven.add('netbox');
    expect(told.slice(2)).toEqual([{ count: 1, connectors: { netbox: 1 } }]);
  });

  it('are told before nobody counts them any more', () => {
    const told: number[] = [];
    const unproven = new UnprovenCount(({ count }) => told.push(count));
    for (let n = 0; n < 5; n++) unproven.add(null);
    unproven.tell();
    expect(told).toEqual([1, 4]);
  });
});
