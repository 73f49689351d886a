/** Calls the push program on a host: installs it where it is missing, opens a new connection where one was lost, names its failures. */
import { type DeviceTarget, staleRevision, type TransportError, type TransportErrorCode } from '#contexts/deployment/ports';
import { isDomainError } from '#engines/kernel';
import { type Answer, decodeAnswer } from './answer.js';
import { INSTALL_COMMAND, INSTALLED_PROGRAM_PATH, PUSH_EXIT, PUSH_PROGRAM, PUSH_PROGRAM_PATH } from './push-program.js';
import { type CommandOutcome, SshSession, transportError } from './ssh-session.js';

export interface HostTimeouts {
  /** Milliseconds for connecting, key exchange and authentication together. */
  readonly connectMs: number;
  /** Milliseconds for a verb that only reads or checks. */
  readonly readMs: number;
  /** Milliseconds for a verb that changes the host; longer than ifreload, frr-reload and their undoing may take there. */
  readonly changeMs: number;
  /** Milliseconds from `open` until everything is closed, whatever is under way. */
  readonly overallMs: number;
}

type ReadVerb = 'inspect' | 'collect' | 'observe' | 'switch' | 'stage' | 'verify' | 'protocol';
type ChangeVerb = 'apply' | 'confirm' | 'revert' | 'recover';
type Verb = ReadVerb | ChangeVerb;

const CHANGES: ReadonlySet<string> = new Set<ChangeVerb>(['apply', 'confirm', 'revert', 'recover']);

/** What a status means; a status that is not here says that the program did not run to its end. */
const ERROR_OF_STATUS: ReadonlyMap<number, TransportErrorCode> = new Map([
  [PUSH_EXIT.staleFence, 'STALE_FENCE'],
  [PUSH_EXIT.staleRevision, 'STALE_REVISION'],
  [PUSH_EXIT.configRefused, 'CONFIG_REFUSED'],
  [PUSH_EXIT.badRequest, 'CONFIG_REFUSED'],
  [PUSH_EXIT.applyFailedAndUndone, 'APPLY_FAILED'],
  [PUSH_EXIT.noSuchPush, 'APPLY_FAILED'],
  [PUSH_EXIT.storageFailed, 'APPLY_FAILED'],
  [PUSH_EXIT.undoUnproven, 'REVERT_UNPROVEN'],
  [PUSH_EXIT.inProgress, 'PUSH_IN_PROGRESS'],
]);

/** What runs on a device, and how it comes there. */
export interface RemoteProgram {
  readonly path: string;
  readonly text: string;
  /** Stores the text on standard input under the path. */
  readonly installCommand: string;
  /** All that a user without rights may ask of sudo; null: only root pushes to such devices. */
  readonly installedCommand: string | null;
}

/** See install-script.ts for the last one. */
const DEBIAN_HOST: RemoteProgram = {
  path: PUSH_PROGRAM_PATH,
  text: PUSH_PROGRAM,
  installCommand: INSTALL_COMMAND,
  installedCommand: `sudo -n -- ${INSTALLED_PROGRAM_PATH}`,
};

export class PushClient {
  private session: SshSession | null = null;

  constructor(
    private readonly target: DeviceTarget,
    private readonly timeouts: HostTimeouts,
    private readonly signal: AbortSignal,
    private readonly program: RemoteProgram = DEBIAN_HOST,
  ) {}

  /** Leaves the present connection and opens another one. @throws TransportError as SshSession.connect */
  async reconnect(): Promise<void> {
    this.session?.close();
    this.session = await SshSession.connect(this.target, this.timeouts.connectMs, this.signal);
  }

  /**
   * @param numbers fence and seconds: safe integers, the only values that ever stand on a command line.
   * @throws TransportError OUTCOME_UNKNOWN when a changing verb was sent and no answer came.
   */
  async call(verb: Verb, numbers: readonly number[] = [], input?: Buffer): Promise<Answer> {
    const session = await this.openSession();
    const timeoutMs = CHANGES.has(verb) ? this.timeouts.changeMs : this.timeouts.readMs;
    const { installedCommand, path } = this.program;
    if (this.target.username !== 'root') {
      if (installedCommand === null)
        throw transportError(
          'AUTHENTICATION_FAILED',
          this.target.slug,
          `only root pushes to it, and the inventory says ${this.target.username}`,
        );
      const request = Buffer.concat([Buffer.from(`${[verb, ...numbers.map(digits)].join(' ')}\n`), input ?? Buffer.alloc(0)]);
      const outcome = await this.send(session, verb, installedCommand, timeoutMs, request);
      if (isForbidden(outcome)) throw this.notInstalled(outcome);
      return this.read(verb, outcome);
    }
    const command = ['sh', path, verb, ...numbers.map(digits)].join(' ');
    const outcome = await this.send(session, verb, command, timeoutMs, input);
    if (!isMissing(outcome)) return this.read(verb, outcome);
    await this.install(session);
    return this.read(verb, await this.send(session, verb, command, timeoutMs, input));
  }

