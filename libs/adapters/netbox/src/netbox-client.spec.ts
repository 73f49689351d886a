import http from 'node:http';
import { NetBoxClient } from './netbox-client.js';
import { isNetBoxError, type NetBoxErrorCode } from './netbox-error.js';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}
interface Reply {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  /** The connection breaks after so many bytes of the body. */
  readonly cutAfter?: number;
  readonly silent?: boolean;
}

const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** @param replies in order; the last one stays. */
async function serve(...replies: Reply[]): Promise<{ origin: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    const { status = 200, headers = {}, silent, cutAfter, ...reply } = replies[Math.min(seen.length, replies.length) - 1] ?? {};
    if (silent) return;
    const text = reply.body ?? '{}';
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers });
    if (cutAfter === undefined) return void response.end(text);
    response.write(text.slice(0, cutAfter), () => response.destroy());
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as { port: number }).port}`, seen };
}

const V1 = '0123456789abcdef0123456789abcdef01234567';
const timing = { readMs: 400, writeMs: 400, againMs: 1 };
const clientOf = (url: string, token = V1) => new NetBoxClient({ name: 'netbox', url, token, timing });
const signal = new AbortController().signal;
const read = (url: string) => clientOf(url).get('ipam/vlans', [], signal);
const write = (url: string) => clientOf(url).send({ method: 'POST', path: 'ipam/vlans', body: [{ vid: 1 }] }, signal);
const failure = (code: NetBoxErrorCode, retriable: boolean) =>
  expect.objectContaining({ code, facts: expect.objectContaining({ retriable }) });

describe('a request', () => {
  it.each(['', '/', '/api', '/api/'])('goes to the API with a slash at its end, whatever ends the address: %j', async (end) => {
    const { origin, seen } = await serve({ body: '{"results":[]}' });
    await clientOf(`${origin}/tools/netbox${end}`).get(
      'ipam/prefixes',
      [
        ['id', '1'],
        ['id', '2'],
        ['q', 'a&b'],
      ],
      signal,
    );
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/tools/netbox/api/ipam/prefixes/?id=1&id=2&q=a%26b' });
    expect(seen[0]?.headers).toMatchObject({ accept: 'application/json' });
  });

  it.each([
    [V1, `Token ${V1}`],
    ['nbt_abc.def', 'Bearer nbt_abc.def'],
  ])('with the token %s says %s', async (token, authorization) => {
    const { origin, seen } = await serve({});
    await clientOf(origin, token).get('status', [], signal);
    expect(seen[0]?.headers.authorization).toBe(authorization);
  });

  it('that writes is JSON, with its precondition', async () => {
    const { origin, seen } = await serve({ status: 200, body: '{"id":7}', headers: { etag: 'W/"b"' } });
    const answer = await clientOf(origin).send({ method: 'PATCH', path: 'ipam/vlans/7', body: { vid: 2 }, ifMatch: 'W/"a"' }, signal);
    expect(answer).toEqual({ json: { id: 7 }, etag: 'W/"b"' });
    expect(seen[0]).toMatchObject({ method: 'PATCH', url: '/api/ipam/vlans/7/', body: '{"vid":2}' });
    expect(seen[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'if-match': 'W/"a"' });
  });

  it.each(['netbox.example', 'ftp://netbox.example', 'https://anna:pw@netbox.example', 'https://netbox.example/?a=b'])(
    'is not made to %s',
    (url) => expect(() => clientOf(url)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' })),
  );

  it('that was ours is known by its number', async () => {
    const { origin } = await serve({ status: 204, body: '', headers: { 'x-request-id': 'r-1' } });
    const client = clientOf(origin);
    await client.send({ method: 'DELETE', path: 'ipam/vlans', body: [{ id: 1 }] }, signal);
    expect([client.isOwnRequest('r-1'), client.isOwnRequest('r-2')]).toEqual([true, false]);
  });
});

describe('an answer that is none', () => {
  const html = { 'content-type': 'text/html' };
  it.each([
    ['a page of something else', { body: '<!doctype html><title>Sign in</title>', headers: html }, 'NETBOX_UNEXPECTED_ANSWER', false],
    ['half a document', { body: '{"count": 3, "results": [{"id"' }, 'NETBOX_UNEXPECTED_ANSWER', true],
    ['nothing', { body: '' }, 'NETBOX_UNEXPECTED_ANSWER', true],
    ['a document that breaks off', { body: '{"count": 3, "results": []}', cutAfter: 9 }, 'NETBOX_NO_ANSWER', true],
    ['silence', { silent: true }, 'NETBOX_NO_ANSWER', true],
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example/login/' } }, 'NETBOX_REDIRECTED', false],
    ['a wrong token', { status: 403, body: '{"detail":"Invalid v1 token"}' }, 'NETBOX_UNAUTHORIZED', false],
    [
      'an address that may not use the token',
      { status: 403, body: '{"detail":"Source IP 10.0.0.1 is not permitted to authenticate using this token."}' },
      'NETBOX_UNAUTHORIZED',
      false,
    ],
    ['no permission', { status: 403, body: '{"detail":"You do not have permission to perform this action."}' }, 'NETBOX_FORBIDDEN', false],
    ['not found', { status: 404, body: '{"detail":"Not found."}' }, 'NETBOX_MISSING', false],
    ["a web server's own page for 404", { status: 404, body: '<html>', headers: html }, 'NETBOX_UNEXPECTED_ANSWER', false],
    ['refused', { status: 400, body: '{"id":["Enter a number."]}' }, 'NETBOX_REFUSED', false],
    ['an error of NetBox', { status: 500, body: '{"error":"x","exception":"KeyError"}' }, 'NETBOX_UNEXPECTED_ANSWER', true],
    ['a gateway', { status: 502, body: '<html>', headers: html }, 'NETBOX_UNREACHABLE', true],
    ['too much', { status: 429, body: 'slow down', headers: { 'retry-after': '0' } }, 'NETBOX_BUSY', true],
  ] satisfies [string, Reply, NetBoxErrorCode, boolean][])('%s: a read fails', async (_name, reply, code, retriable) => {
    const { origin } = await serve(reply);
    await expect(read(origin)).rejects.toThrow(failure(code, retriable));
  });

  it.each([
    ['half a document', { body: '[{"id"' }, 'NETBOX_NO_ANSWER'],
    ['silence', { silent: true }, 'NETBOX_NO_ANSWER'],
    ['a gateway', { status: 504, body: '' }, 'NETBOX_NO_ANSWER'],
    ['a firewall', { status: 403, body: '<html>Blocked', headers: html }, 'NETBOX_NO_ANSWER'],
    ['a gateway that speaks JSON', { status: 403, body: '{"message":"Forbidden"}' }, 'NETBOX_NO_ANSWER'],
    ['a web server that takes less', { status: 413, body: '<html>', headers: html }, 'NETBOX_NO_ANSWER'],
    ['an error of NetBox', { status: 500, body: '{"error":"x","exception":"KeyError"}' }, 'NETBOX_NO_ANSWER'],
    ['a race', { status: 500, body: '{"error":"x","exception":"OperationalError"}' }, 'NETBOX_RACE'],
  ] satisfies [string, Reply, NetBoxErrorCode][])('%s: a write may have been done, and is not sent again', async (_name, reply, code) => {
    const { origin, seen } = await serve(reply);
    await expect(write(origin)).rejects.toThrow(failure(code, true));
    expect(seen).toHaveLength(1);
  });

  it.each(['ValidationError', 'DataError'])(
    'is refused where NetBox lets a %s of its own become an error of the server',
    async (exception) => {
      const body = JSON.stringify({ error: "['Related object not found using the provided attributes: {}']", exception });
      const { origin, seen } = await serve({ status: 500, body });
      await expect(write(origin)).rejects.toMatchObject({
        code: 'NETBOX_REFUSED',
        facts: { retriable: false, words: expect.stringMatching(/not found/) },
      });
      expect(seen).toHaveLength(1);
    },
  );

  it('of a NetBox that is maintained says that it takes nothing now', async () => {
    const words = 'NetBox is currently operating in maintenance mode and is unable to perform write operations.';
    const { origin } = await serve({ status: 500, body: JSON.stringify({ error: words, exception: 'InternalError' }) });
    await expect(write(origin)).rejects.toThrow(failure('NETBOX_BUSY', true));
  });

  it('of a refused write carries the words', async () => {
    const { origin } = await serve({ status: 409, body: '{"detail":"Unable to delete object. 2 dependent objects were found"}' });
    await expect(write(origin)).rejects.toMatchObject({
      code: 'NETBOX_CONFLICT',
      facts: { words: 'Unable to delete object. 2 dependent objects were found' },
    });
  });

  it('holds neither the token nor the query', async () => {
    const { origin } = await serve({ status: 400, body: '{}' });
    const error: unknown = await clientOf(origin)
      .get('ipam/vlans', [['q', 'private']], signal)
      .catch((caught: unknown) => caught);
    const text = `${String(error)} ${JSON.stringify(error)}`;
    expect(text).toContain('/api/ipam/vlans/');
    expect(text).not.toMatch(/private|0123456789abcdef/);
  });
});

describe('what may pass', () => {
  it.each([
    ['an error of NetBox', { status: 500, body: '{"error":"x","exception":"OperationalError"}' }],
    ['a gateway', { status: 503, body: '' }],
    ['half a document', { body: '{"count"' }],
    ['a document that breaks off', { body: '{"count": 3}', cutAfter: 5 }],
    ['too much', { status: 429, body: '{}' }],
  ] satisfies [string, Reply][])('%s: is read again', async (_name, reply) => {
    const { origin, seen } = await serve(reply, { body: '{"count":0}' });
    await expect(read(origin)).resolves.toMatchObject({ json: { count: 0 } });
    expect(seen).toHaveLength(2);
  });

  it('of a write may be done yet where nobody waits any more; of what is read nothing may', async () => {
    const { origin } = await serve({ silent: true });
    await expect(write(origin)).rejects.toMatchObject({ code: 'NETBOX_NO_ANSWER', facts: { isTimeout: true } });
    const error: unknown = await read(origin).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NETBOX_NO_ANSWER' });
    expect(isNetBoxError(error) && error.facts.isTimeout).toBeUndefined();
  });

  it('a write that was turned away before it was looked at is sent again', async () => {
    const { origin, seen } = await serve({ status: 429, body: '', headers: { 'retry-after': '0' } }, { status: 201, body: '[{"id":1}]' });
    await expect(write(origin)).resolves.toMatchObject({ json: [{ id: 1 }] });
    expect(seen).toHaveLength(2);
  });

  it('does not, when nobody listens', async () => {
    const { origin } = await serve({});
    const [server] = servers.splice(0);
    await new Promise((resolve) => server?.close(resolve));
    await expect(write(origin)).rejects.toThrow(failure('NETBOX_UNREACHABLE', true));
  });

  it('is not waited for by who gave up', async () => {
    const { origin } = await serve({ silent: true });
    const controller = new AbortController();
    const reading = clientOf(origin).get('status', [], controller.signal);
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: 'NETBOX_ABORTED' });
  });
});

it('an answer of another release than was probed is an error', async () => {
  const { origin } = await serve({ headers: { 'api-version': '4.7' } });
  const client = clientOf(origin);
  await client.get('status', [], signal);
  client.pinRelease('4.6');
  await expect(client.get('ipam/vlans', [], signal)).rejects.toThrow(failure('NETBOX_RELEASE', true));
  client.pinRelease('4.7');
  await expect(client.get('ipam/vlans', [], signal)).resolves.toMatchObject({ json: {} });
});

it('with a pinned key nothing goes out in the clear', async () => {
  const { origin, seen } = await serve({});
  const client = new NetBoxClient({ name: 'netbox', url: origin, token: V1, tls: { pinnedSpkiSha256: [] }, timing });
  await expect(client.get('status', [], signal)).rejects.toMatchObject({ code: 'NETBOX_UNREACHABLE', facts: { retriable: false } });
  expect(seen).toEqual([]);
});
