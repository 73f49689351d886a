import { setTimeout as sleep } from 'node:timers/promises';

/** Ends early, and without a word, when it is aborted: whoever goes on meets the signal at the next call. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
