/**
 * A Linux kernel of its own as an ordinary process: Debian's user-mode-linux. It has what the kernel of a container host often lacks
 * (VRF, bonding, dummy, 802.1Q, VLAN-aware bridges, Open vSwitch), needs no KVM, and is up in about two seconds. Its root is
 * the machine's own, with a writable layer that is thrown away.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandOptions, CommandResult } from '../hosts/index.js';
import { READY, UML_AGENT, umlInit } from './uml-init.js';
import { UmlNode } from './uml-node.js';

export interface UmlOptions {
  /** Default 1 024. */
  readonly memoryMb?: number;
  /** Until it answers; default 60 000 ms: a busy machine takes its time. */
  readonly withinMs?: number;
}

type Ended = (code: number) => void;

export class UmlMachine {
  private readonly waiting = new Map<string, { readonly ended: Ended; readonly lost: (error: Error) => void }>();
  private serial = 0;
  private heard = '';
  private console = '';
  private readonly gone: Promise<void>;

  private constructor(
    private readonly kernel: ChildProcess,
    private readonly share: string,
  ) {
    this.gone = new Promise((resolve) => kernel.once('close', () => resolve()));
    kernel.stdout?.on('data', (chunk: Buffer) => this.hear(chunk.toString('utf8')));
    kernel.stderr?.on('data', (chunk: Buffer) => {
      this.console += chunk.toString('utf8');
    });
    // It may die at any moment; who waits is told by 'close'.
    kernel.stdin?.on('error', () => undefined);
    kernel.once('close', () => this.giveUp());
    kernel.once('error', () => this.giveUp());
  }

  /** @throws Error with what the kernel said when it does not come up in time. Nothing is left behind then. */
  static async boot(options: UmlOptions = {}): Promise<UmlMachine> {
    const share = await mkdtemp(join(tmpdir(), 'trame-uml-'));
    await writeFile(join(share, 'init'), umlInit(share), { mode: 0o755 });
    await writeFile(join(share, 'agent'), UML_AGENT);
    const kernel = spawn(
      '/usr/bin/linux.uml',
      [
        `mem=${options.memoryMb ?? 1024}M`,
        'rootfstype=hostfs',
        'rootflags=/',
        'ro',
        `init=${join(share, 'init')}`,
        `uml_dir=${share}/`,
        'con=null',
        'con0=fd:0,fd:1',
        'quiet',
        'loglevel=0',
      ],
      { stdio: ['pipe', 'pipe', 'pipe'], detached: true }, // Its processes are a group of their own, so that all of them can be ended.
    );
    const machine = new UmlMachine(kernel, share);
    try {
      await machine.ended(READY, options.withinMs ?? 60_000);
      return machine;
    } catch (error) {
      await machine.close();
      throw error;
    }
  }

  /**
   * Runs a program as root; a non-zero status is returned, not thrown. Commands may run beside each other.
   * @throws Error when it does not end in time (`timeoutMs`, default 60 000) or the machine dies.
   */
  async exec(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const id = `command-${++this.serial}`;
    const file = (suffix: string): string => join(this.share, `${id}.${suffix}`);
    await writeFile(file('in'), options.stdin ?? '');
    await writeFile(file('sh'), `exec ${argv.map(quoted).join(' ')}\n`);
    const code = await this.ended(id, options.timeoutMs ?? 60_000, argv.join(' ').slice(0, 200));
    const [stdout, stderr] = await Promise.all([said(file('out')), said(file('err'))]);
    return { code, stdout, stderr };
  }

  /** As `exec`, for what must succeed. @returns what it printed. @throws Error with the program's own words. */
  async run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv, options);
    if (code !== 0) throw new Error(`uml: ${argv.join(' ').slice(0, 200)} ended with ${code}: ${stderr.trim() || stdout.trim()}`);
    return stdout;
  }

  /** A host of its own in this kernel, as `Lab.node` on the machine's. */
  node(name: string): Promise<UmlNode> {
    return UmlNode.start(this, name);
  }

  /** A cable between two nodes; both ends are up, without addresses. */
  async link(a: UmlNode, interfaceOfA: string, b: UmlNode, interfaceOfB: string): Promise<void> {
    const add = ['ip', 'link', 'add', interfaceOfA, 'netns', String(a.pid), 'type', 'veth', 'peer', 'name', interfaceOfB];
    await this.run([...add, 'netns', String(b.pid)]);
    await Promise.all([a.run(['ip', 'link', 'set', interfaceOfA, 'up']), b.run(['ip', 'link', 'set', interfaceOfB, 'up'])]);
  }

  /** Ends the kernel with everything in it, and removes what it shared. Idempotent. */
  async close(): Promise<void> {
    if (this.kernel.pid !== undefined && this.kernel.exitCode === null && this.kernel.signalCode === null) {
      killGroup(this.kernel.pid);
      await this.gone;
    }
    await rm(this.share, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  private ended(id: string, withinMs: number, what = id): Promise<number> {
    return new Promise<number>((resolve, reject) => {
      const over = (problem: string): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        reject(new Error(`uml: ${what}: ${problem}${this.console === '' ? '' : `\n${this.console.slice(-2000)}`}`));
      };
      const timer = setTimeout(() => over(`no end within ${withinMs} ms`), withinMs);
      const ended: Ended = (code) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(code);
      };
      this.waiting.set(id, { ended, lost: (error) => over(error.message) });
      if (this.kernel.exitCode !== null || this.kernel.signalCode !== null) over('the machine is gone');
      else if (id !== READY) this.kernel.stdin?.write(`${id}\n`);
    });
  }

  private hear(text: string): void {
    const all = (this.heard + text).split('\n');
    this.heard = all.pop() ?? '';
    for (const line of all.map((raw) => raw.trim())) {
      const [, id, code] = /^ended (\S+) (\d+)$/.exec(line) ?? [];
      if (id !== undefined) this.waiting.get(id)?.ended(Number(code));
      else if (line === READY) this.waiting.get(READY)?.ended(0);
      else this.console += `${line}\n`;
    }
  }

  private giveUp(): void {
    for (const { lost } of this.waiting.values()) lost(new Error('the machine is gone'));
  }
}

const quoted = (argument: string): string => `'${argument.replaceAll("'", `'\\''`)}'`;

async function said(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
