/** Time as the switch has it: real for a lab that runs, virtual for tests that cannot wait for a dead-man timer. */

export interface Clock {
  /** Milliseconds of the Unix epoch. */
  now(): number;
  /** Calls `action` once at that time or later. @returns forgets about it. */
  at(time: number, action: () => void): () => void;
}

export const realClock: Clock = {
  now: () => Date.now(),
  at(time, action) {
    const timer = setTimeout(action, Math.max(0, time - Date.now()));
    timer.unref(); // a forgotten commit timer must not keep a process alive
    return () => clearTimeout(timer);
  },
};

export class VirtualClock implements Clock {
  private readonly waiting = new Set<{ readonly time: number; readonly action: () => void }>();

  constructor(private time = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.time;
  }

  at(time: number, action: () => void): () => void {
    const entry = { time, action };
    this.waiting.add(entry);
    return () => void this.waiting.delete(entry);
  }

  /** Lets time pass; what falls due happens in order, at its own time. */
  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const next = [...this.waiting].filter(({ time }) => time <= end).sort((a, b) => a.time - b.time)[0];
      if (next === undefined) break;
      this.waiting.delete(next);
      this.time = Math.max(this.time, next.time);
      next.action();
    }
    this.time = end;
  }
}
