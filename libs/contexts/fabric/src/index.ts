export { TaggingEnum } from './api/device.object.js';
export type { FabricInventory, InventoryDevice } from './domain/inventory.js';
export { FabricModule } from './fabric.module.js';
export { FabricService, type FabricSettings, type VlanNeed, type WantedAttachment } from './fabric.service.js';
export { InventoryService, type LoadedFabric } from './inventory.service.js';
export type { Attachment, AttachPoint } from './domain/attachment.js';
export type { Device, DeviceAccess, DeviceProgress, ProgressStage } from './domain/device.js';
export { fabricEntities } from './store/fabric.entity.js';
