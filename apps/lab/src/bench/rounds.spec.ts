import { callFor, callTimes, interleave, type Round } from './rounds.js';

const round = (rate: number): Round => ({ rate, p50ms: 1, p99ms: 1 });

describe('callers', () => {
  it('ask as often as they were told, each call once', async () => {
    const calls: number[] = [];
    const { rate } = await callTimes(4, 10, async (call) => calls.push(call));
    expect(calls.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(rate).toBeGreaterThan(0);
  });

  it('are as many at a time as they were told', async () => {
    let [now, most] = [0, 0];
    await callTimes(3, 30, async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
    });
    expect(most).toBe(3);
  });

  it('end when the time is over', async () => {
    const startedAt = performance.now();
    await callFor(2, 30, () => new Promise((resolve) => setTimeout(resolve, 1)));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(30);
  });

  it('fail with the first call that fails', async () => {
    await expect(callTimes(2, 10, (call) => (call === 5 ? Promise.reject(new Error('taken twice')) : Promise.resolve()))).rejects.toThrow(
      'taken twice',
    );
  });
});

describe('rounds', () => {
  it('alternate, with a warm-up that does not count', async () => {
    const order: string[] = [];
    let serial = 0;
    const contestant = (name: string) => () => {
      order.push(name);
      return Promise.resolve(round(++serial));
    };
    const measured = await interleave(3, { floor: contestant('floor'), service: contestant('service') });
    expect(order).toEqual(['floor', 'service', 'service', 'floor', 'floor', 'service', 'service', 'floor']);
    expect(measured.floor.map(({ rate }) => rate)).toEqual([4, 5, 8]);
    expect(measured.service.map(({ rate }) => rate)).toEqual([3, 6, 7]);
  });
});
