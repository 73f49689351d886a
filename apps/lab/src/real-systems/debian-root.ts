// A Debian of its own in a folder, beside the one that we run on: NetBox wants a newer Python than Debian 12 has, and its PowerDNS knows EXTEND and PRUNE.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '../hosts/run-command.js';

export const SUITE = 'trixie';
const DEBOOTSTRAP = '/usr/sbin/debootstrap';
const PACKAGES = ['python3', 'python3-venv', 'python3-dev', 'gcc', 'libpq-dev', 'ca-certificates', 'pdns-server', 'pdns-backend-sqlite3'];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** Of a slow mirror. */
const INSTALL_WITHIN_MS = 900_000;
/** What says where packages come from, and by which way. */
const REGISTRY = /^(?:https?_proxy|no_proxy|PIP_INDEX_URL|PIP_EXTRA_INDEX_URL|PIP_TRUSTED_HOST|PIP_DEFAULT_TIMEOUT)$/i;

/** @returns why no such folder can be made here, each in a few words; empty: it can. */
export function missingForDebianRoot(): string[] {
  return [
    ...(process.platform === 'linux' && process.getuid?.() === 0 ? [] : ['needs root on Linux']),
    ...(existsSync(DEBOOTSTRAP) ? [] : [`needs Debian package debootstrap (${DEBOOTSTRAP})`]),
  ];
}

/** Where such folders are kept from one time to the next: some hundred MiB. */
export const cacheDirectory = (): string => path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'trame');

/** Made once: a minute, and what the mirror takes. @throws Error with the last words of what failed; half a folder is not left. */
export async function debianRoot(say: (line: string) => void): Promise<string> {
  const root = path.join(cacheDirectory(), `${SUITE}-${createHash('sha256').update(PACKAGES.join(' ')).digest('hex').slice(0, 8)}`);
  if (existsSync(root)) return root;
  const draft = `${root}.${process.pid}`;
  await mkdir(path.dirname(root), { recursive: true });
  try {
    say(`installing Debian ${SUITE} in ${root}`);
    await run([DEBOOTSTRAP, '--variant=minbase', SUITE, draft]);
    // Nothing that is installed there starts a daemon on this machine.
    await writeFile(path.join(draft, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    for (const file of ['/etc/resolv.conf', '/etc/hosts']) await copyFile(file, path.join(draft, file));
    const install = `apt-get update && apt-get install --yes --no-install-recommends ${PACKAGES.join(' ')}`;
    await run(inside(draft, ['/bin/sh', '-c', install], { DEBIAN_FRONTEND: 'noninteractive' }));
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

/**
 * The command line that runs a program of the folder in namespaces of its own: when it ends or is killed, all that it started ends with it. The network is
 * this machine's.
 */
export function inside(root: string, argv: readonly string[], environment: Readonly<Record<string, string>> = {}): [string, ...string[]] {
  const registry = Object.entries(process.env).filter(
    (entry): entry is [string, string] => REGISTRY.test(entry[0]) && entry[1] !== undefined,
  );
  const all = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LC_ALL: 'C.UTF-8',
    PIP_CERT: CERTIFICATES,
    ...Object.fromEntries(registry),
    ...environment,
  };
  const assignments = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', `--root=${root}`, '--mount-proc'];
  return ['/usr/bin/unshare', ...namespaces, '/usr/bin/env', '-i', ...assignments, ...argv];
}

/** @throws Error with the last words of what failed. @returns what it printed. */
export async function run(argv: readonly [string, ...string[]]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, { timeoutMs: INSTALL_WITHIN_MS });
  if (code !== 0)
    throw new Error(
      `${argv.filter((word) => !word.includes('=')).join(' ')} ended with ${code}: ${`${stdout}\n${stderr}`.trim().slice(-2000)}`,
    );
  return stdout;
}

/** A program of the folder that runs until `stop()`, or until we end. */
export class InsideProcess {
  readonly ended: Promise<void>;
  private isEnded = false;
  private heard = '';
  private readonly stopping: () => void;

  constructor(argv: readonly [string, ...string[]]) {
    const [program, ...args] = argv;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const hear = (text: string): void => void (this.heard = (this.heard + text).slice(-2000));
    child.stdout.on('data', (text: Buffer) => hear(text.toString()));
    child.stderr.on('data', (text: Buffer) => hear(text.toString()));
    this.stopping = () => void child.kill('SIGKILL');
    process.once('exit', this.stopping);
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => hear(error.message)).once('close', () => resolve());
    });
    void this.ended.then(() => (this.isEnded = true));
  }

  get isRunning(): boolean {
    return !this.isEnded;
  }

  get lastWords(): string {
    return this.heard;
  }

  async stop(): Promise<void> {
    process.off('exit', this.stopping);
    this.stopping();
    await this.ended;
  }
}
