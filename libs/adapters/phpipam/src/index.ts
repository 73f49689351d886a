export { isPhpIpamError, type PhpIpamError, type PhpIpamErrorCode, type PhpIpamFacts } from './phpipam-error.js';
export { PhpIpamInventory, type PhpIpamOptions } from './phpipam-inventory.js';
export { parsePhpIpamSettings } from '#contexts/sync/ports';
