/** When a device is read again: often enough that what a hand changes is found within five minutes, and never all devices at once. */

export const COLLECT_EVERY_SECONDS = 240;
const JITTER = 0.15;
/** The longest pause between two readings. */
export const LONGEST_PAUSE_SECONDS = COLLECT_EVERY_SECONDS * (1 + JITTER);
/** Due devices are looked for this often. */
export const LOOK_EVERY_SECONDS = 2;
/** One reading; shorter than the claim. */
export const READ_WITHIN_SECONDS = 45;
/** Hints do not have a device read more often than this, however much it chatters. */
export const HINTED_EVERY_SECONDS = 10;

/** @param dice 0…1. */
export const pauseSeconds = (dice: number): number => COLLECT_EVERY_SECONDS * (1 - JITTER + 2 * JITTER * dice);
