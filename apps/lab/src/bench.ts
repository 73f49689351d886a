/**
 * `npm run bench -- allocation`: what the product does in a second, as a ratio to what the disk would let anybody do.
 * `npm run bench -- render`: what checking, compiling and rendering a fabric takes.
 * `npm run bench -- rollout`: what bringing a change to a hundred devices takes.
 * `npm run bench -- sync`: what keeping another inventory right takes.
 * `npm run bench -- facade`: what an address costs through the door that speaks NetBox; a part of `sync`.
 */
import 'reflect-metadata';
import { resolve } from 'node:path';
import { CommanderError } from 'commander';
import { parseArguments } from './bench/arguments.js';
import { runRenderBench } from './bench/render/render-bench.js';
import { renderJson, renderTable, renderVerdicts } from './bench/render/render-report.js';
import { FULL_RENDER, QUICK_RENDER } from './bench/render/render-sizes.js';
import { holds, jsonLine, table } from './bench/report.js';
import { RolloutBench } from './bench/rollout/rollout-bench.js';
import { rolloutJson, rolloutTable, rolloutVerdicts } from './bench/rollout/rollout-report.js';
import { runBench } from './bench/run-bench.js';
import { facadeTable, facadeVerdicts, runFacadeBench } from './bench/sync/facade-bench.js';
import { runSyncBench } from './bench/sync/sync-bench.js';
import { syncJson, syncTable, syncVerdicts } from './bench/sync/sync-report.js';

const startedAt = performance.now();
const say = (line: string): void =>
  void process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);

async function main(): Promise<number> {
  const { json, subject, ...asked } = parseArguments(process.argv.slice(2), (text) => void process.stderr.write(text));
  if (subject === 'render') return render(json, asked.quick);
  if (subject === 'rollout') return rollout(json, asked.quick);
  if (subject === 'sync') return sync(json, asked.quick);
  if (subject === 'facade') return facade(json, asked.quick);
  const report = await runBench({ ...asked, databaseUrl: process.env['DATABASE_URL'], say });
  process.stdout.write(json ? `${jsonLine(report)}\n` : table(report));
  if (json && !holds(report)) process.stderr.write(table(report));
  return holds(report) ? 0 : 1;
}

async function rollout(json: boolean, isQuick: boolean): Promise<number> {
  const sizes = { ...(isQuick ? { leafs: 4, hosts: 8 } : { leafs: 30, hosts: 70 }), applyMs: 100 };
  const bench = new RolloutBench(sizes, resolve('.trame', 'bench', 'rollout'), say);
  process.on('exit', () => bench.killNow());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void bench.close().then(() => process.exit(130)));
  try {
    const report = await bench.run();
    const isKept = rolloutVerdicts(report).every(({ holds: isHeld }) => isHeld);
    process.stdout.write(json ? `${rolloutJson(report)}\n` : rolloutTable(report));
    if (json && !isKept) process.stderr.write(rolloutTable(report));
    return isKept ? 0 : 1;
  } finally {
    await bench.close();
  }
}

async function sync(json: boolean, isQuick: boolean): Promise<number> {
  const report = await runSyncBench(isQuick ? { objects: 3000, facadeRounds: 20 } : { objects: 100_000, facadeRounds: 200 }, say);
  const isKept = syncVerdicts(report).every(({ holds: isHeld }) => isHeld);
  process.stdout.write(json ? `${syncJson(report)}\n` : syncTable(report));
  if (json && !isKept) process.stderr.write(syncTable(report));
  return isKept ? 0 : 1;
}

async function facade(json: boolean, isQuick: boolean): Promise<number> {
  const report = await runFacadeBench(isQuick ? 20 : 200, say);
  const isKept = facadeVerdicts(report).every(({ holds: isHeld }) => isHeld);
  process.stdout.write(json ? `${JSON.stringify({ ...report, holds: isKept })}\n` : facadeTable(report));
  return isKept ? 0 : 1;
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
