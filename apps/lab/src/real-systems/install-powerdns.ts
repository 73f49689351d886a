import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory, debianRoot, missingForDebianRoot, SUITE } from './debian-root.js';

const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * The pdns_server of the next Debian, beside the one of this machine: for TRAME_PDNS_SERVER.
 *
 * @param suite `trixie` is the only one. @returns the path of a program that is called as pdns_server is.
 * @throws NotToBeHad where the mirror is not to be had; Error where it cannot run here.
 */
export async function installPowerDns(suite: string, say: (line: string) => void): Promise<string> {
  if (suite !== SUITE) throw new Error(`there is no PowerDNS of ${suite} to install: ${SUITE} is what can be`);
  const missing = missingForDebianRoot();
  if (missing.length > 0) throw new Error(`no other PowerDNS can run here: ${missing.join('; ')}`);
  const root = await debianRoot(say);
  const libraries = path.join(root, 'usr/lib', `${MACHINES[process.arch] ?? process.arch}-linux-gnu`);
  const linker = path.join(root, process.arch === 'arm64' ? 'lib/ld-linux-aarch64.so.1' : 'lib64/ld-linux-x86-64.so.2');
  const program = path.join(cacheDirectory(), `pdns_server-${SUITE}`);
  // With its own libraries; in our root, where the directory of the test is.
  const line = [linker, '--library-path', libraries, path.join(root, 'usr/sbin/pdns_server'), `--module-dir=${libraries}/pdns`];
  const draft = `${program}.${process.pid}`;
  await writeFile(draft, `#!/bin/sh\nexec ${line.map(quoted).join(' ')} "$@"\n`, { mode: 0o755 });
  await rename(draft, program);
  return program;
}
