import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { JsonApi, jsonOf, MAX_JSON_VALUES, retryAfter, type Unanswered } from './json-api.js';
import { WritePath } from './write-path.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const { signal } = new AbortController();

async function serve(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const api = (timing = { readMs: 5000, writeMs: 5000, againMs: 1 }): JsonApi => new JsonApi({ name: 'test', timing, maxAnswerBytes: 1000 });

async function unanswered(work: (failed: (what: Unanswered) => Error) => Promise<unknown>): Promise<Unanswered | null> {
  let said: Unanswered | null = null;
  await work((what) => {
    said = what;
    return new Error('failed');
  }).catch((error: unknown) => expect((error as Error).message).toBe('failed'));
  return said;
}

describe('a call', () => {
  it('has the time of a read or of a write, and any status answers it', async () => {
    const url = await serve((request, response) => {
      if (request.method === 'GET') response.writeHead(500).end('{}');
    });
    const slow = api({ readMs: 5000, writeMs: 100, againMs: 1 });
    const answer = await slow.exchange({ method: 'GET', url }, () => new Error());
    expect(answer.status).toBe(500);
    expect(await unanswered((failed) => slow.exchange({ method: 'POST', url }, failed))).toMatchObject({
      fate: 'UNKNOWN',
      wasSent: true,
      isTimeout: true,
    });
  });

  it('that failed says what became of it', async () => {
    const broken = await serve((request) => void request.socket.destroy());
    const large = await serve((_request, response) => void response.end('x'.repeat(2000)));
    const call = (url: string, stop = signal) => unanswered((failed) => api().exchange({ method: 'POST', url, signal: stop }, failed));
    expect(await call(broken)).toMatchObject({ fate: 'UNKNOWN', wasSent: true, isTimeout: false });
    expect(await call(large)).toMatchObject({ fate: 'TOO_LARGE' });
    expect(await call('http://127.0.0.1:1')).toMatchObject({ fate: 'UNSENT', wasSent: false, isTemporary: true });
    expect(await call(broken, AbortSignal.abort())).toMatchObject({ fate: 'ABORTED' });
  });

  it('that is answered with more values than anybody has is too large, however few bytes they are', async () => {
    const bomb = await serve((_request, response) => void response.end(Buffer.alloc(3 * (MAX_JSON_VALUES + 1), '{},')));
    const timing = { readMs: 20_000, writeMs: 20_000, againMs: 1 };
    const patient = new JsonApi({ name: 'test', timing, maxAnswerBytes: 32 * 1024 * 1024 });
    expect(await unanswered((failed) => patient.exchange({ method: 'GET', url: bomb }, failed))).toMatchObject({
      fate: 'TOO_LARGE',
      words: expect.stringContaining('values') as string,
    });
  });
});

describe('a pace', () => {
  it('ends with a caller who gives up while he waits', async () => {
    const url = await serve((_request, response) => void response.end('{}'));
    const slow = new JsonApi({
      name: 'test',
      timing: { readMs: 5000, writeMs: 5000, againMs: 1 },
      maxAnswerBytes: 1000,
      requestsPerSecond: 0.1,
    });
    await slow.exchange({ method: 'GET', url }, () => new Error());
    const giveUp = new AbortController();
    const waiting = unanswered((failed) => slow.exchange({ method: 'GET', url, signal: giveUp.signal }, failed));
    giveUp.abort();
    expect(await waiting).toMatchObject({ fate: 'ABORTED', wasSent: false });
  });
});

describe('asking again', () => {
  it('is done twice, while it is worth it', async () => {
    const asked: number[] = [];
    const failing = (until: number) => async () => {
      asked.push(until);
      if (asked.length < until) throw new Error('not yet');
      return asked.length;
    };
    expect(await api().repeat(failing(3), () => true, signal)).toBe(3);
    asked.length = 0;
    await expect(api().repeat(failing(4), () => true, signal)).rejects.toThrow('not yet');
    expect(asked).toHaveLength(3);
    asked.length = 0;
    await expect(api().repeat(failing(2), () => false, signal)).rejects.toThrow('not yet');
    expect(asked).toHaveLength(1);
  });

  it('ends where the caller gave up', async () => {
    const controller = new AbortController();
    const act = vi.fn<() => Promise<never>>(async () => {
      controller.abort();
      throw new Error('not yet');
    });
    await expect(api().repeat(act, () => true, controller.signal)).rejects.toThrow('not yet');
    expect(act).toHaveBeenCalledTimes(1);
  });

  it('waits as long as the server asks for, and no longer than ten seconds', async () => {
    const answer = (after: string) => ({ status: 429, statusText: '', headers: { 'retry-after': after }, body: '' });
    const began = Date.now();
    await retryAfter(answer('0.05'), signal);
    expect(Date.now() - began).toBeGreaterThanOrEqual(40);
    await retryAfter(answer('tomorrow'), signal);
    await retryAfter(answer('86400'), AbortSignal.abort());
    expect(Date.now() - began).toBeLessThan(5000);
  });
});

it('a document has no text that cannot be stored: NUL and halves of characters are replaced, whole characters stay', () => {
  expect(jsonOf('{"a":["x\\u0000y"],"b":"\\ud83dz","c":"\\ud83d\\ude00","d":"\\u00e9"}')).toEqual({
    a: ['x\u{fffd}y'],
    b: '\u{fffd}z',
    c: '😀',
    d: 'é',
  });
});

it('half a document is none', () => {
  expect([jsonOf('{"a":1}'), jsonOf('{"a"'), jsonOf('')]).toEqual([{ a: 1 }, undefined, undefined]);
});

describe('a write that does not get through', () => {
  it('is alone while others would, and not after many in a row', async () => {
    const open = vi.fn<() => Promise<boolean>>().mockResolvedValue(true);
    const path = new WritePath(open);
    for (let at = 0; at < 5; at++) expect(await path.isOpenForOthers()).toBe(true);
    expect(await path.isOpenForOthers()).toBe(false);
    expect(open).toHaveBeenCalledTimes(5);
    path.taken();
    expect(await path.isOpenForOthers()).toBe(true);
    open.mockResolvedValue(false);
    expect(await path.isOpenForOthers()).toBe(false);
  });
});
