import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export interface CountingProxy {
  readonly url: string;
  /** Requests of the method since the last call. */
  take(method: string): number;
  /** The next request of the method is not answered. @returns what lets it arrive. @throws Error where none came, or the server did not take it. */
  hold(method: string): () => Promise<void>;
  close(): Promise<void>;
}

/** Passes everything on to the server at `target`, and counts it. @param onWrite is given the body of each request that has one. */
export async function startCountingProxy(target: string, onWrite: (body: string) => void = () => undefined): Promise<CountingProxy> {
  const seen = new Map<string, number>();
  const holds = new Map<string, Held>();
  const server = http.createServer((request, response) => {
    const method = request.method ?? '';
    seen.set(method, (seen.get(method) ?? 0) + 1);
    const held = holds.get(method);
    if (held) {
      holds.delete(method);
      const body: Buffer[] = [];
      request
        .on('data', (part: Buffer) => body.push(part))
        .on('end', () => {
          held.request = { url: request.url ?? '/', headers: request.headers, body: Buffer.concat(body) };
          request.socket.destroy();
        });
      return;
    }
    const onward = http.request(new URL(request.url ?? '/', target), { method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    const body: Buffer[] = [];
    request.on('data', (part: Buffer) => body.push(part)).on('end', () => body.length > 0 && onWrite(Buffer.concat(body).toString('utf8')));
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: (method) => {
      const count = seen.get(method) ?? 0;
      seen.delete(method);
      return count;
    },
    hold: (method) => {
      const held: Held = {};
      holds.set(method, held);
      return () => send(target, method, held);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

interface Held {
  request?: { readonly url: string; readonly headers: http.IncomingHttpHeaders; readonly body: Buffer };
}

async function send(target: string, method: string, { request }: Held): Promise<void> {
  if (!request) throw new Error(`no ${method} came`);
  const onward = http.request(new URL(request.url, target), { method, headers: request.headers }).end(request.body);
  const [answer] = (await once(onward, 'response')) as [http.IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  if ((answer.statusCode ?? 500) >= 300) throw new Error(`the held ${method} was answered ${answer.statusCode}`);
}
