/** The HTTPS side of eAPI: `/command-api` with Basic authentication or a login cookie, and the faults of the line. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultKind } from '../line/faults.js';
import { HttpsLine } from '../line/https-line.js';
import { isEqual, readBody } from '../line/messages.js';
import { CliSession, type SwitchUser } from './cli-session.js';
import { readCall, runCall } from './eapi-call.js';
import type { EosSwitch } from './eos-switch.js';

export interface EapiServerOptions {
  readonly users: readonly SwitchUser[];
  readonly enableSecret: string | null;
  /** Milliseconds that a reload keeps the switch off the network. */
  readonly bootMs: number;
}

const COOKIE_MS = 24 * 3600 * 1000;

export class EapiServer {
  readonly line: HttpsLine;
  private readonly cookies = new Map<string, { readonly user: SwitchUser; readonly expiresAt: number }>();

  constructor(
    private readonly device: EosSwitch,
    private readonly options: EapiServerOptions,
  ) {
    this.line = new HttpsLine(device.current.hostname, (request, response) => this.answer(request, response));
  }

  async reboot(): Promise<void> {
    await this.line.disconnect();
    this.device.setPower(false);
    this.cookies.clear();
    if (this.options.bootMs > 0) await pause(this.options.bootMs);
    this.device.setPower(true);
    await this.device.reboot();
    await this.line.connect();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.device.hasApi) return void request.socket.destroy();
    const body = await readBody(request);
    if (request.method === 'POST' && request.url === '/login') return this.login(body, response);
    if (request.method === 'POST' && request.url === '/logout') return this.logout(request, response);
    if (request.url !== '/command-api') return reply(response, 404, 'text/plain', 'Not Found\n');
    const user = this.authenticate(request);
    if (user === undefined)
      return reply(response, 401, 'text/plain', 'Unable to authenticate user: Bad username/password combination', {
        'www-authenticate': 'Basic realm="COMMAND_API_AUTH"',
      });
    if (request.method === 'HEAD') return reply(response, 200, 'application/json', '');
    if (request.method !== 'POST') return reply(response, 405, 'text/plain', 'Method Not Allowed\n');
    await this.serve(user, body, request, response);
  }

  private async serve(user: SwitchUser, body: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = readCall(body);
    if ('answer' in call) return replyJson(response, call.answer);
    const commands = call.commands.map(({ cmd }) => cmd);
    const fault = this.line.faults.takeForRequest(commands);
    const entry = this.device.journal.request(user.username, commands);
    if (fault !== undefined && BEFORE.includes(fault.kind)) {
      this.device.journal.close(entry, 'lost');
      return this.failBefore(fault, request, response);
    }
    await this.line.faults.interrupt(commands);
    const { answer, isDone } = await runCall(new CliSession(this.device, user, this.options.enableSecret), call);
    if (fault?.kind === 'slow') await pause(fault.ms);
    const isAnswered = (fault === undefined || fault.kind === 'slow') && this.device.hasApi;
    this.device.journal.close(entry, isAnswered ? (isDone ? 'done' : 'refused') : 'lost');
    if (isAnswered) replyJson(response, answer);
    else await this.failAfter(fault?.kind ?? 'reset-after', JSON.stringify(answer), request, response);
  }

  private async failBefore(
    { kind, ms }: { kind: FaultKind; ms: number },
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (kind === 'bad-gateway') reply(response, 502, 'text/html', '<html><head><title>502 Bad Gateway</title></head></html>\n');
    else if (kind === 'unavailable')
      reply(response, 503, 'text/html', '<html><head><title>503 Service Unavailable</title></head></html>\n');
    else if (kind === 'reset-before') request.socket.destroy();
    else if (kind === 'reboot-before') await this.reboot();
    else if (kind === 'unplug') await this.unplug(ms);
    // `hang`: the client's patience decides.
  }

  private async unplug(ms: number): Promise<void> {
    await this.line.disconnect();
    await pause(ms);
    await this.line.connect();
  }

  private async failAfter(fault: FaultKind, answer: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const half = answer.slice(0, answer.length / 2);
    if (fault === 'truncated-json') return reply(response, 200, 'application/json', half);
    if (fault === 'reboot-after') return this.reboot();
    if (fault === 'hang-after') return;
    if (fault === 'reset-in-body') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
      await new Promise((resolve) => response.write(half, resolve));
    }
    request.socket.destroy();
  }

  private authenticate(request: IncomingMessage): SwitchUser | undefined {
    const cookie = /(?:^|;\s*)Session=([0-9a-f]+)/.exec(request.headers.cookie ?? '')?.[1];
    const session = cookie === undefined ? undefined : this.cookies.get(cookie);
    if (session !== undefined && session.expiresAt > this.device.clock.now()) return session.user;
    const encoded = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (encoded === undefined) return undefined;
    const [username, ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
    return this.findUser(username ?? '', password.join(':'));
  }

  private findUser(username: string, password: string): SwitchUser | undefined {
    return this.options.users.find((user) => user.username === username && isEqual(user.password, password));
  }

  private login(body: string, response: ServerResponse): void {
    const credentials = parseCredentials(body);
    const user = credentials === null ? undefined : this.findUser(credentials.username, credentials.password);
    if (user === undefined) return reply(response, 401, 'text/plain', 'Bad username/password combination');
    const cookie = randomBytes(16).toString('hex');
    this.cookies.set(cookie, { user, expiresAt: this.device.clock.now() + COOKIE_MS });
    reply(response, 200, 'application/json', '{"success":true}', { 'set-cookie': `Session=${cookie}; Path=/; HttpOnly; Secure` });
  }

  private logout(request: IncomingMessage, response: ServerResponse): void {
    this.cookies.delete(/Session=([0-9a-f]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '');
    reply(response, 200, 'application/json', '{"success":true}');
  }
}

const BEFORE: readonly FaultKind[] = ['hang', 'bad-gateway', 'unavailable', 'unplug', 'reset-before', 'reboot-before'];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function parseCredentials(body: string): { username: string; password: string } | null {
  try {
    const { username, password } = JSON.parse(body) as { username?: unknown; password?: unknown };
    return typeof username === 'string' && typeof password === 'string' ? { username, password } : null;
  } catch {
    return null; // not JSON: answered as wrong credentials
  }
}

function reply(response: ServerResponse, status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

const replyJson = (response: ServerResponse, answer: unknown): void => reply(response, 200, 'application/json', JSON.stringify(answer));
