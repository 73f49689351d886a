import { EventEmitter, once } from 'node:events';
import type { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { guardedLookup } from './connection.js';
import { OutboundError } from './outbound-error.js';
import { OutboundHttp, type OutboundOptions } from './outbound-http.js';
import { selfSignedCertificate } from './testing/self-signed-certificate.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket.on('error', () => socket.destroy())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
}
const serve = async (handler: http.RequestListener): Promise<string> => `http://127.0.0.1:${await listen(http.createServer(handler))}`;
const serveRaw = async (handler: (socket: net.Socket) => void): Promise<string> =>
  `http://127.0.0.1:${await listen(net.createServer(handler))}`;

/** A port that refuses connections: it was ours a moment ago. */
async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const client = (options: Partial<OutboundOptions> = {}): OutboundHttp =>
  new OutboundHttp({ name: 'test', timeoutMs: 5000, maxResponseBytes: 100_000, allowPrivate: true, ...options });

async function failure(work: Promise<unknown>): Promise<OutboundError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(OutboundError);
  return error as OutboundError;
}

async function received(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('an exchange', () => {
  it('sends method, path, headers, credentials and the very bytes of the body, and returns status, headers and body', async () => {
    const seen: unknown[] = [];
    const url = await serve(async (request, response) => {
      seen.push(request.method, request.url, request.headers.authorization, request.headers['x-key'], await received(request));
      response.writeHead(422, { 'X-Answer': 'yes', 'Set-Cookie': ['a=1', 'b=2'] }).end('grüße');
    });
    const body = '  {"a": 1}\n ';
    const answer = await client().request({
      method: 'post',
      url: `${url}/api/zones/0=2F26.example?x=%2F`,
      headers: { 'content-type': 'application/json', 'X-Key': 'k' },
      basicAuth: { username: 'admin', password: 'päss:word' },
      body,
    });
    expect(seen).toEqual([
      'POST',
      '/api/zones/0=2F26.example?x=%2F',
      `Basic ${Buffer.from('admin:päss:word').toString('base64')}`,
      'k',
      body,
    ]);
    expect(answer).toMatchObject({ status: 422, body: 'grüße', headers: { 'x-answer': 'yes', 'set-cookie': 'a=1, b=2' } });
  });

  it('returns a redirect and does not follow it', async () => {
    let calls = 0;
    const url = await serve((_request, response) => {
      calls++;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const answer = await client().request({ method: 'POST', url, body: 'secret' });
    expect([answer.status, answer.headers.location, calls]).toEqual([307, '/elsewhere', 1]);
  });

  it('ignores the proxy of the environment', async () => {
    const url = await serve((request, response) => response.end(request.url)); // a proxy is asked for a whole URL
    for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy']) vi.stubEnv(name, `http://127.0.0.1:${await closedPort()}`);
    for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '');
    cleanups.push(() => vi.unstubAllEnvs());
    await expect(client().request({ method: 'GET', url: `${url}/path` })).resolves.toMatchObject({ body: '/path' });
  });

  it('works by name', async () => {
    const url = await serve((_request, response) => response.end('ok'));
    await expect(client().request({ method: 'GET', url: url.replace('127.0.0.1', 'localhost') })).resolves.toMatchObject({ status: 200 });
  });
});

describe('the deadline', () => {
  it('ends a server that accepts and never answers', async () => {
    const url = await serveRaw(() => undefined);
    const started = Date.now();
    const error = await failure(client({ timeoutMs: 150 }).request({ method: 'POST', url }));
    expect(error).toMatchObject({ code: 'TIMEOUT', facts: { name: 'test', host: new URL(url).host, phase: 'sent', retriable: false } });
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it.each(['headers', 'body'])('ends a server that drips its %s without end', async (part) => {
    const url = await serveRaw((socket) => {
      socket.write(part === 'body' ? 'HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n' : 'HTTP/1.1 200 OK\r\nx-drip: ');
      const timer = setInterval(() => socket.write('.'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    const error = await failure(client({ timeoutMs: 200 }).request({ method: 'GET', url }));
    expect(error).toMatchObject({ code: 'TIMEOUT', facts: { phase: part === 'body' ? 'body' : 'sent', retriable: true } });
  });

  it('holds for a TLS handshake that never ends, and for all retries together', async () => {
    const port = Number(new URL(await serveRaw(() => undefined)).port);
    const pinned = client({ timeoutMs: 150, tls: { pinnedSpkiSha256: ['x'] }, maxRetries: 5 });
    expect(await failure(pinned.request({ method: 'POST', url: `https://127.0.0.1:${port}` }))).toMatchObject({
      code: 'TIMEOUT',
      facts: { phase: 'tls' },
    });
  });

  it('a request may bring its own', async () => {
    const url = await serveRaw(() => undefined);
    expect(await failure(client({ timeoutMs: 60_000 }).request({ method: 'GET', url, timeoutMs: 100 }))).toMatchObject({ code: 'TIMEOUT' });
  });

  it('leaves no timer and no listener behind', async () => {
    const url = await serve((_request, response) => response.end());
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const added = vi.spyOn(signal, 'addEventListener');
    await client({ timeoutMs: 3_600_000 }).request({ method: 'GET', url, signal });
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
    expect(added).toHaveBeenCalledTimes(1);
  });
});

describe('giving up', () => {
  it('is told apart from a timeout, also before the start', async () => {
    const arrivals = new EventEmitter();
    const url = await serveRaw((socket) => void socket.once('data', () => arrivals.emit('request')));
    const controller = new AbortController();
    const arrival = once(arrivals, 'request');
    const pending = failure(client().request({ method: 'GET', url, signal: controller.signal }));
    await arrival;
    controller.abort();
    expect(await pending).toMatchObject({ code: 'ABORTED', facts: { phase: 'sent', retriable: false } });
    expect(await failure(client().request({ method: 'GET', url, signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' });
  });
});

describe('the size of an answer', () => {
  it.each([
    ['announced', { 'content-length': '5000' }],
    ['chunked', {}],
  ])('is bounded when it is %s', async (_kind, headers) => {
    const url = await serve((_request, response) => void response.writeHead(200, headers).end(Buffer.alloc(5000, 'x')));
    const small = client({ maxResponseBytes: 4999 });
    expect(await failure(small.request({ method: 'GET', url }))).toMatchObject({
      code: 'RESPONSE_TOO_LARGE',
      facts: { phase: 'body', retriable: false },
    });
    await expect(client({ maxResponseBytes: 5000 }).request({ method: 'GET', url })).resolves.toMatchObject({ status: 200 });
  });

  it('stops an endless answer early', async () => {
    let sent = 0;
    const url = await serve((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
        response.once('drain', more);
      };
      more();
    });
    expect(await failure(client().request({ method: 'GET', url }))).toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
    expect(sent).toBeLessThan(50_000_000);
  });

  it('does not unpack: a small archive stays small', async () => {
    const url = await serve((_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip at all'));
    await expect(client().request({ method: 'GET', url })).resolves.toMatchObject({ body: 'not gzip at all' });
  });
});

describe('a broken connection', () => {
  it('is RESET when the answer ends before its length', async () => {
    const url = await serveRaw(
      (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')),
    );
    expect(await failure(client({ maxRetries: 0 }).request({ method: 'GET', url }))).toMatchObject({
      code: 'RESET',
      facts: { phase: 'body', retriable: true },
    });
  });

  it('is RESET when the answer is not HTTP', async () => {
    const url = await serveRaw((socket) => void socket.end('SSH-2.0-OpenSSH\r\n'));
    expect(await failure(client().request({ method: 'GET', url }))).toMatchObject({
      code: 'RESET',
      facts: { phase: 'sent', retriable: false },
    });
  });
});

describe('retries', () => {
  /** Breaks the first `failures` connections after the request has arrived. */
  async function flaky(failures: number): Promise<{ url: string; seen: string[] }> {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(request.method ?? '');
      if (seen.length <= failures) request.socket.destroy();
      else response.end('ok');
    });
    return { url, seen };
  }

  it('repeats an idempotent request until it succeeds, within its number', async () => {
    const { url, seen } = await flaky(2);
    await expect(client().request({ method: 'GET', url })).resolves.toMatchObject({ body: 'ok' });
    expect(seen).toHaveLength(3);
    const worse = await flaky(9);
    expect(await failure(client({ maxRetries: 1 }).request({ method: 'PUT', url: worse.url }))).toMatchObject({ code: 'RESET' });
    expect(worse.seen).toHaveLength(2);
  });

  it.each(['POST', 'PATCH'])('never repeats a %s that may have arrived', async (method) => {
    const { url, seen } = await flaky(1);
    expect(await failure(client().request({ method, url, body: 'x' }))).toMatchObject({ code: 'RESET', facts: { retriable: false } });
    expect(seen).toEqual([method]);
  });

  it('repeats even a POST that was never sent', async () => {
    const port = await closedPort();
    const seen: string[] = [];
    const late = http.createServer((request, response) => {
      seen.push(request.method ?? '');
      response.end('ok');
    });
    const pending = client({ maxRetries: 30 }).request({ method: 'POST', url: `http://127.0.0.1:${port}` });
    late.listen(port, '127.0.0.1');
    cleanups.push(() => new Promise((done) => late.close(done)));
    await expect(pending).resolves.toMatchObject({ body: 'ok' });
    expect(seen).toEqual(['POST']);
  });

  it('reports a refused connection as such when they are used up', async () => {
    const error = await failure(client({ maxRetries: 1 }).request({ method: 'POST', url: `http://127.0.0.1:${await closedPort()}` }));
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', facts: { phase: 'connect', retriable: true, reason: 'ECONNREFUSED' } });
  });
});

describe('the pinned key', () => {
  async function secureServer(certificate = selfSignedCertificate()) {
    const bodies: string[] = [];
    let plainBytes = 0;
    const server = https.createServer({ key: certificate.key, cert: certificate.cert }, async (request, response) => {
      bodies.push(await received(request));
      response.end('ok');
    });
    server.on('secureConnection', (socket) => socket.on('data', (data: Buffer) => (plainBytes += data.length)));
    const url = `https://127.0.0.1:${await listen(server)}`;
    return { url, bodies, pin: certificate.spkiSha256, decryptedBytes: () => plainBytes };
  }
  const pinned = (...pinnedSpkiSha256: string[]): OutboundHttp => client({ tls: { pinnedSpkiSha256 } });

  it('accepts a self-signed server by its key', async () => {
    const { url, pin, bodies } = await secureServer();
    await expect(pinned('AAAA', pin).request({ method: 'POST', url, body: 'secret' })).resolves.toMatchObject({ body: 'ok' });
    expect(bodies).toEqual(['secret']);
  });

  it('refuses another key before a byte of the request is sent, and says which key it met', async () => {
    const { url, pin, bodies, decryptedBytes } = await secureServer();
    const other = selfSignedCertificate().spkiSha256;
    const error = await failure(pinned(other).request({ method: 'POST', url, body: 'secret' }));
    expect(error).toMatchObject({ code: 'TLS_FAILED', facts: { phase: 'tls', retriable: false, reason: 'PIN_MISMATCH' } });
    expect(error.message).toContain(pin);
    expect([bodies, decryptedBytes()]).toEqual([[], 0]);
  });

  it('an empty list accepts nobody', async () => {
    const { url, decryptedBytes } = await secureServer();
    expect(await failure(pinned().request({ method: 'GET', url }))).toMatchObject({ code: 'TLS_FAILED', facts: { reason: 'PIN_MISSING' } });
    expect(decryptedBytes()).toBe(0);
  });

  it('is never checked over plain http: that is refused', async () => {
    expect(await failure(pinned('x').request({ method: 'GET', url: 'http://127.0.0.1:9' }))).toMatchObject({ code: 'FORBIDDEN_TARGET' });
  });

  it('without pins a self-signed server is refused', async () => {
    const { url, decryptedBytes } = await secureServer();
    const error = await failure(client().request({ method: 'GET', url }));
    expect(error).toMatchObject({ code: 'TLS_FAILED', facts: { phase: 'tls', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
    expect(decryptedBytes()).toBe(0);
  });
});

describe('the address guard', () => {
  async function counted(): Promise<{ port: string; connections: () => number }> {
    let connections = 0;
    const url = await serveRaw((socket) => {
      connections++;
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    return { port: new URL(url).port, connections: () => connections };
  }

  it.each(['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '①②⑦.0.0.1', '[::ffff:127.0.0.1]', '[::1]', 'localhost'])(
    'refuses http://%s for a customer without connecting',
    async (host) => {
      const { port, connections } = await counted();
      const error = await failure(client({ allowPrivate: false }).request({ method: 'GET', url: `http://${host}:${port}/` }));
      expect(error).toMatchObject({ code: 'FORBIDDEN_TARGET', facts: { phase: 'connect', retriable: false } });
      expect(connections()).toBe(0);
    },
  );

  it.each([
    'http://169.254.169.254/latest',
    'http://[fe80::1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://0.0.0.0/',
    'http://[fd00:ec2::254]/',
  ])('refuses %s even for an operator', async (url) => {
    expect(await failure(client().request({ method: 'GET', url }))).toMatchObject({ code: 'FORBIDDEN_TARGET' });
  });

  it.each(['ftp://127.0.0.1/', 'http://user:secret@127.0.0.1/', '/relative', 'file:///etc/passwd', ''])(
    'refuses the URL %j',
    async (url) => {
      const error = await failure(client().request({ method: 'GET', url }));
      expect(error).toMatchObject({ code: 'FORBIDDEN_TARGET' });
      expect(inspect(error)).not.toContain('secret');
    },
  );
});

describe('a name with several addresses', () => {
  const resolving = (...addresses: string[]) =>
    guardedLookup('PUBLIC', ((_name: string, _options: unknown, done: (error: null, found: object[]) => void) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as typeof lookup);
  const outcome = (guarded: ReturnType<typeof guardedLookup>, all: boolean) =>
    new Promise((resolve) => guarded('name.example', { all }, (error, found) => resolve(error ?? found)));

  it('is refused when one of them is forbidden, so that no second look-up can choose it', async () => {
    expect(await outcome(resolving('1.1.1.1', '10.0.0.1'), true)).toMatchObject({ code: 'FORBIDDEN_TARGET' });
    expect(await outcome(resolving('1.1.1.1', '::ffff:127.0.0.1'), false)).toMatchObject({ code: 'FORBIDDEN_TARGET' });
  });

  it('is connected to at the addresses that were checked', async () => {
    expect(await outcome(resolving('1.1.1.1', '2606:4700::1111'), true)).toHaveLength(2);
    expect(await outcome(resolving('1.1.1.1'), false)).toBe('1.1.1.1');
  });
});

describe('secrets', () => {
  it.each([
    ['a refused connection', async () => `http://127.0.0.1:${await closedPort()}/CANARY-path?token=CANARY-query`],
    ['a broken connection', async () => `${await serveRaw((socket) => void socket.once('data', () => socket.destroy()))}/CANARY-path`],
    ['a timeout', async () => `${await serveRaw(() => undefined)}/CANARY-path?CANARY`],
  ])('are not in the error of %s', async (_kind, target) => {
    const error = await failure(
      client({ timeoutMs: 200, maxRetries: 0 }).request({
        method: 'POST',
        url: await target(),
        headers: { 'x-api-key': 'CANARY-header' },
        basicAuth: { username: 'u', password: 'CANARY-password' },
        body: 'CANARY-body',
      }),
    );
    const everything = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }) + error.stack + JSON.stringify(error);
    expect(everything).not.toContain('CANARY');
    expect(everything).not.toContain(Buffer.from('u:CANARY-password').toString('base64'));
  });
});
