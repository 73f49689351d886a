/** eAPI: one JSON-RPC request per call, each over its own connection. Knows commands and failures, nothing of configuration. */
import { type DeviceTarget, TransportError } from '#contexts/deployment/ports';
import { OutboundError, OutboundHttp } from '#adapters/outbound';
import { z } from 'zod';

/**
 * The switch answered: it does not do this command. Earlier commands of the request stay done, later ones did not run.
 * `code` 1000 could not run · 1002 invalid command · 1003 no JSON model · 1005 not authorised.
 */
export class CommandRefusal extends Error {
  constructor(
    readonly code: number,
    readonly command: string,
    /** The switch's own words. */
    readonly errors: readonly string[],
  ) {
    super(`"${command}": ${errors.join('; ')}`);
  }
}

/** No answer that can be read. `mayHaveRun` false: the request did not leave, or nothing but a handshake did. */
export class NoAnswer extends Error {
  constructor(
    message: string,
    readonly mayHaveRun: boolean,
  ) {
    super(message);
  }
}

export interface EapiTimeouts {
  /** Reads and staging, milliseconds. */
  readonly requestMs: number;
  /** Commits: the switch answers when the configuration has been applied. */
  readonly commitMs: number;
}

/** A running-config of a large switch has some MB; a larger answer is not one. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

const answerShape = z.object({
  result: z.array(z.unknown()).optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.array(z.unknown()).optional() }).optional(),
});
const errorsShape = z.object({ errors: z.array(z.string()) });
const outputShape = z.object({ output: z.string() });

export class EapiClient {
  private readonly http: OutboundHttp;
  private readonly url: string;
  private lastId = 0;

  constructor(
    private readonly target: DeviceTarget,
    private readonly timeouts: EapiTimeouts,
    private readonly signal: AbortSignal,
  ) {
    const host = target.address.includes(':') ? `[${target.address}]` : target.address;
    this.url = `https://${host}:${target.port}/command-api`;
    this.http = new OutboundHttp({
      name: `eapi:${target.slug}`,
      timeoutMs: timeouts.requestMs,
      maxResponseBytes: MAX_ANSWER_BYTES,
      tls: { pinnedSpkiSha256: target.tlsSpkiSha256 },
      allowPrivate: true,
      maxRetries: 0, // a command that may have run is never sent twice; reads are repeated by whoever waits for them
    });
  }

  /**
   * @returns one model per command. @throws CommandRefusal | NoAnswer |
   * TransportError AUTHENTICATION_FAILED | WRONG_HOST_KEY | UNREACHABLE (no eAPI there) | ABORTED
   */
  json(commands: readonly string[], timeoutMs = this.timeouts.requestMs): Promise<readonly unknown[]> {
    return this.run(commands, 'json', timeoutMs);
  }

  /** Commands that change the live configuration. */
  commit(commands: readonly string[]): Promise<readonly unknown[]> {
    return this.run(commands, 'json', this.timeouts.commitMs);
  }

  /** @returns what each command prints. */
  async text(commands: readonly string[]): Promise<readonly string[]> {
    const results = await this.run(commands, 'text', this.timeouts.requestMs);
    return results.map((result) => outputShape.safeParse(result).data?.output ?? '');
  }

  private async run(commands: readonly string[], format: 'json' | 'text', timeoutMs: number): Promise<readonly unknown[]> {
    this.lastId += 1;
    const params = { version: 1, format, timestamps: false, autoComplete: false, expandAliases: false, stopOnError: true, cmds: commands };
    const { status, body } = await this.post(
      JSON.stringify({ jsonrpc: '2.0', method: 'runCmds', id: `trame-${this.lastId}`, params }),
      timeoutMs,
    );
    if (status === 401) throw this.failure('AUTHENTICATION_FAILED', 'the switch refused the user name or password');
    if (status === 404) throw this.failure('UNREACHABLE', 'there is no eAPI behind /command-api: enable `management api http-commands`');
    // A gateway in front of the agent answers 5xx: whether the agent got to work before is not known.
    if (status !== 200) throw new NoAnswer(`HTTP status ${status}`, true);
    const answer = answerShape.safeParse(parseJson(body));
    if (!answer.success) throw new NoAnswer('an answer that is no complete JSON-RPC', true);
    const { result, error } = answer.data;
    if (error !== undefined) throw refusal(commands, error);
    if (result?.length !== commands.length) throw new NoAnswer(`${result?.length ?? 0} results for ${commands.length} commands`, true);
    return result;
  }

  private async post(body: string, timeoutMs: number): Promise<{ status: number; body: string }> {
    const { username, secret: password } = this.target;
    try {
      return await this.http.request({
        method: 'POST',
        url: this.url,
        headers: { 'content-type': 'application/json-rpc' },
        body,
        basicAuth: { username, password },
        signal: this.signal,
        timeoutMs,
      });
    } catch (error) {
      throw this.explain(error);
    }
  }

  private explain(error: unknown): unknown {
    if (!(error instanceof OutboundError)) return error;
    const { phase, reason } = error.facts;
    if (error.code === 'ABORTED') return this.failure('ABORTED', 'the push was called off');
    if (reason === 'PIN_MISMATCH' || reason === 'PIN_MISSING') return this.failure('WRONG_HOST_KEY', error.message);
    if (error.code === 'FORBIDDEN_TARGET') return this.failure('UNREACHABLE', error.message);
    return new NoAnswer(error.message, phase === 'sent' || phase === 'body');
  }

  private failure(code: 'AUTHENTICATION_FAILED' | 'UNREACHABLE' | 'WRONG_HOST_KEY' | 'ABORTED', detail: string): TransportError {
    return new TransportError(code, `${this.target.slug}: ${detail}`, { device: this.target.slug, detail });
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // fails the shape below: an answer cut short
  }
}

/** The result of the failed command stands where it failed: `data` is as long as the number of commands that were tried. */
function refusal(
  commands: readonly string[],
  { code, message, data }: { code: number; message: string; data?: unknown[] | undefined },
): CommandRefusal {
  const failed = data?.at(-1);
  const errors = errorsShape.safeParse(failed).data?.errors ?? [message];
  return new CommandRefusal(code, data === undefined ? message : (commands[data.length - 1] ?? message), errors);
}
