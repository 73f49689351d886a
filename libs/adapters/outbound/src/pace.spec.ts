import { Pace } from './pace.js';

/** Milliseconds after the first at which each of so many was let go. */
async function turns(perSecond: number, count: number): Promise<number[]> {
  const pace = new Pace(perSecond);
  const begin = performance.now();
  return Promise.all(Array.from({ length: count }, () => pace.turn().then(() => performance.now() - begin)));
}

describe('a pace', () => {
  it('lets a second’s worth go, and what is more at its rate', async () => {
    const gone = await turns(20, 30);
    // Timers may be late and never early: 20 at once, and each further one a twentieth of a second later.
    gone.slice(20).forEach((ms, further) => expect(ms).toBeGreaterThanOrEqual((further + 1) * 50 - 5));
    expect(gone).toEqual([...gone].sort((a, b) => a - b));
  });

  it('of less than one a second lets one go at once', async () => {
    const pace = new Pace(0.5);
    await pace.turn();
    const late = await Promise.race([pace.turn().then(() => 'gone'), new Promise((done) => setTimeout(done, 100, 'waits'))]);
    expect(late).toBe('waits');
  });

  it('ends with whoever waits', async () => {
    const pace = new Pace(0.1);
    await pace.turn();
    const giveUp = new AbortController();
    const waiting = pace.turn(giveUp.signal);
    giveUp.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
