/** The API of a Proxmox VE cluster: calls, tasks and failures. Knows nothing of SDN, of pushes and of Trame's devices. */
import { z } from 'zod';
import { OutboundError, OutboundHttp } from '#adapters/outbound';
import { pause } from './pause.js';
import { PveError, type PveErrorCode, isPveError } from './pve-error.js';

export interface PveTarget {
  /** Stands in errors: `pve:par1`. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** `user@realm!token` */
  readonly tokenId: string;
  readonly secret: string;
  /** Accepted SHA-256 pins of the certificate's SPKI, base64; an empty list accepts nobody. */
  readonly tlsSpkiSha256: readonly string[];
}

export interface PveTiming {
  /** One call, milliseconds. */
  readonly requestMs: number;
  /** How long a cluster that does not answer is asked again before it counts as unreachable; only what was not sent, and reads. */
  readonly patienceMs: number;
  /** Between two looks. */
  readonly pollMs: number;
}

export const DEFAULT_PVE_TIMING: PveTiming = { requestMs: 30_000, patienceMs: 10_000, pollMs: 500 };

/** A list is a parameter that is said several times. */
export type PveParameters = Readonly<Record<string, string | readonly string[]>>;
export type PveMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A task that has ended. */
export interface PveTaskEnd {
  readonly upid: string;
  readonly node: string;
  /** `OK`, `WARNINGS: 2` or what went wrong. */
  readonly exit: string;
  readonly log: readonly string[];
}

/** Thousands of VNets have some MB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const LOG_LINES = 500;

const bodyShape = z.object({
  data: z.unknown().optional(),
  message: z.string().optional(),
  /** Beside a list of interfaces: the difference that is not applied. */
  changes: z.string().nullish(),
  errors: z.record(z.string(), z.string()).nullish(),
});
const statusShape = z.object({ status: z.string(), exitstatus: z.string().optional() });
const logShape = z.array(z.object({ t: z.string() }));

export class PveClient {
  private readonly http: OutboundHttp;
  private readonly base: string;
  private current: AbortSignal;

  constructor(
    private readonly target: PveTarget,
    private readonly timing: PveTiming,
    /** Calls off whatever is under way. */
    private readonly called: AbortSignal,
  ) {
    this.current = called;
    const host = target.address.includes(':') ? `[${target.address}]` : target.address;
    this.base = `https://${host}:${target.port}/api2/json`;
    this.http = new OutboundHttp({
      name: target.name,
      timeoutMs: timing.requestMs,
      maxResponseBytes: MAX_ANSWER_BYTES,
      tls: { pinnedSpkiSha256: target.tlsSpkiSha256 },
      allowPrivate: true,
      maxRetries: 0, // a write that may have been done is never sent twice; reads are repeated here
    });
  }

  get signal(): AbortSignal {
    return this.current;
  }

  /**
   * Work that has to be done although it was called off: giving back, taking back.
   * @param ms how long it may go on after that; then its calls end with ABORTED.
   */
  async apart<T>(ms: number, work: () => Promise<T>): Promise<T> {
    if (this.current !== this.called) return work();
    const own = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const begin = (): void => {
      timer = setTimeout(() => own.abort(), ms);
    };
    if (this.called.aborted) begin();
    else this.called.addEventListener('abort', begin, { once: true });
    this.current = own.signal;
    try {
      return await work();
    } finally {
      this.current = this.called;
      this.called.removeEventListener('abort', begin);
      clearTimeout(timer);
    }
  }

  get(path: string, parameters: PveParameters = {}): Promise<unknown> {
    return this.call('GET', path, parameters);
  }

  /**
   * @param path below /api2/json, each part already encoded.
   * @returns `data` of the answer. @throws PveError; NO_ANSWER only for writes.
   */
  async call(method: PveMethod, path: string, parameters: PveParameters = {}): Promise<unknown> {
    return (await this.answer(method, path, parameters)).data ?? null;
  }

  /** What is edited and not applied of what a path lists, as a difference; empty: nothing. */
  async changes(path: string): Promise<string> {
    return (await this.answer('GET', path, {})).changes ?? '';
  }

  /** Asks until the task has ended. @param withinMs @returns null where it has not ended by then. */
  async task(upid: string, withinMs: number): Promise<PveTaskEnd | null> {
    const node = nodeOf(upid);
    const path = `/nodes/${encodeURIComponent(node)}/tasks/${encodeURIComponent(upid)}`;
    for (const deadline = performance.now() + withinMs; ; await this.wait()) {
      const { status, exitstatus } = this.read(statusShape, await this.get(`${path}/status`), `${path}/status`);
      if (status === 'stopped') return { upid, node, exit: exitstatus ?? 'unknown', log: await this.log(path) };
      if (performance.now() > deadline) return null;
    }
  }

