import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { PoolResolver } from './api/pool.resolver.js';
import { NumberingService } from './numbering.service.js';
import { PoolAdminService } from './pool-admin.service.js';
import { NumberPoolStore } from './store/number-pool.store.js';

@Module({
  imports: [AccessModule],
  providers: [NumberPoolStore, NumberingService, PoolAdminService, PoolResolver],
  exports: [NumberingService, PoolAdminService],
})
export class NumberingModule {}
