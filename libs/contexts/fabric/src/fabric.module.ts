import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { EventsModule } from '#contexts/events';
import { NumberingModule } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { AttachmentDeviceResolver, DeviceResolver, NetworkAttachmentsResolver } from './api/device.resolver.js';
import { ChassisResolver } from './api/chassis.resolver.js';
import { SecretResolver } from './api/secret.resolver.js';
import { LockResolver } from './api/lock.resolver.js';
import { ChassisService } from './chassis.service.js';
import { FarewellService } from './farewell.service.js';
import { FabricInvariants } from './fabric-invariants.js';
import { FabricListing } from './fabric-listing.js';
import { FabricService } from './fabric.service.js';
import { InventoryService } from './inventory.service.js';
import { LockService } from './lock.service.js';
import { NetworkCheckService } from './network-check.service.js';
import { PlaceService } from './place.service.js';
import { RecallService } from './recall.service.js';
import { SecretService } from './secret.service.js';
import { AttachmentStore } from './store/attachment.store.js';
import { DeviceStore } from './store/device.store.js';
import { FabricListingStore } from './store/fabric-listing.store.js';
import { LockStore } from './store/lock.store.js';
import { RecallStore } from './store/recall.store.js';
import { SnapshotStore } from './store/snapshot.store.js';
import { SurroundingsStore } from './store/surroundings.store.js';

@Module({
  imports: [AccessModule, EventsModule, NumberingModule, TenancyModule],
  providers: [
    SnapshotStore,
    SurroundingsStore,
    NetworkCheckService,
    FarewellService,
    AttachmentStore,
    DeviceStore,
    LockStore,
    RecallStore,
    RecallService,
    FabricService,
    PlaceService,
    InventoryService,
    LockService,
    LockResolver,
    SecretService,
    SecretResolver,
    ChassisService,
    ChassisResolver,
    DeviceResolver,
    NetworkAttachmentsResolver,
    AttachmentDeviceResolver,
    FabricInvariants,
    FabricListingStore,
    FabricListing,
  ],
  exports: [
    ChassisService,
    FarewellService,
    FabricListing,
    FabricService,
    InventoryService,
    LockService,
    NetworkCheckService,
    PlaceService,
    RecallService,
    SecretService,
  ],
})
export class FabricModule {}
