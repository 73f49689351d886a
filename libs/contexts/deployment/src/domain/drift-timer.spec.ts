import { LONGEST_PAUSE_SECONDS, LOOK_EVERY_SECONDS, pauseSeconds, READ_WITHIN_SECONDS } from './drift-timer.js';

const FIVE_MINUTES = 300;
const DICE = Array.from({ length: 1001 }, (_, index) => index / 1000);

describe('the timer of drift', () => {
  it('never pauses longer than what leaves time to look and to read within five minutes', () => {
    const pauses = DICE.map(pauseSeconds);
    expect(Math.max(...pauses)).toBeCloseTo(LONGEST_PAUSE_SECONDS);
    expect(LONGEST_PAUSE_SECONDS + LOOK_EVERY_SECONDS).toBeLessThanOrEqual(FIVE_MINUTES - 20);
  });

  it('finds 95 of 100 changes within five minutes, also where every reading takes as long as one may', () => {
    // A change falls into a pause as often as the pause is long, and anywhere in it.
    const waits = DICE.map(pauseSeconds).flatMap((pause) => Array.from({ length: Math.round(pause) }, (_, second) => pause - second));
    waits.sort((a, b) => a - b);
    const p95 = waits[Math.floor(waits.length * 0.95)] as number;
    expect(p95 + LOOK_EVERY_SECONDS + READ_WITHIN_SECONDS).toBeLessThan(FIVE_MINUTES);
  });

  it('spreads devices that were read at the same moment over more than a minute', () => {
    expect(pauseSeconds(1) - pauseSeconds(0)).toBeGreaterThan(60);
  });
});
