/** A command that failed, as eAPI reports it. */

/**
 * 1000 could not run · 1002 invalid command · 1003 no JSON model · 1005 not authorised.
 * Codes as pyeapi and goeapi know them.
 */
export type CliErrorCode = 1000 | 1002 | 1003 | 1005;

export class CliError extends Error {
  constructor(
    readonly code: CliErrorCode,
    readonly errors: readonly string[],
  ) {
    super(errors.join('; '));
  }

  get reason(): string {
    const reasons: Record<CliErrorCode, string> = {
      1000: 'could not run command',
      1002: 'invalid command',
      1003: 'unconverted command',
      1005: 'permission to run command denied',
    };
    return reasons[this.code];
  }
}

export const invalidInput = (command: string, token: number): CliError =>
  new CliError(1002, [`Invalid input (at token ${token}: '${command.split(/\s+/)[token] ?? command}')`]);
