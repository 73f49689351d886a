import { type ChildProcess, spawn } from 'node:child_process';

export interface Program {
  readonly name: string;
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
/** Who lived this long did not die of how it was started. */
const SOUND_AFTER_MS = 30_000;
/** The programs stop within ten seconds by themselves. */
const KILL_AFTER_MS = 12_000;

/** Keeps one program running: started again when it ends, sooner at first, then every ten seconds. */
export class Supervisor {
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;
  private deaths = 0;

  constructor(
    private readonly program: Program,
    private readonly report: (line: string) => void,
  ) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    const startedAt = performance.now();
    // The channel tells the program when its parent is gone, however it went: nobody is left behind.
    const child = spawn(process.execPath, ['--enable-source-maps', this.program.file], {
      env: this.program.env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    child.once('error', (error) => this.report(`${this.program.name} cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      if (this.isStopping) return;
      this.deaths = performance.now() - startedAt > SOUND_AFTER_MS ? 0 : this.deaths + 1;
      const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, this.deaths - 1), LONGEST_WAIT_MS);
      this.report(`${this.program.name} ended (${signal ?? `exit ${code}`}); it is started again in ${wait} ms`);
      this.timer = setTimeout(() => this.start(), wait);
    });
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.ended;
    clearTimeout(impatience);
  }
}
