/** The HTTPS side: `/api2/json` with API tokens, forms as Proxmox takes them, and the faults of the line. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpsLine } from '../line/https-line.js';
import { isEqual, readBody } from '../line/messages.js';
import { ApiRefusal } from './api-refusal.js';
import type { PveCluster } from './pve-cluster.js';
import { answer, AnswerWith } from './pve-routes.js';

export interface PveToken {
  /** `user@realm!token` */
  readonly id: string;
  readonly secret: string;
  readonly privileges: readonly string[];
}

export class PveServer {
  readonly line = new HttpsLine('pve', (request, response) => this.serve(request, response));
  /** `METHOD path`, in the order in which they came. */
  readonly requests: string[] = [];

  constructor(
    private readonly cluster: PveCluster,
    private readonly tokens: readonly PveToken[],
    /** Releases before say what is wrong beside the status only. */
    private readonly hasWordsInBody: boolean,
  ) {}

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const url = new URL(request.url ?? '/', 'https://pve');
    const method = request.method ?? 'GET';
    const name = `${method} ${decodeURIComponent(url.pathname.replace(/^\/api2\/json/, ''))}`;
    const fault = this.line.faults.takeForRequest([name]);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset-before') return void request.socket.destroy();
    if (fault?.kind === 'bad-gateway') return reply(response, 502, 'Bad Gateway', '<html></html>');
    this.requests.push(name);
    await this.line.faults.interrupt([name]);
    const { status, words, json } = this.run(request, method, url, body);
    if (fault?.kind === 'reset-after') return void request.socket.destroy();
    if (fault?.kind === 'truncated-json') return reply(response, status, words, json.slice(0, json.length / 2));
    if (fault?.kind !== 'hang-after') reply(response, status, words, json);
  }

  private run(request: IncomingMessage, method: string, url: URL, body: string): { status: number; words: string; json: string } {
    try {
      if (!url.pathname.startsWith('/api2/json/')) throw new ApiRefusal(404, 'Not Found');
      const token = this.authenticate(request);
      const parts = url.pathname.slice('/api2/json/'.length).split('/').map(decodeURIComponent);
      const pairs = [...url.searchParams, ...(method === 'POST' || method === 'PUT' ? readForm(request, body) : [])];
      // A parameter that is said several times is a list.
      const parameters = new Map(pairs.map(([name]) => [name, pairs.flatMap(([one, value]) => (one === name ? [value] : [])).join('\n')]));
      const data = answer(this.cluster, { method, parts, parameters, privileges: new Set(token.privileges) });
      const whole = data instanceof AnswerWith ? { data: data.data, ...data.attributes } : { data };
      return { status: 200, words: 'OK', json: JSON.stringify(whole) };
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      const { status, message, errors } = error;
      const json = { data: null, ...(errors && { errors }), ...(this.hasWordsInBody && { message: `${message}\n` }) };
      return { status, words: message, json: JSON.stringify(json) };
    }
  }

  private authenticate(request: IncomingMessage): PveToken {
    const [, id = '', secret = ''] = /^PVEAPIToken=([^=]+)=(.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const token = this.tokens.find((one) => one.id === id);
    if (token && isEqual(token.secret, secret)) return token;
    throw new ApiRefusal(401, token ? 'invalid token value!' : 'No ticket');
  }
}

/** Arrays of JSON are another way that the API takes, and this one does not. */
function readForm({ headers }: IncomingMessage, body: string): Iterable<[string, string]> {
  if (body === '') return [];
  if (headers['content-type'] !== 'application/x-www-form-urlencoded') throw new ApiRefusal(400, 'a form was expected');
  return new URLSearchParams(body);
}

function reply(response: ServerResponse, status: number, words: string, body: string): void {
  response.writeHead(status, words.replace(/[^\x20-\x7e]/g, ' '), {
    'content-type': 'application/json;charset=UTF-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
