import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export interface CountingProxy {
  readonly url: string;
  /** Requests of the method since the last call. */
  take(method: string): number;
  close(): Promise<void>;
}

/** Passes everything on to the server at `target`, and counts it. @param onWrite is given the body of each request that has one. */
export async function startCountingProxy(target: string, onWrite: (body: string) => void = () => undefined): Promise<CountingProxy> {
  const seen = new Map<string, number>();
  const server = http.createServer((request, response) => {
    const method = request.method ?? '';
    seen.set(method, (seen.get(method) ?? 0) + 1);
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
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
