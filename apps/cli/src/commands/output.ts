import { type Command, InvalidArgumentError, Option } from 'commander';
import { printable } from '../printable.js';

export interface Output {
  readonly output: 'text' | 'json';
}

export const withOutput = (command: Command): Command =>
  command
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addOption(new Option('--json', 'the same as -o json').implies({ output: 'json' }));

/** @param lines for people. */
export function print({ output }: Output, found: unknown, lines: readonly string[]): void {
  if (output === 'json') console.log(JSON.stringify(found, null, 2));
  else for (const line of lines) console.log(printable(line));
}

/** An option that is a whole number. */
export function integer(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
}
