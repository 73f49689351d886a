import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { FacadeService } from '#contexts/facade';
import { TenancyService } from '#contexts/tenancy';
import { decodeId, Fqdn, type VrfId } from '#engines/kernel';
import { Database, loadConfig, systemScope } from '#platform';
import { withContexts } from '../contexts.js';
import { localEnvironment } from '../local-settings.js';

interface CreateOptions {
  readonly tenant: string;
  readonly vrf?: string;
  readonly pool: readonly string[];
  readonly dnsZone?: string;
}

export function addFacade(program: Command): void {
  const facade = program.command('facade').description('doors for systems that take addresses from a NetBox, such as Proxmox SDN');
  facade
    .command('create <slug>')
    .description('make one for a tenant and print its token, once; the URL is <API>/netbox/api')
    .requiredOption('--tenant <slug>', 'whose addresses it gives')
    .requiredOption('--pool <slugs...>', 'prefix pools out of which it makes subnets')
    .option('--vrf <id>', 'VRF of its subnets (vrf_…); without it they are in none')
    .option('--dns-zone <name>', 'completes names without a dot; without it such names get no record')
    .action((slug: string, options: CreateOptions) => told(slug, (app) => create(app, slug, options)));
  facade
    .command('token <slug>')
    .description('print another token of it, once; those before stay good until they are revoked')
    .action((slug: string) => told(slug, (app) => app.get(FacadeService, { strict: false }).issueToken(slug, 'cli')));
}

async function told(slug: string, work: (app: INestApplicationContext) => Promise<string>): Promise<void> {
  console.log(await withContexts(loadConfig(localEnvironment()), work));
  console.error(`the token of ${slug}: it is shown this once, and good for a year`);
}

async function create(app: INestApplicationContext, slug: string, { tenant, vrf, pool, dnsZone }: CreateOptions): Promise<string> {
  const { id: tenantId } = await app
    .get(Database)
    .inTransaction(systemScope('cli'), (tx) => app.get(TenancyService, { strict: false }).tenantBySlug(tx, tenant));
  return app.get(FacadeService, { strict: false }).create({
    slug,
    tenantId,
    vrfId: vrf === undefined ? null : decodeId<VrfId>('vrf', vrf),
    poolSlugs: pool,
    dnsZone: dnsZone === undefined ? null : Fqdn.parse(dnsZone),
    actor: 'cli',
  });
}
