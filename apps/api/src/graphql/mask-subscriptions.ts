import type { GraphQLSchema } from 'graphql';
import type { GraphqlContext } from '#contexts/access';
import { type Logger, toPublicError } from '#platform';

/** Mercurius sends what a subscription throws, while it begins or later, as it is. Here it gets the form of every other error. */
export function maskSubscriptions(schema: GraphQLSchema, log: Logger): GraphQLSchema {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const { subscribe } = field;
    if (!subscribe) continue;
    field.subscribe = async (source, args, context: GraphqlContext, info): Promise<unknown> => {
      const mask = (error: unknown): never => {
        throw toPublicError(error, context.requestContext?.requestId ?? '', log);
      };
      try {
        return masked((await subscribe(source, args, context, info)) as AsyncIterator<unknown>, mask);
      } catch (error) {
        return mask(error);
      }
    };
  }
  return schema;
}

/** Not an async generator: one that waits for its next value cannot be ended from outside, and its source would be read for ever. */
function masked(inner: AsyncIterator<unknown>, mask: (error: unknown) => never): AsyncIterableIterator<unknown> {
  const iterator: AsyncIterableIterator<unknown> = {
    [Symbol.asyncIterator]: () => iterator,
    next: () => inner.next().catch(mask),
    return: async (value?: unknown) => (await inner.return?.(value)) ?? { value: undefined, done: true },
  };
  return iterator;
}
