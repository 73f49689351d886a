import { Inject, Injectable } from '@nestjs/common';
import { AuditService, EventService } from '#contexts/events';
import { encodeId, type SyncRunId } from '#engines/kernel';
import { LOGGER, type Logger, type Tx } from '#platform';
import type { RunCounts, SyncState } from '../domain/sync-run.js';
import type { Target } from '../store/sync-due.store.js';
import { SyncRunStore } from '../store/sync-run.store.js';

/**
 * A run ends. One that was stopped waits for a person, so people are told: in the log, in the audit, and as an event of the connector. Once: while nothing
 * goes through each timer finds the same again.
 */
@Injectable()
export class RunEnding {
  constructor(
    private readonly runs: SyncRunStore,
    private readonly audit: AuditService,
    private readonly events: EventService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** @returns how it is said in the log, once the transaction has ended. */
  async end(
    tx: Tx,
    target: Pick<Target, 'id' | 'slug'>,
    runId: SyncRunId,
    state: SyncState,
    counts: RunCounts,
    error: string | null,
  ): Promise<() => SyncState> {
    const waited = await this.runs.stopped(tx, target.id);
    await this.runs.end(tx, runId, state, counts, error);
    const waits = await this.runs.stopped(tx, target.id);
    const run = await this.runs.byId(tx, runId);
    const { guards, digest } = run ?? { guards: [], digest: null };
    const isStop = state === 'BLOCKED_BY_GUARD' && run?.isDryRun === false;
    // Whoever had said yes is told that it waits again, whatever was told before.
    const isNews = isStop && (run.approvedBy !== null || !(await this.runs.isTold(tx, run)));
    if (isNews) await this.tell(tx, 'sync.stopped', target, runId, { guards, digest });
    else if (waits === null && (waited !== null || typeof run?.approvedBy === 'string'))
      await this.tell(tx, 'sync.resumed', target, runId, {});
    return () => {
      if (isNews) this.log.warn('sync.stopped', { target: target.slug, runId, guards });
      this.log.info('sync.run_ended', { target: target.slug, runId, state, ...counts });
      return state;
    };
  }

  /** As an event of the connector, and in the audit. It is kept with the run that it was told: somebody may come back to it. */
  async tell(
    tx: Tx,
    type: 'sync.stopped' | 'sync.resumed',
    { id, slug }: Pick<Target, 'id' | 'slug'>,
    runId: SyncRunId,
    more: object,
  ): Promise<void> {
    const body = { connector: encodeId('syncTarget', id), slug, run: encodeId('syncRun', runId), ...more };
    if (type === 'sync.stopped') await this.runs.told(tx, runId);
    await this.events.append(tx, { tenantId: null, type, subjectId: id, body });
    await this.audit.append(tx, { tenantId: null, action: type, subjectKind: 'syncRun', subjectId: runId, detail: body });
  }
}
