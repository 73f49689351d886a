import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { AddressingModule } from '#contexts/addressing';
import { NumberingModule } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { AdoptionService } from './adoption.service.js';
import { AllocationService } from './allocation.service.js';
import { AdoptAllocationsResolver } from './api/adopt-allocations.resolver.js';
import { AddressRequests } from './api/address-requests.js';
import { AllocateAddressResolver } from './api/allocate-address.resolver.js';
import { AllocateBatchResolver } from './api/allocate-batch.resolver.js';
import { AllocateNumberResolver } from './api/allocate-number.resolver.js';
import { AllocationFieldsResolver } from './api/allocation-fields.resolver.js';
import { AllocationResolver } from './api/allocation.resolver.js';
import { ChangeAllocationResolver } from './api/change-allocation.resolver.js';
import { NumberRequests } from './api/number-requests.js';
import { PoolAdminResolver } from './api/pool-admin.resolver.js';
import { PoolAdministration } from './api/pool-administration.js';
import { NumberPoolAllocationsResolver, PrefixPoolAllocationsResolver } from './api/pool-allocations.resolver.js';
import { BatchAllocationService } from './batch-allocation.service.js';

@Module({
  imports: [AccessModule, NumberingModule, TenancyModule, AddressingModule],
  providers: [
    AllocationService,
    BatchAllocationService,
    AdoptionService,
    NumberRequests,
    AddressRequests,
    PoolAdministration,
    AllocateNumberResolver,
    AllocateAddressResolver,
    AllocateBatchResolver,
    AdoptAllocationsResolver,
    ChangeAllocationResolver,
    AllocationResolver,
    AllocationFieldsResolver,
    NumberPoolAllocationsResolver,
    PrefixPoolAllocationsResolver,
    PoolAdminResolver,
  ],
  exports: [AllocationService, BatchAllocationService, AdoptionService],
})
export class AllocationModule {}
