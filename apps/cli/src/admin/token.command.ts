import type { Command } from 'commander';
import { TOKEN_SCOPES } from '#contexts/access';
import { decodeId, type TenantId } from '#engines/kernel';
import { loadConfig } from '#platform';
import { localEnvironment } from '../local-settings.js';
import { withTokens } from '../operator.js';
import { recordToken } from '../record-token.js';

interface CreateOptions {
  readonly name: string;
  readonly tenant?: string;
  readonly scope?: readonly string[];
  readonly days: string;
}

export function addToken(program: Command): void {
  const token = program.command('token').description('API tokens');
  token
    .command('create')
    .description('make a token and print it, once')
    .requiredOption('--name <name>', 'what it is for')
    .option('--tenant <id>', 'id of the one tenant it is for (ten_…); without it the token is the operator’s')
    .option('--scope <scopes...>', `some of ${TOKEN_SCOPES.join(' ')}; all of them when left out`)
    .option('--days <days>', 'days until it expires, at most 366', '90')
    .action(async ({ name, tenant, scope, days }: CreateOptions) => {
      const config = loadConfig(localEnvironment());
      const expiresAt = new Date(Date.now() + Number(days) * 24 * 3600 * 1000);
      const tenantId = tenant === undefined ? null : decodeId<TenantId>('tenant', tenant);
      const made = await withTokens(config, (tokens) =>
        tokens.create({ name, tenantId, scopes: scope ?? TOKEN_SCOPES, expiresAt, createdBy: 'cli' }, recordToken('token.created')),
      );
      console.log(made.secret);
      console.error(`token ${made.token.id}, good until ${made.token.expiresAt.toISOString()}; it is shown this once`);
    });
  token
    .command('revoke')
    .argument('<id>', 'the 12 characters after trame_live_')
    .description('end a token; it stops working everywhere within five seconds')
    .action(async (id: string) => {
      await withTokens(loadConfig(localEnvironment()), (tokens) => tokens.revoke(id, 'cli', recordToken('token.revoked')));
      console.log(`token ${id} is revoked`);
    });
}
