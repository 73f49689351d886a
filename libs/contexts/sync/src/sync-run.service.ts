import { Injectable } from '@nestjs/common';
import { AuditService, type OperatorAct, OperatorActs, OutboxService } from '#contexts/events';
import { DomainError, invalidValue, notFound, type SyncConflictId, type SyncRunId, type SyncTargetId } from '#engines/kernel';
import { atPath, Database, systemScope, type Tx } from '#platform';
import { type Connector, INVENTORY_CONNECTORS, type InventoryConnectorKind } from './domain/connector.js';
import type { PageOf, StoredChange, SyncConflict, SyncRun } from './domain/sync-run.js';
import { INVENTORY_KINDS, type InventoryKind } from './inventory/kinds.js';
import { ConnectorStore } from './store/connector.store.js';
import { SyncChangeStore } from './store/sync-change.store.js';
import { SyncConflictStore } from './store/sync-conflict.store.js';
import { SyncHintStore } from './store/sync-hint.store.js';
import { SyncRunStore } from './store/sync-run.store.js';
import { SyncScanStore } from './store/sync-scan.store.js';

const SCOPE = systemScope('sync');

export interface StartSync {
  readonly targetId: SyncTargetId;
  /** Everything is computed and shown, nothing is written. */
  readonly isDryRun?: boolean;
  /** 0…1, of what is kept there by kind; absent: a tenth. */
  readonly maxDeleteRatio?: number;
}

/** What people ask of runs and say about them. It writes rows; the worker speaks to the other systems. */
@Injectable()
export class SyncRunService {
  constructor(
    private readonly db: Database,
    private readonly connectors: ConnectorStore,
    private readonly runs: SyncRunStore,
    private readonly changes: SyncChangeStore,
    private readonly conflicts: SyncConflictStore,
    private readonly hints: SyncHintStore,
    private readonly scans: SyncScanStore,
    private readonly audit: AuditService,
    private readonly outbox: OutboxService,
    private readonly acts: OperatorActs,
  ) {}

  /** A complete run, begun by a worker within a second or two. @throws DomainError NOT_FOUND | INVALID_VALUE | INVALID_STATE (switched off). */
  async start(input: StartSync, actor: string, act: OperatorAct | null = null): Promise<SyncRun> {
    const { targetId, isDryRun = false, maxDeleteRatio = null } = input;
    if (maxDeleteRatio !== null && !(maxDeleteRatio >= 0 && maxDeleteRatio <= 1))
      atPath(['maxDeleteRatio'], () => {
        throw invalidValue('maxDeleteRatio', maxDeleteRatio, 'a share from 0 to 1');
      });
    return this.acted(actor, act, async (tx) => {
      const { kind } = await this.connector(tx, targetId);
      if (kind === 'POWERDNS' && !isDryRun) await this.connectors.tryNow(tx, targetId);
      const runId = await this.runs.insert(tx, { targetId, trigger: 'PERSON', phase: 'WANTED', isDryRun, maxDeleteRatio });
      await this.told(tx, 'sync.started', 'syncRun', runId, targetId, { isDryRun, maxDeleteRatio });
      return runId;
    });
  }

  /** @throws DomainError NOT_FOUND. */
  async run(runId: SyncRunId): Promise<SyncRun> {
    const run = await this.db.inTransaction(SCOPE, (tx) => this.runs.byId(tx, runId));
    if (!run) throw notFound('syncRun', runId);
    return run;
  }

  /** The newest first. */
  runsOf(targetId: SyncTargetId, page: PageOf<SyncRunId>): Promise<SyncRun[]> {
    return this.db.inTransaction(SCOPE, (tx) => this.runs.page(tx, targetId, page));
  }

  /** The newest of each, in the order of the connectors; null where there was none. */
  async lastOf(targetIds: readonly SyncTargetId[]): Promise<(SyncRun | null)[]> {
    const found = await this.db.inTransaction(SCOPE, (tx) => this.runs.last(tx, targetIds));
    return targetIds.map((id) => found.find(({ targetId }) => targetId === id) ?? null);
  }

