import { AuditService, OutboxService } from '#contexts/events';
import { createLogger, createQueueBackend } from '#platform';
import { JobQueues } from '../../libs/contexts/events/src/job-queues.js';
import { NumberAllocationService } from '../../libs/contexts/numbering/src/number-allocation.service.js';
import { NumberRefusals } from '../../libs/contexts/numbering/src/number-refusals.js';
import { NumberingService } from '../../libs/contexts/numbering/src/numbering.service.js';
import { PoolAdminService } from '../../libs/contexts/numbering/src/pool-admin.service.js';
import { NumberAllocationStore } from '../../libs/contexts/numbering/src/store/number-allocation.store.js';
import { NumberPoolStore } from '../../libs/contexts/numbering/src/store/number-pool.store.js';
import { PoolAdminStore } from '../../libs/contexts/numbering/src/store/pool-admin.store.js';
import type { OpenDatabase } from './open-database.js';
import { testConfig } from './world.js';

export interface Numbering {
  readonly numbering: NumberingService;
  readonly allocations: NumberAllocationService;
  readonly admin: PoolAdminService;
}

/** The services of numbering on a database, without an application around them. */
export function numberingOn({ db, url }: OpenDatabase): Numbering {
  const config = testConfig(url);
  const [audit, outbox] = [
    new AuditService(),
    new OutboxService(new JobQueues(createQueueBackend(url, undefined), createLogger('silent')), config),
  ];
  const [pools, store] = [new NumberPoolStore(), new NumberAllocationStore()];
  const refusals = new NumberRefusals(pools, store);
  return {
    numbering: new NumberingService(pools, store, refusals, outbox),
    allocations: new NumberAllocationService(db, store, pools, refusals, audit, outbox),
    admin: new PoolAdminService(new PoolAdminStore(), pools, audit, outbox),
  };
}
