export type { SwitchUser } from './cli-session.js';
export { type Clock, VirtualClock } from './clock.js';
export type { ControlPlane, Dataplane, EvpnPeer } from './control-plane.js';
export type { Fault, FaultKind } from '../line/faults.js';
export type { Journal, JournalPush, JournalRequest } from './journal.js';
export { type EosSimulator, type EosSimulatorOptions, startEosSimulator } from './start-eos-simulator.js';
export { type EosSimulators, startEosSimulators } from './start-eos-simulators.js';
export type { SyslogLine } from './syslog.js';
export type { BgpState, MacVrfState, NeighborState, PortState, SwitchState } from './switch-state.js';
