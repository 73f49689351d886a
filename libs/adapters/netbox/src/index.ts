export type { NetBoxError, NetBoxErrorCode, NetBoxFacts } from './netbox-error.js';
export { NetBoxInventory, type NetBoxOptions } from './netbox-inventory.js';
export type { NetBoxSettings } from '#contexts/sync/ports';
