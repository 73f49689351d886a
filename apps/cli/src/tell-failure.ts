import { CommanderError } from 'commander';
import { isDomainError } from '#engines/kernel';
import { printable } from './printable.js';

/** EX_USAGE of sysexits.h: the command was not understood, as opposed to understood and failed. */
const USAGE = 64;

/** What a command has thrown, for whoever gave it: words and an exit code. */
export function tellFailure(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE; // Commander has said what was wrong.
    return;
  }
  const code = isDomainError(error) ? `${error.code}: ` : '';
  console.error(printable(`${code}${error instanceof Error ? error.message : String(error)}`));
  process.exitCode = 1;
}
