/**
 * `npm run chaos`: orders against API and workers that are killed, stopped and starved, and then a look at what they promised.
 * `-- --scenario allocation`: callers of many processes against the allocators.
 * `-- --scenario crash-points`: workers that die once at every named place.
 * `-- --scenario rollout`: plans that are rolled out and steered over many devices.
 */
import 'reflect-metadata';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CrashPoint } from '#platform';
import { allocationSummary } from './chaos/allocation/allocation-report.js';
import { AllocationChaosRun, CLIENTS_OF_EACH, PROCESSES } from './chaos/allocation/run-allocation-chaos.js';
import { summary } from './chaos/chaos-result.js';
import { crashWalkSummary } from './chaos/crash-walk/crash-walk-report.js';
import { CrashWalk } from './chaos/crash-walk/run-crash-walk.js';
import { rolloutSummary } from './chaos/rollout/rollout-report.js';
import { RolloutChaosRun } from './chaos/rollout/run-rollout-chaos.js';
import { WORKER_POINTS } from './chaos/nemesis.js';
import { ChaosRun } from './chaos/run-chaos.js';
import { QUARANTINE_SECONDS, TIMING, WORKERS } from './chaos/timing.js';

const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`a whole number from ${min} to ${max} is accepted`);
    return value;
  };

const options = new Command('chaos')
  .description('Breaks a running installation at random and checks that it kept every promise. The same seed breaks the same things.')
  .addOption(
    new Option('--scenario <name>', 'what is put to the proof')
      .choices(['orders', 'allocation', 'rollout', 'crash-points'] as const)
      .default('orders' as const),
  )
  .option('--seconds <n>', 'how long clients order and things break', wholeNumber(1, 3600), 60)
  .option('--seed <n>', 'what the random times and victims are drawn from', wholeNumber(0, 4_294_967_295), 1)
  .addOption(new Option('--queue <where>', 'where the jobs live').choices(['postgres', 'redis'] as const).default('postgres' as const))
  .option('--no-outbox', 'add jobs directly after the commit and look for no lost ones: orders get lost')
  .option('--naive', 'scenario allocation: an allocator that is wrong, to see that the check finds it')
  .addOption(new Option('--points <names...>', 'scenario crash-points: only these').choices(WORKER_POINTS))
  .option('--json', 'print one machine-readable line at the end')
  .parse()
  .opts<{
    scenario: 'orders' | 'allocation' | 'rollout' | 'crash-points';
    seconds: number;
    seed: number;
    queue: 'postgres' | 'redis';
    outbox: boolean;
    naive?: boolean;
    points?: CrashPoint[];
    json?: boolean;
  }>();

const { json, scenario, naive = false, ...chosen } = options;
const directory = resolve('.trame', 'chaos', scenario === 'orders' ? String(chosen.seed) : `${scenario}-${chosen.seed}`);
const startedAt = performance.now();
/** Talk goes to stderr, the result to stdout. */
const say = (line: string): void =>
  void process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
const { seed, seconds } = chosen;
const run =
  scenario === 'orders'
    ? new ChaosRun({ ...chosen, directory }, say)
    : scenario === 'rollout'
      ? new RolloutChaosRun({ ...chosen, directory }, say)
      : scenario === 'crash-points'
        ? new CrashWalk({ ...chosen, directory }, say)
        : new AllocationChaosRun({ seed, seconds, directory, isNaive: naive }, say);

process.on('exit', () => run.killNow());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(130));
process.on('uncaughtException', (error) => {
  say(error.stack ?? error.message);
  void end(1);
});

let ended: Promise<never> | undefined;

/** What ends the run first decides its exit code. */
function end(code: number): Promise<never> {
  ended ??= run.close().then(() => process.exit(code));
  return ended;
}

/** One line for machines; words for people, and where it failed. */
function tell(result: object, isGood: boolean, text: string): number {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (!json || !isGood) (json ? process.stderr : process.stdout).write(text);
  return isGood ? 0 : 1;
}

async function main(): Promise<number> {
  if (run instanceof AllocationChaosRun) {
    say(`seed ${seed}: ${PROCESSES} processes of ${CLIENTS_OF_EACH} callers${naive ? ', NAIVE ALLOCATOR' : ''}`);
    const report = await run.run();
    return tell(report.result, report.result.holds, allocationSummary(report, directory));
  }
  if (run instanceof CrashWalk) {
    const report = await run.run();
    return tell(report.result, report.result.ok, crashWalkSummary(report, directory));
  }
  if (run instanceof RolloutChaosRun) {
    const report = await run.run();
    return tell(report.result, report.result.ok, rolloutSummary(report, directory));
  }
  const timing = Object.entries(TIMING).map(([name, value]) => `${name}=${value}`);
  say(`seed ${seed}: 1 API, ${WORKERS} workers, ${timing.join(' ')}, quarantine ${QUARANTINE_SECONDS} s`);
  const report = await run.run();
  return tell(report.result, report.result.ok, summary(report, directory));
}

main().then(
  (code) => end(code),
  (error: unknown) => {
    say(`seed ${seed} could not be run: ${error instanceof Error ? error.stack : String(error)}`);
    say(`logs are in ${directory}`);
    return end(1);
  },
);
