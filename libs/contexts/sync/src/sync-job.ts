import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type JobHandler, ReconcilerRegistry } from '#contexts/events';
import { SyncService } from './sync.service.js';

/** Names or addresses changed; the timer finds it too. */
@Injectable()
export class SyncJob implements JobHandler, OnModuleInit {
  constructor(
    private readonly sync: SyncService,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'sync', everyMs: 2000, run: () => this.sync.runDue() });
  }

  run(): Promise<void> {
    return this.sync.runDue();
  }
}
