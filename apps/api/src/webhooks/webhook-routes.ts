import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type InboxService, isPlausibleWebhook, MAX_WEBHOOK_BYTES, type WebhookVerdict } from '#contexts/events';
import { isNetBoxSignature, MAX_NETBOX_WEBHOOK_BYTES, type SyncHookService } from '#contexts/sync';
import { type Clock, isDatabaseAway, type Logger } from '#platform';
import { type Origin, UnprovenLimit } from './unproven-limit.js';

interface Fault {
  readonly statusCode?: number;
}

/**
 * `POST /hooks/{source}`: the door of portals (Standard Webhooks). It has no body parser: what was signed are the bytes, and a body
 * that is not JSON must be refused for its missing proof first. `POST /hooks/netbox/{connector}`: a NetBox says that something changed there. Who sends again
 * and again what is not proved is refused by both, before the body is read.
 */
export function webhookRoutes(
  inbox: InboxService,
  hooks: SyncHookService,
  clock: Clock,
  log: Logger,
): (app: FastifyInstance) => Promise<void> {
  const limit = new UnprovenLimit();
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.setErrorHandler((error, request, reply) => {
      const { statusCode } = error as Fault;
      // The body is not read to its end: nothing can prove it.
      if (statusCode !== undefined && statusCode < 500) counted(limit, request, { status: statusCode });
      return refuse(error as Fault, request, reply, log);
    });
    app.addHook('onRequest', async (request, reply) => {
      const signature = signatureOf(request);
      const isPlausible = isOfNetBox(request) ? isNetBoxSignature(signature) : isPlausibleWebhook(request.headers, clock.now());
      const seconds = limit.refusedFor(originOf(request), isPlausible);
      if (seconds > 0) return answer(reply.header('retry-after', String(seconds)), RATE_LIMITED);
    });
    app.post<{ Params: { source: string } }>('/hooks/:source', { bodyLimit: MAX_WEBHOOK_BYTES }, async (request, reply) => {
      const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const verdict = await inbox.receive({ source: request.params.source, headers: request.headers, rawBody, now: clock.now() });
      return answer(reply, counted(limit, request, verdict));
    });
    app.post<{ Params: { connector: string } }>(
      NETBOX_ROUTE,
      {
        bodyLimit: MAX_NETBOX_WEBHOOK_BYTES,
        onRequest: async (request, reply) => {
          const refusal = await hooks.atTheDoor(request.params.connector, signatureOf(request));
          if (refusal) return answer(reply, counted(limit, request, refusal));
        },
      },
      async (request, reply) => {
        const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        return answer(reply, counted(limit, request, await hooks.receive(request.params.connector, signatureOf(request), rawBody)));
      },
    );
  };
}

const NETBOX_ROUTE = '/hooks/netbox/:connector';
const RATE_LIMITED = { status: 429, code: 'RATE_LIMITED', message: 'too much came from there that was not proved' };

function signatureOf({ headers }: FastifyRequest): string | undefined {
  const signature = headers['x-hook-signature'];
  return typeof signature === 'string' ? signature : undefined;
}

/** What is wrong with a message that is proved: another body came under its id, or it is no message. */
const PROVED = [409, 422];

function counted<Verdict extends { readonly status: number }>(limit: UnprovenLimit, request: FastifyRequest, verdict: Verdict): Verdict {
  const origin = originOf(request);
  if (verdict.status < 300 || PROVED.includes(verdict.status)) limit.proved(origin);
  else if (verdict.status < 500) limit.unproved(origin);
  return verdict;
}

function originOf(request: FastifyRequest): Origin {
  const { source, connector } = request.params as { source?: string; connector?: string };
  return { address: request.ip, source: isOfNetBox(request) ? `netbox ${connector ?? ''}` : `portal ${source ?? ''}` };
}

const isOfNetBox = ({ routeOptions }: FastifyRequest): boolean => routeOptions.url === NETBOX_ROUTE;

const answer = (
  reply: FastifyReply,
  { status, code, message }: Omit<WebhookVerdict, 'status' | 'code'> & { status: number; code: string },
): FastifyReply => reply.status(status).send(status < 300 ? { status: code } : { error: { code, message, requestId: reply.request.id } });

function refuse(error: Fault, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  if (error.statusCode === 413)
    return answer(reply, { status: 413, code: 'TOO_LARGE', message: `a body has at most ${request.routeOptions.bodyLimit} bytes` });
  if (error.statusCode !== undefined && error.statusCode < 500)
    return answer(reply, { status: error.statusCode, code: 'BAD_REQUEST', message: 'the request is not complete' });
  if (isDatabaseAway(error)) {
    log.warn('webhook.database_away', { requestId: request.id, error });
    return answer(reply.header('retry-after', '5'), { status: 503, code: 'UNAVAILABLE', message: 'nothing was stored; send it again' });
  }
  log.error('webhook.failed', { requestId: request.id, error });
  return answer(reply, { status: 500, code: 'INTERNAL', message: 'nothing was stored; send it again' });
}
