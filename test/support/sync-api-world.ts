import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { createApi } from '../../apps/api/src/create-api.js';
import { TOKEN_SCOPES, TokenService } from '#contexts/access';
import { openSyncRunnerHost, type SyncRunnerHost } from './sync-runner-world.js';
import { testConfig } from './world.js';

export interface SyncApiWorld {
  /** The worker's part, on the database of the API. */
  readonly host: SyncRunnerHost;
  readonly api: NestFastifyApplication;
  /** `http://127.0.0.1:…` */
  readonly url: string;
  /** Every scope, no tenant. */
  readonly operator: string;
  token(scopes: readonly string[]): Promise<string>;
  /** The answer as bytes. */
  post(query: string, variables?: object, token?: string): Promise<string>;
  /** The one field of an answer without top-level errors. */
  ask<Answer>(query: string, variables?: object): Promise<Answer>;
  close(): Promise<void>;
}

/** The API as it runs, and a worker whose other system is in memory. */
export async function openSyncApiWorld(): Promise<SyncApiWorld> {
  const host = await openSyncRunnerHost();
  const api = await createApi(testConfig(host.url));
  await api.listen(0, '127.0.0.1');
  const { port } = api.getHttpServer().address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  const token = async (scopes: readonly string[]): Promise<string> => {
    const wish = { name: 'test', tenantId: null, scopes, expiresAt: new Date(Date.now() + 3_600_000), createdBy: 'test' };
    return (await api.get(TokenService, { strict: false }).create(wish)).secret;
  };
  const operator = await token(TOKEN_SCOPES);
  const post: SyncApiWorld['post'] = async (query, variables = {}, as = operator) =>
    (await supertest(url).post('/graphql').set('authorization', `Bearer ${as}`).send({ query, variables })).text;
  return {
    host,
    api,
    url,
    operator,
    token,
    post,
    ask: async <Answer>(query: string, variables?: object): Promise<Answer> => {
      const { data, errors } = JSON.parse(await post(query, variables)) as { data: Record<string, Answer> | null; errors?: object[] };
      if (!data || errors) throw new Error(`GraphQL answered ${JSON.stringify(errors)}`);
      return Object.values(data)[0] as Answer;
    },
    close: async () => {
      await api.close();
      await host.close();
    },
  };
}
