import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import axios, { type AxiosResponse } from 'axios';
import { type ConnectionPolicy, ConnectionRefusal, type Endpoint, openConnection } from './connection.js';
import { Deadline } from './deadline.js';
import { hasMoreValues } from './json-values.js';
import { type OutboundCode, OutboundError, type OutboundPhase } from './outbound-error.js';

export interface OutboundOptions {
  /** Stands in errors and logs: `powerdns`, `eapi:leaf1`. */
  readonly name: string;
  /** For the whole request with its retries, until the last byte of the body. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  /** Of an answer that is read as JSON: what has more is too large. Absent: nobody counts. */
  readonly maxJsonValues?: number;
  /** With it, https only, and the server is accepted by its key alone. An empty list accepts nobody. */
  readonly tls?: { readonly pinnedSpkiSha256: readonly string[] };
  /** Default false: public unicast only. True also allows private and loopback addresses, never link-local ones. */
  readonly allowPrivate?: boolean;
  /** Further attempts after the first, default 2. */
  readonly maxRetries?: number;
}

export interface OutboundRequest {
  readonly method: string;
  /** http or https, without user information. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it stands, in UTF-8: a signature over it holds. */
  readonly body?: string;
  readonly basicAuth?: { readonly username: string; readonly password: string };
  readonly signal?: AbortSignal;
  /** Replaces the client's own. */
  readonly timeoutMs?: number;
}

export interface OutboundResponse {
  readonly status: number;
  /** What stands beside the number; some servers say there what is wrong. */
  readonly statusText: string;
  /** Names in lower case; several values of one name are joined by a comma. */
  readonly headers: Record<string, string>;
  readonly body: string;
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const TEMPORARY = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND']);

interface Progress {
  phase: OutboundPhase;
  refusal?: ConnectionRefusal;
}

/** The one HTTP client. Redirects are answers, proxies of the environment are ignored, each request has its own connection. */
export class OutboundHttp {
  private readonly policy: ConnectionPolicy;

  constructor(private readonly options: OutboundOptions) {
    this.policy = { reach: options.allowPrivate ? 'PRIVATE' : 'PUBLIC', pins: options.tls?.pinnedSpkiSha256 ?? null };
  }

