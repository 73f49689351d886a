import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CrookedLine {
  readonly url: string;
  /** So many of the next requests that write arrive twice, and the second answer is the one that is given. */
  repeatNext(times: number): void;
  /** Requests that arrived twice. */
  readonly repeated: () => number;
  close(): Promise<void>;
}

/** A proxy between Trame and another system that now and then sends a request again, as proxies do that were not answered in time. */
export async function startCrookedLine(target: string): Promise<CrookedLine> {
  let [wanted, repeated] = [0, 0];
  const pass = (request: http.IncomingMessage, body: Buffer, response: http.ServerResponse | null): Promise<void> =>
    new Promise((done) => {
      const { method, headers } = request;
      const onward = http.request(new URL(request.url ?? '/', target), { method: method ?? 'GET', headers }, (answer) => {
        if (response) {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.on('error', () => response.destroy()).on('aborted', () => response.destroy());
          answer.pipe(response);
        } else answer.on('error', () => done()).resume();
        answer.once('close', done);
      });
      onward.on('error', () => {
        response?.destroy();
        done();
      });
      response?.once('close', () => onward.destroy());
      onward.end(body);
    });
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const isTwice = wanted > 0 && request.method !== 'GET' && request.method !== 'OPTIONS';
      if (!isTwice) return void pass(request, body, response);
      wanted--;
      repeated++;
      void pass(request, body, null).then(() => pass(request, body, response));
    });
    request.on('error', () => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repeatNext: (times) => {
      wanted = times;
    },
    repeated: () => repeated,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
