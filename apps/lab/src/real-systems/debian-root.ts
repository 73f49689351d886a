// A Debian of its own in a folder, beside the one that we run on: NetBox wants a newer Python than Debian 12 has, and its PowerDNS knows EXTEND and PRUNE.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beside, CERTIFICATES, inside, run } from './inside.js';

export const SUITE = 'trixie';
const DEBOOTSTRAP = '/usr/sbin/debootstrap';
const PACKAGES = ['python3', 'python3-venv', 'python3-dev', 'gcc', 'libpq-dev', 'ca-certificates', 'pdns-server', 'pdns-backend-sqlite3'];

/** @returns why no such folder can be made here, each in a few words; empty: it can. */
export function missingForDebianRoot(): string[] {
  return [
    ...(process.platform === 'linux' && process.getuid?.() === 0 ? [] : ['needs root on Linux']),
    ...(existsSync(DEBOOTSTRAP) ? [] : [`needs Debian package debootstrap (${DEBOOTSTRAP})`]),
  ];
}

/** Where such folders, and databases that took long to make, are kept from one time to the next: 1.5 GB. Accounts that own nothing can get there. */
export const cacheDirectory = (): string => path.join(process.env['XDG_CACHE_HOME'] || '/var/cache', 'trame');

/** Made once: a minute, and what the mirror takes. @throws NotToBeHad, or Error with the last words of what failed; half a folder is not used. */
export async function debianRoot(say: (line: string) => void): Promise<string> {
  const root = path.join(cacheDirectory(), `${SUITE}-${createHash('sha256').update(PACKAGES.join(' ')).digest('hex').slice(0, 8)}`);
  if (existsSync(root)) return root;
  await mkdir(cacheDirectory(), { recursive: true });
  await removeAbandoned();
  const draft = `${root}.${process.pid}`;
  try {
    say(`installing Debian ${SUITE} in ${root}`);
    await run(beside([DEBOOTSTRAP, '--variant=minbase', SUITE, draft]));
    // Nothing that is installed there starts a daemon on this machine.
    await writeFile(path.join(draft, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    for (const file of ['/etc/resolv.conf', '/etc/hosts']) await copyFile(file, path.join(draft, file));
    const install = `apt-get update && apt-get install --yes --no-install-recommends ${PACKAGES.join(' ')}`;
    await run(inside(draft, ['/bin/sh', '-c', install], { env: { DEBIAN_FRONTEND: 'noninteractive' } }));
    // An operator's own authority, too.
    if (existsSync(CERTIFICATES)) await copyFile(CERTIFICATES, path.join(draft, CERTIFICATES));
    await rename(draft, root).catch((error: unknown) => {
      if (!existsSync(root)) throw error; // Somebody else was faster.
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return root;
}

/** Drafts of those who were killed; what was mounted in them went with them. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(cacheDirectory())) {
    const [, pid] = /^[a-z]+-[0-9a-f]{8}\.(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(path.join(cacheDirectory(), name), { recursive: true, force: true });
  }
}
