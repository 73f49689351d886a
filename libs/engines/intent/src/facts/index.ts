/** What a fabric may say beyond networks and sessions: one file per subject, each mounted at one place of the snapshot. */
export * from './adopted.js';
export * from './external.js';
export * from './host.js';
export * from './lag.js';
export * from './libvirt.js';
export * from './openvswitch.js';
export * from './proxmox.js';
export * from './software.js';
export * from './switch.js';
export * from './underlay.js';
