import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { once } from 'node:events';
import { Webhook } from 'standardwebhooks';
import type { Response } from 'supertest';
import { openApi, type TestApi, type TestTenant } from '../../../../test/support/api.js';
import { sentStatements } from '../../../../test/support/sent-statements.js';
import { InboundSourceService, InboxService } from '#contexts/events';
import { Slug } from '#engines/kernel';
import { type Secret, systemScope } from '#platform';

let api: TestApi;
let tenant: TestTenant;
let secret: Secret;
beforeAll(async () => {
  api = await openApi();
  tenant = await api.tenant('acme');
  const sources = api.app.get(InboundSourceService, { strict: false });
  const create = (slug: string) =>
    api.db.inTransaction(systemScope('test'), (tx) => sources.create(tx, { slug: Slug.parse(slug), tenantId: tenant.id }));
  ({ secret } = await create('portal'));
  await create('switched-off');
  await sql(`UPDATE inbound_source SET enabled = false WHERE slug = 'switched-off'`);
});
afterAll(() => api.close());

const sql = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
  api.db.inTransaction(systemScope('test'), (tx) => tx.sql<Row>(text, values));
const inboxOf = (messageId: string) =>
  sql<{ id: string; state: string; error: string | null; duplicate_count: number; body: string }>(
    'SELECT id, state, error, duplicate_count, body FROM inbox WHERE message_id = $1',
    [messageId],
  );
const inboxSize = async (): Promise<number> => Number((await sql<{ n: string }>('SELECT count(*) AS n FROM inbox'))[0]?.n);

const ORDER = JSON.stringify({ type: 'order.created', timestamp: '2026-03-01T12:00:00Z', data: { order: 'A-1', name: 'web' } });

interface Message {
  id?: string;
  at?: Date;
  body?: string | Buffer;
  source?: string;
  headers?: Record<string, string>;
  /** Signed for this body instead of the one that is sent. */
  signedBody?: string | Buffer;
}

function send({
  id = `msg_${randomUUID()}`,
  at = new Date(),
  body = ORDER,
  source = 'portal',
  headers = {},
  signedBody = body,
}: Message = {}): Promise<Response> {
  return api
    .http()
    .post(`/hooks/${source}`)
    .set({
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret.reveal()).sign(id, at, signedBody),
      ...headers,
    })
    .serialize((text: string) => text)
    .send(body as string)
    .then((response) => response);
}
const secondsAgo = (seconds: number): Date => new Date(Date.now() - seconds * 1000);

