/** The REST API of a phpIPAM: its app, its logins, one request at a time. Knows nothing of kinds and of marks. */
import { type ApiTiming, JsonApi, type OutboundRequest, type OutboundResponse, pause, type Unanswered } from '#adapters/outbound';
import { z } from 'zod';
import { OneAtATime } from './one-at-a-time.js';
import { isPhpIpamError, PhpIpamError, type PhpIpamErrorCode } from './phpipam-error.js';
import { parseReply, refusal, type Reply, saysMissing, saysNone } from './reply.js';
import { type Row, toRow } from './row.js';

/** `code` for an app with "SSL with App code", else a user of its own for an app with "SSL with User token". */
export type PhpIpamCredential = { readonly code: string } | { readonly user: string; readonly password: string };

export interface PhpIpamConnection {
  /** Stands in errors: the connector's name. */
  readonly name: string;
  /** Of the installation, without `/api`: `https://ipam.example` or `https://tools.example/phpipam`. */
  readonly url: string;
  /** App id of API management. */
  readonly app: string;
  readonly credential: PhpIpamCredential;
  readonly tls?: { readonly pinnedSpkiSha256: readonly string[] };
  readonly timing?: Partial<ApiTiming>;
  /** Absent: as fast as it answers. */
  readonly requestsPerSecond?: number | undefined;
}

export type Query = Readonly<Record<string, string>>;
export type Body = Readonly<Record<string, string | number | null>>;
export type WriteMethod = 'POST' | 'PATCH' | 'DELETE';

