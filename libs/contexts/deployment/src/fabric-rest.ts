import { Inject, Injectable } from '@nestjs/common';
import { type FabricId, isDomainError } from '#engines/kernel';
import { Database, LOGGER, type Logger, sqlState, systemScope, type Tx } from '#platform';
import { failureOf, FAILURES_UNTIL_TOLD, restSeconds } from './domain/failure.js';
import { isFaultOfDatabase } from './fault-of-database.js';
import { type FabricRetry, FabricRetryStore } from './store/fabric-retry.store.js';

const SCOPE = systemScope('deployment');

/**
 * A fault that comes again each time is not met again each second: a statement that is always too slow would have the same device pushed to
 * again and again, and nobody told. What failed once is tried at once; then it rests, longer each time, up to a minute.
 */
@Injectable()
export class FabricRest {
  constructor(
    private readonly db: Database,
    private readonly retries: FabricRetryStore,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * Before the world is read: what changed until here is seen by the execution that begins.
   * @param isAsked something has changed, which may be what was wrong; a database that has not the time is not asked more often for that.
   */
  async begin(tx: Tx, fabricId: FabricId, isAsked: boolean): Promise<{ retry: FabricRetry | undefined; isResting: boolean }> {
    const retry = await this.retries.of(tx, fabricId);
    if (retry === undefined) return { retry, isResting: false };
    const isResting = !retry.isDue && (retry.byDatabase || !(isAsked || retry.isAsked));
    if (!isResting && (isAsked || retry.isAsked)) await this.retries.take(tx, fabricId);
    return { retry, isResting };
  }

  /** A change came while somebody else was at this fabric: should that execution fail, the next one does not rest. Never throws: the rest ends anyway. */
  async missed(fabricId: FabricId): Promise<void> {
    await this.db
      .inTransaction(SCOPE, (tx) => this.retries.ask(tx, fabricId))
      .catch((error: unknown) => this.log.warn('fabric.signal_not_kept', { fabricId, error }));
  }

  /** Never throws: where this cannot be written either, nothing else is read, and the timer is the rest that there is. */
  async failed(fabricId: FabricId, error: unknown): Promise<void> {
    const { code, message } = failureOf(error);
    const reason = `${isDomainError(error) ? code : (sqlState(error) ?? code)}: ${message}`;
    try {
      const { failures, seconds } = await this.db.inTransaction(SCOPE, async (tx) => {
        const count = await this.retries.failed(tx, fabricId, { byDatabase: isFaultOfDatabase(error), reason });
        const wait = restSeconds(count, Math.random());
        await this.retries.rest(tx, fabricId, wait);
        return { failures: count, seconds: wait };
      });
      if (failures >= FAILURES_UNTIL_TOLD)
        this.log.error('fabric.stalled', { fabricId, failures, retryInSeconds: Math.ceil(seconds), reason });
    } catch (unwritten) {
      this.log.warn('fabric.rest_not_kept', { fabricId, error: unwritten });
    }
  }

  async over(fabricId: FabricId, { failures }: FabricRetry): Promise<void> {
    await this.db.inTransaction(SCOPE, (tx) => this.retries.over(tx, fabricId));
    if (failures >= FAILURES_UNTIL_TOLD) this.log.info('fabric.goes_on', { fabricId, failures });
  }

  /** @returns a sentence for people, or null. */
  async stalled(fabricId: FabricId): Promise<string | null> {
    const retry = await this.db.inTransaction(SCOPE, (tx) => this.retries.of(tx, fabricId));
    if (retry === undefined || retry.failures < FAILURES_UNTIL_TOLD) return null;
    return `the last ${retry.failures} executions ended in ${retry.reason}; the next one begins at ${retry.retryAt.toISOString()}`;
  }
}
