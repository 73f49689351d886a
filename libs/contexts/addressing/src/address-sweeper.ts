import { Injectable, type OnModuleInit } from '@nestjs/common';
import { OutboxService, ReconcilerRegistry } from '#contexts/events';
import { Database, systemScope, type Tx } from '#platform';
import { AddressAllocationStore } from './store/address-allocation.store.js';
import { PrefixAllocationStore } from './store/prefix-allocation.store.js';

const SCOPE = systemScope('sweeper');
const SWEEP_EVERY_MS = 10_000;
/** Prefixes or addresses of one transaction: as long as it runs, nobody else allocates from their pools and subnets. */
const BATCH = 100;

/** Holds that nobody bound in time, prefixes and addresses that have rested long enough: back where they came from, in batches until none is left. */
@Injectable()
export class AddressSweeper implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly prefixes: PrefixAllocationStore,
    private readonly addresses: AddressAllocationStore,
    private readonly outbox: OutboxService,
    private readonly reconcilers: ReconcilerRegistry,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'address-sweep', everyMs: SWEEP_EVERY_MS, run: (signal) => this.run(signal) });
  }

  /** Addresses first: a prefix whose subnet is gone has none. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.db.inTransaction(SCOPE, (tx) => this.sweepAddresses(tx))) === BATCH);
    while (!signal.aborted && (await this.db.inTransaction(SCOPE, (tx) => this.sweepPrefixes(tx))) === BATCH);
  }

  private async sweepAddresses(tx: Tx): Promise<number> {
    return (await this.addresses.sweep(tx, BATCH)).length;
  }

  private async sweepPrefixes(tx: Tx): Promise<number> {
    const pools = await this.prefixes.sweep(tx, BATCH);
    // A prefix that came from no pool has none to tell of.
    for (const poolId of new Set(pools)) if (poolId !== null) await this.outbox.append(tx, 'prefix-pool.changed', poolId);
    return pools.length;
  }
}
