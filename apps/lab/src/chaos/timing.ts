/**
 * The times that the processes run with. They are shorter than those of a real installation, so that a minute holds many
 * failures and their repair; every one of them is an ordinary setting of the product, and the report names them.
 */
export const TIMING = {
  LEASE_SECONDS: '4',
  VERIFY_WITHIN_SECONDS: '3',
  CONFIRM_WITHIN_SECONDS: '10',
  MAX_PUSH_ATTEMPTS: '3',
  ORDER_DEADLINE_SECONDS: '120',
  ROLLOUT_SOAK_SECONDS: '0',
} as const;

/** A number is handed out again after this time: within a run, so that reuse is exercised too. */
export const QUARANTINE_SECONDS = 5;
export const WORKERS = 2;
export const CLIENTS = 4;
/** After the faults ended, everything must have settled by then; what has not is counted as lost. */
export const GIVE_UP_AFTER_SECONDS = 60;
/** What is asked of the product. */
export const SETTLE_WITHIN_SECONDS = 15;

export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
