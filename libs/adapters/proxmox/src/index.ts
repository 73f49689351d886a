export { ProxmoxTransport, type ProxmoxTiming } from './proxmox-transport.js';
export { PveClient, type PveTarget, type PveTiming } from './pve-client.js';
export { PveError, type PveErrorCode } from './pve-error.js';
export { SdnApi } from './sdn-api.js';
