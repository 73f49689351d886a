import fs from 'node:fs';
import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { AddressingService, PrefixPoolAdminService } from '#contexts/addressing';
import { OperatorAct, OperatorActs } from '#contexts/events';
import { FabricService, InventoryService } from '#contexts/fabric';
import { PoolAdminService } from '#contexts/numbering';
import { ConnectorService } from '#contexts/sync';
import { TenancyService } from '#contexts/tenancy';
import { checkFabric, type Finding } from '#engines/intent';
import { DomainError, type FabricId, invalidValue, isDomainError } from '#engines/kernel';
import { Database, Secret, systemScope, type Tx } from '#platform';
import { type FabricDocument, fabricDocument } from './fabric-document.js';
import { adoptNetworks, known } from './load-networks.js';
import { placeholdersIn } from './placeholder.js';

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
  const unfilled = placeholdersIn(json);
  const result = fabricDocument.safeParse(json);
  if (result.success && unfilled.length === 0) return result.data;
  const refused = (result.error?.issues ?? []).map((issue) => `${issue.path.map(String).join('.') || 'the document'}: ${issue.message}`);
  const problems = [...unfilled, ...refused];
  throw invalidValue('fabric document', `${problems.length} problem${problems.length === 1 ? '' : 's'}`, `\n  ${problems.join('\n  ')}`);
}

export interface LoadedDocument {
  readonly fabricId: FabricId;
  /** What the checks say of it; with an ERROR nothing was kept. */
  readonly findings: readonly Finding[];
  readonly isKept: boolean;
}

/**
 * All of the document or nothing. One with networks that run is tried as a whole first, and then kept with a transaction for each network: what
 * was kept by a load that died is not done again by the next one. @param file where secrets are beside.
 * @throws DomainError ALREADY_EXISTS | INVALID_VALUE | OVERLAPS | OUT_OF_RANGE | IDEMPOTENCY_KEY_REUSED (a part of another document is there).
 */
export async function loadDocument(
  app: INestApplicationContext,
  document: FabricDocument,
  options: { readonly file: string; readonly isTrial: boolean },
): Promise<LoadedDocument> {
  const directory = path.dirname(options.file);
  const hasRunning = document.networks.length + document.vrfs.length > 0;
  const tried = await tryWhole(app, document, directory, options.isTrial || hasRunning);
  if (!hasRunning || options.isTrial || tried.findings.some(({ severity }) => severity === 'ERROR')) return tried;
  const db = app.get(Database);
  const fabricId = await db.inTransaction(SCOPE, (tx) => loadInventory(app, tx, document, directory));
  await adoptNetworks(app, (work) => db.inTransaction(SCOPE, work), document, fabricId);
  return { ...tried, fabricId, isKept: true };
}

/** In one transaction. */
async function tryWhole(
  app: INestApplicationContext,
  document: FabricDocument,
  directory: string,
  isTrial: boolean,
): Promise<LoadedDocument> {
  const loaded: { result?: LoadedDocument } = {};
  try {
    await app.get(Database).inTransaction(SCOPE, async (tx) => {
      const fabricId = await loadInventory(app, tx, document, directory);
      await adoptNetworks(app, (work) => work(tx), document, fabricId);
      const findings = checkFabric(await app.get(FabricService, { strict: false }).snapshot(tx, fabricId));
      const isKept = !isTrial && findings.every(({ severity }) => severity !== 'ERROR');
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

/** With networks that run it may be said again: the rest of what a load that died has left is wanted then. */
function loadInventory(app: INestApplicationContext, tx: Tx, document: FabricDocument, directory: string): Promise<FabricId> {
  const { networks, vrfs, ...inventory } = document;
  const act = networks.length + vrfs.length === 0 ? null : OperatorAct.of(`fabric-load/${document.fabric.slug}`, 'fabric load', inventory);
  return app.get(OperatorActs, { strict: false }).once(tx, act, () => load(app, tx, document, directory));
}

async function load(app: INestApplicationContext, tx: Tx, document: FabricDocument, directory: string): Promise<FabricId> {
  const { pools, addressSpaces, tenants, devices, nameServers, vrfs, networks, ...inventory } = document;
  const hasRunning = networks.length + vrfs.length > 0;
  const { fabricId, vlanDomains } = await app.get(InventoryService, { strict: false }).load(tx, {
    ...inventory,
    devices: devices.map(({ secretFile, ...device }) => ({
      ...device,
      ...(secretFile !== undefined && { secret: fs.readFileSync(path.resolve(directory, secretFile), 'utf8') }),
      // Nothing is planned for a device before its networks are there.
      ...(hasRunning && { managed: 'OBSERVE' as const }),
    })),
  });
  for (const { vlanDomain, ...pool } of pools) {
    const domain = vlanDomain === undefined ? {} : { vlanDomainId: known(vlanDomains, 'vlanDomain', vlanDomain) };
    await app.get(PoolAdminService, { strict: false }).create(tx, { ...pool, ...domain, fabricId, name: pool.name ?? pool.slug });
  }
  for (const space of addressSpaces) {
    const spaceId = await app.get(AddressingService, { strict: false }).createSpace(tx, { fabricId, slug: space.slug, name: space.name });
    for (const pool of space.pools) {
      await app.get(PrefixPoolAdminService, { strict: false }).create(tx, { ...pool, spaceId, name: pool.name ?? pool.slug });
    }
  }
  for (const [index, { apiKeyFile, ...server }] of nameServers.entries()) {
    const secret = new Secret(fs.readFileSync(path.resolve(directory, apiKeyFile), 'utf8').trim());
    const connector = { ...server, kind: 'POWERDNS' as const, fabricId, secret };
    await atPlace(['nameServers', index], app.get(ConnectorService, { strict: false }).createWithin(tx, connector));
  }
  for (const tenant of tenants) await app.get(TenancyService, { strict: false }).createTenant(tx, tenant);
  return fabricId;
}

/** What was refused says where in the document it stands: `nameServers.1.zones: …`. */
async function atPlace<T>(place: readonly (string | number)[], work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const within: unknown = error.facts['path'];
    const path = [...place, ...(Array.isArray(within) ? within : [])].map(String);
    throw new DomainError(error.code, `${path.join('.')}: ${error.message}`, { ...error.facts, path }, { cause: error });
  }
}