  /** In the order in which they were found. */
  changesOf(runId: SyncRunId, page: PageOf<number>): Promise<StoredChange[]> {
    return this.db.inTransaction(SCOPE, (tx) => this.changes.page(tx, runId, page));
  }

  /** Those that wait for a person, and those that were decided and are not done yet; or those in which the two agree again. The oldest first. */
  conflictsOf(targetId: SyncTargetId, page: PageOf<SyncConflictId>, isResolved = false): Promise<SyncConflict[]> {
    return this.db.inTransaction(SCOPE, (tx) => this.conflicts.page(tx, targetId, isResolved, page));
  }

  /**
   * What was stopped goes on, with exactly the changes that were seen; one for which something changed meanwhile is not made.
   * @throws DomainError NOT_FOUND | INVALID_STATE (it does not wait) | PLAN_STALE (another digest, or a newer run has looked since and does not wait for all of them).
   */
  approve(runId: SyncRunId, digest: string, actor: string, act: OperatorAct | null = null): Promise<SyncRun> {
    return this.acted(actor, act, async (tx) => {
      const run = await this.runs.lock(tx, runId);
      if (!run) throw notFound('syncRun', runId);
      if (run.approvedBy !== null && run.digest === digest && run.state !== 'FAILED') return runId; // Said twice.
      if (run.state !== 'BLOCKED_BY_GUARD' || run.isDryRun) throw notWaiting(run);
      if (run.digest !== digest) throw new DomainError('PLAN_STALE', 'the run has another digest: read it again, decide again', { runId });
      const connector = await this.connector(tx, run.targetId);
      if (await this.isOutdated(tx, connector, run))
        throw new DomainError('PLAN_STALE', 'a newer run has looked at everything since: read that one, decide again', { runId });
      if (connector.mode === 'OBSERVE')
        throw new DomainError('INVALID_STATE', 'the connector is in OBSERVE: nothing is written there', {
          state: 'OBSERVE',
          allowedStates: ['WRITE'],
        });
      await this.runs.approve(tx, runId);
      if (connector.kind === 'POWERDNS') await this.connectors.tryNow(tx, connector.id);
      // What the stops named is right: from now on it is what a scan is measured by, and what else is known stays.
      await this.scans.isRight(tx, run.targetId, runId);
      await this.changes.meanMissing(tx, runId);
      await this.told(tx, 'sync.approved', 'syncRun', runId, run.targetId, { digest, guards: run.guards });
      return runId;
    });
  }

  /**
   * Objects of theirs are ours from now on. @param seqs lines of the run; null: every one for which there is one candidate.
   * @returns the run that carries it out. @throws DomainError NOT_FOUND | INVALID_STATE (nothing is proposed there, or the connector is in OBSERVE).
   */
  adopt(runId: SyncRunId, seqs: readonly number[] | null, actor: string, act: OperatorAct | null = null): Promise<SyncRun> {
    return this.acted(actor, act, async (tx) => {
      const run = await this.runs.lock(tx, runId);
      if (!run) throw notFound('syncRun', runId);
      if ((await this.inventory(tx, run.targetId)).mode === 'OBSERVE')
        throw new DomainError('INVALID_STATE', 'the connector is in OBSERVE: nothing is marked there', {
          state: 'OBSERVE',
          allowedStates: ['WRITE'],
        });
      const to = await this.runs.insert(tx, { targetId: run.targetId, trigger: 'ADOPTION', phase: 'APPROVED' });
      const accepted = await this.changes.accept(tx, runId, to, seqs);
      if (accepted === 0)
        throw new DomainError('INVALID_STATE', 'the run proposes nothing of that', { state: run.state, allowedStates: ['PROPOSED'] });
      await this.told(tx, 'sync.adopted', 'syncRun', to, run.targetId, { proposedBy: runId, accepted });
      return to;
    });
  }

