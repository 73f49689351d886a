// The files of a cluster: where they are, who owns them, and the password that opens it.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DomainError } from '#engines/kernel';
import { type Account, canReach } from './account.js';
import { POSTGRES_ENVIRONMENT, program } from './native-folder.js';
import { releaseDirectory } from './postmaster-pid.js';

/** Name of the superuser and of the database. */
export const OWNER = 'trame';
const MAJOR_VERSION = '18';
const PASSWORD_FILE = 'trame.password';

/** The cluster below `directory`, if one was made there before. Follows the link of `placeFor`. */
export function existingCluster(directory: string): string | undefined {
  const cluster = path.join(directory, 'pgdata');
  return fs.existsSync(path.join(cluster, 'PG_VERSION')) ? fs.realpathSync(cluster) : undefined;
}

interface NewCluster {
  readonly directory: string;
  /** Of the programs. */
  readonly folder: string;
  readonly account: Account | undefined;
  /** False leaves out the syncs of initdb. */
  readonly durable: boolean;
}

/**
 * Makes a cluster below `directory`: `initdb` into a draft that is renamed when it is complete, so that a crash leaves
 * nothing half-made.
 *
 * @returns the directory of the cluster, mode 0700, owned by the account.
 * @throws DomainError EMBEDDED_POSTGRES_FAILED with what initdb said.
 */
export async function createCluster({ directory, folder, account, durable }: NewCluster): Promise<string> {
  const cluster = placeFor(directory, account);
  await releaseDirectory(cluster);
  const draft = `${cluster}.draft`;
  const passwordFile = `${cluster}.password`;
  const password = randomBytes(24).toString('base64url');
  fs.rmSync(draft, { recursive: true, force: true });
  fs.rmSync(passwordFile, { force: true });
  fs.mkdirSync(draft, { mode: 0o700 });
  fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  if (account) for (const place of [draft, passwordFile]) fs.chownSync(place, account.uid, account.gid);
  const options = ['-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', ...(durable ? [] : ['--no-sync'])];
  const run = spawnSync(program(folder, 'initdb'), ['-D', draft, '-U', OWNER, ...options], {
    ...account,
    cwd: draft,
    env: POSTGRES_ENVIRONMENT,
    encoding: 'utf8',
  });
  if (run.status !== 0) {
    fs.rmSync(passwordFile, { force: true });
    throw failed('initdb', run.error?.message ?? run.stderr);
  }
  fs.renameSync(passwordFile, path.join(draft, PASSWORD_FILE));
  fs.rmSync(cluster, { recursive: true, force: true });
  fs.renameSync(draft, cluster);
  return cluster;
}

/** @throws DomainError EMBEDDED_POSTGRES_FAILED when the cluster is of another version, another user or has no password file. */
export function openCluster(cluster: string): { readonly password: string } {
  const version = fs.readFileSync(path.join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (version !== MAJOR_VERSION) {
    throw failed(
      'the data directory',
      `${cluster} was made by PostgreSQL ${version}, this one is ${MAJOR_VERSION}: dump it there, or move it away`,
    );
  }
  const { O_RDONLY, O_NOFOLLOW } = fs.constants;
  const file = fs.openSync(path.join(cluster, PASSWORD_FILE), O_RDONLY | O_NOFOLLOW);
  try {
    return { password: fs.readFileSync(file, 'utf8').trim() };
  } finally {
    fs.closeSync(file);
  }
}

/**
 * `<directory>/pgdata`; where the account cannot get there (a clone below a root home of mode 0700), a directory outside of
 * it with a link in its place. The name outside follows from the path, so that removing `directory` and starting again
 * leaves no second copy behind.
 */
function placeFor(directory: string, account: Account | undefined): string {
  const inside = path.join(directory, 'pgdata');
  removeLeftover(inside);
  if (canReach(account, directory)) return inside;
  const name = `trame-postgres-${createHash('sha256').update(fs.realpathSync(directory)).digest('hex').slice(0, 12)}`;
  for (const base of ['/var/lib', '/var/tmp', os.tmpdir()]) {
    const home = path.join(base, name);
    try {
      if (!fs.existsSync(home)) fs.mkdirSync(home);
      if (!fs.lstatSync(home).isDirectory() || fs.lstatSync(home).uid !== process.getuid?.()) continue;
      fs.chmodSync(home, 0o711);
    } catch {
      continue; // Read-only or not there: the next place.
    }
    if (!canReach(account, home)) continue;
    fs.symlinkSync(path.join(home, 'pgdata'), inside);
    return path.join(home, 'pgdata');
  }
  throw failed('the data directory', `uid ${account?.uid} cannot reach ${directory}, nor /var/lib, /var/tmp or ${os.tmpdir()}`);
}

/** A link to a place that is gone, or an empty directory; whatever else is there is not ours to remove. */
function removeLeftover(inside: string): void {
  const found = fs.lstatSync(inside, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) return fs.unlinkSync(inside);
  if (!found) return;
  try {
    fs.rmdirSync(inside);
  } catch (cause) {
    throw failed('the data directory', `${inside} is not a cluster of PostgreSQL: move it away`, cause);
  }
}

export function failed(what: string, said: string, cause?: unknown): DomainError<'EMBEDDED_POSTGRES_FAILED'> {
  return new DomainError('EMBEDDED_POSTGRES_FAILED', `the embedded Postgres did not start: ${what}: ${said.trim()}`, { what }, { cause });
}
