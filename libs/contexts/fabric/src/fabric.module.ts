import { Module } from '@nestjs/common';
import { NumberingModule } from '#contexts/numbering';
import { FabricService } from './fabric.service.js';
import { InventoryService } from './inventory.service.js';
import { AttachmentStore } from './store/attachment.store.js';
import { DeviceStore } from './store/device.store.js';
import { SnapshotStore } from './store/snapshot.store.js';

@Module({ imports: [NumberingModule], providers: [SnapshotStore, AttachmentStore, DeviceStore, FabricService, InventoryService], exports: [FabricService, InventoryService] })
export class FabricModule {}
