import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ChildProgram } from '../../../../test/support/child-program.js';
import { describeWith, missing } from '../../../../test/support/describe-with.js';
import { scratchDirectory } from '../../../../test/support/scratch.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './index.js';
import { installedNativeFolder, runnableFolder } from './native-folder.js';
import { Postmaster } from './postmaster.js';

const NOBODY = { uid: 65_534, gid: 65_534 };
const scratch: string[] = [];
const running: EmbeddedPostgres[] = [];

function newDirectory(mode = 0o755): string {
  const directory = scratchDirectory('pg');
  fs.chmodSync(directory, mode);
  scratch.push(directory);
  return directory;
}

/** initdb takes most of a start; a test that is not about it begins with a copy of one cluster. */
let template: string;

beforeAll(async () => {
  template = scratchDirectory('pg');
  fs.chmodSync(template, 0o755);
  await (await startEmbeddedPostgres({ directory: template, durable: false })).stop();
});
afterAll(() => fs.rmSync(template, { recursive: true, force: true }));

function directoryWithCluster(): string {
  const directory = newDirectory();
  execFileSync('cp', ['-a', path.join(template, 'pgdata'), directory]);
  return directory;
}

async function start(directory: string, options: { durable?: boolean; port?: number } = {}): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ directory, durable: false, ...options });
  running.push(postgres);
  return postgres;
}

