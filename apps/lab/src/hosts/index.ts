export { Lab } from './lab.js';
export { LabHost, type LabHostOptions } from './lab-host.js';
export { LabNode } from './lab-node.js';
export { LabVm, type LabVmOptions, type PingOptions, type PingResult } from './lab-vm.js';
export { SshdProxy } from './sshd-proxy.js';
export { missingForRealHosts } from './missing-for-real-hosts.js';
export type { CommandOptions, CommandResult } from './run-command.js';
