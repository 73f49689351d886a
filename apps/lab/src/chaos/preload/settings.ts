/** How the harness tells a process what is wrong with it. */
export const CLOCK_SECONDS = 'CHAOS_CLOCK_SECONDS';
export const CLOCK_AFTER_MS = 'CHAOS_CLOCK_AFTER_MS';
/** The migration that only a newer release knows. */
export const NEWER_RELEASE = 'NewerRelease9999999999999';
/** What follows the name under which a process of the newer release asks the database. */
export const OF_NEWER_RELEASE = ' newer';
