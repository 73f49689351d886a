import type { Command } from 'commander';
import { type Config, ConfigError, createLogger, createQueueBackend, Database, loadConfig } from '#platform';
import { localEnvironment } from '../local-settings.js';

interface Finding {
  readonly what: string;
  /** Undefined: it is as it should be. */
  readonly problem?: string;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look for what keeps the service from running here')
    .action(async () => {
      const findings = await examine();
      for (const { what, problem } of findings)
        console.log(`${problem === undefined ? 'ok      ' : 'PROBLEM '} ${what}${problem === undefined ? '' : `: ${problem}`}`);
      process.exitCode = findings.some(({ problem }) => problem !== undefined) ? 1 : 0;
    });
}

async function examine(): Promise<Finding[]> {
  const findings: Finding[] = [{ what: `Node ${process.versions.node}` }];
  let config: Config;
  try {
    config = loadConfig(localEnvironment());
    findings.push({ what: 'configuration' });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...findings, ...error.problems.map((problem) => ({ what: 'configuration', problem }))];
  }
  return [...findings, await examineDatabase(config), await examineQueue(config)];
}

async function examineDatabase(config: Config): Promise<Finding> {
  const what = 'database';
  let db: Database;
  try {
    db = await Database.connect(config.DATABASE_URL, 2, [], createLogger('silent'));
  } catch (error) {
    return { what, problem: `${textOf(error)} (a new database needs \`trame migrate\` first)` };
  }
  try {
    const pending = await db.pendingMigrations();
    if (!pending) return { what, problem: 'it does not answer' };
    return pending.length === 0 ? { what } : { what, problem: `${pending.length} migrations are missing; run \`trame migrate\`` };
  } finally {
    await db.close();
  }
}

async function examineQueue(config: Config): Promise<Finding> {
  const backend = createQueueBackend(config.DATABASE_URL, config.REDIS_URL);
  const what = `queue in ${backend.kind}`;
  const queue = backend.queue('doctor');
  queue.on('error', () => undefined); // Told by the answer below.
  const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('it does not answer within 3 s')), 3000).unref());
  try {
    await Promise.race([queue.getJobCounts(), late]);
    return { what };
  } catch (error) {
    return { what, problem: textOf(error) };
  } finally {
    await Promise.race([queue.close(), late]).catch(() => undefined);
    await backend.close();
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));
