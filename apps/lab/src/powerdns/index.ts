export type { LabDns } from './lab-dns.js';
export { missingForPowerDns, pdnsRelease } from './missing-for-powerdns.js';
export { isAtLeast, knowsRecordChanges } from './release.js';
export { resolve } from './resolve.js';
export { SIMULATED_RELEASES } from './simulated/release-rules.js';
export { startSimulatedPowerDns } from './simulated/start-simulated-powerdns.js';
export { nameServerHere, startNameServer } from './start-name-server.js';
export { startPowerDns } from './start-powerdns.js';
