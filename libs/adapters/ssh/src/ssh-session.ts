/**
 * One SSH connection to a host whose key is pinned. It runs fixed commands and carries data on their standard input only.
 * Nothing waits without limit: connecting, each command and the whole have a time, and an abort closes everything at once.
 */
import ssh2, { type Client, type ClientChannel, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2';
import { type DeviceTarget, TransportError, type TransportErrorCode } from '#contexts/deployment/ports';

export interface CommandOutcome {
  /** Exit status; null when a signal ended the command. */
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** More than any answer of the push program: a host with 10 000 networks says about 6 MiB. */
const MOST_OCTETS = 32 * 1024 * 1024;

/** An RSA key signs with SHA-2 only (RFC 8332); the name of the key type is not the name of the algorithm. */
const ALGORITHMS_OF_KEY: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

export class SshSession {
  private readonly waiting = new Set<(error: TransportError) => void>();
  private ended: TransportError | null = null;

  private constructor(
    private readonly device: string,
    private readonly client: Client,
  ) {}

  /**
   * @param connectMs milliseconds from the first packet to a usable session.
   * @throws TransportError UNREACHABLE | WRONG_HOST_KEY | AUTHENTICATION_FAILED | ABORTED
   */
  static async connect(target: DeviceTarget, connectMs: number, signal: AbortSignal): Promise<SshSession> {
    const fail = (code: TransportErrorCode, detail: string): TransportError => transportError(code, target.slug, detail);
    if (signal.aborted) throw fail('ABORTED', 'aborted before connecting');
    const pinned = pinnedKeys(target);
    const client = new ssh2.Client();
    const session = new SshSession(target.slug, client);
    let offeredKey: string | null = null;
    const config: ConnectConfig = {
      host: target.address,
      port: target.port,
      username: target.username,
      privateKey: target.secret,
      readyTimeout: connectMs,
      keepaliveInterval: 5_000,
      keepaliveCountMax: 3,
      algorithms: { serverHostKey: pinned.algorithms },
      hostVerifier: (key: Buffer) => {
        offeredKey = key.toString('base64');
        return pinned.keys.has(offeredKey);
      },
    };
    await session.ready(config, signal, (error) => connectError(fail, error, offeredKey, pinned.keys));
    return session;
  }

  get isOpen(): boolean {
    return this.ended === null;
  }

  /**
   * Runs a command of ours; `input` is its standard input. Past `timeoutMs` the whole connection is closed.
   * @throws TransportError UNREACHABLE when the connection is lost or the time is over, ABORTED after an abort.
   */
  run(command: string, timeoutMs: number, input?: Buffer): Promise<CommandOutcome> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) {
        reject(this.ended);
        return;
      }
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.waiting.delete(onEnd);
        finish();
      };
      const onEnd = (error: TransportError): void => settle(() => reject(error));
      const timer = setTimeout(() => this.end(transportError('UNREACHABLE', this.device, `no answer within ${timeoutMs} ms`)), timeoutMs);
      this.waiting.add(onEnd);
      this.client.exec(command, (error, channel) => {
        if (error) onEnd(transportError('UNREACHABLE', this.device, `the host refused to run a command: ${error.message}`));
        else
          collect(
            channel,
            input,
            (outcome) => settle(() => resolve(outcome)),
            (detail) => this.end(transportError('UNREACHABLE', this.device, detail)),
          );
      });
    });
  }

  /** Closes at once; what waits for an answer is told `ABORTED`. Idempotent. */
  close(): void {
    this.end(transportError('ABORTED', this.device, 'the connection was closed'));
  }

  private ready(config: ConnectConfig, signal: AbortSignal, explain: (error: Error) => TransportError): Promise<void> {
    const onAbort = (): void => this.end(transportError('ABORTED', this.device, 'aborted while talking to the device'));
    signal.addEventListener('abort', onAbort, { once: true });
    return new Promise<void>((resolve, reject) => {
      this.waiting.add(reject);
      this.client.on('ready', () => {
        // A verb is a few small packets to and fro: without this each waits for an acknowledgement (40 ms).
        this.client.setNoDelay(true);
        this.waiting.delete(reject);
        resolve();
      });
      this.client.on('error', (error) => this.end(explain(error)));
      this.client.on('close', () => {
        signal.removeEventListener('abort', onAbort);
        this.end(transportError('UNREACHABLE', this.device, 'the connection was lost'));
      });
      try {
        this.client.connect(config);
      } catch (error) {
        // ssh2 parses the private key here; its message names the format, never the key.
        this.end(transportError('AUTHENTICATION_FAILED', this.device, `the private key is unusable: ${messageOf(error)}`));
      }
    });
  }

  private end(reason: TransportError): void {
    if (this.ended !== null) return;
    this.ended = reason;
    for (const reject of this.waiting) reject(reason);
    this.waiting.clear();
    this.client.destroy();
  }
}

export function transportError(code: TransportErrorCode, device: string, detail: string): TransportError {
  return new TransportError(code, `${device}: ${detail}`, { device, detail });
}

function collect(
  channel: ClientChannel,
  input: Buffer | undefined,
  done: (outcome: CommandOutcome) => void,
  fail: (detail: string) => void,
): void {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let octets = 0;
  let status: number | null = null;
  let exited = false;
  const take = (into: Buffer[]) => (chunk: Buffer) => {
    octets += chunk.length;
    if (octets > MOST_OCTETS) fail(`the host answered with more than ${MOST_OCTETS} octets`);
    else into.push(chunk);
  };
  channel.on('data', take(stdout));
  channel.stderr.on('data', take(stderr));
  channel.on('exit', (code: number | null) => {
    exited = true;
    status = code;
  });
  // A command that does not read its input is told so by its own exit status.
  channel.on('error', () => undefined);
  channel.on('close', () => {
    if (exited) done({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') });
    else fail('the connection was lost before the command ended');
  });
  channel.end(input);
}

function pinnedKeys(target: DeviceTarget): { keys: ReadonlySet<string>; algorithms: ServerHostKeyAlgorithm[] } {
  const keys = new Set<string>();
  const algorithms = new Set<ServerHostKeyAlgorithm>();
  for (const line of target.sshHostKeys) {
    const [type = '', key = ''] = line.trim().split(/\s+/);
    for (const algorithm of ALGORITHMS_OF_KEY[type] ?? []) algorithms.add(algorithm);
    if (ALGORITHMS_OF_KEY[type] !== undefined && key !== '') keys.add(key);
  }
  if (keys.size === 0) {
    const accepted = `one of ${Object.keys(ALGORITHMS_OF_KEY).join(', ')} followed by the key in base64`;
    throw transportError(
      'WRONG_HOST_KEY',
      target.slug,
      `no usable host key is pinned (wanted: ${accepted}), and none is trusted on first use`,
    );
  }
  return { keys, algorithms: [...algorithms] };
}

function connectError(
  fail: (code: TransportErrorCode, detail: string) => TransportError,
  error: Error & { level?: string },
  offeredKey: string | null,
  pinned: ReadonlySet<string>,
): TransportError {
  if (offeredKey !== null && !pinned.has(offeredKey)) return fail('WRONG_HOST_KEY', 'the host offers another key than the pinned one');
  // The algorithms we offer are those of the pinned keys: a host without any of them has changed its keys.
  if (/no matching host key format/i.test(error.message)) return fail('WRONG_HOST_KEY', 'the host has no key of the pinned type');
  if (error.level === 'client-authentication') return fail('AUTHENTICATION_FAILED', 'the host does not accept the key of this fabric');
  return fail('UNREACHABLE', error.message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
