import { randomUUID } from 'node:crypto';
import { DomainError } from '#engines/kernel';
import { type Database, isOfThisRelease } from '../db/database.js';
import { type Scope, systemScope } from '../db/scope.js';
import type { Tx } from '../db/tx.js';
import type { Logger } from '../log/logger.js';
import { type Lease, LeaseStore } from './lease.store.js';

export interface HeldLease {
  readonly lease: Lease;
  /** Aborted before the lease can run out, and when it is given back: whoever works under it must stop by then. */
  readonly signal: AbortSignal;
  /** A transaction that only the holder gets through: whoever was overtaken writes nothing any more. @throws DomainError LEASE_LOST. */
  inTransaction<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T>;
}

const SCOPE = systemScope('lease');

export class LeaseService {
  private readonly store = new LeaseStore();
  constructor(
    private readonly db: Database,
    private readonly log: Logger,
    private readonly seconds: number,
  ) {}

  /**
   * Runs `work` while holding `resource`. @returns undefined without running it when somebody else holds the resource, and when the database
   * belongs to another release: what this one would write there, or on a device, is not what that one means.
   * Renewed every third of its time; when a renewal did not succeed for two thirds, `signal` aborts: the last third is for stopping.
   */
  async withLease<T>(resource: string, work: (held: HeldLease) => Promise<T>): Promise<{ result: T } | undefined> {
    const gap = await this.db.schemaGap();
    if (gap && !isOfThisRelease(gap)) {
      this.log.warn('lease.refused_to_another_release', { resource, ...gap });
      return undefined;
    }
    const acquiredAt = performance.now();
    const lease = await this.db.inTransaction(SCOPE, (tx) => this.store.acquire(tx, resource, randomUUID(), this.seconds));
    if (!lease) return undefined;
    const controller = new AbortController();
    const renewer = this.keepRenewed(lease, acquiredAt, controller);
    try {
      const inTransaction: HeldLease['inTransaction'] = (scope, write) =>
        this.db.inTransaction(scope, async (tx) => {
          if (!(await this.store.isHeld(tx, lease))) throw leaseLost(resource);
          return write(tx);
        });
      return { result: await work({ lease, signal: controller.signal, inTransaction }) };
    } finally {
      renewer.stop();
      controller.abort(new Error(`lease on ${resource} was given back`));
      await this.db
        .inTransaction(SCOPE, (tx) => this.store.release(tx, lease))
        .catch((error: unknown) => this.log.warn('lease.release_failed', { resource, error }));
    }
  }

  private keepRenewed(lease: Lease, acquiredAt: number, controller: AbortController): { stop(): void } {
    let renewedAt = acquiredAt;
    let isRenewing = false;
    const lose = (reason: string): void => {
      if (controller.signal.aborted) return;
      this.log.warn('lease.lost', {
        resource: lease.resource,
        fence: lease.fence,
        reason,
        sinceRenewalMs: Math.round(performance.now() - renewedAt),
      });
      controller.abort(new Error(`lease on ${lease.resource} ${reason}`));
    };
    const tick = async (): Promise<void> => {
      if ((performance.now() - renewedAt) / 1000 > (this.seconds * 2) / 3) lose('was not renewed in time');
      if (isRenewing || controller.signal.aborted) return;
      isRenewing = true;
      const askedAt = performance.now();
      try {
        const ours = await this.db.inTransaction(SCOPE, (tx) => this.store.renew(tx, lease, this.seconds));
        if (ours) renewedAt = askedAt;
        else lose('was taken over');
      } catch (error) {
        this.log.warn('lease.renewal_failed', { resource: lease.resource, error });
      } finally {
        isRenewing = false;
      }
    };
    let sinceRenewal = 0;
    const step = Math.max(100, (this.seconds * 1000) / 12);
    const timer = setInterval(() => {
      sinceRenewal += step;
      const overdue = (performance.now() - renewedAt) / 1000 > (this.seconds * 2) / 3;
      if (sinceRenewal >= (this.seconds * 1000) / 3 || overdue) {
        sinceRenewal = 0;
        void tick();
      }
    }, step);
    return { stop: () => clearInterval(timer) };
  }
}

const leaseLost = (resource: string): DomainError<'LEASE_LOST'> =>
  new DomainError('LEASE_LOST', `the lease ${resource} belongs to another execution now`, { resource });
