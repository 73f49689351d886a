import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { GraphQLSchema } from 'graphql';
import supertest from 'supertest';
import { createApi } from '../../apps/api/src/create-api.js';
import { TOKEN_SCOPES, TokenService } from '#contexts/access';
import { TenancyService } from '#contexts/tenancy';
import { decodeId, encodeId, type OrderId, type TenantId } from '#engines/kernel';
import { systemScope } from '#platform';
import { createWorld, testConfig, type World } from './world.js';

/** What came back, as bytes and as JSON. */
export interface GraphqlAnswer {
  readonly status: number;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly GraphqlError[];
}
export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>> & { readonly code: string; readonly requestId: string };
}

export interface ApiWorld extends World {
  /** `http://127.0.0.1:…`: the API itself, listening, on the database of the world. */
  readonly apiUrl: string;
  readonly api: NestFastifyApplication;
  /** The schema that is executed, with the resolvers in it. */
  readonly schema: GraphQLSchema;
  /** Every scope, no tenant. */
  readonly operator: string;
  /** Every scope, for the one customer of the world. */
  readonly customer: string;
  /** The same for another customer. @param scopes all of them where none are named. */
  newTenant(slug: string, name: string): Promise<{ readonly tenantId: TenantId; readonly token: string }>;
  newToken(tenantId: TenantId | null, scopes?: readonly string[]): Promise<string>;
  graphql(token: string | null, query: string, variables?: Readonly<Record<string, unknown>>): Promise<GraphqlAnswer>;
  /** The same with a body of your own. */
  post(token: string | null, body: string, headers?: Readonly<Record<string, string>>): Promise<GraphqlAnswer>;
  /** The one field of an answer without top-level errors. */
  ask<Result>(token: string, query: string, variables?: Readonly<Record<string, unknown>>): Promise<Result>;
  /** An order as a portal sends it: hosts pve1 and pve2, one subnet; `over` replaces whole fields. */
  orderInput(over?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** The worker's part, in this process, until the order has come to its end. */
  settlePublic(orderId: string): Promise<string>;
}

const DAY_MS = 24 * 3600 * 1000;

/** The world of devices in memory with the API in front of it: what a portal and an operator see. */
export async function createApiWorld(options: NonNullable<Parameters<typeof createWorld>[0]> = {}): Promise<ApiWorld> {
  const world = await createWorld(options);
  const api = await createApi(testConfig(world.url, options.env));
  await api.listen(0, '127.0.0.1');
  const { port } = api.getHttpServer().address() as { port: number };
  const apiUrl = `http://127.0.0.1:${port}`;
  const tokens = api.get(TokenService, { strict: false });
  let serial = 0;
  const newToken = async (tenantId: TenantId | null, scopes: readonly string[] = TOKEN_SCOPES): Promise<string> =>
    (await tokens.create({ name: `t${++serial}`, tenantId, scopes, expiresAt: new Date(Date.now() + DAY_MS), createdBy: 'test' })).secret;
  const post: ApiWorld['post'] = async (token, sent, headers = {}) => {
    const request = supertest(apiUrl).post('/graphql').set('content-type', 'application/json').set(headers);
    if (token !== null) request.set('authorization', `Bearer ${token}`);
    const { status, text } = await request.send(sent);
    const body = JSON.parse(text) as { data?: GraphqlAnswer['data']; errors?: GraphqlError[] };
    return { status, text, data: body.data ?? null, errors: body.errors ?? [] };
  };
  const graphql: ApiWorld['graphql'] = (token, query, variables = {}) => post(token, JSON.stringify({ query, variables }));
  const device = (slug: string): string => encodeId('device', world.deviceIds.get(slug) as string);
  return {
    ...world,
    api,
    apiUrl,
    schema: api.get(GraphQLSchemaHost, { strict: false }).schema,
    operator: await newToken(null),
    customer: await newToken(world.tenantId),
    newToken,
    newTenant: async (slug, name) => {
      const tenancy = world.app.get(TenancyService);
      const { id } = await world.db.inTransaction(systemScope('test'), (tx) => tenancy.createTenant(tx, { slug, name }));
      return { tenantId: id, token: await newToken(id) };
    },
    graphql,
    post,
    ask: async <Result>(token: string, query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Result> => {
      const { data, errors, status } = await graphql(token, query, variables);
      if (status !== 200 || errors.length > 0 || !data) throw new Error(`GraphQL answered ${status}: ${JSON.stringify(errors)}`);
      return Object.values(data)[0] as Result;
    },
    orderInput: (over = {}) => ({
      idempotencyKey: `api-${++serial}`,
      externalRef: `API-${serial}`,
      tenant: encodeId('tenant', world.tenantId),
      name: 'web',
      vniPool: encodeId('pool', world.vniPoolId),
      subnets: [{ prefixPool: encodeId('prefixPool', world.prefixPoolId) }],
      attachments: [
        { device: device('pve1'), tagging: 'BRIDGE_ONLY' },
        { device: device('pve2'), tagging: 'BRIDGE_ONLY' },
      ],
      ...over,
    }),
    settlePublic: (orderId) => world.settle(decodeId<OrderId>('order', orderId)),
    close: async () => {
      await api.close();
      await world.close();
    },
  };
}
