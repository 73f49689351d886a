import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { EventsModule, JOB_HANDLERS } from '#contexts/events';
import { PoolResolver } from './api/pool.resolver.js';
import { NumberAllocationService } from './number-allocation.service.js';
import { NumberPoolLevels } from './number-pool-levels.js';
import { NumberRefusals } from './number-refusals.js';
import { NumberSweeper } from './number-sweeper.js';
import { NumberingInvariants } from './numbering-invariants.js';
import { NumberingService } from './numbering.service.js';
import { PoolAdminService } from './pool-admin.service.js';
import { PoolLevels } from './pool-levels.js';
import { NumberAllocationStore } from './store/number-allocation.store.js';
import { NumberPoolStore } from './store/number-pool.store.js';
import { PoolAdminStore } from './store/pool-admin.store.js';

const poolChanged = { provide: JOB_HANDLERS['number-pool.changed'], useClass: NumberPoolLevels };

@Module({
  imports: [AccessModule, EventsModule],
  providers: [
    NumberPoolStore,
    NumberAllocationStore,
    PoolAdminStore,
    NumberRefusals,
    NumberingService,
    NumberAllocationService,
    PoolAdminService,
    PoolResolver,
    NumberingInvariants,
    NumberSweeper,
    PoolLevels,
    poolChanged,
  ],
  exports: [NumberingService, NumberAllocationService, PoolAdminService, PoolLevels, poolChanged.provide],
})
export class NumberingModule {}
