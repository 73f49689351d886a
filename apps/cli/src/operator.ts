import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessModule, TOKEN_SCOPES, TokenService } from '#contexts/access';
import { type Config, PlatformModule } from '#platform';
import { recordToken } from './record-token.js';

/** Runs `work` with the token service on the database of `config`, and closes everything afterwards. */
export async function withTokens<T>(config: Config, work: (tokens: TokenService) => Promise<T>): Promise<T> {
  @Module({ imports: [PlatformModule.forRoot(config, [], 'cli'), AccessModule] })
  class OperatorModule {}
  const app = await NestFactory.createApplicationContext(OperatorModule, { logger: false, abortOnError: false });
  try {
    return await work(app.get(TokenService, { strict: false }));
  } finally {
    await app.close();
  }
}

/** The first token of an installation, for the operator; undefined when there is one already. */
export async function bootstrapToken(config: Config): Promise<string | undefined> {
  return withTokens(config, async (tokens) => {
    if (await tokens.hasOperatorToken()) return undefined;
    const expiresAt = new Date(Date.now() + 365 * 24 * 3600 * 1000);
    const first = { name: 'first operator', tenantId: null, scopes: TOKEN_SCOPES, expiresAt, createdBy: 'bootstrap' };
    return (await tokens.create(first, recordToken('token.created'))).secret;
  });
}
