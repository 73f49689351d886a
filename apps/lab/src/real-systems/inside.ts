// Programs of another Debian, in a folder of this one.
import { type ChildProcess, spawn } from 'node:child_process';
import { runCommand } from '../hosts/run-command.js';

export const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** Of a slow mirror. */
const WITHIN_MS = 900_000;
/** What says where packages come from, and by which way. */
const REGISTRY = /^(?:https?_proxy|no_proxy|PIP_INDEX_URL|PIP_EXTRA_INDEX_URL|PIP_TRUSTED_HOST|PIP_DEFAULT_TIMEOUT)$/i;
/** Words of debootstrap, apt and pip for what is not there or cannot be reached. */
const NOT_TO_BE_HAD =
  /Failed getting release|Couldn't download|Failed to fetch|Temporary failure|Could not resolve|Connection (?:refused|timed out)|No matching distribution|Max retries|Read timed out|no end within/i;
const NOBODY = '65534';

/** A registry is away, or has not got it: nobody's fault here. */
export class NotToBeHad extends Error {
  override readonly name = 'NotToBeHad';
}

export interface CommandLine {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

export interface InsideOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** As an account that owns nothing, instead of root. */
  readonly isNobody?: boolean;
}

/** A program in namespaces of its own: when it ends or is killed, or we are, all that it started ends with it. The network is this machine's. */
function apart(options: readonly string[], argv: readonly string[]): readonly [string, ...string[]] {
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  return ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '/usr/bin/unshare', ...namespaces, ...options, ...argv];
}

/** What is not of the folder: it mounts things while it makes one. */
export const beside = (argv: readonly string[]): CommandLine => ({ argv: apart([], argv), env: environment({}) });

/** A program of the folder. What it is told goes by its environment, which others on this machine do not see. */
export function inside(root: string, argv: readonly string[], { env = {}, isNobody = false }: InsideOptions = {}): CommandLine {
  // Another account is no longer told of the death of its parent: it asks for that anew.
  const account = isNobody
    ? ['/usr/bin/setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs', '--pdeathsig', 'KILL']
    : [];
  return { argv: apart([`--root=${root}`], [...account, ...argv]), env: environment(env) };
}

function environment(own: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const registry = Object.entries(process.env).filter(
    (entry): entry is [string, string] => REGISTRY.test(entry[0]) && entry[1] !== undefined,
  );
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LC_ALL: 'C.UTF-8',
    PIP_CERT: CERTIFICATES,
    ...Object.fromEntries(registry),
    ...own,
  };
}

/** @throws NotToBeHad where a registry says no or nothing; Error else, both with the last words of what failed. @returns what it printed. */
export async function run({ argv, env }: CommandLine): Promise<string> {
  const program = argv.find((word, at) => at > 3 && word.startsWith('/') && !/\/(?:unshare|setpriv)$/.test(word)) ?? argv[0];
  const failed = (words: string): Error => {
    const text = `${program}: ${words.trim().slice(-2000)}`;
    return NOT_TO_BE_HAD.test(words) ? new NotToBeHad(text) : new Error(text);
  };
  const { code, stdout, stderr } = await runCommand(argv, { timeoutMs: WITHIN_MS, env }).catch((error: unknown) => {
    // What was run stays out of the words: there are passwords of proxies in it.
    throw failed(`no end within ${WITHIN_MS / 1000} s, or it could not be started: ${(error as NodeJS.ErrnoException).code ?? ''}`);
  });
  if (code !== 0) throw failed(`${stdout}\n${stderr}\nended with ${code}`);
  return stdout;
}

/** A program that runs until `stop()`, or until we end. */
export class InsideProcess {
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private isEnded = false;
  private heard = '';

  /** @param input what it is given to read, if anything. */
  constructor({ argv: [program, ...args], env }: CommandLine, input?: string) {
    this.child = spawn(program, args, { stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'], env });
    const hear = (text: string): void => void (this.heard = (this.heard + text).slice(-2000));
    this.child.stdout?.on('data', (text: Buffer) => hear(text.toString()));
    this.child.stderr?.on('data', (text: Buffer) => hear(text.toString()));
    this.child.stdin?.on('error', () => undefined).end(input);
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => hear(error.message)).once('close', () => resolve());
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
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
