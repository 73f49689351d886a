import Fastify from 'fastify';
import type { InboxService } from '#contexts/events';
import type { SyncHookService } from '#contexts/sync';
import type { Clock, Logger } from '#platform';
import { webhookRoutes } from './webhook-routes.js';

const log = { warn: () => undefined, error: () => undefined } as unknown as Logger;
const clock = { now: () => new Date() } as Clock;

/** The door alone; behind it whatever has this answer. */
async function door(status: number) {
  const asked: string[] = [];
  const verdict = { status, code: 'X', message: 'x' };
  const inbox = { receive: async ({ source }: { source: string }) => (asked.push(source), verdict) } as unknown as InboxService;
  const hooks = {
    atTheDoor: async (connector: string) => (asked.push(`door ${connector}`), status === 401 ? verdict : null),
    receive: async (connector: string) => (asked.push(connector), verdict),
  } as unknown as SyncHookService;
  const app = Fastify();
  await app.register(webhookRoutes(inbox, hooks, clock, log));
  const send = async (url: string, { remoteAddress = '192.0.2.1', headers = {} } = {}) => {
    const answer = await app.inject({ method: 'POST', url, remoteAddress, headers, payload: 'x'.repeat(1000) });
    const { error } = JSON.parse(answer.body) as { error?: { code: string } };
    return { statusCode: answer.statusCode, retryAfter: answer.headers['retry-after'], code: error?.code };
  };
  return { asked, send };
}

describe('the door of webhooks', () => {
  it.each(['/hooks/portal', '/hooks/netbox/netbox'])(
    '%s is closed to who proves nothing again and again, and open to others',
    async (url) => {
      const { asked, send } = await door(401);
      for (let n = 0; n < 30; n++) expect((await send(url)).statusCode).toBe(401);
      expect(await send(url)).toEqual({ statusCode: 429, retryAfter: '1', code: 'RATE_LIMITED' });
      expect(asked).toHaveLength(30);
      expect((await send(url, { remoteAddress: '192.0.2.2' })).statusCode).toBe(401);
    },
  );

  it('reads no body of what is refused before it', async () => {
    const { asked, send } = await door(401);
    await send('/hooks/netbox/netbox');
    expect(asked).toEqual(['door netbox']);
  });

  it('stays open to whoever proves what is sent, however much that is', async () => {
    const { send } = await door(202);
    for (let n = 0; n < 100; n++) expect((await send('/hooks/portal')).statusCode).toBe(202);
  });

  it.each([
    [
      '/hooks/portal',
      () => ({
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
      }),
    ],
    ['/hooks/netbox/netbox', () => ({ 'x-hook-signature': 'a'.repeat(128) })],
  ])('%s looks at what may be proved, though its address sent what cannot again and again', async (url, headers) => {
    const { send } = await door(401);
    for (let n = 0; n < 100; n++) await send(url);
    expect((await send(url)).statusCode).toBe(429);
    expect((await send(url, { headers: headers() })).statusCode).toBe(401);
    const statuses = await Promise.all(Array.from({ length: 100 }, () => send(url, { headers: headers() })));
    expect(statuses.filter(({ statusCode }) => statusCode === 401).length).toBeLessThan(50);
  });

  it.each([404, 413, 415])('is closed to who is answered %i again and again: nothing of that is proved', async (status) => {
    const { send } = await door(status);
    for (let n = 0; n < 30; n++) expect((await send('/hooks/portal')).statusCode).toBe(status);
    expect((await send('/hooks/portal')).statusCode).toBe(429);
  });

  it.each(['/hooks/portal', '/hooks/netbox/netbox'])('%s is closed to who sends too much again and again', async (url) => {
    const { asked, send } = await door(202);
    const headers = { 'content-length': '100000000' };
    for (let n = 0; n < 30; n++) expect((await send(url, { headers })).statusCode).toBe(413);
    expect((await send(url, { headers })).statusCode).toBe(429);
    expect(asked.filter((who) => !who.startsWith('door'))).toEqual([]);
  });

  it.each([409, 422])('stays open to whoever proves what is answered %i', async (status) => {
    const { send } = await door(status);
    for (let n = 0; n < 100; n++) expect((await send('/hooks/portal')).statusCode).toBe(status);
  });
});
