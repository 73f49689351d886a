import type { Command } from 'commander';
import { type Config, ConfigError, loadConfig } from '#platform';
import { type Check, isWell } from '../doctor/check.js';
import { checkInvariants } from '../doctor/check-invariants.js';
import { checkDatabase, checkQueue } from '../doctor/check-surroundings.js';
import { localEnvironment } from '../local-settings.js';
import { printable } from '../printable.js';

interface DoctorOptions {
  readonly json?: true;
  readonly repair?: true;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look for what keeps the service from running here, and for what is wrong in its database')
    .option('--json', 'print one JSON object instead of lines')
    .option('--repair', 'make anew what is derived and wrong, such as the index of free numbers; look again')
    .action(async ({ json, repair }: DoctorOptions) => {
      const checks = await examine(repair === true);
      if (json)
        console.log(JSON.stringify({ ok: isWell(checks), checks: checks.map((check) => ({ ok: check.problem === undefined, ...check })) }));
      else for (const line of checks.flatMap(toLines)) console.log(printable(line));
      process.exitCode = isWell(checks) ? 0 : 1;
    });
}

async function examine(repair: boolean): Promise<Check[]> {
  const checks: Check[] = [{ what: `Node ${process.versions.node}` }];
  let config: Config;
  try {
    config = loadConfig(localEnvironment());
    checks.push({ what: 'configuration' });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...checks, ...error.problems.map((problem) => ({ what: 'configuration', problem }))];
  }
  const database = await checkDatabase(config);
  // Of another schema nothing can be asked.
  const invariants = database.problem === undefined ? await checkInvariants(config, repair) : [];
  return [...checks, database, await checkQueue(config), ...invariants];
}

function toLines({ what, problem, invariant }: Check): string[] {
  const repaired = invariant?.repairedRows === undefined ? '' : ` (repaired: ${invariant.repairedRows} rows made anew)`;
  if (problem === undefined) return [`ok       ${what}${repaired}`];
  const lines = [`PROBLEM  ${what}: ${problem}${repaired}`];
  if (!invariant) return lines;
  lines.push(`           broken: ${invariant.says}`, ...invariant.first.map((each) => `           ${each.subject}: ${each.what}`));
  if (invariant.violations > invariant.first.length) lines.push(`           … and ${invariant.violations - invariant.first.length} more`);
  return [...lines, `           ${invariant.remedy}`];
}
