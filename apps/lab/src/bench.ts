/** `npm run bench -- allocation`: what the product does in a second, as a ratio to what the disk would let anybody do. */
import 'reflect-metadata';
import { CommanderError } from 'commander';
import { parseArguments } from './bench/arguments.js';
import { holds, jsonLine, table } from './bench/report.js';
import { runBench } from './bench/run-bench.js';

const startedAt = performance.now();
const say = (line: string): void =>
  void process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);

async function main(): Promise<number> {
  const { json, ...asked } = parseArguments(process.argv.slice(2), (text) => void process.stderr.write(text));
  const report = await runBench({ ...asked, databaseUrl: process.env['DATABASE_URL'], say });
  process.stdout.write(json ? `${jsonLine(report)}\n` : table(report));
  if (json && !holds(report)) process.stderr.write(table(report));
  return holds(report) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(1);
  },
);
