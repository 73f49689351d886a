import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}
type Match = (request: SeenRequest) => boolean;

export interface MeddlingProxy {
  readonly url: string;
  /** What was asked since the last call, `POST /api/…`. */
  take(): readonly string[];
  /** Before the next such request goes on, somebody does something there. */
  before(match: Match, work: () => Promise<unknown>): void;
  /** The next such request goes on and is carried out; nobody hears of it. */
  loseAnswer(match: Match): void;
  /** What was arranged and did not happen. */
  readonly pending: number;
  close(): Promise<void>;
}

/** Stands before any server of HTTP, real or simulated, for what happens between a client and it. */
export async function startMeddlingProxy(target: string): Promise<MeddlingProxy> {
  const seen: string[] = [];
  const arranged: { readonly match: Match; readonly work?: () => Promise<unknown> }[] = [];
  const next = (request: SeenRequest) => {
    const at = arranged.findIndex(({ match }) => match(request));
    return at < 0 ? undefined : arranged.splice(at, 1)[0];
  };
  const pass = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const { method = '', url: path = '/' } = request;
    seen.push(`${method} ${path}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const meddling = next({ method, path });
    await meddling?.work?.();
    const { host: _ours, ...headers } = request.headers;
    const onward = http.request(new URL(path, target), { method, headers }).end(Buffer.concat(chunks));
    const [answer] = (await once(onward, 'response')) as [http.IncomingMessage];
    if (meddling && !meddling.work) {
      answer.resume();
      await once(answer, 'end');
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  };
  const server = http.createServer((request, response) => void pass(request, response).catch(() => request.socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => seen.splice(0),
    before: (match, work) => void arranged.push({ match, work }),
    loseAnswer: (match) => void arranged.push({ match }),
    get pending() {
      return arranged.length;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
