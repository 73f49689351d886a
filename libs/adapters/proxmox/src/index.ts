export { ProxmoxTransport, type ProxmoxTiming } from './proxmox-transport.js';
export { DEFAULT_PVE_TIMING, PveClient, type PveTarget, type PveTiming } from './pve-client.js';
export { PveError, type PveErrorCode } from './pve-error.js';
export { type ReadCluster, readCluster } from './read-cluster.js';
export { SdnApi } from './sdn-api.js';