/** A list of ten thousand subnets takes PHP a while; since 1.8 a write waits for all others, 30 s by default. */
const DEFAULT_TIMING: ApiTiming = { readMs: 120_000, writeMs: 45_000, againMs: 500 };
/** 65,000 addresses of a /16. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const Login = z.object({ token: z.string().min(1) });
const Searched = z.object({ addresses: z.object({ code: z.coerce.number(), data: z.unknown().optional() }) });

interface Call {
  readonly method: 'GET' | WriteMethod;
  readonly path: string;
  readonly query?: Query;
  readonly body?: Body;
}

export class PhpIpamClient {
  private readonly base: string;
  readonly timing: ApiTiming;
  private readonly api: JsonApi;
  /** There is one lock for all writes of the API, one row for all tokens of a user, and PHP computes lists in one go. */
  private readonly line = new OneAtATime();
  private token: string | null = null;
  /** A wrong password is asked about once: ten of them and the address is blocked. */
  private wrongPassword: PhpIpamError | null = null;

  constructor(private readonly connection: PhpIpamConnection) {
    this.base = connection.url.replace(/\/+$/, '').replace(/\/api$/, '');
    this.timing = { ...DEFAULT_TIMING, ...connection.timing };
    const { name, tls, requestsPerSecond } = connection;
    this.api = new JsonApi({ name, ...(tls && { tls }), timing: this.timing, maxAnswerBytes: MAX_ANSWER_BYTES, requestsPerSecond });
  }

  get name(): string {
    return this.connection.name;
  }

  /** A list. Empty only where phpIPAM says that there is none. @throws PhpIpamError */
  async rows(path: string, query: Query, signal: AbortSignal): Promise<readonly Row[]> {
    const call = `GET ${path}`;
    const reply = await this.read({ method: 'GET', path, query: { ...query, links: 'false' } }, signal);
    if (saysNone(reply)) return [];
    if (!reply.isSuccess) throw refusal(call, false, reply);
    const rows = Array.isArray(reply.data) ? reply.data.map(toRow) : [null];
    if (!rows.every((row): row is Row => row !== null)) throw unexpected(call, reply, 'no list of rows');
    return rows;
  }

  /** Addresses that contain a text in some column, found by the database: nothing is loaded that is not it. @throws PhpIpamError */
  async searchAddresses(text: string, signal: AbortSignal): Promise<readonly Row[]> {
    const path = `/search/${encodeURIComponent(text)}/`;
    const query = { addresses: '1', subnets: '0', vlan: '0', vrf: '0', links: 'false' };
    const reply = await this.read({ method: 'GET', path, query }, signal);
    if (!reply.isSuccess) throw refusal(`GET ${path}`, false, reply);
    const part = Searched.safeParse(reply.data);
    if (part.success && part.data.addresses.code === 404) return [];
    const rows = part.success && Array.isArray(part.data.addresses.data) ? part.data.addresses.data.map(toRow) : [null];
    if (!rows.every((row): row is Row => row !== null)) throw unexpected(`GET ${path}`, reply, 'no addresses');
    return rows;
  }

  /** One object; null: it is not there. @throws PhpIpamError */
  async row(path: string, signal: AbortSignal): Promise<Row | null> {
    const call = `GET ${path}`;
    const reply = await this.read({ method: 'GET', path, query: { links: 'false' } }, signal);
    if (saysMissing(reply)) return null;
    if (!reply.isSuccess) throw refusal(call, false, reply);
    const row = toRow(reply.data);
    if (row === null) throw unexpected(call, reply, 'no row');
    return row;
  }

  /** Once. @returns the id of what was made. @throws PhpIpamError; PHPIPAM_NO_ANSWER: it may have been done. */
  async send(method: WriteMethod, path: string, body: Body, signal: AbortSignal): Promise<string | null> {
    const reply = await this.line.run(() => this.authorized({ method, path, ...(method === 'DELETE' ? {} : { body }) }, signal));
    if (!reply.isSuccess) throw refusal(`${method} ${path}`, true, reply);
    return reply.id;
  }

  /** Whether writes get to phpIPAM: it refuses itself to change a VRF that cannot be. */
  async isTakingWrites(signal: AbortSignal): Promise<boolean> {
    try {
      await this.send('PATCH', '/vrfs/0/', {}, signal);
    } catch (error) {
      if (isPhpIpamError(error, 'PHPIPAM_REFUSED', 'PHPIPAM_FORBIDDEN')) return true;
      if (!isPhpIpamError(error) || error.code === 'PHPIPAM_ABORTED') throw error;
    }
    return false;
  }

  /** The page of the login, which everybody may read. */
  async loginPage(signal: AbortSignal): Promise<string> {
    const call = 'GET /index.php?page=login';
    const response = await this.line.run(() =>
      this.exchange(call, false, { method: 'GET', url: `${this.base}/index.php?page=login`, signal }),
    );
    return response.body;
  }

  private read(call: Call, signal: AbortSignal): Promise<Reply> {
    // PHP without memory ends the same way each time.
    const mayPass = (error: unknown): boolean =>
      isPhpIpamError(error, 'PHPIPAM_UNREACHABLE', 'PHPIPAM_UNEXPECTED_ANSWER') && error.facts.retriable && !isFatal(error);
    return this.api.repeat(() => this.line.run(() => this.authorized(call, signal)), mayPass, signal);
  }

  /** With a token that may have ended meanwhile: once more with a new one. */
  private async authorized(call: Call, signal: AbortSignal): Promise<Reply> {
    const { credential } = this.connection;
    if ('code' in credential) return this.once(call, { token: credential.code }, signal);
    this.token ??= await this.login(credential, signal);
    const reply = await this.once(call, { token: this.token }, signal);
    if (reply.code !== 401 || reply.message === 'invalid permissions') return reply;
    this.token = await this.login(credential, signal);
    return this.once(call, { token: this.token }, signal);
  }

  /** 1.7 answers 500 to one of two logins of a user at once: ours come one after another, and another program's may be in the way. */
  private async login({ user, password }: { user: string; password: string }, signal: AbortSignal): Promise<string> {
    if (this.wrongPassword !== null) throw this.wrongPassword;
    for (let attempt = 0; ; attempt++) {
      const basicAuth = { username: user, password };
      const url = this.url('/user/', {});
      const response = await this.exchange('POST /user/', false, { method: 'POST', url, basicAuth, signal });
      const reply = parseReply('POST /user/', false, response);
      const login = Login.safeParse(reply.data);
      if (reply.isSuccess && login.success) return login.data.token;
      const error = reply.isSuccess ? unexpected('POST /user/', reply, 'no token') : refusal('POST /user/', false, reply);
      if (error.code === 'PHPIPAM_UNAUTHORIZED') this.wrongPassword = error;
      if (error.code !== 'PHPIPAM_UNEXPECTED_ANSWER' || !error.facts.retriable || attempt >= 1 || signal.aborted) throw error;
      await pause(this.timing.againMs, signal);
    }
  }

  private async once(
    { method, path, query = {}, body }: Call,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Reply> {
    const isWrite = method !== 'GET';
    const call = `${method} ${path}`;
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await this.exchange(call, isWrite, {
      method,
      url: this.url(path, query),
      headers: {
        ...headers,
        accept: 'application/json',
        'api-stringify-results': '1',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...json,
      signal,
    });
    return parseReply(call, isWrite, response);
  }

  private url(path: string, query: Query): string {
    const search = new URLSearchParams(query).toString();
    return `${this.base}/api/${encodeURIComponent(this.connection.app)}${path}${search === '' ? '' : `?${search}`}`;
  }

  private exchange(call: string, isWrite: boolean, request: OutboundRequest): Promise<OutboundResponse> {
    return this.api.exchange(request, (unanswered) => failure(call, isWrite, unanswered));
  }
}

function failure(call: string, isWrite: boolean, { fate, wasSent, words, isTemporary, isTimeout }: Unanswered): PhpIpamError {
  const fail = (code: PhpIpamErrorCode, retriable: boolean): PhpIpamError => new PhpIpamError(code, { call, words, retriable });
  if (fate === 'ABORTED') return fail(wasSent && isWrite ? 'PHPIPAM_NO_ANSWER' : 'PHPIPAM_ABORTED', true);
  if (fate === 'TOO_LARGE') return fail('PHPIPAM_TOO_LARGE', false);
  if (fate === 'WRONG_KEY') return fail('PHPIPAM_WRONG_CERTIFICATE', false);
  if (wasSent && isWrite) return new PhpIpamError('PHPIPAM_NO_ANSWER', { call, words, retriable: true, isTimeout });
  return fail('PHPIPAM_UNREACHABLE', isTemporary || wasSent || isTimeout);
}

const unexpected = (call: string, { code: status }: Reply, what: string): PhpIpamError =>
  new PhpIpamError('PHPIPAM_UNEXPECTED_ANSWER', { call, words: `${what} in the answer`, status, retriable: false });

/** 500 without a document, or with its own way of saying that a table is empty. */
const isFatal = ({ facts }: PhpIpamError): boolean => facts.status === 500;
