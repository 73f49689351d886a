import { Injectable } from '@nestjs/common';
import { AuditService } from '#contexts/events';
import { type AddressSpaceId, DomainError, invalidValue, notFound, type SyncTargetId } from '#engines/kernel';
import { Database, newId, type Scope, type Tx, violatedConstraint } from '#platform';
import { INVENTORY_CONNECTORS } from '../../domain/connector.js';
import { ConnectorStore } from '../../store/connector.store.js';
import { type ImportState, ImportStore, type WantedImport } from './import.store.js';
import type { NotTaken } from './inventory-import.js';
import type { SpaceRule } from './taking.js';

const LONGEST_PLAN_SECONDS = 300;

export type AskedImport = Omit<WantedImport, 'id' | 'elsewhere' | 'planSeconds'> & Partial<Pick<WantedImport, 'elsewhere' | 'planSeconds'>>;

/** Where an operator asks for an import and reads what came of it; a worker does it. */
@Injectable()
export class ImportDesk {
  constructor(
    private readonly db: Database,
    private readonly imports: ImportStore,
    private readonly connectors: ConnectorStore,
    private readonly audit: AuditService,
  ) {}

  /**
   * @returns its id. @throws DomainError NOT_FOUND | INVALID_VALUE (a connector without an inventory, rules that contradict each other, spaces of two fabrics) |
   * INVALID_STATE (switched off, or one is under way).
   */
  async start(scope: Scope, wanted: AskedImport): Promise<string> {
    const id = newId<string>();
    const { targetId, spaceId, ownerId, pools, elsewhere = [], planSeconds = null } = wanted;
    if (planSeconds !== null && !(Number.isInteger(planSeconds) && planSeconds >= 1 && planSeconds <= LONGEST_PLAN_SECONDS))
      throw invalidValue('seconds of a plan', planSeconds, `a whole number from 1 to ${LONGEST_PLAN_SECONDS}`);
    return this.db.inTransaction(scope, async (tx) => {
      const connector = await this.connectors.byId(tx, targetId);
      if (!connector) throw notFound('syncTarget', targetId);
      const kinds: readonly string[] = INVENTORY_CONNECTORS;
      if (!kinds.includes(connector.kind))
        throw new DomainError('INVALID_VALUE', `${connector.slug} has no inventory`, {
          accepted: `a connector of kind ${kinds.join(' or ')}`,
        });
      if (!connector.enabled) throw busy(`${connector.slug} is switched off`, 'DISABLED', 'ENABLED');
      await this.checkSpaces(tx, spaceId, elsewhere);
      await this.imports.insert(tx, { id, targetId, spaceId, ownerId, pools, elsewhere, planSeconds }).catch((error: unknown) => {
        const constraint = violatedConstraint(error);
        if (constraint === 'sync_import_open') throw busy(`an import from ${connector.slug} is under way`, 'RUNNING', 'ENDED', error);
        if (constraint === 'sync_import_space_fkey') throw notFound('addressSpace', spaceId);
        if (constraint === 'sync_import_owner_fkey') throw notFound('tenant', ownerId ?? '');
        throw error;
      });
      const detail = { import: id, space: spaceId, elsewhere, owner: ownerId, pools, isPlan: planSeconds !== null };
      await this.audit.append(tx, {
        tenantId: null,
        action: 'sync.import-started',
        subjectKind: 'syncTarget',
        subjectId: targetId,
        detail,
      });
      return id;
    });
  }

  private async checkSpaces(tx: Tx, spaceId: AddressSpaceId, elsewhere: readonly SpaceRule[]): Promise<void> {
    const said = new Set<string>();
    for (const { whose, name } of elsewhere) {
      if ((name === '') !== (whose === 'GLOBAL'))
        throw invalidValue(`name of a ${whose}`, name, 'a name for a VRF or a tenant, and none for what is in no VRF');
      const rule = JSON.stringify([whose, name]);
      if (said.has(rule))
        throw invalidValue(
          'address space',
          `${whose.toLowerCase()}:${name}`,
          'one address space for each VRF, tenant and what is in no VRF',
        );
      said.add(rule);
    }
    if (elsewhere.length === 0) return;
    const fabricId = await this.imports.fabricOf(tx, spaceId);
    if (fabricId === undefined) throw notFound('addressSpace', spaceId);
    const known = await this.imports.spacesOf(
      tx,
      fabricId,
      elsewhere.map((rule) => rule.spaceId),
    );
    const stranger = elsewhere.find((rule) => !known.has(rule.spaceId));
    if (stranger) throw invalidValue('address space', stranger.spaceId, 'address spaces of one fabric');
  }

  /** By the slug of a connector. @throws DomainError NOT_FOUND. */
  async connector(scope: Scope, slug: string): Promise<SyncTargetId> {
    const id = await this.db.inTransaction(scope, (tx) => this.imports.connectorBySlug(tx, slug));
    if (id === undefined) throw notFound('syncTarget', slug);
    return id;
  }

  /** @throws DomainError NOT_FOUND. */
  async state(scope: Scope, id: string): Promise<ImportState> {
    const state = await this.db.inTransaction(scope, (tx) => this.imports.byId(tx, id));
    if (!state) throw new DomainError('NOT_FOUND', 'there is no such import', { id });
    return state;
  }

  /** What was not taken, or not as it is there, a page in the order in which it was met. @param after `seq` of the last of the page before. */
  notTaken(scope: Scope, id: string, after: string | null, limit: number): Promise<(NotTaken & { readonly seq: string })[]> {
    return this.db.inTransaction(scope, (tx) => this.imports.notes(tx, id, after, limit));
  }
}

const busy = (message: string, state: string, allowed: string, cause?: unknown): DomainError<'INVALID_STATE'> =>
  new DomainError('INVALID_STATE', message, { state, allowedStates: [allowed] }, { cause });
