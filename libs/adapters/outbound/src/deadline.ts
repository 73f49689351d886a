import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One end for a whole request with its retries: the time is up, or the caller gave up.
 * Not `AbortSignal.any`: in Node 20 it keeps dependants of a long-lived signal alive.
 */
export class Deadline {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = (): void => this.expire('ABORTED');
  cause: 'TIMEOUT' | 'ABORTED' | null = null;

  constructor(
    timeoutMs: number,
    private readonly caller?: AbortSignal,
  ) {
    this.timer = setTimeout(() => this.expire('TIMEOUT'), timeoutMs);
    if (caller?.aborted) this.expire('ABORTED');
    else caller?.addEventListener('abort', this.onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** @returns false when the deadline came first. */
  async pause(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: this.signal }).catch(() => false);
  }

  /** Must be called: it frees the timer and the caller's signal. */
  end(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener('abort', this.onAbort);
  }

  private expire(cause: 'TIMEOUT' | 'ABORTED'): void {
    this.cause ??= cause;
    this.controller.abort();
  }
}
