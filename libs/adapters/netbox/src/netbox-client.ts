/** The REST API of a NetBox: addresses, tokens, answers and failures. Knows nothing of kinds and of marks. */
import { OutboundError, OutboundHttp, type OutboundResponse } from '#adapters/outbound';
import { invalidValue } from '#engines/kernel';
import { NetBoxError, type NetBoxErrorCode, isNetBoxError } from './netbox-error.js';
import { wordsOf } from './netbox-words.js';
import { pause } from './pause.js';

export interface NetBoxConnection {
  /** Stands in errors: the connector's name. */
  readonly name: string;
  /** `https://netbox.example` or with a path before `/api`: `https://tools.example/netbox`. */
  readonly url: string;
  /** `nbt_<key>.<secret>` (from 4.5) or 40 hexadecimal digits. */
  readonly token: string;
  /** With it https only, and the server is accepted by its key alone. */
  readonly tls?: { readonly pinnedSpkiSha256: readonly string[] };
  readonly timing?: Partial<NetBoxTiming>;
}

export interface NetBoxTiming {
  /** One read, milliseconds, until its last byte. */
  readonly readMs: number;
  /** One write: NetBox does the writes of addresses of all its users one after another, and workers end at 120 s. */
  readonly writeMs: number;
  /** Before something is asked or sent again; doubles each time. */
  readonly againMs: number;
}

const DEFAULT_TIMING: NetBoxTiming = { readMs: 30_000, writeMs: 125_000, againMs: 500 };
/** A page of 1000 devices with their nested objects has about 3 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Further attempts of a read. */
const READ_AGAIN = 2;
const MAX_RETRY_AFTER_MS = 10_000;
/** Of own writes, to know them again in the change feed. */
const MAX_OWN_REQUESTS = 2000;

export type NetBoxMethod = 'POST' | 'PATCH' | 'DELETE';
/** A name may stand several times: NetBox takes that as "or". */
export type NetBoxQuery = readonly (readonly [name: string, value: string])[];

export interface NetBoxAnswer {
  /** null where there is no body. */
  readonly json: unknown;
  readonly etag: string | null;
}

export interface NetBoxSend {
  readonly method: NetBoxMethod;
  /** Below `/api`, without slashes around it: `ipam/prefixes`, `ipam/prefixes/7`. */
  readonly path: string;
  readonly body: unknown;
  readonly ifMatch?: string;
}

export class NetBoxClient {
  readonly timing: NetBoxTiming;
  private readonly base: string;
  private readonly authorization: string;
  private readonly http: OutboundHttp;
  private readonly own = new Set<string>();
  /** `4.6`, once probed: answers of another release are of another shape. */
  private release: string | null = null;

  constructor(private readonly connection: NetBoxConnection) {
    this.base = baseOf(connection.url);
    this.timing = { ...DEFAULT_TIMING, ...connection.timing };
    // The server tells the two kinds apart by the value alone; the word is only a courtesy.
    this.authorization = `${connection.token.startsWith('nbt_') ? 'Bearer' : 'Token'} ${connection.token}`;
    this.http = new OutboundHttp({
      name: connection.name,
      timeoutMs: this.timing.readMs,
      maxResponseBytes: MAX_ANSWER_BYTES,
      allowPrivate: true, // an operator's own server
      maxRetries: 0, // a write that may have been done is looked for before it is sent again; reads are repeated here
      ...(connection.tls ? { tls: connection.tls } : {}),
    });
  }

  get name(): string {
    return this.connection.name;
  }

  /** From now on answers of another release are errors. @param release `4.6`; null: any. */
  pinRelease(release: string | null): void {
    this.release = release;
  }

  isOwnRequest(requestId: string): boolean {
    return this.own.has(requestId);
  }

