import type { Type } from '@nestjs/common';
import { type GraphQLSchema, printSchema } from 'graphql';
import { AUTHORIZED_SCOPES } from '#contexts/access';
import { buildSchema, contextProviders } from '../../apps/api/src/schema.js';

/** Class and method behind each root field, as Nest has recorded them. */
function rootHandlers(): Map<string, { of: Type; handler: object }> {
  const found = new Map<string, { of: Type; handler: object }>();
  for (const provider of contextProviders()) {
    for (const [method, { value: handler }] of Object.entries(Object.getOwnPropertyDescriptors(provider.prototype as object))) {
      if (method === 'constructor' || typeof handler !== 'function') continue;
      const kind = Reflect.getMetadata('graphql:resolver_type', handler) as string | undefined;
      const name = Reflect.getMetadata('graphql:resolver_name', handler) as string | undefined;
      if (kind && ['Query', 'Mutation', 'Subscription'].includes(kind)) found.set(`${kind}.${name ?? method}`, { of: provider, handler });
    }
  }
  return found;
}

const rootFields = (schema: GraphQLSchema): string[] =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    type ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : [],
  );

describe('every root field of the schema', () => {
  it('has a resolver that says who may use it', async () => {
    const handlers = rootHandlers();
    const fields = rootFields(await buildSchema());
    expect(fields.length).toBeGreaterThan(10);
    const unsaid = fields.filter((field) => {
      const found = handlers.get(field);
      return !found || !Array.isArray(Reflect.getMetadata(AUTHORIZED_SCOPES, found.handler));
    });
    expect(unsaid).toEqual([]);
  });

  it('needs a scope when it changes something', async () => {
    const handlers = rootHandlers();
    const open = rootFields(await buildSchema()).filter(
      (field) =>
        field.startsWith('Mutation.') &&
        (Reflect.getMetadata(AUTHORIZED_SCOPES, handlers.get(field)?.handler ?? {}) as string[]).length === 0,
    );
    expect(open).toEqual([]);
  });

  it('is in a schema that has no field for a secret', async () => {
    expect(printSchema(await buildSchema())).not.toMatch(/^\s+(?:\w*(?:password|secretHash|privateKey|sealed)\w*)\s*[(:]/im);
  });
});
