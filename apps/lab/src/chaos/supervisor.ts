/** Starts processes, keeps them running whatever ends them, and ends them all by their own ids. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { processEnv } from './process-env.js';

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
  /** For every start, until it is mended. */
  private standing: Readonly<Record<string, string>> = {};
  private isToDie = false;
  private isAboutToDie = false;
  /** When it ended although nobody killed it, and how. */
  readonly selfExits: string[] = [];
  /** Deaths by its own hand (SIGKILL) with settings that were for one start. */
  crashes = 0;

  constructor(
    readonly program: Program,
    private readonly logDirectory: string,
  ) {
    this.start();
  }

  /** It runs, or is started, with settings that it dies by. */
  get isArmed(): boolean {
    return this.isToDie || this.isAboutToDie;
  }

  signal(signal: NodeJS.Signals): boolean {
    if (signal === 'SIGKILL') this.isExpected = this.isKilled = true;
    return this.child?.kill(signal) ?? false;
  }

  /** Kills it; it comes back with these settings, until it is killed again. */
  restartWith(env: Readonly<Record<string, string>>): boolean {
    this.once = env;
    this.isToDie = false;
    return this.signal('SIGKILL');
  }

  /** Kills it; it comes back with these settings, and again whoever kills it, until it is told otherwise. */
  restartAs(env: Readonly<Record<string, string>>): boolean {
    this.standing = env;
    return this.signal('SIGKILL');
  }

  /** Kills it; it comes back with these settings, dies by them, and comes back without them. */
  restartToDie(env: Readonly<Record<string, string>>): boolean {
    this.once = env;
    this.isToDie = true;
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
    const child = spawn(command, args, { env: processEnv(env, this.standing, settings), stdio: ['ignore', log, log] });
    closeSync(log);
    this.child = child;
    const isArmed = this.isToDie;
    this.isExpected = this.isAboutToDie = isArmed;
    this.isToDie = this.isKilled = false;
    const ended = (code: unknown, signal?: unknown): void => {
      if (this.child !== child) return;
      if (isArmed && signal === 'SIGKILL' && !this.isKilled) this.crashes += 1;
      this.child = undefined;
      this.isAboutToDie = false;
      if (!this.isExpected && this.isWanted) this.selfExits.push(`${name} at ${new Date().toISOString()}: ${String(signal ?? code)}`);
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

  /** Killed, it comes back with these settings. @returns false when it was not running anyway; they are for its next start all the same. */
  restartWith(name: string, env: Readonly<Record<string, string>>): boolean {
    return this.kept.get(name)?.restartWith(env) ?? false;
  }

  /** The same, and whoever kills it, it comes back with these settings again, until it is mended. */
  restartAs(name: string, env: Readonly<Record<string, string>>): boolean {
    return this.kept.get(name)?.restartAs(env) ?? false;
  }

  /** Killed, it comes back as it was at first. */
  mend(name: string): boolean {
    return this.restartAs(name, {});
  }

  /** The same as `restartWith`, with settings that it dies by. */
  restartToDie(name: string, env: Readonly<Record<string, string>>): boolean {
    return this.kept.get(name)?.restartToDie(env) ?? false;
  }

  crashes(name: string): number {
    return this.kept.get(name)?.crashes ?? 0;
  }

  /** Is there one that was started again to die, and has not died yet? */
  get isAnyArmed(): boolean {
    return [...this.kept.values()].some(({ isArmed }) => isArmed);
  }

  /** Processes that ended although nobody killed them: which, when, how. */
  get selfExits(): readonly string[] {
    return [...this.kept.values()].flatMap(({ selfExits }) => selfExits);
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
