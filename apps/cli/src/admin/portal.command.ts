import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { InboundSourceService } from '#contexts/events';
import { TenancyService } from '#contexts/tenancy';
import { Slug } from '#engines/kernel';
import { Database, loadConfig, type Secret, systemScope } from '#platform';
import { withContexts } from '../contexts.js';
import { localEnvironment } from '../local-settings.js';

const SCOPE = systemScope('portal');

export function addPortal(program: Command): void {
  const portal = program.command('portal').description('portals that order by signed webhooks');
  portal
    .command('create <slug>')
    .description('let a portal order for one tenant; prints its secret, once')
    .requiredOption('--tenant <slug>', 'whose networks it orders')
    .action((slug: string, { tenant }: { tenant: string }) => told(slug, (app) => create(app, slug, tenant)));
  portal
    .command('rotate <slug>')
    .description('give it a new secret; the one before stays good until the next time')
    .action((slug: string) => told(slug, (app) => rotate(app, slug)));
}

async function told(slug: string, work: (app: INestApplicationContext) => Promise<Secret>): Promise<void> {
  const secret = await withContexts(loadConfig(localEnvironment()), work);
  console.log(secret.reveal());
  console.error(`it posts to /hooks/${slug}; the secret is shown this once`);
}

const create = (app: INestApplicationContext, slug: string, tenantSlug: string): Promise<Secret> =>
  app.get(Database).inTransaction(SCOPE, async (tx) => {
    const tenant = await app.get(TenancyService, { strict: false }).tenantBySlug(tx, tenantSlug);
    const source = { slug: Slug.parse(slug), tenantId: tenant.id };
    return (await app.get(InboundSourceService, { strict: false }).create(tx, source)).secret;
  });

const rotate = (app: INestApplicationContext, slug: string): Promise<Secret> =>
  app.get(Database).inTransaction(SCOPE, (tx) => app.get(InboundSourceService, { strict: false }).rotateSecret(tx, Slug.parse(slug)));
