import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new directory that goes when what is in it has ended. Other accounts may pass through and read nothing: started by root, Postgres runs under one of its own, and would
 * keep its data elsewhere where it cannot get in, which nobody would remove.
 *
 * @param name `trame-bench-`; digits follow.
 */
export async function scratchDirectory(name: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), name));
  await chmod(directory, 0o711);
  return directory;
}
