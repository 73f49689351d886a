import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { NumberingModule } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { AllocationService } from './allocation.service.js';
import { AllocateNumberResolver } from './api/allocate-number.resolver.js';
import { AllocationFieldsResolver } from './api/allocation-fields.resolver.js';

@Module({
  imports: [AccessModule, NumberingModule, TenancyModule],
  providers: [AllocationService, AllocateNumberResolver, AllocationFieldsResolver],
  exports: [AllocationService],
})
export class AllocationModule {}
