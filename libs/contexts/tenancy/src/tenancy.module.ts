import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { EventsModule } from '#contexts/events';
import { NumberingModule } from '#contexts/numbering';
import { NetworkDescriptionResolver, TenantDescriptionResolver, VrfDescriptionResolver } from './api/description.resolver.js';
import { TenancyResolver } from './api/tenancy.resolver.js';
import { TenancyStore } from './store/network.store.js';
import { TenancyListingStore } from './store/tenancy-listing.store.js';
import { TenancyDescriptions } from './tenancy-descriptions.js';
import { TenancyListing } from './tenancy-listing.js';
import { TenancyInvariants } from './tenancy-invariants.js';
import { TenancyService } from './tenancy.service.js';

@Module({
  imports: [AccessModule, EventsModule, NumberingModule],
  providers: [
    TenancyStore,
    TenancyService,
    TenancyResolver,
    TenancyInvariants,
    TenancyListingStore,
    TenancyListing,
    TenancyDescriptions,
    TenantDescriptionResolver,
    VrfDescriptionResolver,
    NetworkDescriptionResolver,
  ],
  exports: [TenancyService, TenancyListing],
})
export class TenancyModule {}
