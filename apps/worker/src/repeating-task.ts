import type { Logger } from '#platform';

/** After failures a task waits longer, but never longer than this beyond its own pace: what failed is most often a database that restarts. */
const LONGEST_EXTRA_MS = 2000;

/** Runs something again and again, never twice at once, with a pause after each end. A failure is logged and the next run comes all the same. */
export class RepeatingTask {
  private isStopped = false;
  private isAwake: () => void = () => undefined;
  private ended: Promise<void> = Promise.resolve();
  private failures = 0;

  constructor(
    private readonly task: { readonly name: string; readonly everyMs: number; run(signal: AbortSignal): Promise<void> },
    private readonly log: Logger,
  ) {}

  start(signal: AbortSignal): void {
    this.ended = this.loop(signal);
  }

  /** No more runs. Resolves when the one under way has ended. */
  stop(): Promise<void> {
    this.isStopped = true;
    this.isAwake();
    return this.ended;
  }

  private async loop(signal: AbortSignal): Promise<void> {
    while (!this.isStopped) {
      try {
        await this.task.run(signal);
        this.failures = 0;
      } catch (error) {
        this.failures++;
        this.log.warn('task.failed', { task: this.task.name, failures: this.failures, error });
      }
      if (!this.isStopped) await this.pause();
    }
  }

  private pause(): Promise<void> {
    const extra = this.failures === 0 ? 0 : Math.min(100 * 2 ** this.failures, LONGEST_EXTRA_MS);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.task.everyMs + extra);
      this.isAwake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
