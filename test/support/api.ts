import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { createApi } from '../../apps/api/src/create-api.js';
import { TOKEN_SCOPES, TokenService } from '#contexts/access';
import { TenancyService } from '#contexts/tenancy';
import { encodeId, Label, Slug, type TenantId } from '#engines/kernel';
import { Database, systemScope } from '#platform';
import { createTestDatabase } from './database.js';
import { type TcpProxy, tcpProxy } from './tcp-proxy.js';
import { testConfig } from './world.js';

export interface TestTenant {
  readonly id: TenantId;
  readonly publicId: string;
  /** Of a token that is bound to the tenant and has every scope. */
  readonly token: string;
}

export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly db: Database;
  readonly databaseUrl: string;
  /** Between the API and its database. */
  readonly wire: TcpProxy;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** An operator's, with every scope. */
  readonly token: string;
  http(): ReturnType<typeof supertest>;
  graphql(query: string, options?: { token?: string; variables?: object }): supertest.Test;
  tenant(slug: string): Promise<TestTenant>;
  tokenWith(options: { scopes?: readonly string[]; tenantId?: TenantId; expiresAt?: Date }): Promise<{ id: string; secret: string }>;
  close(): Promise<void>;
}

/** The API as it runs, over real HTTP, on a database of its own. */
export async function openApi(options: { env?: NodeJS.ProcessEnv } = {}): Promise<TestApi> {
  const { url: directUrl, drop } = await createTestDatabase();
  const wire = await tcpProxy(directUrl);
  const app = await createApi(testConfig(wire.url, options.env));
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const [db, tokens, tenancy] = [app.get(Database), app.get(TokenService, { strict: false }), app.get(TenancyService, { strict: false })];
  const tokenWith: TestApi['tokenWith'] = async ({
    scopes = TOKEN_SCOPES,
    tenantId = null,
    expiresAt = new Date(Date.now() + 3600_000),
  }) => {
    const { token, secret } = await tokens.create({ name: 'test', tenantId, scopes, expiresAt, createdBy: 'test' });
    return { id: token.id, secret };
  };
  const { secret: token } = await tokenWith({});
  return {
    app,
    db,
    databaseUrl: directUrl,
    wire,
    url,
    token,
    tokenWith,
    http: () => supertest(url),
    graphql: (query, options = {}) =>
      supertest(url)
        .post('/graphql')
        .set('authorization', `Bearer ${options.token ?? token}`)
        .send({ query, ...(options.variables ? { variables: options.variables } : {}) }),
    tenant: async (slug) => {
      const { id } = await db.inTransaction(systemScope('test'), (tx) =>
        tenancy.createTenant(tx, { slug: Slug.parse(slug), name: Label.parse(slug), externalRef: null }),
      );
      return { id, publicId: encodeId('tenant', id), token: (await tokenWith({ tenantId: id })).secret };
    },
    close: async () => {
      await app.close();
      await wire.close();
      await drop();
    },
  };
}
