/** The migration that only a newer release knows. */
export const NEWER_RELEASE = 'NewerRelease9999999999999';
