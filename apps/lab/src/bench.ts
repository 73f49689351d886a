/**
 * `npm run bench -- allocation`: what the product does in a second, as a ratio to what the disk would let anybody do.
 * `npm run bench -- render`: what checking, compiling and rendering a fabric takes.
 */
import 'reflect-metadata';
import { CommanderError } from 'commander';
import { parseArguments } from './bench/arguments.js';
import { runRenderBench } from './bench/render/render-bench.js';
import { renderJson, renderTable, renderVerdicts } from './bench/render/render-report.js';
import { FULL_RENDER, QUICK_RENDER } from './bench/render/render-sizes.js';
import { holds, jsonLine, table } from './bench/report.js';
import { runBench } from './bench/run-bench.js';

const startedAt = performance.now();
const say = (line: string): void =>
  void process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);

async function main(): Promise<number> {
  const { json, subject, ...asked } = parseArguments(process.argv.slice(2), (text) => void process.stderr.write(text));
  if (subject === 'render') return render(json, asked.quick);
  const report = await runBench({ ...asked, databaseUrl: process.env['DATABASE_URL'], say });
  process.stdout.write(json ? `${jsonLine(report)}\n` : table(report));
  if (json && !holds(report)) process.stderr.write(table(report));
  return holds(report) ? 0 : 1;
}

function render(json: boolean, isQuick: boolean): number {
  const report = runRenderBench(isQuick ? QUICK_RENDER : FULL_RENDER, say);
  const isKept = renderVerdicts(report).every(({ holds: isHeld }) => isHeld);
  process.stdout.write(json ? `${renderJson(report)}\n` : renderTable(report));
  if (json && !isKept) process.stderr.write(renderTable(report));
  return isKept ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(1);
  },
);
