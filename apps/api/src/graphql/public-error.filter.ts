import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { GqlArgumentsHost } from '@nestjs/graphql';
import type { FastifyReply } from 'fastify';
import type { GraphqlContext } from '#contexts/access';
import { LOGGER, type Logger, TOP_LEVEL_ERRORS, toPublicError } from '#platform';

/** What a resolver or a controller throws. A subscription that cannot begin has no other way out, so its errors are masked here. */
@Catch()
export class PublicErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType<'http' | 'graphql'>() === 'graphql') {
      throw toPublicError(error, GqlArgumentsHost.create(host).getContext<GraphqlContext>().requestContext?.requestId ?? '', this.log);
    }
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { id } = reply.request;
    if (error instanceof HttpException) {
      void reply
        .status(error.getStatus())
        .send({ error: { code: error.getStatus() === 404 ? 'NOT_FOUND' : 'BAD_REQUEST', message: error.message, requestId: id } });
      return;
    }
    const { code, message } = toPublicError(error, id, this.log);
    void reply.status(TOP_LEVEL_ERRORS[code].status).send({ error: { code, message, requestId: id } });
  }
}
