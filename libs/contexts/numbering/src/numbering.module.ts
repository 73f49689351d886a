import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { EventsModule, JOB_HANDLERS } from '#contexts/events';
import { PoolResolver } from './api/pool.resolver.js';
import { NumberPoolLevels } from './number-pool-levels.js';
import { NumberingInvariants } from './numbering-invariants.js';
import { NumberingService } from './numbering.service.js';
import { PoolAdminService } from './pool-admin.service.js';
import { PoolLevels } from './pool-levels.js';
import { NumberPoolStore } from './store/number-pool.store.js';

const poolChanged = { provide: JOB_HANDLERS['number-pool.changed'], useClass: NumberPoolLevels };

@Module({
  imports: [AccessModule, EventsModule],
  providers: [NumberPoolStore, NumberingService, PoolAdminService, PoolResolver, NumberingInvariants, PoolLevels, poolChanged],
  exports: [NumberingService, PoolAdminService, PoolLevels, poolChanged.provide],
})
export class NumberingModule {}
