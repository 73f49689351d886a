import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ReconcilerRegistry } from '#contexts/events';
import { Database, systemScope } from '#platform';
import { AddressingService } from './addressing.service.js';

const SCOPE = systemScope('sweeper');
const SWEEP_EVERY_MS = 10_000;
/** Prefixes of one transaction: as long as it runs, nobody else allocates from their pools. */
const BATCH = 100;

/** Prefixes that have rested long enough go back to their pools, in batches until none is left. */
@Injectable()
export class AddressSweeper implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly addressing: AddressingService,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'address-sweep', everyMs: SWEEP_EVERY_MS, run: (signal) => this.run(signal) });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.db.inTransaction(SCOPE, (tx) => this.addressing.sweepQuarantine(tx, BATCH))) === BATCH);
  }
}
