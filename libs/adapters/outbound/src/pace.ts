import { setTimeout as sleep } from 'node:timers/promises';

/** What may go at once after a rest, milliseconds of the rate. */
const BURST_MS = 1000;

/** Lets requests go at a rate: after a rest a second's worth at once, then one after another. In the order in which they came. */
export class Pace {
  /** On the clock that never jumps: when the rate would allow the next one, had none gone early. */
  private due = 0;

  /** @param perSecond above 0. */
  constructor(private readonly perSecond: number) {}

  /** @throws AbortError when the caller gives up first. */
  async turn(signal?: AbortSignal): Promise<void> {
    const now = performance.now();
    const each = 1000 / this.perSecond;
    this.due = Math.max(this.due, now - Math.max(BURST_MS - each, 0)) + each;
    const early = this.due - each - now;
    if (early > 0) await sleep(early, undefined, { signal });
  }
}
