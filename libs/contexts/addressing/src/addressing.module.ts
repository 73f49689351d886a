import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { EventsModule, JOB_HANDLERS } from '#contexts/events';
import { NumberingModule } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { AddressAllocationService } from './address-allocation.service.js';
import { AddressLookup } from './address-lookup.js';
import { AddressNamesService } from './address-names.service.js';
import { AddressRefusals } from './address-refusals.js';
import { AddressSweeper } from './address-sweeper.js';
import { AddressingImporter } from './addressing-importer.service.js';
import { AddressingDescriptions } from './addressing-descriptions.js';
import { AddressingListing } from './addressing-listing.js';
import { AddressingInvariants } from './addressing-invariants.js';
import { AddressingService } from './addressing.service.js';
import { AddressNamesResolver } from './api/address-names.resolver.js';
import { IpAddressDescriptionResolver, PrefixDescriptionResolver, SubnetDescriptionResolver } from './api/description.resolver.js';
import { PrefixPoolResolver } from './api/prefix-pool.resolver.js';
import { PrefixResolver, UtilizationResolver } from './api/prefix.resolver.js';
import { SubnetAdminResolver } from './api/subnet-admin.resolver.js';
import { NetworkSubnetsResolver, SubnetAddressesResolver } from './api/subnet.resolver.js';
import { PrefixAllocationService } from './prefix-allocation.service.js';
import { PrefixPoolAdminService } from './prefix-pool-admin.service.js';
import { PrefixPoolLevels } from './prefix-pool-levels.js';
import { PrefixRefusals } from './prefix-refusals.js';
import { PrefixTreeService } from './prefix-tree.service.js';
import { AddressAllocationStore } from './store/address-allocation.store.js';
import { AddressLookupStore } from './store/address-lookup.store.js';
import { AddressNamesStore } from './store/address-names.store.js';
import { AddressingListingStore } from './store/addressing-listing.store.js';
import { AddressingImportStore } from './store/addressing-import.store.js';
import { PrefixAllocationStore } from './store/prefix-allocation.store.js';
import { PrefixPoolStore } from './store/prefix-pool.store.js';
import { PrefixTreeStore } from './store/prefix-tree.store.js';
import { SubnetStore } from './store/subnet.store.js';
import { VrfRouteStore } from './store/vrf-route.store.js';
import { SubnetOpener } from './subnet-opener.js';
import { SubnetService } from './subnet.service.js';
import { VrfLeakService } from './vrf-leak.service.js';

const services = [
  AddressingService,
  PrefixAllocationService,
  AddressAllocationService,
  PrefixPoolAdminService,
  PrefixTreeService,
  SubnetService,
  VrfLeakService,
  AddressingImporter,
  AddressingListing,
  AddressLookup,
  AddressNamesService,
];
const stores = [
  PrefixPoolStore,
  PrefixTreeStore,
  PrefixAllocationStore,
  AddressAllocationStore,
  SubnetStore,
  VrfRouteStore,
  AddressingImportStore,
  AddressingListingStore,
  AddressLookupStore,
  AddressNamesStore,
];
const poolChanged = { provide: JOB_HANDLERS['prefix-pool.changed'], useClass: PrefixPoolLevels };

@Module({
  imports: [AccessModule, EventsModule, NumberingModule, TenancyModule],
  providers: [
    ...stores,
    PrefixRefusals,
    AddressRefusals,
    ...services,
    SubnetOpener,
    NetworkSubnetsResolver,
    PrefixPoolResolver,
    PrefixResolver,
    UtilizationResolver,
    SubnetAdminResolver,
    SubnetAddressesResolver,
    AddressingDescriptions,
    PrefixDescriptionResolver,
    SubnetDescriptionResolver,
    AddressNamesResolver,
    IpAddressDescriptionResolver,
    AddressingInvariants,
    AddressSweeper,
    poolChanged,
  ],
  exports: [...services, poolChanged.provide],
})
export class AddressingModule {}