  /** @throws PveError REFUSED: the answer has another shape than the API says. */
  read<T>(shape: z.ZodType<T>, data: unknown, call: string): T {
    const parsed = shape.safeParse(data);
    if (parsed.success) return parsed.data;
    throw new PveError('REFUSED', { call, words: `an answer of another shape: ${z.prettifyError(parsed.error)}` });
  }

  wait(): Promise<void> {
    return pause(this.timing.pollMs, this.current);
  }

  private async answer(method: PveMethod, path: string, parameters: PveParameters): Promise<z.infer<typeof bodyShape>> {
    const deadline = performance.now() + this.timing.patienceMs;
    for (;;) {
      try {
        return await this.once(method, path, parameters);
      } catch (error) {
        const isWorthwhile = isPveError(error, 'UNREACHABLE') || (method === 'GET' && isPveError(error, 'NO_ANSWER'));
        if (!isWorthwhile) throw error;
        if (performance.now() > deadline) throw method === 'GET' ? new PveError('UNREACHABLE', error.facts) : error;
        await this.wait();
      }
    }
  }

  private async log(path: string): Promise<readonly string[]> {
    const lines = this.read(logShape, await this.get(`${path}/log`, { limit: String(LOG_LINES) }), `${path}/log`);
    return lines.map(({ t }) => t);
  }

  private async once(method: PveMethod, path: string, parameters: PveParameters): Promise<z.infer<typeof bodyShape>> {
    const call = `${method} ${path}`;
    const pairs = Object.entries(parameters).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
    const form = new URLSearchParams(pairs).toString();
    const isInUrl = method === 'GET' || method === 'DELETE';
    const { status, statusText, body } = await this.send(call, {
      method,
      url: `${this.base}${path}${isInUrl && form !== '' ? `?${form}` : ''}`,
      headers: {
        authorization: `PVEAPIToken=${this.target.tokenId}=${this.target.secret}`,
        accept: 'application/json',
        ...(isInUrl ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(isInUrl ? {} : { body: form }),
      signal: this.current,
    });
    const answer = bodyShape.safeParse(parseJson(body));
    if (status === 200) {
      if (answer.success) return answer.data;
      throw new PveError('NO_ANSWER', { call, words: 'an answer that is no complete JSON' });
    }
    // The words stand beside the status, and in newer releases in the body, too.
    const words = (answer.data?.message ?? statusText).trim() || `HTTP status ${status}`;
    throw new PveError(codeOf(status, words), { call, words, ...(answer.data?.errors && { parameters: answer.data.errors }) });
  }

  private async send(call: string, request: Parameters<OutboundHttp['request']>[0]) {
    try {
      return await this.http.request(request);
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      const { phase, reason } = error.facts;
      const words = error.message;
      if (error.code === 'ABORTED') throw new PveError('ABORTED', { call, words });
      if (reason === 'PIN_MISMATCH' || reason === 'PIN_MISSING') throw new PveError('WRONG_CERTIFICATE', { call, words });
      throw new PveError(phase === 'sent' || phase === 'body' ? 'NO_ANSWER' : 'UNREACHABLE', { call, words });
    }
  }
}

/** As `pmxcfs` and `PVE::Cluster` say it: `cluster not ready - no quorum?`, `cfs-lock 'file-pools_cfg' error: got lock request timeout`. */
const NO_QUORUM = /no quorum/i;
const FILES_LOCKED = /cfs[- ]lock|got lock request timeout|can't lock file .*got timeout/i;

function codeOf(status: number, words: string): PveErrorCode {
  if (status === 400) return 'INVALID_PARAMETERS';
  if (status === 401) return 'UNAUTHORIZED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 501 || status === 404) return 'NOT_IMPLEMENTED';
  if (status >= 595 && status <= 599) return 'NODE_UNREACHABLE';
  // A gateway in front of the cluster: whether the call was made is not known.
  if (status >= 502 && status <= 504) return 'NO_ANSWER';
  if (NO_QUORUM.test(words)) return 'NO_QUORUM';
  return FILES_LOCKED.test(words) ? 'FILES_LOCKED' : 'REFUSED';
}

/** `UPID:node:pid:…` */
export const nodeOf = (upid: string): string => upid.split(':')[1] ?? '';

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // a page of a gateway, or an answer cut short
  }
}
