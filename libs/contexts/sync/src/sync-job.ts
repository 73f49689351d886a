import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type JobHandler, ReconcilerRegistry } from '#contexts/events';
import { InventorySyncJob } from './inventory-sync-job.js';
import { SyncService } from './sync.service.js';

/** A server that does not answer takes minutes for all its zones: nobody waits for it longer than this before looking what else there is to do. */
const WAIT_MS = 1000;

/** Names or addresses changed, or somebody said something about an inventory; the timers find it too. */
@Injectable()
export class SyncJob implements JobHandler, OnModuleInit {
  constructor(
    private readonly sync: SyncService,
    private readonly inventories: InventorySyncJob,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({
      name: 'sync',
      everyMs: 1000,
      run: (signal) => this.sync.runDue(WAIT_MS, signal),
      ended: () => this.sync.ended(),
    });
  }

  async run(_key: string, signal: AbortSignal): Promise<void> {
    await Promise.all([this.sync.runDue(WAIT_MS, signal), this.inventories.runDue(signal)]);
  }
}
