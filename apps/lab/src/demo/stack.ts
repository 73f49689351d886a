/** Postgres, API and worker as processes of their own, for the demo and for tests: what `npm start` runs, on ports of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OutboundHttp } from '#adapters/outbound';
import { type Config, loadConfig, migrateDatabase, startEmbeddedPostgres } from '#platform';

/** The built tree: this file's own, or beside the sources when a test runs from them. */
const HERE = fileURLToPath(new URL('../../../../', import.meta.url));
const DIST = existsSync(join(HERE, 'apps/api/src/main.js')) ? HERE : join(HERE, 'dist');
const READY_WITHIN_MS = 30_000;

export interface Stack {
  readonly apiUrl: string;
  readonly config: Config;
  readonly logDirectory: string;
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly directory: string;
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** @throws Error with the tail of what a process said when it does not come up. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const logDirectory = join(options.directory, 'log');
  await mkdir(logDirectory, { recursive: true });
  const postgres =
    options.databaseUrl === undefined
      ? await startEmbeddedPostgres({ directory: join(options.directory, 'postgres'), durable: true })
      : undefined;
  const children: { name: string; child: ChildProcess }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(({ child }) => end(child)));
    await postgres?.stop();
  };
  try {
    const env = environment(options, postgres?.url ?? (options.databaseUrl as string), await freePort());
    const config = loadConfig(env);
    await migrateDatabase(config.DATABASE_URL);
    for (const name of ['api', 'worker']) children.push({ name, child: run(name, env, logDirectory) });
    const apiUrl = `http://127.0.0.1:${config.HTTP_PORT}`;
    await ready(apiUrl, children, logDirectory);
    return { apiUrl, config, logDirectory, processes: children.map(({ name, child }) => ({ name, pid: child.pid as number })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function environment(options: StackOptions, databaseUrl: string, port: number): Record<string, string> {
  const key = (): string => randomBytes(32).toString('base64');
  return {
    DATABASE_URL: databaseUrl,
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
    HTTP_PORT: String(port),
    TRAME_KEK: key(),
    TRAME_TOKEN_PEPPER: key(),
    ROLLOUT_SOAK_SECONDS: '2', // A demonstration does not watch the canary for a minute.
    ...options.env,
  };
}

function run(name: string, env: Record<string, string>, logDirectory: string): ChildProcess {
  const child = spawn(process.execPath, [join(DIST, 'apps', name, 'src', 'main.js')], {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(join(logDirectory, `${name}.log`), { flags: 'a' });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  return child;
}

async function ready(apiUrl: string, children: readonly { name: string; child: ChildProcess }[], logDirectory: string): Promise<void> {
  const http = new OutboundHttp({ name: 'api', timeoutMs: 1000, maxResponseBytes: 65_536, allowPrivate: true, maxRetries: 0 });
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const dead = children.find(({ child }) => child.exitCode !== null);
    if (dead) throw new Error(`${dead.name} ended with code ${dead.child.exitCode}; see ${join(logDirectory, `${dead.name}.log`)}`);
    const isReady = await http.request({ method: 'GET', url: `${apiUrl}/readyz` }).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (isReady) return;
  }
  throw new Error(`the API was not ready within ${READY_WITHIN_MS} ms; see ${logDirectory}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(timer);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number };
        server.close(() => resolve(port));
      });
  });
}
