import type { IncomingMessage } from 'node:http';
import websocket from '@fastify/websocket';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type GraphqlContext, requestContextOf, TokenService, unauthenticated } from '#contexts/access';
import { InboxService } from '#contexts/events';
import { FacadeService, NetBoxDoor } from '#contexts/facade';
import { SyncHookService } from '#contexts/sync';
import {
  CLOCK,
  type Clock,
  type Config,
  createLogger,
  type Logger,
  LOGGER,
  newId,
  nestLogger,
  TOP_LEVEL_ERRORS,
  toPublicError,
} from '#platform';
import { ApiModule } from './api.module.js';
import { bearerOf } from './bearer.js';
import { MAX_BODY_BYTES } from './graphql/query-limits.js';
import { type Socket, SubscriptionSockets } from './graphql/subscription-sockets.js';
import { netboxRoutes } from './netbox/netbox-routes.js';
import { webhookRoutes } from './webhooks/webhook-routes.js';

const GRAPHQL_PATH = '/graphql';
const SUBSCRIPTION_PROTOCOL = 'graphql-transport-ws';
const MAX_FRAME_BYTES = 64 * 1024;

/** The whole API, not listening yet. @param root another root module than the product's, for tests of the door itself. */
export async function createApi(config: Config, root: Type | DynamicModule = ApiModule.forRoot(config)): Promise<NestFastifyApplication> {
  const bootLog = createLogger(config.LOG_LEVEL, { process: 'api' });
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    genReqId: () => newId<string>(),
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    trustProxy: config.TRUST_PROXY.length > 0 && [...config.TRUST_PROXY],
  });
  const http = adapter.getInstance() as unknown as FastifyInstance;
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLogger(bootLog),
  });
  const [tokens, log] = [app.get(TokenService, { strict: false }), app.get<Logger>(LOGGER)];
  http.removeContentTypeParser('text/plain'); // Fastify would take it; a form of another site may send it (CSRF).
  http.addHook(
    'onRequest',
    async (_request, reply) => void reply.header('x-request-id', reply.request.id).header('cache-control', 'no-store'),
  );
  http.addHook('onRequest', (request, reply) => authenticate(tokens, log, request, reply));
  endConnectionsOnceClosing(http);
  http.addHook('onResponse', async (request, reply) => {
    const fields = {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    };
    log.info('http.request', fields); // The route and never the URL: it may hold what its sender should not have put there.
  });
  await http.register(websocket, {
    options: {
      maxPayload: MAX_FRAME_BYTES,
      handleProtocols: () => SUBSCRIPTION_PROTOCOL,
      verifyClient: ({ req }: { req: IncomingMessage }, next: (isWelcome: boolean, status: number) => void) =>
        next(offersProtocol(req), 400),
    },
  });
  const [inbox, hooks] = [app.get(InboxService, { strict: false }), app.get(SyncHookService, { strict: false })];
  await http.register(webhookRoutes(inbox, hooks, app.get<Clock>(CLOCK), log));
  const [facades, door] = [app.get(FacadeService, { strict: false }), app.get(NetBoxDoor, { strict: false })];
  await http.register(netboxRoutes({ tokens, facades, door, log }));
  await app.init();
  await http.ready();
  const sockets = app.get(SubscriptionSockets, { strict: false });
  http.websocketServer.on('connection', (socket: Socket) => sockets.watch(socket));
  return app;
}

/** Whoever is answered while we stop would keep the connection for his next question, and the stop would wait for it. */
function endConnectionsOnceClosing(http: FastifyInstance): void {
  let isClosing = false;
  http.addHook('preClose', async () => void (isClosing = true));
  http.addHook('onSend', async (_request, reply) => void (isClosing && reply.header('connection', 'close')));
}

const offersProtocol = (request: IncomingMessage): boolean =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').some((name) => name.trim() === SUBSCRIPTION_PROTOCOL);

/** Before the body is read: who has no token cannot make us parse anything. A WebSocket shows its token in `connection_init`. */
async function authenticate(
  tokens: TokenService,
  log: Logger,
  request: FastifyRequest & { requestContext?: GraphqlContext['requestContext'] },
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (request.routeOptions.url !== GRAPHQL_PATH) return undefined;
  if (request.method === 'GET') {
    if (request.headers.upgrade?.toLowerCase() === 'websocket') return undefined;
    return reply
      .status(405)
      .header('allow', 'POST')
      .send(errorBody('BAD_REQUEST', 'GraphQL is asked by POST', request.id));
  }
  try {
    const principal = await tokens.authenticate(bearerOf(request.headers.authorization));
    if (!principal) throw unauthenticated();
    request.requestContext = requestContextOf(principal, request.id);
    return undefined;
  } catch (error) {
    const { code, message } = toPublicError(error, request.id, log);
    return reply.status(TOP_LEVEL_ERRORS[code].status).send(errorBody(code, message, request.id));
  }
}

const errorBody = (code: string, message: string, requestId: string): object => ({
  data: null,
  errors: [{ message, extensions: { code, requestId } }],
});
