/** `npm run chaos`: orders against API and workers that are killed, stopped and starved, and then a look at what they promised. */
import 'reflect-metadata';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { summary } from './chaos/chaos-result.js';
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
  .option('--seconds <n>', 'how long clients order and things break', wholeNumber(1, 3600), 60)
  .option('--seed <n>', 'what the random times and victims are drawn from', wholeNumber(0, 4_294_967_295), 1)
  .addOption(new Option('--queue <where>', 'where the jobs live').choices(['postgres', 'redis'] as const).default('postgres' as const))
  .option('--no-outbox', 'add jobs directly after the commit and look for no lost ones: orders get lost')
  .option('--json', 'print one machine-readable line at the end')
  .parse()
  .opts<{ seconds: number; seed: number; queue: 'postgres' | 'redis'; outbox: boolean; json?: boolean }>();

const { json, ...chosen } = options;
const directory = resolve('.trame', 'chaos', String(chosen.seed));
const startedAt = performance.now();
/** Talk goes to stderr, the result to stdout. */
const say = (line: string): void =>
  void process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
const run = new ChaosRun({ ...chosen, directory }, say);

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

async function main(): Promise<number> {
  const timing = Object.entries(TIMING).map(([name, value]) => `${name}=${value}`);
  say(`seed ${chosen.seed}: 1 API, ${WORKERS} workers, ${timing.join(' ')}, quarantine ${QUARANTINE_SECONDS} s`);
  const report = await run.run();
  const text = summary(report, directory);
  if (json) process.stdout.write(`${JSON.stringify(report.result)}\n`);
  if (!json || !report.result.ok) (json ? process.stderr : process.stdout).write(text);
  return report.result.ok ? 0 : 1;
}

main().then(
  (code) => end(code),
  (error: unknown) => {
    say(`seed ${chosen.seed} could not be run: ${error instanceof Error ? error.stack : String(error)}`);
    say(`logs are in ${directory}`);
    return end(1);
  },
);
