/** `npm run conformance -- <kind> DIR [--json]`: a folder of somebody else's cases, rendered by us and compared. */
import { CommanderError } from 'commander';
import { parseArguments } from './conformance/arguments.js';
import { KINDS } from './conformance/kinds.js';
import { NoCasesError } from './conformance/no-cases-error.js';

async function main(): Promise<number> {
  const { kind, directory, json, sampling } = parseArguments(process.argv.slice(2), (text) => void process.stderr.write(text));
  const { figures, holds, text } = await KINDS[kind].run(directory, sampling);
  process.stdout.write(json ? `${JSON.stringify(figures)}\n` : text);
  if (json && !holds) process.stderr.write(text);
  return holds ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    process.stderr.write(`${error instanceof NoCasesError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exit(error instanceof NoCasesError ? 2 : 1);
  },
);
