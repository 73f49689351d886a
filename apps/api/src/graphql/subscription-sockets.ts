import { type Principal, type RequestContext, requestContextOf, type TokenService } from '#contexts/access';
import { type Logger, newId } from '#platform';
import { bearerOf } from '../bearer.js';

/** The part of a WebSocket of `ws` that is needed here. */
export interface Socket {
  once(event: 'message' | 'close', listener: (data: Buffer) => void): unknown;
  on(event: 'message', listener: (data: Buffer) => void): unknown;
  close(code: number, reason: string): void;
}

interface Session {
  readonly token: string | undefined;
  readonly principal: Promise<Principal | undefined>;
}

/** Close codes of the graphql-transport-ws protocol. */
const CLOSE = { FORBIDDEN: 4403, INIT_TIMEOUT: 4408, INIT_TWICE: 4429 } as const;
const INIT_WITHIN_MS = 3000;
/** With what the token service remembers (3 s) a revoked token loses its streams within 5 s. */
const CHECK_EVERY_MS = 1500;

/** Who is behind each WebSocket: proved by the token of `connection_init`, and proved again as long as it is open. */
export class SubscriptionSockets {
  private readonly sessions = new WeakMap<Socket, Session>();

  constructor(
    private readonly tokens: TokenService,
    private readonly log: Logger,
  ) {}

  /** Called for every new connection, before anything else reads from it. */
  watch(socket: Socket): void {
    const late = setTimeout(() => socket.close(CLOSE.INIT_TIMEOUT, 'Connection initialisation timeout'), INIT_WITHIN_MS);
    const check = setInterval(() => void this.check(socket), CHECK_EVERY_MS);
    socket.once('close', () => {
      clearTimeout(late);
      clearInterval(check);
    });
    socket.on('message', (data) => {
      const init = readInit(data);
      if (!init) return;
      clearTimeout(late);
      if (this.sessions.has(socket)) return socket.close(CLOSE.INIT_TWICE, 'Too many initialisation requests');
      const principal = this.tokens.authenticate(init.token);
      // Whoever subscribes awaits it; until then, and where nobody does, its failure is nobody's.
      principal.catch((error: unknown) => this.log.warn('subscription.not_authenticated', { error }));
      this.sessions.set(socket, { token: init.token, principal });
    });
  }

  /** @throws after closing the socket with 4403 when its token proves nobody. */
  async requestContext(socket: Socket): Promise<RequestContext> {
    const principal = await this.sessions.get(socket)?.principal;
    if (principal) return requestContextOf(principal, newId());
    socket.close(CLOSE.FORBIDDEN, 'Forbidden');
    throw new Error('a subscription without a valid token');
  }

  private async check(socket: Socket): Promise<void> {
    const session = this.sessions.get(socket);
    if (!session) return;
    try {
      if (!(await this.tokens.authenticate(session.token))) socket.close(CLOSE.FORBIDDEN, 'Forbidden');
    } catch (error) {
      this.log.warn('subscription.not_checked', { error }); // Without a database there is nothing to stream either.
    }
  }
}

function readInit(data: Buffer): { token: string | undefined } | undefined {
  const text = data.toString('utf8');
  if (!text.includes('connection_init')) return undefined;
  try {
    const message = JSON.parse(text) as { type?: unknown; payload?: Record<string, unknown> | null } | null;
    if (message?.type !== 'connection_init') return undefined;
    return { token: bearerOf(message.payload?.['authorization'] ?? message.payload?.['Authorization']) };
  } catch {
    return undefined; // Mercurius answers what is no JSON.
  }
}
