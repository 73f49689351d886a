import { EventEmitter } from 'node:events';
import type { TokenService } from '#contexts/access';
import { createLogger } from '#platform';
import { SubscriptionSockets } from './subscription-sockets.js';

class FakeSocket extends EventEmitter {
  readonly closed: number[] = [];
  close(code: number): void {
    this.closed.push(code);
    this.emit('close');
  }
}

describe('a socket whose token cannot be proved, as the database is away', () => {
  it('ends no process where nobody subscribes, and no subscription begins', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    const away = new Error('the database is away');
    const tokens = { authenticate: () => Promise.reject(away) } as Partial<TokenService> as TokenService;
    const [sockets, socket] = [new SubscriptionSockets(tokens, createLogger('silent')), new FakeSocket()];
    sockets.watch(socket);
    socket.emit('message', Buffer.from('{"type":"connection_init","payload":{"__proto__":{},"authorization":"Bearer x"}}'));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await expect(sockets.requestContext(socket)).rejects.toBe(away);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    socket.close(1000);
  });
});
