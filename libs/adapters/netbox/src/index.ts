export { NetBoxError, type NetBoxErrorCode, type NetBoxFacts } from './netbox-error.js';
export { NetBoxInventory, type NetBoxOptions } from './netbox-inventory.js';
export { type DeviceSettings, type NetBoxSettings, parseNetBoxSettings } from './settings.js';
export { isSignedByNetBox, type NetBoxHint, parseNetBoxWebhook } from './webhook.js';
