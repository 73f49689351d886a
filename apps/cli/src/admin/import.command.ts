import fs from 'node:fs';
import readline from 'node:readline';
import type { INestApplicationContext } from '@nestjs/common';
import { type Command, Option } from 'commander';
import { AddressingImporter, type ImportedAddress, type ImportedPrefix, PrefixPoolAdminService } from '#contexts/addressing';
import { TenancyService } from '#contexts/tenancy';
import { Cidr, ExternalRef, Fqdn, invalidValue, Ip, isDomainError, Mac, type TenantId } from '#engines/kernel';
import { Database, loadConfig, systemScope } from '#platform';
import { withContexts } from '../contexts.js';
import { localEnvironment } from '../local-settings.js';
import { addImportConfig } from './import-config/import-config.command.js';
import { addImportInventory } from './import-inventory.command.js';

const SCOPE = systemScope('import');
const PREFIX_ROLES = ['SUBNET', 'LOOPBACK', 'LINK'] as const;
const ADDRESS_ROLES = ['HOST', 'VIP', 'DHCP'] as const;

type Line = Readonly<Record<string, unknown>>;

export function addImport(program: Command): void {
  const kind = program
    .command('import')
    .description(
      'take over what is in use already: rows, all or none, straight into the database; an inventory; configurations, to look at',
    );
  const pool = (): Option =>
    new Option('--pool <slug>', 'prefix pool; addresses go into the subnets of its address space').makeOptionMandatory();
  kind
    .command('prefixes <file>')
    .description(
      `a JSON object on each line: {"cidr", "tenant" (slug), "role"? (${PREFIX_ROLES.join(', ')}), "holder"?, "externalRef"?}; - for standard input`,
    )
    .addOption(pool())
    .action((file: string, options: { pool: string }) => run((app) => importPrefixes(app, file, options.pool), 'prefixes'));
  kind
    .command('addresses <file>')
    .description(
      `a JSON object on each line: {"address", "role"? (${ADDRESS_ROLES.join(', ')}), "mac"?, "dnsName"?, "holder"?, "externalRef"?}; - for standard input`,
    )
    .addOption(pool())
    .action((file: string, options: { pool: string }) => run((app) => importAddresses(app, file, options.pool), 'addresses'));
  addImportInventory(kind);
  addImportConfig(kind);
}

async function run(work: (app: INestApplicationContext) => Promise<number>, what: string): Promise<void> {
  const started = performance.now();
  const count = await withContexts(loadConfig(localEnvironment()), work);
  console.log(`${count} ${what} imported in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function importPrefixes(app: INestApplicationContext, file: string, slug: string): Promise<number> {
  const pool = await poolOf(app, slug);
  const tenantOf = tenants(app);
  async function* rows(): AsyncGenerator<ImportedPrefix> {
    for await (const { line, at } of lines(file)) {
      const tenantId = await tenantOf(line['tenant'], at);
      yield at(() => ({ cidr: Cidr.parse(line['cidr']), tenantId, ...chosen(line['role'], PREFIX_ROLES), ...words(line) }));
    }
  }
  return app.get(AddressingImporter, { strict: false }).importPrefixes(SCOPE, pool.id, rows());
}

async function importAddresses(app: INestApplicationContext, file: string, slug: string): Promise<number> {
  const { spaceId } = await poolOf(app, slug);
  async function* rows(): AsyncGenerator<ImportedAddress> {
    for await (const { line, at } of lines(file)) {
      yield at(() => ({
        address: Ip.parse(line['address']),
        ...chosen(line['role'], ADDRESS_ROLES),
        ...(line['mac'] !== undefined && { mac: Mac.parse(line['mac']) }),
        ...(line['dnsName'] !== undefined && { dnsName: Fqdn.parse(line['dnsName']) }),
        ...words(line),
      }));
    }
  }
  return app.get(AddressingImporter, { strict: false }).importAddresses(SCOPE, spaceId, rows());
}

const poolOf = (app: INestApplicationContext, slug: string): ReturnType<PrefixPoolAdminService['poolBySlug']> =>
  app.get(Database).inTransaction(SCOPE, (tx) => app.get(PrefixPoolAdminService, { strict: false }).poolBySlug(tx, slug));

/** Tenants by slug, each asked for once. */
function tenants(app: INestApplicationContext): (slug: unknown, at: At) => Promise<TenantId> {
  const known = new Map<string, TenantId>();
  return async (slug, at) => {
    const name = at(() => {
      if (typeof slug !== 'string') throw invalidValue('tenant', slug, 'the slug of a tenant');
      return slug;
    });
    const id = known.get(name) ?? (await tenantOf(app, name).catch((error: unknown) => at(() => fail(error)))).id;
    known.set(name, id);
    return id;
  };
}
const tenantOf = (app: INestApplicationContext, slug: string): ReturnType<TenancyService['tenantBySlug']> =>
  app.get(Database).inTransaction(SCOPE, (tx) => app.get(TenancyService, { strict: false }).tenantBySlug(tx, slug));

function words(line: Line): { holder?: string; externalRef?: ExternalRef } {
  const { holder, externalRef } = line;
  if (holder !== undefined && (typeof holder !== 'string' || !/^[\x20-\x7e]{1,128}$/.test(holder)))
    throw invalidValue('holder', holder, '1 to 128 printable ASCII characters');
  return { ...(holder !== undefined && { holder }), ...(externalRef !== undefined && { externalRef: ExternalRef.parse(externalRef) }) };
}

function chosen<Role extends string>(value: unknown, roles: readonly Role[]): { role?: Role } {
  if (value === undefined) return {};
  const role = roles.find((known) => known === value);
  if (role === undefined) throw invalidValue('role', value, roles.join(', '));
  return { role };
}

/** Does something with a line; what it throws names the line. */
type At = <T>(work: () => T) => T;

async function* lines(file: string): AsyncGenerator<{ line: Line; at: At }> {
  const input = file === '-' ? process.stdin : fs.createReadStream(file);
  let number = 0;
  for await (const text of readline.createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    const place = `line ${number}`;
    const at: At = (work) => {
      try {
        return work();
      } catch (error) {
        throw new Error(
          `${place}: ${isDomainError(error) ? `${error.code}: ` : ''}${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    };
    if (text.trim() !== '') yield { line: at(() => parse(text)), at };
  }
}

function parse(text: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidValue('line', text, 'one JSON object');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidValue('line', text, 'one JSON object');
  return value as Line;
}

function fail(error: unknown): never {
  throw error;
}
