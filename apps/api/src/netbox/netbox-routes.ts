import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TokenService } from '#contexts/access';
import { type FacadeService, type NetBoxDoor, NetBoxRefusal, SPOKEN } from '#contexts/facade';
import { isDatabaseAway, type Logger } from '#platform';

const PREFIX = '/netbox/api';
const MAX_BYTES = 256 * 1024;

interface Fault {
  readonly statusCode?: number;
}

interface Services {
  readonly tokens: TokenService;
  readonly facades: FacadeService;
  readonly door: NetBoxDoor;
  readonly log: Logger;
}

/** `/netbox/api/…`: NetBox's REST API for what a façade may see (ADR 0019). Its own parser and its own words: clients of NetBox read them. */
export function netboxRoutes({ tokens, facades, door, log }: Services): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    app.setErrorHandler((error, request, reply) => refuse(error, request, reply, log));
    app.addHook('onRequest', async (_request, reply) => void reply.header('api-version', SPOKEN));
    // Clients read the version off its header before they say who they are.
    app.get(`${PREFIX}/`, async (request) => ({ ipam: `${request.protocol}://${request.host}${PREFIX}/ipam/` }));
    app.all<{ Params: { '*': string } }>(`${PREFIX}/*`, { bodyLimit: MAX_BYTES }, async (request, reply) => {
      const principal = await tokens.authenticate(tokenOf(request.headers.authorization));
      const facade = principal && (await facades.ofPrincipal(principal));
      // NetBox answers 403 to who has no token as well.
      if (!principal || !facade) throw new NetBoxRefusal(403, { detail: 'Invalid token' });
      const [, queryText = ''] = request.url.split('?');
      const { status, body } = await door.answer(request.method, {
        facade,
        scope: principal.scope,
        base: `${request.protocol}://${request.host}${PREFIX}`,
        path: withSlash(`/${request.params['*']}`),
        query: new URLSearchParams(queryText),
        body: parsed(request.body),
      });
      return status === 204 ? reply.status(204).send() : reply.status(status).send(body);
    });
  };
}

/** `Token …` as Proxmox and pynetbox send it, or `Bearer …`; never in the URL. */
const tokenOf = (authorization: unknown): string =>
  (typeof authorization === 'string' ? /^(?:token|bearer) +(\S+)$/i.exec(authorization)?.[1] : undefined) ?? '';

/** NetBox redirects to the path with the slash; a redirect would lose the body of a POST, so it is taken as it was meant. */
const withSlash = (path: string): string => (path.endsWith('/') ? path : `${path}/`);

function parsed(body: unknown): unknown {
  if (typeof body !== 'string' || body.trim() === '') return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw new NetBoxRefusal(400, { detail: 'JSON parse error' }, { cause: error });
  }
}

function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  if (error instanceof NetBoxRefusal) return reply.status(error.status).send(error.body);
  const { statusCode } = error as Fault;
  if (statusCode !== undefined && statusCode < 500)
    return reply.status(statusCode).send({ detail: 'the request is not complete or too large' });
  if (isDatabaseAway(error)) {
    log.warn('netbox.database_away', { requestId: request.id, error });
    return reply.status(503).header('retry-after', '5').send({ detail: 'try again' });
  }
  log.error('netbox.failed', { requestId: request.id, error });
  return reply.status(500).send({ detail: `something went wrong here; its log has it as ${request.id}` });
}
