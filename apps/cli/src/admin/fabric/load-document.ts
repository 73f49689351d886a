import fs from 'node:fs';
import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { AddressingService, PrefixPoolAdminService } from '#contexts/addressing';
import { FabricService, InventoryService } from '#contexts/fabric';
import { PoolAdminService } from '#contexts/numbering';
import { SyncService } from '#contexts/sync';
import { TenancyService } from '#contexts/tenancy';
import { checkFabric, type Finding } from '#engines/intent';
import { type FabricId, invalidValue, type VlanDomainId } from '#engines/kernel';
import { Database, Secret, systemScope, type Tx } from '#platform';
import { type FabricDocument, fabricDocument } from './fabric-document.js';

const SCOPE = systemScope('fabric-document');

/** @throws DomainError INVALID_VALUE with every place that was refused, and why. */
export function readDocument(file: string): FabricDocument {
  let json: unknown;
  try {
    json = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidValue('fabric document', error.message, 'JSON');
    throw error;
  }
  const result = fabricDocument.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'the document'}: ${issue.message}`);
  throw invalidValue('fabric document', `${problems.length} problem${problems.length === 1 ? '' : 's'}`, `\n  ${problems.join('\n  ')}`);
}

export interface LoadedDocument {
  readonly fabricId: FabricId;
  /** What the checks say of it; with an ERROR nothing was kept. */
  readonly findings: readonly Finding[];
  readonly isKept: boolean;
}

/** All of the document or nothing. @param file where secrets are beside. @throws DomainError ALREADY_EXISTS | INVALID_VALUE | OVERLAPS. */
export async function loadDocument(
  app: INestApplicationContext,
  document: FabricDocument,
  options: { readonly file: string; readonly isTrial: boolean },
): Promise<LoadedDocument> {
  const loaded: { result?: LoadedDocument } = {};
  try {
    await app.get(Database).inTransaction(SCOPE, async (tx) => {
      const fabricId = await load(app, tx, document, path.dirname(options.file));
      const findings = checkFabric(await app.get(FabricService, { strict: false }).snapshot(tx, fabricId));
      const isKept = !options.isTrial && findings.every(({ severity }) => severity !== 'ERROR');
      loaded.result = { fabricId, findings, isKept };
      if (!isKept) throw new NotKept();
    });
  } catch (error) {
    if (!(error instanceof NotKept)) throw error;
  }
  if (loaded.result === undefined) throw new Error('a transaction ended without a result');
  return loaded.result;
}

/** Takes the transaction back. */
class NotKept extends Error {}

async function load(app: INestApplicationContext, tx: Tx, document: FabricDocument, directory: string): Promise<FabricId> {
  const { pools, addressSpaces, tenants, devices, nameServers, ...inventory } = document;
  const { fabricId, vlanDomains } = await app.get(InventoryService, { strict: false }).load(tx, {
    ...inventory,
    devices: devices.map(({ secretFile, ...device }) => ({
      ...device,
      ...(secretFile !== undefined && { secret: fs.readFileSync(path.resolve(directory, secretFile), 'utf8') }),
    })),
  });
  for (const { vlanDomain, ...pool } of pools) {
    const domain = vlanDomain === undefined ? {} : { vlanDomainId: domainOf(vlanDomains, vlanDomain) };
    await app.get(PoolAdminService, { strict: false }).create(tx, { ...pool, ...domain, fabricId, name: pool.name ?? pool.slug });
  }
  for (const space of addressSpaces) {
    const spaceId = await app.get(AddressingService, { strict: false }).createSpace(tx, { fabricId, slug: space.slug, name: space.name });
    for (const pool of space.pools) {
      await app.get(PrefixPoolAdminService, { strict: false }).create(tx, { ...pool, spaceId, name: pool.name ?? pool.slug });
    }
  }
  for (const { apiKeyFile, ...server } of nameServers) {
    const apiKey = new Secret(fs.readFileSync(path.resolve(directory, apiKeyFile), 'utf8').trim());
    await app.get(SyncService, { strict: false }).createTarget(tx, { ...server, fabricId, apiKey });
  }
  for (const tenant of tenants) await app.get(TenancyService, { strict: false }).createTenant(tx, tenant);
  return fabricId;
}

function domainOf(domains: ReadonlyMap<string, VlanDomainId>, slug: string): VlanDomainId {
  const id = domains.get(slug);
  if (id === undefined) throw invalidValue('vlanDomain', slug, [...domains.keys()].join(', ') || 'a domain of vlanDomains');
  return id;
}