  /** Repeats by itself what may pass. @throws NetBoxError. */
  async get(path: string, query: NetBoxQuery, signal: AbortSignal): Promise<NetBoxAnswer> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.once('GET', path, { query }, signal);
      } catch (error) {
        if (!isNetBoxError(error) || !error.facts.retriable || error.code === 'NETBOX_RELEASE' || attempt >= READ_AGAIN) throw error;
        await pause(this.timing.againMs * 2 ** attempt, signal);
      }
    }
  }

  /** Sends again only what cannot have been done. @throws NetBoxError; NETBOX_NO_ANSWER: it may have been done. */
  async send({ method, path, body, ifMatch }: NetBoxSend, signal: AbortSignal): Promise<NetBoxAnswer> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.once(method, path, { body: JSON.stringify(body), ...(ifMatch === undefined ? {} : { ifMatch }) }, signal);
      } catch (error) {
        const isUnsent = isNetBoxError(error, 'NETBOX_UNREACHABLE', 'NETBOX_BUSY') && error.facts.retriable;
        if (!isUnsent || attempt >= READ_AGAIN) throw error;
        await pause(this.timing.againMs * 2 ** attempt, signal);
      }
    }
  }

  private async once(
    method: 'GET' | NetBoxMethod,
    path: string,
    { query = [], body, ifMatch }: { query?: NetBoxQuery; body?: string; ifMatch?: string },
    signal: AbortSignal,
  ): Promise<NetBoxAnswer> {
    const call = `${method} /api/${path}/`;
    const search = query.length === 0 ? '' : `?${new URLSearchParams(query.map(([name, value]) => [name, value])).toString()}`;
    const response = await this.exchange(call, {
      method,
      // Without the slash at the end Django redirects, and the body is lost.
      url: `${this.base}/api/${path}/${search}`,
      timeoutMs: method === 'GET' ? this.timing.readMs : this.timing.writeMs,
      headers: {
        authorization: this.authorization,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined ? {} : { body }),
      signal,
    });
    if (method !== 'GET') this.remember(response.headers['x-request-id']);
    if (response.status === 429) await this.wait(response, signal);
    const json = parseJson(response);
    if (response.status < 200 || response.status > 299) throw refusal(call, response, json, method !== 'GET');
    if (json === undefined) throw unreadable(call, response, method !== 'GET');
    this.checkRelease(call, response);
    return { json, etag: response.headers['etag'] ?? null };
  }

  private async exchange(call: string, request: Parameters<OutboundHttp['request']>[0]): Promise<OutboundResponse> {
    try {
      return await this.http.request(request);
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      const { phase, reason, retriable } = error.facts;
      const facts = { call, words: error.message, retriable };
      if (error.code === 'ABORTED') throw new NetBoxError('NETBOX_ABORTED', { ...facts, retriable: true });
      if (reason === 'PIN_MISMATCH' || reason === 'PIN_MISSING') throw new NetBoxError('NETBOX_WRONG_CERTIFICATE', facts);
      if (error.code === 'RESPONSE_TOO_LARGE') throw new NetBoxError('NETBOX_UNEXPECTED_ANSWER', facts);
      if (phase === 'sent' || phase === 'body') {
        throw new NetBoxError('NETBOX_NO_ANSWER', { ...facts, retriable: true, isTimeout: error.code === 'TIMEOUT' });
      }
      throw new NetBoxError('NETBOX_UNREACHABLE', facts);
    }
  }

  private checkRelease(call: string, { headers }: OutboundResponse): void {
    const said = headers['api-version'];
    if (this.release === null || said === undefined || said === this.release) return;
    const words = `release ${this.release} was probed and ${said} answers now: what is there is probed again first`;
    throw new NetBoxError('NETBOX_RELEASE', { call, words, retriable: true });
  }

  private remember(requestId: string | undefined): void {
    if (requestId === undefined) return;
    this.own.add(requestId);
    for (const oldest of this.own) {
      if (this.own.size <= MAX_OWN_REQUESTS) break;
      this.own.delete(oldest);
    }
  }

  private wait({ headers }: OutboundResponse, signal: AbortSignal): Promise<void> {
    const seconds = Number(headers['retry-after'] ?? 0);
    return pause(Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, MAX_RETRY_AFTER_MS) : 0, signal);
  }
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isAccepted =
    url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isAccepted)
    throw invalidValue('address of NetBox', text, 'an http or https URL without user and query, e.g. https://netbox.example');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/api$/, '');
}

