import { AuditService, type OutboxService } from '#contexts/events';
import type { Database } from '#platform';
import { NumberAllocationService } from '../number-allocation.service.js';
import { NumberRefusals } from '../number-refusals.js';
import { NumberingService } from '../numbering.service.js';
import { PoolAdminService } from '../pool-admin.service.js';
import { NumberAllocationStore } from '../store/number-allocation.store.js';
import { NumberPoolStore } from '../store/number-pool.store.js';
import { PoolAdminStore } from '../store/pool-admin.store.js';

export { numberingInvariants } from '../numbering-invariants.js';

export interface Numbering {
  readonly numbering: NumberingService;
  readonly allocations: NumberAllocationService;
  readonly admin: PoolAdminService;
}

/** The services of numbering on a database, without an application around them. */
export function numberingWith(db: Database, outbox: OutboxService): Numbering {
  const [audit, pools, store] = [new AuditService(), new NumberPoolStore(), new NumberAllocationStore()];
  const refusals = new NumberRefusals(pools, store);
  return {
    numbering: new NumberingService(pools, store, refusals, outbox),
    allocations: new NumberAllocationService(db, store, pools, refusals, audit, outbox),
    admin: new PoolAdminService(new PoolAdminStore(), pools, audit, outbox),
  };
}
