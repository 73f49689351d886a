/** Starts processes, keeps them running whatever ends them, and ends them all by their own ids. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const RESTART_AFTER_MS = 100;
const STOP_WITHIN_MS = 12_000;

class Kept {
  private child: ChildProcess | undefined;
  private restart: NodeJS.Timeout | undefined;
  private isWanted = true;
  /** Set before we kill it: an end that nobody asked for is reported. */
  private isExpected = false;
  private isKilled = false;
  /** For the next start only. */
  private once: Readonly<Record<string, string>> = {};
  selfExits = 0;
  /** Deaths by its own hand (SIGKILL) with settings that were for one start. */
  crashes = 0;

  constructor(
    readonly program: Program,
    private readonly logDirectory: string,
  ) {
    this.start();
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  signal(signal: NodeJS.Signals): boolean {
    if (signal === 'SIGKILL') this.isExpected = this.isKilled = true;
    return this.child?.kill(signal) ?? false;
  }

  /** Kills it; it comes back with these settings, dies by them, and comes back without them. */
  restartWith(env: Readonly<Record<string, string>>): boolean {
    this.once = env;
    return this.signal('SIGKILL');
  }

  async stop(): Promise<void> {
    this.isWanted = false;
    this.isExpected = true;
    clearTimeout(this.restart);
    const { child } = this;
    if (!child) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGCONT'); // A stopped process takes no other signal than this and SIGKILL.
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(impatience);
  }

  private start(): void {
    const { name, command, args, env } = this.program;
    const log = openSync(join(this.logDirectory, `${name}.log`), 'a');
    const settings = this.once;
    this.once = {};
    const child = spawn(command, args, { env: { ...env, ...settings }, stdio: ['ignore', log, log] });
    closeSync(log);
    this.child = child;
    this.isExpected = Object.keys(settings).length > 0;
    this.isKilled = false;
    const isArmed = this.isExpected;
    const ended = (_code: unknown, signal?: unknown): void => {
      if (this.child !== child) return;
      if (isArmed && signal === 'SIGKILL' && !this.isKilled) this.crashes += 1;
      this.child = undefined;
      if (!this.isExpected) this.selfExits += 1;
      if (this.isWanted) this.restart = setTimeout(() => this.start(), RESTART_AFTER_MS);
    };
    child.once('exit', ended).once('error', ended);
  }
}

export class Supervisor {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly logDirectory: string) {}

  keep(program: Program): void {
    this.kept.set(program.name, new Kept(program, this.logDirectory));
  }

  /** @returns false when it was not running anyway. */
  signal(name: string, signal: NodeJS.Signals): boolean {
    return this.kept.get(name)?.signal(signal) ?? false;
  }

  /** @returns false when it was not running anyway; the settings are for its next start all the same. */
  restartWith(name: string, env: Readonly<Record<string, string>>): boolean {
    return this.kept.get(name)?.restartWith(env) ?? false;
  }

  crashes(name: string): number {
    return this.kept.get(name)?.crashes ?? 0;
  }

  /** How often processes ended although nobody killed them. */
  get selfExits(): number {
    return [...this.kept.values()].reduce((sum, { selfExits }) => sum + selfExits, 0);
  }

  /** Asks them to end, and makes sure. */
  async stop(): Promise<void> {
    await Promise.all([...this.kept.values()].map((kept) => kept.stop()));
  }

  /** For the end of this process: at once, without a word. */
  killNow(): void {
    for (const kept of this.kept.values()) kept.signal('SIGKILL');
  }
}
