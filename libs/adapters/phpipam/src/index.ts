export { isPhpIpamError, type PhpIpamError, type PhpIpamErrorCode, type PhpIpamFacts } from './phpipam-error.js';
export { PhpIpamInventory, type PhpIpamOptions } from './phpipam-inventory.js';
export { type PhpIpamSettings, parsePhpIpamSettings } from './settings.js';