  /** Whose value stays. It is carried out by the next run, which begins at once. @throws DomainError NOT_FOUND. */
  async resolveConflict(id: SyncConflictId, keep: 'US' | 'THEM', actor: string, act: OperatorAct | null = null): Promise<SyncConflict> {
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      const decided = await this.acts.once(tx, act, async () => {
        const conflict = await this.conflicts.lock(tx, id);
        if (!conflict) throw notFound('syncConflict', id);
        await this.conflicts.decide(tx, id, keep);
        await this.hints.put(tx, conflict.targetId, [conflict]);
        const { kind, localId, field, ours, theirs, targetId } = conflict;
        await this.told(tx, 'sync.conflict_resolved', 'syncConflict', id, targetId, { keep, kind, localId, field, ours, theirs });
        return { ...conflict, firstSeenAt: conflict.firstSeenAt.toISOString(), decision: keep, decidedBy: actor };
      });
      return { ...decided, firstSeenAt: new Date(decided.firstSeenAt) };
    });
  }

  /** Somebody says that this object of theirs changed: it is read again. @throws DomainError NOT_FOUND | INVALID_VALUE. */
  async hint(targetId: SyncTargetId, kind: string, remoteId: string): Promise<void> {
    if (!INVENTORY_KINDS.includes(kind as InventoryKind)) throw invalidValue('object type', kind, INVENTORY_KINDS.join(', '));
    if (!/^[\x21-\x7e]{1,128}$/.test(remoteId)) throw invalidValue('id', remoteId, 'an id of theirs, 1 to 128 printable characters');
    await this.db.inTransaction(SCOPE, async (tx) => {
      await this.inventory(tx, targetId, true);
      // Of a storm about one object the first is told: the worker sees what is said while it is at it.
      if ((await this.hints.put(tx, targetId, [{ kind: kind as InventoryKind, remoteId }])) > 0)
        await this.outbox.append(tx, 'sync.wanted', targetId);
    });
  }

  private acted(actor: string, act: OperatorAct | null, work: (tx: Tx) => Promise<SyncRunId>): Promise<SyncRun> {
    return this.db.inTransaction(systemScope(actor), async (tx) => {
      const id = await this.acts.once(tx, act, () => work(tx));
      const run = await this.runs.byId(tx, id);
      if (!run) throw notFound('syncRun', id);
      return run;
    });
  }

  /** Each run of a name server looks at everything, and in a busy zone there is a newer one each moment: one that waits for the same and more is no other. */
  private async isOutdated(tx: Tx, { id, kind }: Connector, run: SyncRun): Promise<boolean> {
    if (kind !== 'POWERDNS') return this.runs.isOutdated(tx, run);
    const waits = await this.runs.stoppedNames(tx, id);
    return waits === null || (waits.id !== run.id && !(await this.runs.isStillHeld(tx, run.id, waits.id)));
  }

  private async inventory(tx: Tx, targetId: SyncTargetId, mayBeOff = false): Promise<Connector> {
    const connector = await this.connector(tx, targetId, mayBeOff);
    if (!INVENTORY_CONNECTORS.includes(connector.kind as InventoryConnectorKind))
      throw new DomainError('INVALID_STATE', 'a name server has record sets, and none of them is adopted or hinted at', {
        state: connector.kind,
        allowedStates: [...INVENTORY_CONNECTORS],
      });
    return connector;
  }

  private async connector(tx: Tx, targetId: SyncTargetId, mayBeOff = false): Promise<Connector> {
    const connector = await this.connectors.byId(tx, targetId);
    if (!connector) throw notFound('syncTarget', targetId);
    if (!connector.enabled && !mayBeOff)
      throw new DomainError('INVALID_STATE', 'the connector is switched off', { state: 'DISABLED', allowedStates: ['ENABLED'] });
    return connector;
  }

  private async told(
    tx: Tx,
    action: string,
    subjectKind: 'syncRun' | 'syncConflict',
    subjectId: string,
    targetId: SyncTargetId,
    detail: object,
  ): Promise<void> {
    await this.audit.append(tx, { tenantId: null, action, subjectKind, subjectId, detail });
    await this.outbox.append(tx, 'sync.wanted', targetId);
  }
}

const notWaiting = (run: SyncRun): DomainError<'INVALID_STATE'> =>
  new DomainError('INVALID_STATE', `the run is ${run.isDryRun ? 'a dry run' : run.state} and waits for nobody`, {
    state: run.state,
    allowedStates: ['BLOCKED_BY_GUARD'],
  });
