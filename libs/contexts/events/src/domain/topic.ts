/** The closed list of what one context may tell another. The key of each is the id of what changed. */
export const TOPICS = [
  'inbox.received',
  'fabric.changed',
  'deployment.settled',
  'device.hint',
  'recall.wanted',
  'sync.wanted',
  'number-pool.changed',
  'prefix-pool.changed',
] as const;
export type Topic = (typeof TOPICS)[number];
