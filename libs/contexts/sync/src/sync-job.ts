import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type JobHandler, ReconcilerRegistry } from '#contexts/events';
import { InventorySyncJob } from './inventory-sync-job.js';
import { SyncService } from './sync.service.js';

/** Names or addresses changed, or somebody said something about an inventory; the timers find it too. */
@Injectable()
export class SyncJob implements JobHandler, OnModuleInit {
  constructor(
    private readonly sync: SyncService,
    private readonly inventories: InventorySyncJob,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'sync', everyMs: 1000, run: () => this.sync.runDue() });
  }

  async run(): Promise<void> {
    await Promise.all([this.sync.runDue(), this.inventories.runDue()]);
  }
}