  /**
   * Any status resolves. Repeats a failed attempt by itself only while nothing had been sent or when the method is idempotent.
   * @throws OutboundError; `facts.retriable` says whether repeating later is safe and may help.
   */
  async request(request: OutboundRequest): Promise<OutboundResponse> {
    const method = request.method.toUpperCase();
    const url = this.parseTarget(request.url);
    const deadline = new Deadline(request.timeoutMs ?? this.options.timeoutMs, request.signal);
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          return await this.attempt(method, url, request, deadline);
        } catch (error) {
          const again = error instanceof OutboundError && error.facts.retriable && deadline.cause === null;
          if (!again || attempt >= (this.options.maxRetries ?? 2)) throw error;
          const waited = await deadline.pause(50 + Math.random() * 200 * 2 ** attempt);
          // Out of time: the fault that was met says more than the clock does.
          if (!waited) throw deadline.cause === 'ABORTED' ? this.error('ABORTED', url, error.facts.phase, 'the caller gave up') : error;
        }
      }
    } finally {
      deadline.end();
    }
  }

  private parseTarget(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : null;
    const refuse = (what: string): OutboundError =>
      new OutboundError('FORBIDDEN_TARGET', what, { name: this.options.name, host: url?.host ?? '', phase: 'connect', retriable: false });
    if (!url) throw refuse('the URL cannot be parsed; an absolute http or https URL is accepted');
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse(`${url.protocol} is not http or https`);
    if (url.username || url.password) throw refuse('the URL holds a user name or password');
    if (this.policy.pins && url.protocol !== 'https:') throw refuse('a key is pinned, so only https is accepted');
    return url;
  }

  private async attempt(method: string, url: URL, request: OutboundRequest, deadline: Deadline): Promise<OutboundResponse> {
    const progress: Progress = { phase: 'connect' };
    try {
      if (this.policy.pins?.length === 0) throw new ConnectionRefusal('TLS_FAILED', 'no key is pinned', 'PIN_MISSING');
      const response = await this.send(method, url, request, deadline.signal, progress);
      progress.phase = 'body';
      const body = await this.readBody(response.data, url);
      return { status: response.status, statusText: response.statusText, headers: plainHeaders(response), body };
    } catch (error) {
      throw this.explain(error, method, url, progress, deadline);
    }
  }

  private send(
    method: string,
    url: URL,
    request: OutboundRequest,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<AxiosResponse<Readable>> {
    const { basicAuth: auth } = request;
    const authorization = auth && `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}`;
    const agent = this.agentFor(url, signal, progress);
    return axios.request<Readable>({
      method,
      url: url.href,
      headers: {
        'accept-encoding': 'identity',
        'user-agent': 'trame',
        ...request.headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
      // Bytes: axios would trim a JSON string, and a signed body must not change.
      ...(request.body === undefined ? {} : { data: Buffer.from(request.body, 'utf8') }),
      responseType: 'stream',
      httpAgent: agent,
      httpsAgent: agent,
      maxRedirects: 0,
      proxy: false,
      decompress: false,
      validateStatus: null,
      adapter: 'http',
      signal,
    });
  }

  /** One agent per attempt: it gives no socket to the HTTP client before the connection has been accepted. */
  private agentFor(url: URL, signal: AbortSignal, progress: Progress): http.Agent {
    const secure = url.protocol === 'https:';
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
    const endpoint: Endpoint = { secure, hostname: url.hostname.replace(/^\[|\]$/g, ''), port };
    const agent = secure ? new https.Agent() : new http.Agent();
    const createConnection = (_options: unknown, done: (error: Error | null, socket?: unknown) => void): undefined => {
      openConnection(endpoint, this.policy, signal, (phase) => {
        progress.phase = phase;
      }).then(
        (socket) => {
          progress.phase = 'sent';
          done(null, socket);
        },
        (error: Error) => {
          if (error instanceof ConnectionRefusal) progress.refusal = error;
          done(error);
        },
      );
      return undefined;
    };
    return Object.assign(agent, { createConnection });
  }

  private async readBody(stream: Readable, url: URL): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > this.options.maxResponseBytes) {
        stream.destroy();
        throw this.error('RESPONSE_TOO_LARGE', url, 'body', `the answer is larger than ${this.options.maxResponseBytes} bytes`);
      }
      chunks.push(bytes);
    }
    const body = Buffer.concat(chunks);
    const { maxJsonValues: most } = this.options;
    if (most !== undefined && hasMoreValues(body, most))
      throw this.error('RESPONSE_TOO_LARGE', url, 'body', `the answer has more than ${most} values`);
    return body.toString('utf8');
  }

  private explain(error: unknown, method: string, url: URL, { phase, refusal }: Progress, deadline: Deadline): unknown {
    if (error instanceof OutboundError) return error;
    const repeatable = phase === 'connect' || phase === 'tls' || IDEMPOTENT.has(method);
    if (deadline.cause === 'ABORTED') return this.error('ABORTED', url, phase, 'the caller gave up');
    if (deadline.cause === 'TIMEOUT') return this.error('TIMEOUT', url, phase, `no complete answer in time (${phase})`, repeatable);
    const refused = refusal ?? (error instanceof ConnectionRefusal ? error : undefined);
    if (refused) return this.error(refused.code, url, phase, refused.message, false, refused.reason);
    const code = faultCode(error);
    if (code === null) return error;
    const retriable = TEMPORARY.has(code) && repeatable;
    if (phase === 'connect') return this.error('CONNECT_FAILED', url, phase, `cannot connect: ${code}`, retriable, code);
    if (phase === 'tls') return this.error('TLS_FAILED', url, phase, `the TLS handshake failed: ${code}`, retriable, code);
    return this.error('RESET', url, phase, `the connection broke before the answer was complete: ${code}`, retriable, code);
  }

  private error(code: OutboundCode, url: URL, phase: OutboundPhase, what: string, retriable = false, reason?: string): OutboundError {
    const facts = { name: this.options.name, host: url.host, phase, retriable };
    return new OutboundError(code, what, reason === undefined ? facts : { ...facts, reason });
  }
}

/** Null for what is neither a fault of the network nor of axios: a bug, which must not look like an outage. */
function faultCode(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  return axios.isAxiosError(error) ? 'UNKNOWN' : null;
}

function plainHeaders(response: AxiosResponse): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && value !== null) headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  return headers;
}
