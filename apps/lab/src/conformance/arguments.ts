import { Command, InvalidArgumentError } from 'commander';
import type { Sampling } from './conformance-kind.js';
import { isKindName, KINDS, type KindName } from './kinds.js';

export interface ConformanceArguments {
  readonly kind: KindName;
  readonly directory: string;
  readonly json: boolean;
  readonly sampling: Sampling;
}

/** @throws CommanderError for what cannot be asked, after saying what can. */
export function parseArguments(args: readonly string[], write: (text: string) => void): ConformanceArguments {
  const command = new Command('conformance')
    .description('Renders a folder of cases and compares with what is expected. Ends with 1 when a case differs.')
    .addArgument(new Command().createArgument('<kind>', 'what the cases are').choices(Object.keys(KINDS)))
    .argument('<directory>', 'the folder of the cases')
    .option('--json', 'print one machine-readable line')
    .option('--seed <number>', 'which changes are tried, where a kind tries changes', wholeNumber, 1)
    .option('--samples <number>', 'how many in each file', wholeNumber, 10)
    .addHelpText('after', `\nFolders:\n${folders()}`)
    .showHelpAfterError()
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write })
    .parse([...args], { from: 'user' });
  const [kind = '', directory = ''] = command.args;
  if (!isKindName(kind)) return command.error(`error: unknown kind ${kind}`);
  const { json = false, seed, samples } = command.opts<{ json?: boolean } & Sampling>();
  return { kind, directory, json, sampling: { seed, samples } };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number from 0 to 999999999');
  return Number(text);
}

function folders(): string {
  const names = Object.keys(KINDS).filter(isKindName);
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => `  ${name.padEnd(width)}  ${KINDS[name].expects}\n`).join('');
}