  close(): void {
    this.session?.close();
    this.session = null;
  }

  private async openSession(): Promise<SshSession> {
    if (this.session?.isOpen !== true) await this.reconnect();
    if (this.session === null) throw transportError('ABORTED', this.target.slug, 'the connection was closed');
    return this.session;
  }

  /** A lost connection is one thing for a reader, and another for someone who asked for a change. */
  private async send(session: SshSession, verb: Verb, command: string, timeoutMs: number, input?: Buffer): Promise<CommandOutcome> {
    try {
      return await session.run(command, timeoutMs, input);
    } catch (error) {
      if (!isDomainError(error) || error.code !== 'UNREACHABLE' || !CHANGES.has(verb)) throw error;
      throw this.unknown(verb, error.message);
    }
  }

  private async install(session: SshSession): Promise<void> {
    const { status, stderr } = await session.run(this.program.installCommand, this.timeouts.readMs, Buffer.from(this.program.text));
    if (status !== 0)
      throw transportError('UNREACHABLE', this.target.slug, `cannot store the push program (status ${status}): ${oneLine(stderr)}`);
  }

  private notInstalled({ stderr }: CommandOutcome): TransportError {
    const way = `it lets ${this.target.username} not run ${INSTALLED_PROGRAM_PATH}: install the host for this version of Trame`;
    return transportError('AUTHENTICATION_FAILED', this.target.slug, `${way} (${oneLine(stderr)})`);
  }

  private read(verb: Verb, { status, stdout, stderr }: CommandOutcome): Answer {
    const detail = oneLine(stderr);
    const code = ERROR_OF_STATUS.get(status ?? -1);
    if (code === 'STALE_REVISION') throw staleRevision(this.target.slug, detail, ...revisionsIn(detail));
    if (code !== undefined) throw transportError(code, this.target.slug, detail);
    if (status !== PUSH_EXIT.done) throw this.unreadable(verb, `it ended with status ${status}: ${detail}`);
    try {
      return decodeAnswer(stdout);
    } catch (error) {
      throw this.unreadable(verb, error instanceof Error ? error.message : String(error));
    }
  }

  /** The program was killed or said something else than an answer. */
  private unreadable(verb: Verb, detail: string): TransportError {
    return CHANGES.has(verb) ? this.unknown(verb, detail) : transportError('UNREACHABLE', this.target.slug, `${verb}: ${detail}`);
  }

  private unknown(verb: Verb, detail: string): TransportError {
    return transportError(
      'OUTCOME_UNKNOWN',
      this.target.slug,
      `${verb} was sent and no answer came (${detail}); read the device before doing more`,
    );
  }
}

/** `this host carries revision 41, the request is of revision 40` */
const revisionsIn = (words: string): [number, number] => {
  const [, carried = '0', offered = '0'] = /revision (\d{1,15})\D+revision (\d{1,15})/.exec(words) ?? [];
  return [Number(carried), Number(offered)];
};

/** A shell that finds no program says 2 (dash) or 127 (bash); the program itself never ends so. */
const isMissing = ({ status, stdout }: CommandOutcome): boolean => (status === 2 || status === 127) && stdout.length === 0;

/** The log-in shell of such a user, or sudo, says no; the program never ends so. */
const isForbidden = ({ status, stdout }: CommandOutcome): boolean =>
  (status === 1 || status === 126 || status === 127) && stdout.length === 0;

function digits(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a whole number that may stand on a command line`);
  return String(value);
}

/** A host's own words, for an error that is shown and logged: printable, and no longer than a screen. */
function oneLine(words: string): string {
  return words
    .replace(/[^\x20-\x7e\n]/g, '?')
    .trim()
    .split('\n')
    .join(' | ')
    .slice(0, 2_000);
}
