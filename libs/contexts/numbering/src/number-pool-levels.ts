import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type JobHandler, ReconcilerRegistry } from '#contexts/events';
import { PoolLevels } from './pool-levels.js';
import { numberLevels } from './store/number-level.store.js';

/** On `number-pool.changed`, and on a timer for what was not heard. */
@Injectable()
export class NumberPoolLevels implements JobHandler, OnModuleInit {
  constructor(
    private readonly levels: PoolLevels,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'number-levels', everyMs: 30_000, run: (signal) => this.levels.lookAtAll(numberLevels, signal) });
  }

  run(poolId: string): Promise<void> {
    return this.levels.look(numberLevels, poolId);
  }
}
