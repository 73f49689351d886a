import { Module } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { EventsModule } from '#contexts/events';
import { NumberingModule } from '#contexts/numbering';
import { TenancyModule } from '#contexts/tenancy';
import { AttachmentDeviceResolver, DeviceResolver, NetworkAttachmentsResolver } from './api/device.resolver.js';
import { FabricInvariants } from './fabric-invariants.js';
import { FabricService } from './fabric.service.js';
import { InventoryService } from './inventory.service.js';
import { AttachmentStore } from './store/attachment.store.js';
import { DeviceStore } from './store/device.store.js';
import { SnapshotStore } from './store/snapshot.store.js';

@Module({
  imports: [AccessModule, EventsModule, NumberingModule, TenancyModule],
  providers: [
    SnapshotStore,
    AttachmentStore,
    DeviceStore,
    FabricService,
    InventoryService,
    DeviceResolver,
    NetworkAttachmentsResolver,
    AttachmentDeviceResolver,
    FabricInvariants,
  ],
  exports: [FabricService, InventoryService],
})
export class FabricModule {}
