export { type JournalEntry, overlappingPushes, type PushOverlap, pushSpans } from './push-journal.js';
export { type ApplyFault, SimulatedHost, type SimulatedHostOptions } from './simulated-host.js';
export type { Reachability } from './ssh-front.js';
export { type SimulatedHosts, type SimulatedHostsOptions, startSimulatedHosts } from './start-simulated-hosts.js';
