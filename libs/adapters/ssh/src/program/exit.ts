/** Exit statuses of the push program; anything else means that it did not run. */
export const PUSH_EXIT = {
  done: 0,
  badRequest: 64,
  staleFence: 65,
  configRefused: 66,
  applyFailedAndUndone: 67,
  undoUnproven: 68,
  noSuchPush: 69,
  storageFailed: 70,
  staleRevision: 71,
  inProgress: 75,
} as const;
