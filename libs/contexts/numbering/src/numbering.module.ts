import { Module } from '@nestjs/common';
import { NumberingService } from './numbering.service.js';
import { PoolAdminService } from './pool-admin.service.js';
import { NumberPoolStore } from './store/number-pool.store.js';

@Module({ providers: [NumberPoolStore, NumberingService, PoolAdminService], exports: [NumberingService, PoolAdminService] })
export class NumberingModule {}