async function ask(url: string, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = (await client.query({ text: statement, rowMode: 'array' })) as { rows: unknown[][] };
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

async function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms`);
    await sleep(20);
  }
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
  for (const directory of scratch.splice(0).reverse()) {
    // Data below a directory of mode 0700 are elsewhere, behind a link.
    const data = path.join(directory, 'pgdata');
    if (fs.lstatSync(data, { throwIfNoEntry: false })?.isSymbolicLink()) {
      fs.rmSync(path.dirname(fs.readlinkSync(data)), { recursive: true, force: true });
    }
    fs.rmSync(directory, { recursive: true, force: true });
  }
});

describe('an embedded Postgres', () => {
  it('is PostgreSQL 18 with an empty database of its own, in UTF-8', async () => {
    const { url } = await start(newDirectory());
    expect(await ask(url, "SELECT current_database() || ' ' || current_user || ' ' || current_setting('server_encoding')")).toBe(
      'trame trame UTF8',
    );
    expect(await ask(url, 'SHOW server_version')).toMatch(/^18\./);
  });

  it('makes the directory where it is missing', async () => {
    const { url } = await start(path.join(newDirectory(), 'not', 'there'));
    expect(await ask(url, 'SELECT 1')).toBe(1);
  });

  it('wants its password, and listens on 127.0.0.1 alone', async () => {
    const { url, port } = await start(directoryWithCluster());
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await isListening('127.0.0.1', port)).toBe(true);
    expect(await isListening('127.0.0.2', port)).toBe(false);
  });

  it('keeps data and password for the next start, the password readable by its owner only', async () => {
    const directory = newDirectory();
    const first = await start(directory);
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    const second = await start(directory);
    expect(await ask(second.url, 'SELECT n FROM kept')).toBe(7);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
    expect(fs.statSync(path.join(directory, 'pgdata', 'trame.password')).mode & 0o777).toBe(0o600);
  });

  it('takes the port it is given', async () => {
    const { port } = await start(directoryWithCluster());
    await running.pop()?.stop();
    expect((await start(directoryWithCluster(), { port })).url).toContain(`@127.0.0.1:${port}/`);
  });

  it.each([
    { durable: true, fsync: 'on' },
    { durable: false, fsync: 'off' },
  ])('syncs every commit only where it is durable: $durable', async ({ durable, fsync }) => {
    const { url } = await start(directoryWithCluster(), { durable });
    expect(await ask(url, 'SHOW fsync')).toBe(fsync);
  });

  it('comes back after a kill, on the same URL, with what was committed', async () => {
    const postgres = await start(directoryWithCluster());
    const { url, pid } = postgres;
    await ask(url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await postgres.kill9();
    expect(await isListening('127.0.0.1', postgres.port)).toBe(false);
    await postgres.restart();
    expect(await ask(url, 'SELECT n FROM kept')).toBe(7);
    expect(postgres.pid).not.toBe(pid);
  });

  it('restarts while clients are connected', async () => {
    const postgres = await start(directoryWithCluster());
    const client = new pg.Client({ connectionString: postgres.url });
    const lost = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await postgres.restart();
    await lost;
    expect(await ask(postgres.url, 'SELECT 1')).toBe(1);
  });

  it('is not held up by a postmaster.pid that names a process of something else', async () => {
    const directory = directoryWithCluster();
    const crashed = await start(directory);
    await crashed.kill9();
    const file = path.join(directory, 'pgdata', 'postmaster.pid');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/^\d+/, String(process.pid)));
    const { url } = await start(directory);
    expect(await ask(url, 'SELECT 1')).toBe(1);
  });

  it('refuses a directory on which another one works, and leaves that one alone', async () => {
    const directory = directoryWithCluster();
    const first = await start(directory);
    await expect(start(directory)).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_IN_USE', facts: { pid: first.pid } });
    expect(await ask(first.url, 'SELECT 1')).toBe(1);
  });

  it('refuses a cluster of another version and says which', async () => {
    const directory = directoryWithCluster();
    fs.writeFileSync(path.join(directory, 'pgdata', 'PG_VERSION'), '15\n');
    await expect(start(directory)).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_FAILED',
      message: expect.stringContaining('PostgreSQL 15'),
    });
  });

  it('does not touch a directory of somebody else that stands in its place', async () => {
    const directory = newDirectory();
    const precious = path.join(directory, 'pgdata', 'precious');
    fs.mkdirSync(path.dirname(precious));
    fs.writeFileSync(precious, 'x');
    await expect(start(directory)).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_FAILED' });
    expect(fs.readFileSync(precious, 'utf8')).toBe('x');
  });

  it('says what Postgres said when it does not start', async () => {
    const directory = directoryWithCluster();
    fs.rmSync(path.join(directory, 'pgdata', 'global'), { recursive: true });
    await expect(start(directory)).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_FAILED', message: expect.stringContaining('global') });
  });

  it('says also what is read only after the end of Postgres was seen', async () => {
    const folder = newDirectory();
    const bin = path.join(folder, 'bin');
    fs.mkdirSync(bin);
    fs.writeFileSync(path.join(bin, 'postgres'), '#!/bin/sh\n(sleep 0.2; echo FATAL: late words >&2) &\nexit 1\n', { mode: 0o755 });
    const run = { folder, cluster: folder, account: undefined, password: 'x', durable: false, log: () => undefined };
    await expect(Postmaster.start(run, undefined)).rejects.toMatchObject({ message: expect.stringContaining('late words') });
  });
});

describe('the programs of the embedded Postgres', () => {
  it('get the links that an install without scripts left out', () => {
    const folder = copyOfPrograms(newDirectory());
    expect(runnableFolder({ folder, version: 'test' }, undefined)).toBe(folder);
    expect(fs.readlinkSync(path.join(folder, 'lib', 'libpq.so.5'))).toMatch(/^libpq\.so\./);
  });
});

describeWith({ missing: missing({ root: true }) }, 'as root, the embedded Postgres', () => {
  it('runs as nobody', async () => {
    const { pid } = await start(directoryWithCluster());
    expect(fs.statSync(`/proc/${pid}`).uid).toBe(NOBODY.uid);
  });

  it('runs with its data below a directory that nobody can enter, and finds them again', async () => {
    const directory = path.join(newDirectory(0o700), 'data');
    const first = await start(directory);
    scratch.push(directory);
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    expect(await ask((await start(directory)).url, 'SELECT n FROM kept')).toBe(7);
  });

  it('starts afresh when that directory was removed', async () => {
    const directory = path.join(newDirectory(0o700), 'data');
    const first = await start(directory);
    scratch.push(directory);
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    fs.rmSync(directory, { recursive: true });
    await expect(ask((await start(directory)).url, 'SELECT n FROM kept')).rejects.toMatchObject({ code: '42P01' });
  });

  it('runs from a copy where nobody can enter node_modules, the same one each time', () => {
    const folder = copyOfPrograms(newDirectory(0o700));
    const version = `test-${process.pid}`;
    const copy = runnableFolder({ folder, version }, NOBODY);
    scratch.push(path.dirname(copy));
    expect(copy.startsWith(folder)).toBe(false);
    expect(runnableFolder({ folder, version }, NOBODY)).toBe(copy);
    expect(fs.statSync(path.dirname(copy))).toMatchObject({ uid: 0, mode: expect.toSatisfy((mode: number) => (mode & 0o022) === 0) });
  });

  it('does not run programs that somebody else put in the place of the copy', () => {
    const folder = copyOfPrograms(newDirectory(0o700));
    const version = `trap-${process.pid}`;
    const trap = path.join(os.tmpdir(), `trame-postgres-${version}-0`);
    fs.mkdirSync(trap);
    fs.chownSync(trap, 1000, 1000);
    scratch.push(trap);
    const copy = runnableFolder({ folder, version }, NOBODY);
    scratch.push(path.dirname(copy));
    expect(copy.startsWith(trap)).toBe(false);
  });
});

function copyOfPrograms(directory: string): string {
  const folder = path.join(directory, 'native');
  fs.cpSync(installedNativeFolder().folder, folder, { recursive: true, filter: (file) => !fs.lstatSync(file).isSymbolicLink() });
  return folder;
}

describe('the process that started an embedded Postgres', () => {
  let program: ChildProgram;
  beforeAll(() => {
    program = new ChildProgram('libs/platform/src/embedded-postgres/index.ts', ['pg', 'embedded-postgres', 'ip-address']);
  });
  afterAll(() => program.remove());

  const script = (directory: string) => `
    const postgres = await it.startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, durable: true });
    console.log(JSON.stringify({ url: postgres.url, pid: postgres.pid, port: postgres.port }));
    process.on('SIGTERM', () => postgres.stop().then(() => process.exit(0)));
    setInterval(() => undefined, 1000);`;

  it('takes it along when it is killed without a chance to stop it, and its data stay usable', async () => {
    const directory = newDirectory();
    const child = program.run(script(directory));
    const { url, port } = JSON.parse(await child.line()) as { url: string; port: number };
    await ask(url, 'CREATE TABLE kept AS SELECT 7 AS n');
    child.process.kill('SIGKILL');
    await until(async () => !(await isListening('127.0.0.1', port)));
    expect(await ask((await start(directory)).url, 'SELECT n FROM kept')).toBe(7);
  });

  describeWith({ missing: missing({ root: true }) }, 'need not be root', () => {
    // initdb wants an account with a name; `daemon` is 1 everywhere.
    it('and root may use the same data later', async () => {
      const directory = newDirectory();
      fs.chownSync(directory, 1, 1);
      const child = program.run(script(directory), { uid: 1, gid: 1 });
      const { url, pid } = JSON.parse(await child.line()) as { url: string; pid: number };
      expect(fs.statSync(`/proc/${pid}`).uid).toBe(1);
      await ask(url, 'CREATE TABLE kept AS SELECT 7 AS n');
      child.process.kill('SIGTERM');
      expect(await child.exited).toBe(0);
      expect(await ask((await start(directory)).url, 'SELECT n FROM kept')).toBe(7);
    });
  });
});
