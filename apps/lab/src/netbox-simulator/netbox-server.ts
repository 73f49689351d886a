/** The HTTP side: trailing slashes, headers of every answer, and the faults of the line. */
import { randomUUID } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Act, type Answer } from './act.js';
import { AdvisoryLocks } from './advisory-locks.js';
import type { Token, Tokens, User } from './auth.js';
import { Background } from './background.js';
import type { Fault } from './faults.js';
import { Faults, type RequestLine } from './faults.js';
import type { Json, JsonObject } from './json.js';
import { provision } from './provisioning.js';
import { detail, IntegrityError, Refusal } from './refusal.js';
import { route } from './routes.js';
import { PYTHON } from './status.js';
import type { Shared } from './viewer.js';
import { Webhooks } from './webhooks.js';

const HTML = { 'content-type': 'text/html; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export class NetBoxServer {
  readonly faults = new Faults();
  readonly webhooks: Webhooks;
  readonly background: Background;
  /** `METHOD /api/path/?query`, in the order in which they came. */
  readonly requests: string[] = [];
  private readonly unheard = new Set<Promise<unknown>>();
  private readonly locks = new AdvisoryLocks();
  private readonly sockets = new Set<Socket>();
  private readonly server: http.Server;

  constructor(
    private readonly shared: Shared,
    private readonly users: readonly User[],
    private readonly tokens: Tokens,
    private readonly basePath: string,
    hasWorkers: boolean,
  ) {
    this.webhooks = new Webhooks(shared);
    this.background = new Background(shared, hasWorkers, (act) => this.webhooks.flush(act));
    this.server = http.createServer((request, response) => {
      this.serve(request, response).catch((error: Error) => response.destroy(error));
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.webhooks.close();
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** What a colleague does in the user interface. @param body null: he deletes it. */
  changeBy(token: Token, path: string, id: number, body: JsonObject | null): void {
    const kind = [...this.shared.kinds.values()].find((one) => one.path === path);
    const row = kind && this.shared.db.table(kind.type).get(id);
    if (!kind || !row) throw new Error(`there is no ${path}/${id}`);
    const act = new Act(
      this.shared,
      token,
      randomUUID(),
      '',
      'POST',
      `/${path}/${id}/edit/`,
      new URLSearchParams(),
      undefined,
      undefined,
      async () => undefined,
    );
    this.shared.db.atomic(() => {
      if (body === null) act.writer.remove(kind, row, null);
      else act.writer.save(kind, act.writer.draft(kind, body, row, 'PATCH'), null);
    });
    this.webhooks.flush(act);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const url = new URL(request.url ?? '/', 'http://netbox');
    const line: RequestLine = {
      method: request.method ?? 'GET',
      path: url.pathname.slice(this.basePath.length),
      parameters: url.searchParams,
      body,
    };
    this.requests.push(`${line.method} ${line.path}${url.search}`);
    const fault = this.faults.take(line);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset-before') return void request.socket.destroy();
    await this.faults.interrupt(line);
    if (fault?.kind === 'gateway-timeout') {
      this.workOn(this.answer(request, url, line, fault.ms ?? 200));
      return send(response, this.stamped(page(504, '504 Gateway Time-out')), null);
    }
    const reply = (fault && refusalOf(fault, this.shared)) ?? (await this.answer(request, url, line));
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms ?? 200));
    if (fault?.kind === 'hang-after') return;
    if (fault?.kind === 'reset-after') return void request.socket.destroy();
    send(response, this.stamped(reply), fault);
  }

  /** Nobody waits for its answer any more. */
  private workOn(work: Promise<unknown>): void {
    const ended = work.finally(() => this.unheard.delete(ended));
    this.unheard.add(ended);
  }

  /** Until nothing is under way whose answer nobody waits for. */
  async idle(): Promise<void> {
    await Promise.all(this.unheard);
    await this.background.idle();
    await this.webhooks.idle();
  }

  private stamped(reply: Reply): Reply {
    return {
      ...reply,
      headers: { 'api-version': this.shared.release.name, 'x-request-id': randomUUID(), vary: 'Accept, Cookie, Origin', ...reply.headers },
    };
  }

  private async answer(request: IncomingMessage, url: URL, line: RequestLine, gapMs = 0): Promise<Reply> {
    if (!url.pathname.startsWith(`${this.basePath}/api/`))
      return { status: 404, text: '<html><title>Page Not Found</title></html>', headers: HTML };
    if (!url.pathname.endsWith('/')) return this.withoutSlash(url, line);
    const requestId = randomUUID();
    const own = { 'x-request-id': requestId };
    try {
      const { status, body, page: title, headers } = await this.act(request, line, requestId, gapMs);
      if (title !== undefined) return page(status, title);
      if (body === undefined) return { status, text: '', headers: { ...own, ...headers } };
      const isForBrowser = request.headers.accept?.includes('text/html') === true && !request.headers.accept.includes('json');
      if (isForBrowser) return { status, text: `<html><pre>${JSON.stringify(body, null, 4)}</pre></html>`, headers: { ...own, ...HTML } };
      return { status, text: JSON.stringify(body), headers: { ...own, ...JSON_TYPE, ...headers } };
    } catch (error) {
      if (error instanceof Refusal)
        return { status: error.status, text: JSON.stringify(error.body), headers: { ...own, ...JSON_TYPE, ...error.headers } };
      return this.serverError(error as Error, own);
    }
  }

  /** From 4.7 on only what reads is led to the right address. */
  private withoutSlash(url: URL, { method }: RequestLine): Reply {
    const isNew = this.shared.release.isAtLeast('4.7');
    if (isNew && method !== 'GET' && method !== 'HEAD') return page(404, 'Page Not Found');
    return { status: isNew ? 301 : 302, text: '', headers: { location: `${url.pathname}/${url.search}` } };
  }

  private async act(request: IncomingMessage, line: RequestLine, requestId: string, gapMs: number): Promise<Answer> {
    const path = line.path.replace(/^\/api\/|\/$/g, '');
    const isProvisioning = path === 'users/tokens/provision' && line.method === 'POST';
    const token = isProvisioning ? null : this.tokens.authenticate(request.headers.authorization);
    const body = parseBody(request, line.body);
    if (token === null) return provision(body, this.users, this.tokens, this.shared.release);
    const origin = `http://${request.headers.host ?? 'netbox'}${this.basePath}`;
    const act = new Act(
      this.shared,
      token,
      requestId,
      origin,
      line.method,
      line.path,
      line.parameters,
      body,
      request.headers['if-match'],
      () => this.faults.commitGap(line, gapMs),
    );
    const kinds = [...this.shared.kinds.values()];
    const answer = await route({ kinds, locks: this.locks, background: (...work) => this.background.take(...work) }, act, path);
    if (answer.status !== 202) this.webhooks.flush(act);
    return answer;
  }

  private serverError(error: Error, headers: Record<string, string>): Reply {
    const exception = error instanceof IntegrityError ? 'IntegrityError' : error.name;
    return {
      status: 500,
      text: JSON.stringify(serverErrorBody(error.message, exception, this.shared)),
      headers: { ...headers, ...JSON_TYPE },
    };
  }
}

const MAINTENANCE = 'NetBox is currently operating in maintenance mode and is unable to perform write operations. Please try again later.';

const serverErrorBody = (error: string, exception: string, { release }: Shared): Json => ({
  error,
  exception,
  netbox_version: release.full,
  python_version: PYTHON,
});

const page = (status: number, title: string): Reply => ({
  status,
  text: `<html><head><title>${title}</title></head></html>`,
  headers: HTML,
});

/** What is answered in place of doing it; null where the fault lets it be done. */
function refusalOf(fault: Fault, shared: Shared): Reply | null {
  switch (fault.kind) {
    case 'bad-gateway':
      return page(502, '502 Bad Gateway');
    case 'unavailable':
      return page(503, '503 Service Temporarily Unavailable');
    case 'firewall':
      return page(403, '403 Forbidden');
    case 'login-page':
      return page(200, 'Login | NetBox');
    case 'throttled':
      return {
        status: 429,
        text: '{"detail":"Request was throttled."}',
        headers: { ...JSON_TYPE, 'retry-after': String(fault.retryAfter ?? 1) },
      };
    case 'server-error':
      return { status: 500, text: JSON.stringify(serverErrorBody('something broke', 'RuntimeError', shared)), headers: JSON_TYPE };
    case 'deadlock':
      return { status: 500, text: JSON.stringify(serverErrorBody('deadlock detected', 'OperationalError', shared)), headers: JSON_TYPE };
    case 'maintenance':
      return {
        status: 500,
        text: JSON.stringify(serverErrorBody(MAINTENANCE, 'InternalError', shared)),
        headers: JSON_TYPE,
      };
    default:
      return null;
  }
}

function send(response: ServerResponse, reply: Reply, fault: Fault | null): void {
  const rewritten =
    fault?.kind === 'rewritten' && fault.rewrite ? JSON.stringify(fault.rewrite(JSON.parse(reply.text) as Json)) : reply.text;
  const text = fault?.kind === 'truncated-json' ? rewritten.slice(0, rewritten.length / 2) : rewritten;
  const bytes = Buffer.from(text);
  response.writeHead(reply.status, { ...reply.headers, 'content-length': bytes.length });
  if (fault?.kind !== 'half-page') return void response.end(bytes);
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
}

/** Nothing where there is nothing. @throws Refusal 415, 400 */
function parseBody(request: IncomingMessage, text: string): Json | undefined {
  if (text === '' || request.method === 'GET') return undefined;
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('application/json')) throw detail(415, `Unsupported media type "${type}" in request.`);
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw detail(400, 'JSON parse error - Expecting value: line 1 column 1 (char 0)');
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
