import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ReconcilerRegistry } from '#contexts/events';
import { Database, systemScope } from '#platform';
import { NumberingService } from './numbering.service.js';

const SCOPE = systemScope('sweeper');
const SWEEP_EVERY_MS = 10_000;
/** Values of one transaction: as long as it runs, nobody else allocates from their pools. */
const BATCH = 100;

/** Holds that nobody bound in time and numbers that have rested long enough go back to their pools, in batches until none is left. */
@Injectable()
export class NumberSweeper implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly numbering: NumberingService,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'number-sweep', everyMs: SWEEP_EVERY_MS, run: (signal) => this.run(signal) });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.db.inTransaction(SCOPE, (tx) => this.numbering.sweep(tx, BATCH))) === BATCH);
  }
}
