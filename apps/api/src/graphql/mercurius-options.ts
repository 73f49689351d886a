import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import type { FastifyRequest } from 'fastify';
import { type DocumentNode, type GraphQLSchema, specifiedRules, validate } from 'graphql';
import type { GraphqlContext } from '#contexts/access';
import { DateTimeScalar, type Logger, userErrorTypes } from '#platform';
import { formatErrors } from './format-errors.js';
import { maskSubscriptions } from './mask-subscriptions.js';
import { MAX_DEPTH, MAX_TOKENS, noSubscription, queryLimits, refuseSyntaxTree } from './query-limits.js';
import type { Socket, SubscriptionSockets } from './subscription-sockets.js';

/** What the schema is made of besides the resolvers; `gen` uses it too. */
export const schemaOptions = { orphanedTypes: userErrorTypes, scalarsMap: [{ type: Date, scalar: DateTimeScalar }] };

const requestIdOf = (context: unknown): string => {
  const { requestContext, reply } = context as GraphqlContext & { reply?: { request?: { id?: string } } };
  return requestContext?.requestId ?? reply?.request?.id ?? '';
};

export function mercuriusOptions(sockets: SubscriptionSockets, log: Logger): Omit<MercuriusDriverConfig, 'driver'> {
  return {
    autoSchemaFile: true, // In memory; the file in the repository is written by `trame gen`.
    buildSchemaOptions: schemaOptions,
    transformSchema: (schema) => maskSubscriptions(schema, log),
    fieldResolverEnhancers: ['guards'],
    graphiql: false,
    allowBatchedQueries: false,
    // No `jit`: graphql-jit 0.8 fills no defaults into input objects, and Mercurius keeps one compiled query for all operations of a document.
    queryDepth: MAX_DEPTH,
    graphql: { parseOptions: { maxTokens: MAX_TOKENS } },
    validationRules: [queryLimits, noSubscription],
    context: (request: FastifyRequest & GraphqlContext): GraphqlContext =>
      request.requestContext ? { requestContext: request.requestContext } : {},
    errorFormatter: (execution, context) => formatErrors(execution, requestIdOf(context), log),
    subscription: {
      context: async (socket: unknown) => ({ requestContext: await sockets.requestContext(socket as Socket) }),
      keepAlive: 20_000,
      queueHighWaterMark: 100,
    },
    hooks: {
      preParsing: (_schema: GraphQLSchema, source: string) => refuseSyntaxTree(source),
      // Mercurius executes subscriptions without validating them.
      preSubscriptionExecution: (schema: GraphQLSchema, document: DocumentNode) => {
        const [error] = validate(schema, document, [...specifiedRules, queryLimits]);
        if (error) throw error;
      },
    },
  };
}
