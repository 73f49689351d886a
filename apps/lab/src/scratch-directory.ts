import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new directory that goes when what is in it has ended. Made by root, other accounts may pass through and list nothing: Postgres runs under one of its own, and would
 * keep its data elsewhere where it cannot get in, which nobody would remove.
 *
 * @param name `trame-bench-`; digits follow.
 */
export async function scratchDirectory(name: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), name));
  if (process.getuid?.() === 0) await chmod(directory, 0o711);
  return directory;
}
