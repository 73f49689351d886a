/** What the switch logs of sessions and saving, in the words of EOS: `show logging`, and what tests assert. */
import type { Clock } from './clock.js';
import type { SessionEvent } from './config-sessions.js';

export interface SyslogLine {
  /** Milliseconds of the epoch. */
  readonly at: number;
  /** `SYS-5-CONFIG_SESSION_COMMIT_SUCCESS` */
  readonly mnemonic: string;
  readonly text: string;
}

/** As much as the buffer of a switch holds by default (`logging buffered 1000`). */
const MAX_LINES = 1000;

const OF_EVENT: Readonly<Partial<Record<SessionEvent, { readonly mnemonic: string; readonly what: string }>>> = {
  committed: { mnemonic: 'SYS-5-CONFIG_SESSION_COMMIT_SUCCESS', what: 'committed' },
  confirmed: { mnemonic: 'SYS-5-CONFIG_SESSION_COMMIT_SUCCESS', what: 'committed' },
  'timer-started': { mnemonic: 'SYS-5-CONFIG_SESSION_COMMIT_TIMER_STARTED', what: 'committed with a timer' },
  aborted: { mnemonic: 'SYS-5-CONFIG_SESSION_ABORTED', what: 'aborted' },
  reverted: { mnemonic: 'SYS-5-CONFIG_SESSION_ABORTED', what: 'aborted' },
  expired: { mnemonic: 'SYS-3-CONFIG_SESSION_COMMIT_TIMER_TIMEDOUT', what: 'not confirmed in time: the configuration before is restored' },
};

export class Syslog {
  readonly lines: SyslogLine[] = [];

  constructor(private readonly clock: Clock) {}

  entered(user: string, session: string): void {
    this.write('SYS-5-CONFIG_SESSION_ENTERED', `User ${user} entered configuration session ${session} on command-api`);
  }

  exited(user: string, session: string): void {
    this.write('SYS-5-CONFIG_SESSION_EXITED', `User ${user} exited configuration session ${session} on command-api`);
  }

  configured(user: string): void {
    this.write('SYS-5-CONFIG_I', `Configured from command-api by ${user}`);
  }

  saved(user: string): void {
    this.write('SYS-5-CONFIG_STARTUP', `Startup config saved from system:/running-config by ${user} on command-api.`);
  }

  ended(event: SessionEvent, session: string): void {
    const known = OF_EVENT[event];
    if (known !== undefined) this.write(known.mnemonic, `Configuration session ${session} ${known.what}`);
  }

  print(hostname: string): string {
    const lines = this.lines.map(
      ({ at, mnemonic, text }) => `${new Date(at).toISOString()} ${hostname} ConfigAgent: %${mnemonic}: ${text}`,
    );
    return ['Log Buffer:', ...lines, ''].join('\n');
  }

  private write(mnemonic: string, text: string): void {
    this.lines.push({ at: this.clock.now(), mnemonic, text });
    if (this.lines.length > MAX_LINES) this.lines.shift();
  }
}
