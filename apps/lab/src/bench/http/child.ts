import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Gets what it writes to stderr; ours where it is not given. */
  readonly log?: string;
  /** Of Node; those of this process where they are not given. */
  readonly flags?: readonly string[];
}

/** A process of the bench's own that ends with it: every one of them leaves when its channel closes. */
export class Child {
  private readonly process: ChildProcess;
  private readonly exited: Promise<void>;

  /** @param file compiled, relative to this file. */
  constructor(file: string, { args = [], env = process.env, log, flags = process.execArgv }: ChildOptions = {}) {
    const stderr = log === undefined ? 'inherit' : openSync(log, 'a');
    const stdio = ['ignore', 'ignore', stderr, 'ipc'] as const;
    this.process = fork(fileURLToPath(new URL(file, import.meta.url)), args, { env, stdio: [...stdio], execArgv: [...flags] });
    if (typeof stderr === 'number') closeSync(stderr);
    this.exited = new Promise((resolve) => this.process.once('exit', () => resolve()));
  }

  get pid(): number {
    return this.process.pid as number;
  }

  send(message: object): void {
    this.process.send(message);
  }

  /** The next message. @throws Error when it ends instead. */
  answer<Message>(): Promise<Message> {
    return new Promise((resolve, reject) => {
      const settle = (settleWith: () => void): void => {
        this.process.removeListener('message', arrive).removeListener('exit', leave);
        settleWith();
      };
      const arrive = (message: unknown): void => settle(() => resolve(message as Message));
      const leave = (code: number | null): void => settle(() => reject(new Error(`a process of the bench ended with ${code}`)));
      this.process.once('message', arrive).once('exit', leave);
    });
  }

  async close(): Promise<void> {
    if (this.process.connected) this.process.disconnect();
    const impatience = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await this.exited;
    clearTimeout(impatience);
  }
}
