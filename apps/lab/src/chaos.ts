/**
 * `npm run chaos`: orders against API and workers that are killed, stopped and starved, and then a look at what they promised.
 * `-- --scenario allocation`: callers of many processes against the allocators.
 * `-- --scenario crash-points`: workers, the API and an operator's program that die once at every named place.
 * `-- --scenario rollout`: plans that are rolled out and steered over many devices.
 * `-- --scenario sync`: a NetBox that is kept right while everything about it breaks and people work in it.
 */
import 'reflect-metadata';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CRASH_POINTS, type CrashPoint } from '#platform';
import { allocationSummary } from './chaos/allocation/allocation-report.js';
import { AllocationChaosRun, CLIENTS_OF_EACH, PROCESSES } from './chaos/allocation/run-allocation-chaos.js';
import { summary } from './chaos/chaos-result.js';
import { crashWalkSummary } from './chaos/crash-walk/crash-walk-report.js';
import { CrashWalk } from './chaos/crash-walk/run-crash-walk.js';
import { rolloutSummary } from './chaos/rollout/rollout-report.js';
import { RolloutChaosRun } from './chaos/rollout/run-rollout-chaos.js';
import { ChaosRun } from './chaos/run-chaos.js';
import { SyncChaosRun } from './chaos/sync/run-sync-chaos.js';
import { syncChaosSummary } from './chaos/sync/sync-chaos-report.js';
import { sumOfRuns, sumOfRunsText } from './chaos/sum-of-runs.js';
import { QUARANTINE_SECONDS, TIMING, WORKERS } from './chaos/timing.js';

const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`a whole number from ${min} to ${max} is accepted`);
    return value;
  };

const SEEDS = { min: 0, max: 4_294_967_295, most: 100 } as const;

/** `7`, or `1..6` for one run after the other. */
function seeds(text: string): readonly number[] {
  const [, first = '', last = first] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === '' || from > to || to > SEEDS.max || to - from >= SEEDS.most)
    throw new InvalidArgumentError(
      `a whole number from ${SEEDS.min} to ${SEEDS.max} is accepted, or two as in 1..6 (at most ${SEEDS.most} seeds)`,
    );
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

const options = new Command('chaos')
  .description('Breaks a running installation at random and checks that it kept every promise. The same seed breaks the same things.')
  .addOption(
    new Option('--scenario <name>', 'what is put to the proof')
      .choices(['orders', 'allocation', 'rollout', 'sync', 'crash-points'] as const)
      .default('orders' as const),
  )
  .option('--seconds <n>', 'how long clients order and things break', wholeNumber(1, 3600), 60)
  .option('--seed <n>', 'what the random times and victims are drawn from; 1..6: six runs, and their sum', seeds, [1])
  .addOption(new Option('--queue <where>', 'where the jobs live').choices(['postgres', 'redis'] as const).default('postgres' as const))
  .option('--no-outbox', 'add jobs directly after the commit and look for no lost ones: orders get lost')
  .option('--naive', 'scenario allocation: an allocator that is wrong, to see that the check finds it')
  .addOption(new Option('--points <names...>', 'scenario crash-points: only these').choices(CRASH_POINTS))
  .option('--json', 'print one machine-readable line at the end')
  .parse()
  .opts<{
    scenario: 'orders' | 'allocation' | 'rollout' | 'sync' | 'crash-points';
    seconds: number;
    seed: readonly number[];
    queue: 'postgres' | 'redis';
    outbox: boolean;
    naive?: boolean;
    points?: CrashPoint[];
    json?: boolean;
  }>();

const { json, scenario, naive = false, seed: allSeeds, ...chosen } = options;
const startedAt = performance.now();
/** Talk goes to stderr, the result to stdout. */
const say = (line: string): void =>
  void process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
let run: Run | undefined;

process.on('exit', () => run?.killNow());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(130));
process.on('uncaughtException', (error) => {
  say(error.stack ?? error.message);
  void end(1);
});

let ended: Promise<never> | undefined;

/** What ends the run first decides its exit code. */
function end(code: number): Promise<never> {
  ended ??= (run?.close() ?? Promise.resolve()).then(() => process.exit(code));
  return ended;
}

type Run = ChaosRun | AllocationChaosRun | CrashWalk | RolloutChaosRun | SyncChaosRun;

interface Verdict {
  readonly result: object;
  readonly isGood: boolean;
  readonly text: string;
}

const directoryOf = (seed: number): string => resolve('.trame', 'chaos', scenario === 'orders' ? String(seed) : `${scenario}-${seed}`);

async function runSeed(seed: number): Promise<Verdict> {
  const directory = directoryOf(seed);
  const given = { ...chosen, seed, directory };
  if (scenario === 'allocation') {
    const allocation = new AllocationChaosRun({ seed, seconds: chosen.seconds, directory, isNaive: naive }, say);
    run = allocation;
    say(`seed ${seed}: ${PROCESSES} processes of ${CLIENTS_OF_EACH} callers${naive ? ', NAIVE ALLOCATOR' : ''}`);
    const report = await allocation.run();
    return { result: report.result, isGood: report.result.holds, text: allocationSummary(report, directory) };
  }
  if (scenario === 'crash-points') {
    const walk = new CrashWalk(given, say);
    run = walk;
    const report = await walk.run();
    return { result: report.result, isGood: report.result.ok, text: crashWalkSummary(report, directory) };
  }
  if (scenario === 'rollout') {
    const rollouts = new RolloutChaosRun(given, say);
    run = rollouts;
    const report = await rollouts.run();
    return { result: report.result, isGood: report.result.ok, text: rolloutSummary(report, directory) };
  }
  if (scenario === 'sync') {
    const sync = new SyncChaosRun(given, say);
    run = sync;
    const report = await sync.run();
    return { result: report.result, isGood: report.result.ok, text: syncChaosSummary(report, directory) };
  }
  const timing = Object.entries(TIMING).map(([name, value]) => `${name}=${value}`);
  say(`seed ${seed}: 1 API, ${WORKERS} workers, ${timing.join(' ')}, quarantine ${QUARANTINE_SECONDS} s`);
  const orders = new ChaosRun(given, say);
  run = orders;
  const report = await orders.run();
  return { result: report.result, isGood: report.result.ok, text: summary(report, directory) };
}

/** One line for machines; words for people, and where it failed. */
async function main(): Promise<number> {
  const verdicts: Verdict[] = [];
  for (const seed of allSeeds) {
    const verdict = await runSeed(seed);
    verdicts.push(verdict);
    if (!json || !verdict.isGood) (json ? process.stderr : process.stdout).write(verdict.text);
    if (allSeeds.length > 1) await run?.close();
  }
  const areGood = verdicts.every((verdict) => verdict.isGood);
  const [only] = verdicts;
  if (verdicts.length === 1) {
    if (json) process.stdout.write(`${JSON.stringify(only?.result)}\n`);
    return areGood ? 0 : 1;
  }
  const results = verdicts.map(({ result }) => result);
  const sum = sumOfRuns(scenario, results, areGood);
  process.stdout.write(json ? `${JSON.stringify(sum)}\n` : sumOfRunsText(sum));
  return sum.ok ? 0 : 1;
}

main().then(
  (code) => end(code),
  (error: unknown) => {
    say(`it could not be run: ${error instanceof Error ? error.stack : String(error)}`);
    say(`logs are in ${allSeeds.map(directoryOf).join(', ')}`);
    return end(1);
  },
);
