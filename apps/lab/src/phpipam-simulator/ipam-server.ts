/** The web server: the API below `/api/`, the page of the login with the release in its footer, and what goes wrong on demand. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpsLine } from '../line/https-line.js';
import { readBody } from '../line/messages.js';
import { ApiRefusal } from './api-refusal.js';
import type { ApiAnswer } from './api-call.js';
import type { Ipam } from './ipam.js';
import { runCall } from './run-call.js';

/** How PHP ends when its memory is used up: with a page, or with nothing. */
export interface Fatal {
  readonly when: (request: string) => boolean;
  readonly how: 'html' | 'empty';
}

/** Something between a client and phpIPAM that answers in its place, with a page of its own. */
export interface Gateway {
  readonly when: (request: string, body: string) => boolean;
  readonly status: number;
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class IpamServer {
  readonly line = new HttpsLine('phpipam', (request, response) => this.serve(request, response, true));
  /** `METHOD /controller/…?query`, without the app, in the order in which they came. */
  readonly requests: string[] = [];
  /** Until taken out: every request that it says ends so. */
  readonly fatals: Fatal[] = [];
  /** Until taken out: what one of them dislikes does not get to phpIPAM. */
  readonly gateways: Gateway[] = [];
  peakInFlight = 0;
  private inFlight = 0;
  private plain: Server | null = null;

  constructor(private readonly ipam: Ipam) {}

  async connect(): Promise<void> {
    await this.line.connect(0);
  }

  /** Port 80 of the same installation. */
  async connectPlain(): Promise<number> {
    const plain = createServer((request, response) => {
      this.serve(request, response, false).catch((error: Error) => response.destroy(error));
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    this.plain = plain;
    return (plain.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const { plain } = this;
    this.plain = null;
    await this.line.disconnect();
    plain?.closeAllConnections();
    if (plain !== null) await new Promise<void>((resolve) => plain.close(() => resolve()));
  }

  private async serve(request: IncomingMessage, response: ServerResponse, isHttps: boolean): Promise<void> {
    this.inFlight += 1;
    this.peakInFlight = Math.max(this.peakInFlight, this.inFlight);
    let isOver = false;
    const end = (): void => {
      if (!isOver) this.inFlight -= 1;
      isOver = true;
    };
    response.once('finish', end).once('close', end);
    const body = await readBody(request);
    const url = new URL(request.url ?? '/', 'https://ipam');
    const parts = url.pathname.split('/').map(decodeURIComponent);
    const name = `${request.method} /${parts.slice(3).join('/')}${decodeURIComponent(url.search)}`;
    const fault = this.line.faults.takeForRequest([name]);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset-before') return void request.socket.destroy();
    if (fault?.kind === 'bad-gateway' || fault?.kind === 'unavailable') {
      return send(response, { status: fault.kind === 'bad-gateway' ? 502 : 503, body: '<html><body>nginx</body></html>' });
    }
    const gateway = this.gateways.find(({ when }) => when(name, body));
    if (gateway) return send(response, { status: gateway.status, body: '<html><h1>Request blocked</h1></html>' });
    this.requests.push(name);
    await this.line.faults.interrupt([name]);
    const reply = await this.reply(request, url, parts, body, isHttps, name);
    if (fault?.kind === 'hang-after') return;
    if (fault?.kind === 'reset-after') return void request.socket.destroy();
    if (fault?.kind === 'truncated-json') return send(response, { ...reply, body: reply.body.slice(0, reply.body.length / 2) });
    if (fault?.kind === 'reset-in-body') {
      response.writeHead(reply.status, { 'content-length': Buffer.byteLength(reply.body) });
      response.write(reply.body.slice(0, reply.body.length / 2), () => request.socket.destroy());
      return;
    }
    if (fault?.kind === 'slow') await sleep(fault.ms);
    send(response, reply);
  }

  private async reply(
    request: IncomingMessage,
    url: URL,
    parts: readonly string[],
    body: string,
    isHttps: boolean,
    name: string,
  ): Promise<Reply> {
    const fatal = this.fatals.find(({ when }) => when(name));
    if (fatal !== undefined) {
      const page = '<br />\n<b>Fatal error</b>:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)';
      return { status: 500, body: fatal.how === 'html' ? page : '', headers: { 'content-type': 'text/html' } };
    }
    if (parts[1] !== 'api') return this.page(url);
    const began = performance.now();
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value]),
    );
    const ids = parts.slice(2);
    while (ids.length > 2 && ids.at(-1) === '') ids.pop();
    try {
      const method = request.method ?? 'GET';
      const answer = await runCall(this.ipam, { method, isHttps, parts: ids, query: url.searchParams, headers, body });
      return envelope(answer, true, began, answer.location === undefined ? {} : { location: answer.location });
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      const location = error.code === 401 ? { location: `/api/${ids[0] ?? ''}/user/` } : {};
      return envelope({ code: error.code, message: error.message }, false, began, location);
    }
  }

  private page(url: URL): Reply {
    const headers = { 'content-type': 'text/html; charset=UTF-8' };
    if (url.searchParams.get('page') !== 'login') return { status: 302, body: '', headers: { ...headers, location: '/?page=login' } };
    const { release } = this.ipam;
    const suffix = this.ipam.isAtLeast(8) ? `${release}_r002_v46` : release;
    const script = `<script src="/js/bootstrap.min.js?v=${suffix}"></script>`;
    const footer = `<a href="http://phpipam.net">phpIPAM IP address management [v${release}]</a>`;
    return { status: 200, headers, body: `<html><head>${script}</head><body><div class="footer">${footer}</div></body></html>` };
  }
}

function envelope(
  { code, message, id, data }: ApiAnswer,
  success: boolean,
  began: number,
  headers: Readonly<Record<string, string>>,
): Reply {
  const time = Math.round(performance.now() - began) / 1000;
  const body = {
    code,
    success,
    ...(message !== undefined && { message }),
    ...(id !== undefined && { id }),
    ...(data !== undefined && { data }),
    time,
  };
  return {
    status: code,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache', ...headers },
  };
}

function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  response.writeHead(status, REASONS[status] ?? '', { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
