export type { Permission, Permissions, Token, User } from './auth.js';
export type { Choice } from './choices.js';
export type { Fault, FaultKind, Faults, RequestLine } from './faults.js';
export type { Json, JsonObject } from './json.js';
export { NETBOX_RELEASES, type NetBoxRelease } from './release.js';
export { type NetBoxSimulator, type NetBoxSimulatorOptions, startNetBoxSimulator } from './start-netbox-simulator.js';
export type { Delivery } from './webhooks.js';
