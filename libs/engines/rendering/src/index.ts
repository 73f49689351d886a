export type { Artefact } from './artefact.js';
export { RUNNING_CONFIG_PATH } from './eos/index.js';
export { FRR_DAEMONS_PATH, FRR_PATH } from './frr/index.js';
export { INTERFACES_PATH } from './ifupdown2/index.js';
export { NETWORK_MAP_PATH, QEMU_HOOK_PATH } from './libvirt/index.js';
export { networkUpdates, type RunningNetwork, type VirshCommand } from './libvirt/network-updates.js';
export { VXLAN_HOOK_PATH } from './opennebula/index.js';
export { OVS_INTERFACES_PATH, OVS_ROWS_PATH } from './openvswitch/index.js';
export { exportDevice, renderDevice } from './render-device.js';
