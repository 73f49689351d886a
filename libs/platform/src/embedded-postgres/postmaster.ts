import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';
import readline from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Account } from './account.js';
import { failed, OWNER } from './data-directory.js';
import { POSTGRES_ENVIRONMENT, program } from './native-folder.js';

/** A crash recovery reads all of the log since the last checkpoint; nothing else takes that long. */
const START_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
/** What a process wrote may be read after its end was seen; a backend that outlives it keeps the pipe open. */
const LAST_WORDS_WITHIN_MS = 5000;

export interface PostmasterOptions {
  readonly folder: string;
  readonly cluster: string;
  readonly account: Account | undefined;
  readonly password: string;
  readonly durable: boolean;
  readonly log: (line: string) => void;
}

/**
 * One run of the server process. It leads a session of its own, so that Ctrl-C in a terminal reaches only us and the
 * database goes last. Should we be killed without a chance to stop it, a shell that waits on a pipe from us does (POSIX
 * closes the pipe): no Postgres outlives its owner.
 */
export class Postmaster {
  readonly pid: number;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<void>;
  private readonly lastLines: string[] = [];
  /** Resolves when all that the process wrote was read. */
  private readonly saidAll: Promise<void>;
  private isRunning = true;

  private constructor(
    private readonly child: ChildProcess,
    private readonly options: PostmasterOptions,
    readonly port: number,
  ) {
    this.pid = child.pid ?? 0;
    const watcher = watch(this.pid, options.account);
    this.exited = new Promise((resolve) => {
      const end = (): void => {
        this.isRunning = false;
        watcher.kill('SIGKILL');
        resolve();
      };
      child.once('exit', end).once('error', end);
    });
    this.saidAll = new Promise((resolve) => {
      if (!child.stderr) return resolve();
      readline
        .createInterface({ input: child.stderr })
        .on('line', (line) => {
          if (this.lastLines.push(line) > 20) this.lastLines.shift();
          options.log(line);
        })
        .once('close', resolve);
    });
  }

  /**
   * Resolves when the database `trame` accepts connections.
   *
   * @param fixedPort undefined takes any free port.
   * @throws DomainError EMBEDDED_POSTGRES_FAILED with the last lines of the server.
   */
  static async start(options: PostmasterOptions, fixedPort: number | undefined): Promise<Postmaster> {
    const deadline = performance.now() + START_WITHIN_MS;
    for (;;) {
      const port = fixedPort ?? (await freePort());
      const postmaster = new Postmaster(launch(options, port), options, port);
      try {
        await postmaster.untilReady(deadline);
        return postmaster;
      } catch (error) {
        await postmaster.stop();
        await postmaster.lastWords();
        // Backends of a killed server leave a moment after it; a port that was free may have been taken meanwhile.
        const isPassing = postmaster.said(/shared memory block .* is still in use|could not bind|Address already in use/);
        if (!isPassing || performance.now() + 1000 > deadline || (fixedPort !== undefined && (await isTaken(fixedPort)))) throw error;
        await sleep(50);
      }
    }
  }

  urlOf(database: string): string {
    return `postgresql://${OWNER}:${this.options.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Fast shutdown: clients are disconnected, what was committed is on disk. Harder where it does not end in time. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.child.kill('SIGINT');
    if (await this.endsWithin(STOP_WITHIN_MS)) return;
    this.child.kill('SIGQUIT');
    if (await this.endsWithin(STOP_WITHIN_MS)) return;
    await this.kill();
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  private async endsWithin(milliseconds: number): Promise<boolean> {
    return resolvesWithin(this.exited, milliseconds);
  }

  private async lastWords(): Promise<string> {
    await resolvesWithin(this.saidAll, LAST_WORDS_WITHIN_MS);
    return this.lastLines.join('\n');
  }

  private said(pattern: RegExp): boolean {
    return this.lastLines.some((line) => pattern.test(line));
  }

  private async untilReady(deadline: number): Promise<void> {
    for (;;) {
      const problem = await this.prepareDatabase();
      if (problem === undefined) return;
      if (!this.isRunning) throw failed('postgres', await this.lastWords(), problem);
      if (performance.now() > deadline)
        throw failed('postgres', `not ready after ${START_WITHIN_MS} ms\n${this.lastLines.join('\n')}`, problem);
      await sleep(10);
    }
  }

  /** @returns why the server is not ready yet; other refusals (a wrong password) are thrown. */
  private async prepareDatabase(): Promise<Error | undefined> {
    const client = new pg.Client({ connectionString: this.urlOf('postgres') });
    client.on('error', () => undefined); // Reported by the query that fails.
    try {
      await client.connect();
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [OWNER]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${OWNER}`);
      return undefined;
    } catch (error) {
      const { code } = error as { code?: string };
      // ECONNREFUSED: not listening yet; 57P03: cannot_connect_now (recovery); ECONNRESET: it ends again.
      if (!this.isRunning || ['ECONNREFUSED', 'ECONNRESET', '57P03', '57P01'].includes(code ?? '')) return error as Error;
      throw failed('postgres', (error as Error).message, error);
    } finally {
      await client.end().catch(() => undefined); // A connection that never was has nothing to end.
    }
  }
}

async function resolvesWithin(promise: Promise<void>, milliseconds: number): Promise<boolean> {
  const waiting = new AbortController();
  const expired = sleep(milliseconds, false, { signal: waiting.signal }).catch(() => false);
  const isResolved = await Promise.race([promise.then(() => true), expired]);
  waiting.abort();
  return isResolved;
}

function launch({ folder, cluster, account, durable }: PostmasterOptions, port: number): ChildProcess {
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
  };
  const assignments = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return spawn(program(folder, 'postgres'), ['-D', cluster, ...assignments], {
    ...account,
    cwd: cluster,
    env: POSTGRES_ENVIRONMENT,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** Interrupts the server (fast shutdown) when the pipe from this process closes, however this process ended. */
function watch(pid: number, account: Account | undefined): ChildProcess {
  const watcher = spawn('/bin/sh', ['-c', 'read -r line; kill -INT "$1"', 'watch', String(pid)], {
    ...account,
    cwd: '/',
    env: POSTGRES_ENVIRONMENT,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.on('error', () => undefined); // Without a shell nobody watches; the server runs all the same.
  watcher.unref();
  return watcher;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
