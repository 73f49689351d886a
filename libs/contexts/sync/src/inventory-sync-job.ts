import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ReconcilerRegistry } from '#contexts/events';
import { LOGGER, type Logger } from '#platform';
import { SyncRunner } from './runner/sync-runner.js';
import { endedWithin, UnderWay } from './under-way.js';

/** A change is in the other system two seconds later: half of it is waiting. */
const EVERY_MS = 1000;
/** A complete run takes minutes: nobody waits for it longer than this before looking what else there is to do. */
const WAIT_MS = 1000;
const JOURNAL_EVERY_MS = 10_000;
const RUNS_EVERY_MS = 3_600_000;

/** Keeps systems with an inventory right. Each connector by itself: one that is slow, or fails, holds up no other. */
@Injectable()
export class InventorySyncJob implements OnModuleInit, BeforeApplicationShutdown {
  private readonly ending = new AbortController();
  private readonly underWay = new UnderWay();

  constructor(
    private readonly runner: SyncRunner,
    private readonly reconcilers: ReconcilerRegistry,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({
      name: 'inventory-sync',
      everyMs: EVERY_MS,
      run: (signal) => this.runDue(signal),
      ended: () => this.underWay.ended(),
    });
    this.reconcilers.add({
      name: 'sync-journal',
      everyMs: JOURNAL_EVERY_MS,
      run: (signal) => this.runner.forgetJournal(undefined, signal),
    });
    this.reconcilers.add({ name: 'sync-runs', everyMs: RUNS_EVERY_MS, run: (signal) => this.runner.forgetRuns(signal) });
  }

  /** What is under way ends, or is called off, before the database goes. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ending.abort(new Error('the process is stopping'));
    await this.underWay.ended();
  }

  /** @param signal the process is stopping: it calls off what is under way. */
  async runDue(signal?: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([this.ending.signal, ...(signal ? [signal] : [])]);
    const due = await this.runner.due();
    if (stop.aborted) return;
    void this.underWay.begin(due, (id) =>
      this.runner.run(id, stop).catch((error: unknown) => this.log.warn('sync.interrupted', { targetId: id, error })),
    );
    await endedWithin(this.underWay.all, WAIT_MS);
  }
}
