import { accessSync, constants, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';

const IN_MEMORY = '/dev/shm';
const ENOUGH_BYTES = 4 * 2 ** 30;
/** `trame-test-<pid>-…` a run's server, `trame-pg-<pid>-…` one of a test about servers. */
const OF_TESTS = /^trame-(?:test|pg)-(\d+)-/;

/**
 * Where databases of tests live: in memory, where there is room for them. A copy of a database is 900 small files, and a disk whose file system does not take
 * inodes again at once (ext4: for five seconds) looks through all of those that the copies before gave back, for each file: 800 ms instead of 60.
 * @param memory bytes that can be had without swapping: what a tmpfs says it has free is a limit, and nobody keeps it ready.
 */
export function scratchRoot(memory = freemem()): string {
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return Math.min(bavail * bsize, memory) >= ENOUGH_BYTES ? IN_MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** A directory that a later run removes where this process does not come to it. */
export const scratchDirectory = (of: 'test' | 'pg', root = scratchRoot()): string =>
  mkdtempSync(path.join(root, `trame-${of}-${process.pid}-`));

/** Data of runs that were killed: their Postgres went with them, their files stayed. A run looks wherever those before it may have had their data. */
export function removeAbandoned(roots: readonly string[] = [IN_MEMORY, tmpdir()]): void {
  for (const root of new Set(roots))
    for (const name of namesIn(root)) {
      const pid = Number(OF_TESTS.exec(name)?.[1]);
      if (pid && !isAlive(pid)) rmSync(path.join(root, name), { recursive: true, force: true });
    }
}

function namesIn(root: string): readonly string[] {
  try {
    return readdirSync(root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
