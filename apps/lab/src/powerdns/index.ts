export type { LabDns } from './lab-dns.js';
export { missingForPowerDns } from './missing-for-powerdns.js';
export { resolve } from './resolve.js';
export { startSimulatedPowerDns } from './simulated/start-simulated-powerdns.js';
export { startPowerDns } from './start-powerdns.js';
