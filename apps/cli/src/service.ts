import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, type EmbeddedPostgres, loadConfig, migrateDatabase, startEmbeddedPostgres } from '#platform';
import { inheritedEnvironment } from '#platform/ports';
import { forgetService, keysOf, LOCAL_DIRECTORY, rememberService } from './local-settings.js';
import { bootstrapToken } from './operator.js';
import { Supervisor } from './supervisor.js';

const READY_WITHIN_MS = 60_000;
const LOOK_AT_POSTGRES_EVERY_MS = 1000;

export interface RunningService {
  readonly url: string;
  readonly databaseUrl: string;
  /** Ours, in `.trame/`, rather than yours. */
  readonly isEmbedded: boolean;
  /** The first operator token; shown once, because only its hash is kept. */
  readonly operatorToken: string | undefined;
  readonly pids: Readonly<Record<'api' | 'worker', number | undefined>>;
  /** API and worker first, then the database. */
  stop(): Promise<void>;
}

/**
 * The whole service on this machine: database (yours by DATABASE_URL, or an embedded one), migrations, API and worker as processes of
 * their own that are started again when they die. @throws ConfigError before anything listens; an error when it is not ready in time.
 */
export async function startService(report: (line: string) => void): Promise<RunningService> {
  const settings = { ...inheritedEnvironment(), ...keysOf() };
  const postgres = settings['DATABASE_URL'] ? undefined : await startPostgres(report);
  const env = { ...settings, DATABASE_URL: settings['DATABASE_URL'] ?? postgres?.url };
  const watch = postgres && keepAlive(postgres, report);
  const supervisors = new Map<'api' | 'worker', Supervisor>();
  const stop = async (): Promise<void> => {
    await Promise.all([...supervisors.values()].map((supervisor) => supervisor.stop()));
    clearInterval(watch);
    forgetService();
    await postgres?.stop();
  };
  try {
    const config = loadConfig(env);
    await migrateDatabase(config.DATABASE_URL);
    const operatorToken = await bootstrapToken(config);
    for (const name of ['api', 'worker'] as const) supervisors.set(name, new Supervisor({ name, file: programFile(name), env }, report));
    for (const supervisor of supervisors.values()) supervisor.start();
    const url = `http://${config.HTTP_HOST}:${config.HTTP_PORT}`;
    await untilReady(url, config);
    rememberService({ DATABASE_URL: config.DATABASE_URL, TRAME_URL: url });
    const pids = { api: supervisors.get('api')?.pid, worker: supervisors.get('worker')?.pid };
    return { url, databaseUrl: config.DATABASE_URL, isEmbedded: postgres !== undefined, operatorToken, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const programFile = (name: 'api' | 'worker'): string => fileURLToPath(new URL(`../../${name}/src/main.js`, import.meta.url));

async function startPostgres(report: (line: string) => void): Promise<EmbeddedPostgres> {
  report('starting the embedded PostgreSQL (data in .trame/postgres; set DATABASE_URL to use yours)');
  return startEmbeddedPostgres({ directory: path.join(LOCAL_DIRECTORY, 'postgres'), durable: true });
}

/** A crashed server comes back on the same port: API and worker reconnect by themselves. */
function keepAlive(postgres: EmbeddedPostgres, report: (line: string) => void): NodeJS.Timeout {
  let isRestarting = false;
  return setInterval(() => {
    if (isRestarting || isAlive(postgres.pid)) return;
    isRestarting = true;
    report('PostgreSQL ended; it is started again');
    postgres
      .restart()
      .catch((error: unknown) => report(`PostgreSQL cannot be started: ${error instanceof Error ? error.message : String(error)}`))
      .finally(() => {
        isRestarting = false;
      });
  }, LOOK_AT_POSTGRES_EVERY_MS);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // Another user's, and there.
  }
}

async function untilReady(url: string, config: Config): Promise<void> {
  for (const deadline = performance.now() + READY_WITHIN_MS; performance.now() < deadline; ) {
    const isReady = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) }).then(
      (response) => response.ok,
      () => false, // Not listening yet.
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the API is not ready after ${READY_WITHIN_MS / 1000} s; is port ${config.HTTP_PORT} taken? (HTTP_PORT)`);
}
