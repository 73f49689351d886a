import { setTimeout as sleep } from 'node:timers/promises';

/** Ends early when the signal does; the next call then says so. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
