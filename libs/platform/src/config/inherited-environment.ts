/** The environment as it was given: for programs that start others, and for clients that have no Config. */
export const inheritedEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env });
