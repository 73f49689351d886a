import { Module } from '@nestjs/common';
import { NumberingModule } from '#contexts/numbering';
import { TenancyStore } from './store/network.store.js';
import { TenancyService } from './tenancy.service.js';

@Module({ imports: [NumberingModule], providers: [TenancyStore, TenancyService], exports: [TenancyService] })
export class TenancyModule {}
