import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type JobHandler, ReconcilerRegistry } from '#contexts/events';
import { PoolLevels } from '#contexts/numbering';
import { prefixLevels } from './store/prefix-level.store.js';

/** On `prefix-pool.changed`, and on a timer for what was not heard. */
@Injectable()
export class PrefixPoolLevels implements JobHandler, OnModuleInit {
  constructor(
    private readonly levels: PoolLevels,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'prefix-levels', everyMs: 30_000, run: (signal) => this.levels.lookAtAll(prefixLevels, signal) });
  }

  run(poolId: string): Promise<void> {
    return this.levels.look(prefixLevels, poolId);
  }
}