describe('POST /hooks/{source}', () => {
  it('stores a signed message and says so', async () => {
    const id = `msg_${randomUUID()}`;
    const response = await send({ id });
    expect(response.status).toBe(202);
    expect(response.body).toEqual({ status: 'ACCEPTED' });
    const [message] = await inboxOf(id);
    expect(message).toMatchObject({ state: 'ACCEPTED', body: ORDER, duplicate_count: 0 });
    expect(await sql('SELECT topic FROM outbox WHERE key = $1', [message?.id])).toEqual([{ topic: 'inbox.received' }]);
  });

  it('answers a repetition like the first, and does nothing again', async () => {
    const id = `msg_${randomUUID()}`;
    await send({ id });
    const again = await send({ id, at: secondsAgo(10) });
    expect([again.status, again.body]).toEqual([200, { status: 'DUPLICATE' }]);
    const found = await inboxOf(id);
    expect(found).toMatchObject([{ duplicate_count: 1 }]);
    expect(await sql('SELECT topic FROM outbox WHERE key = $1', [found[0]?.id])).toHaveLength(1);
  });

  it('stores one of many that arrive at once', async () => {
    const id = `msg_${randomUUID()}`;
    const statuses = (await Promise.all(Array.from({ length: 8 }, () => send({ id })))).map((response) => response.status);
    expect(statuses.sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 202]);
    expect(await inboxOf(id)).toMatchObject([{ duplicate_count: 7 }]);
  });

  it('refuses another body under the same id', async () => {
    const id = `msg_${randomUUID()}`;
    await send({ id });
    const other = await send({ id, body: ORDER.replace('A-1', 'A-2') });
    expect([other.status, other.body.error.code]).toEqual([409, 'MESSAGE_ID_REUSED']);
    expect(await inboxOf(id)).toMatchObject([{ body: ORDER }]);
  });

  it('does not mind the order in which messages arrive', async () => {
    const [older, newer] = [`msg_${randomUUID()}`, `msg_${randomUUID()}`];
    expect((await send({ id: newer, at: new Date() })).status).toBe(202);
    expect((await send({ id: older, at: secondsAgo(120) })).status).toBe(202);
  });

  it('has one answer for everything that is not proved, and stores nothing of it', async () => {
    const before = await inboxSize();
    const good = new Webhook(secret.reveal());
    const wrongKey = new Webhook(`whsec_${Buffer.alloc(32, 9).toString('base64')}`);
    const now = new Date();
    const unproven: Record<string, Message> = {
      unsigned: { headers: { 'webhook-signature': '' } },
      'no id': { headers: { 'webhook-id': '' } },
      'no timestamp': { headers: { 'webhook-timestamp': '' } },
      'another key': { id: 'm1', at: now, headers: { 'webhook-signature': wrongKey.sign('m1', now, ORDER) } },
      'another version': { id: 'm1', at: now, headers: { 'webhook-signature': good.sign('m1', now, ORDER).replace('v1,', 'v2,') } },
      'a body changed by a blank': { body: `${ORDER} `, signedBody: ORDER },
      'replayed after the window': { at: secondsAgo(400) },
      'from the future': { at: secondsAgo(-400) },
      'another timestamp than the signed one': { headers: { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 7) } },
      'a dot in the id': { id: 'msg.1' },
      'an id of 65 characters': { id: 'x'.repeat(65) },
      'malformed and unsigned': { body: '{', headers: { 'webhook-signature': 'v1,AAAA' } },
      'no UTF-8': { body: Buffer.from([0x7b, 0xff, 0x7d]) },
    };
    const texts = new Set<string>();
    for (const [what, message] of Object.entries(unproven)) {
      const { status, body } = await send(message);
      expect(status, what).toBe(401);
      texts.add(JSON.stringify({ ...body.error, requestId: '' }));
    }
    expect([...texts]).toEqual([
      JSON.stringify({ code: 'UNAUTHENTICATED', message: 'the message is not proved to come from this source', requestId: '' }),
    ]);
    expect(await inboxSize()).toBe(before);
  });

  it('does not know a source that is switched off', async () => {
    const [unknown, off] = [await send({ source: 'nobody' }), await send({ source: 'switched-off' })];
    expect([unknown.status, off.status]).toEqual([404, 404]);
    expect({ ...off.body.error, requestId: '' }).toEqual({ ...unknown.body.error, requestId: '' });
  });

  it.each(["' OR 1=1 --", '%00', 'x'.repeat(300), '..%2f..%2fgraphql'])('does not know the source %j', async (source) => {
    expect((await send({ source: encodeURIComponent(source).replaceAll('%25', '%') })).status).toBeGreaterThanOrEqual(400);
    expect((await send({ source: encodeURIComponent(source).replaceAll('%25', '%') })).status).toBeLessThan(500);
  });

  it('takes 256 KiB and no more', async () => {
    const padded = (bytes: number): string => {
      const empty = JSON.stringify({ type: 'a.b', data: { x: '' } });
      return JSON.stringify({ type: 'a.b', data: { x: 'x'.repeat(bytes - empty.length) } });
    };
    expect((await send({ body: padded(256 * 1024) })).status).toBe(202);
    const tooLarge = await send({ body: padded(256 * 1024 + 1) });
    expect([tooLarge.status, tooLarge.body.error.code]).toEqual([413, 'TOO_LARGE']);
  });

  it('stops reading a body that never ends', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = net.connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write('POST /hooks/portal HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
    socket.on('error', () => undefined); // It is cut off while we are still writing.
    const answer = once(socket, 'data') as Promise<[Buffer]>;
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    for (let sent = 0; sent < 20 && socket.writable; sent++) socket.write(chunk);
    expect((await answer)[0].toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it.each([
    ['text/plain', {}],
    ['application/x-www-form-urlencoded', {}],
    ['multipart/form-data; boundary=x', {}],
    ['application/json; charset=utf-16', {}],
    ['application/jsonp', {}],
    ['application/json', { 'content-encoding': 'gzip' }],
    ['application/json', { 'content-encoding': 'br' }],
  ])('does not read %s %j', async (type, headers) => {
    const { status, body } = await send({ headers: { 'content-type': type, ...headers } });
    expect([status, body.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('asks the database nothing about what it does not read', async () => {
    const inbox = api.app.get(InboxService, { strict: false });
    const unread = { source: 'portal', rawBody: Buffer.from(ORDER), headers: { 'content-type': 'text/plain' }, now: new Date() };
    const tooLong = { ...unread, rawBody: Buffer.alloc(256 * 1024 + 1), headers: { 'content-type': 'application/json' } };
    const statuses: number[] = [];
    const sent = await sentStatements(async () => {
      for (const webhook of [unread, tooLong]) statuses.push((await inbox.receive(webhook)).status);
    });
    expect([statuses, sent]).toEqual([[415, 413], []]);
  });

  it('believes nobody who they say that they are not: no proxy was named', async () => {
    const { body } = await api.http().get('/netbox/api/').set({ 'x-forwarded-proto': 'https', 'x-forwarded-host': 'ipam.example' });
    expect(body.ipam).toBe(`${api.url}/netbox/api/ipam/`);
  });

  it.each([
    ['half a body', '{"type":"order.created","data":{'],
    ['nothing', '{}'],
    ['a list', '[]'],
    ['a byte order mark', `\u{feff}${ORDER}`],
    ['a NUL', `${ORDER.slice(0, -1)},"x":"\0"}`],
    ['__proto__', '{"type":"a.b","data":{"__proto__":{}}}'],
    ['a thousand levels', `{"type":"a.b","data":${'{"x":'.repeat(1000)}1${'}'.repeat(1000)}}`],
  ])('keeps a signed message that is not understood for the operator: %s', async (_what, body) => {
    const id = `msg_${randomUUID()}`;
    const response = await send({ id, body });
    expect([response.status, response.body.error.code]).toEqual([422, 'INVALID_VALUE']);
    expect(await inboxOf(id)).toMatchObject([{ state: 'FAILED', error: expect.stringContaining('not understood') }]);
    expect((await send({ id, body })).status).toBe(422);
    expect(await sql('SELECT 1 AS one FROM outbox WHERE key = $1', [(await inboxOf(id))[0]?.id])).toEqual([]);
  });

  it('is asked by POST', async () => {
    expect((await api.http().get('/hooks/portal')).status).toBe(404);
  });

  it('gives every answer a request id', async () => {
    const { headers, body } = await send({ source: 'nobody' });
    expect(headers['x-request-id']).toBe(body.error.requestId);
  });
});

describe('POST /hooks/{source} without a database', () => {
  it('stores nothing and asks to be called again; afterwards all is well', async () => {
    await api.wire.cut();
    const { status, headers, body } = await send();
    expect([status, body.error.code]).toEqual([503, 'UNAVAILABLE']);
    expect(headers['retry-after']).toMatch(/^\d+$/);
    await api.wire.mend();
    expect((await send()).status).toBe(202);
  });
});