/** undefined: not JSON, or not all of it. */
function parseJson({ status, body }: OutboundResponse): unknown {
  if (body === '') return status === 204 ? null : undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function unreadable(call: string, { status, headers, body }: OutboundResponse, isWrite: boolean): NetBoxError {
  const isPage = /html/.test(headers['content-type'] ?? '') || /^\s*</.test(body);
  const words = isPage ? 'a page for people came instead of JSON: is this the address of a NetBox?' : 'an answer that is no complete JSON';
  // Half a document may be whole the next time; of a write it is not known what was done.
  if (isWrite) return new NetBoxError('NETBOX_NO_ANSWER', { call, words, status, retriable: true });
  return new NetBoxError('NETBOX_UNEXPECTED_ANSWER', { call, words, status, retriable: !isPage });
}

function refusal(call: string, response: OutboundResponse, json: unknown, isWrite: boolean): NetBoxError {
  const { status } = response;
  const words = wordsOf(json, response.statusText.trim() || `HTTP status ${status}`);
  const { code, retriable } = verdictOf(status, json, words, isWrite);
  const where = response.headers['location'];
  const facts = {
    call,
    status,
    words: code === 'NETBOX_REDIRECTED' ? `redirected to ${where?.slice(0, 200) ?? 'nowhere'}` : words,
    retriable,
  };
  // Which of a batch is meant stands there, and only there.
  return new NetBoxError(code, isWrite && (status === 400 || status === 409) ? { ...facts, body: json } : facts);
}

/** Of NetBox a 403 has a `detail`; gateways with JSON of their own say `message`. */
const isOfAnother = (status: number, json: unknown): boolean =>
  json === undefined || (status === 403 && typeof json === 'object' && json !== null && !('detail' in json));

function verdictOf(status: number, json: unknown, words: string, isWrite: boolean): { code: NetBoxErrorCode; retriable: boolean } {
  if (status >= 300 && status <= 399) return { code: 'NETBOX_REDIRECTED', retriable: false };
  // NetBox says all of these in JSON: a page comes from something in front of it. It may be about this write (a firewall), or about all.
  if (isWrite && status >= 400 && status <= 499 && status !== 401 && status !== 429 && isOfAnother(status, json))
    return { code: 'NETBOX_NO_ANSWER', retriable: true };
  if ([400, 404, 409, 412].includes(status) && json === undefined) return { code: 'NETBOX_UNEXPECTED_ANSWER', retriable: false };
  if (status === 400) return { code: 'NETBOX_REFUSED', retriable: false };
  if (status === 401) return { code: 'NETBOX_UNAUTHORIZED', retriable: false };
  if (status === 403) return { code: /permission/i.test(words) ? 'NETBOX_FORBIDDEN' : 'NETBOX_UNAUTHORIZED', retriable: false };
  if (status === 404) return { code: 'NETBOX_MISSING', retriable: false };
  if (status === 409) return { code: 'NETBOX_CONFLICT', retriable: false };
  if (status === 412) return { code: 'NETBOX_STALE', retriable: true };
  if (status === 429) return { code: 'NETBOX_BUSY', retriable: true };
  const exception = (json as { exception?: unknown } | null | undefined)?.exception;
  // MAINTENANCE_MODE: its transactions only read.
  if (status === 500 && exception === 'InternalError' && /maintenance mode/i.test(words)) return { code: 'NETBOX_BUSY', retriable: true };
  if (status === 500 && (exception === 'IntegrityError' || exception === 'OperationalError'))
    return { code: 'NETBOX_RACE', retriable: true };
  if (status >= 502 && status <= 504) return { code: isWrite ? 'NETBOX_NO_ANSWER' : 'NETBOX_UNREACHABLE', retriable: true };
  if (status >= 500) return { code: isWrite ? 'NETBOX_NO_ANSWER' : 'NETBOX_UNEXPECTED_ANSWER', retriable: true };
  return { code: 'NETBOX_UNEXPECTED_ANSWER', retriable: false };
}
