/** The REST API of a NetBox: addresses, tokens, answers and failures. Knows nothing of kinds and of marks. */
import {
  type ApiTiming,
  JsonApi,
  jsonOf,
  type OutboundRequest,
  type OutboundResponse,
  retryAfter,
  type Unanswered,
} from '#adapters/outbound';
import { invalidValue } from '#engines/kernel';
import { NetBoxError, type NetBoxErrorCode, isNetBoxError } from './netbox-error.js';
import { wordsOf } from './netbox-words.js';

export interface NetBoxConnection {
  /** Stands in errors: the connector's name. */
  readonly name: string;
  /** `https://netbox.example` or with a path before `/api`: `https://tools.example/netbox`. */
  readonly url: string;
  /** `nbt_<key>.<secret>` (from 4.5) or 40 hexadecimal digits. */
  readonly token: string;
  /** With it https only, and the server is accepted by its key alone. */
  readonly tls?: { readonly pinnedSpkiSha256: readonly string[] };
  readonly timing?: Partial<ApiTiming>;
  /** Absent: as fast as it answers. */
  readonly requestsPerSecond?: number | undefined;
  /** Of one answer; default 32 MiB: a page of 1000 devices with their nested objects has about 3 MB. */
  readonly maxAnswerBytes?: number;
}

/** NetBox does the writes of addresses of all its users one after another, and its workers end at 120 s. */
const DEFAULT_TIMING: ApiTiming = { readMs: 30_000, writeMs: 125_000, againMs: 500 };
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
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
  readonly timing: ApiTiming;
  private readonly base: string;
  private readonly authorization: string;
  private readonly api: JsonApi;
  private readonly own = new Set<string>();
  /** `4.6`, once probed: answers of another release are of another shape. */
  private release: string | null = null;

  constructor(private readonly connection: NetBoxConnection) {
    this.base = baseOf(connection.url);
    this.timing = { ...DEFAULT_TIMING, ...connection.timing };
    // The server tells the two kinds apart by the value alone; the word is only a courtesy.
    this.authorization = `${connection.token.startsWith('nbt_') ? 'Bearer' : 'Token'} ${connection.token}`;
    const { name, tls, requestsPerSecond, maxAnswerBytes = MAX_ANSWER_BYTES } = connection;
    this.api = new JsonApi({ name, ...(tls && { tls }), timing: this.timing, maxAnswerBytes, requestsPerSecond });
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
  get(path: string, query: NetBoxQuery, signal: AbortSignal): Promise<NetBoxAnswer> {
    const mayPass = (error: unknown): boolean => isNetBoxError(error) && error.facts.retriable && error.code !== 'NETBOX_RELEASE';
    return this.api.repeat(() => this.once('GET', path, { query }, signal), mayPass, signal);
  }

  /** Sends again only what cannot have been done. @throws NetBoxError; NETBOX_NO_ANSWER: it may have been done. */
  send({ method, path, body, ifMatch }: NetBoxSend, signal: AbortSignal): Promise<NetBoxAnswer> {
    const isUndone = (error: unknown): boolean => isNetBoxError(error, 'NETBOX_UNREACHABLE', 'NETBOX_BUSY') && error.facts.retriable;
    const sent = { body: JSON.stringify(body), ...(ifMatch === undefined ? {} : { ifMatch }) };
    return this.api.repeat(() => this.once(method, path, sent, signal), isUndone, signal);
  }

  private async once(
    method: 'GET' | NetBoxMethod,
    path: string,
    { query = [], body, ifMatch }: { query?: NetBoxQuery; body?: string; ifMatch?: string },
    signal: AbortSignal,
  ): Promise<NetBoxAnswer> {
    const call = `${method} /api/${path}/`;
    const search = query.length === 0 ? '' : `?${new URLSearchParams(query.map(([name, value]) => [name, value])).toString()}`;
    const request: OutboundRequest = {
      method,
      // Without the slash at the end Django redirects, and the body is lost.
      url: `${this.base}/api/${path}/${search}`,
      headers: {
        authorization: this.authorization,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined ? {} : { body }),
      signal,
    };
    const response = await this.api.exchange(request, (unanswered) => failure(call, method !== 'GET', unanswered));
    if (method !== 'GET') this.remember(response.headers['x-request-id']);
    if (response.status === 429) await retryAfter(response, signal);
    const json = response.status === 204 && response.body === '' ? null : jsonOf(response.body);
    if (response.status < 200 || response.status > 299) throw refusal(call, response, json, method !== 'GET');
    if (json === undefined) throw unreadable(call, response, method !== 'GET');
    this.checkRelease(call, response);
    return { json, etag: response.headers['etag'] ?? null };
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
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isAccepted =
    url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isAccepted)
    throw invalidValue('address of NetBox', text, 'an http or https URL without user and query, e.g. https://netbox.example');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/api$/, '');
}

function failure(call: string, isWrite: boolean, { fate, words, isTemporary, isTimeout }: Unanswered): NetBoxError {
  const facts = { call, words, retriable: isTemporary };
  switch (fate) {
    case 'ABORTED':
      return new NetBoxError('NETBOX_ABORTED', { ...facts, retriable: true });
    case 'WRONG_KEY':
      return new NetBoxError('NETBOX_WRONG_CERTIFICATE', facts);
    case 'TOO_LARGE':
      // Of a write it was done, and is looked for.
      return isWrite ? new NetBoxError('NETBOX_NO_ANSWER', { ...facts, retriable: true }) : new NetBoxError('NETBOX_TOO_LARGE', facts);
    case 'UNKNOWN':
      return new NetBoxError('NETBOX_NO_ANSWER', { ...facts, retriable: true, ...(isWrite ? { isTimeout } : {}) });
    case 'UNSENT':
      return new NetBoxError('NETBOX_UNREACHABLE', facts);
  }
}

function unreadable(call: string, { status, headers, body }: OutboundResponse, isWrite: boolean): NetBoxError {
  const isPage = /html/.test(headers['content-type'] ?? '') || /^\s*</.test(body);
  const words = isPage ? 'a page for people came instead of JSON: is this the address of a NetBox?' : 'an answer that is no complete JSON';
  // Half a document may be whole the next time; of a write it is not known what was done.
  if (isWrite) return new NetBoxError('NETBOX_NO_ANSWER', { call, words, status, retriable: true });
  return new NetBoxError('NETBOX_UNEXPECTED_ANSWER', { call, words, status, retriable: !isPage });
}

/** A gateway's (504, and 524 of Cloudflare), most often long before we would: NetBox is not told, and may do it yet. */
const GAVE_UP_WAITING: ReadonlySet<number> = new Set([504, 524]);

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
    ...(isWrite && GAVE_UP_WAITING.has(status) ? { isTimeout: true } : {}),
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
  // A check or a column that says no where NetBox does not catch it, seen with 4.7.3: rolled back, and the same the next time.
  if (isWrite && status === 500 && (exception === 'ValidationError' || exception === 'DataError'))
    return { code: 'NETBOX_REFUSED', retriable: false };
  if (status >= 502 && status <= 504) return { code: isWrite ? 'NETBOX_NO_ANSWER' : 'NETBOX_UNREACHABLE', retriable: true };
  if (status >= 500) return { code: isWrite ? 'NETBOX_NO_ANSWER' : 'NETBOX_UNEXPECTED_ANSWER', retriable: true };
  return { code: 'NETBOX_UNEXPECTED_ANSWER', retriable: false };
}
