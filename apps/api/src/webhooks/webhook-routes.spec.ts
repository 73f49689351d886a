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
  const send = async (url: string, remoteAddress = '192.0.2.1') => {
    const { statusCode, headers, body } = await app.inject({ method: 'POST', url, remoteAddress, payload: 'x'.repeat(1000) });
    return { statusCode, retryAfter: headers['retry-after'], code: (JSON.parse(body) as { error?: { code: string } }).error?.code };
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
      expect((await send(url, '192.0.2.2')).statusCode).toBe(401);
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
});
