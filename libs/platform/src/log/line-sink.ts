import { pino } from 'pino';

/** Lines of one moment leave together: a system call for each costs a busy process more than making them. */
const GATHER_MS = 20;
const GATHER_CHARACTERS = 16 * 1024;

/** Where the lines of this process go: whole, in order, at most 20 ms late. An exit loses none; only SIGKILL does. */
class LineSink {
  private readonly destination = pino.destination(2);
  private gathered = '';
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    process.once('exit', () => {
      this.leave();
      this.destination.flushSync();
    });
  }

  /** pino calls it once per line. */
  write(line: string): void {
    this.gathered += line;
    if (this.gathered.length >= GATHER_CHARACTERS) this.leave();
    else this.timer ??= setTimeout(() => this.leave(), GATHER_MS); // Keeps the process: who ends for want of work says it first.
  }

  leave(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const lines = this.gathered;
    this.gathered = '';
    if (lines !== '') this.destination.write(lines);
  }
}

let sink: LineSink | undefined;

/** One for all loggers of the process, so that their lines stay in order. */
export const lineSink = (): LineSink => (sink ??= new LineSink());
