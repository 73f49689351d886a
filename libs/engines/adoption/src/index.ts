export type { EosConfig } from './eos/eos-config.js';
export { readEos, writeEos } from './eos/read-eos.js';
export { indentedFrr } from './frr/frr-text.js';
export type { FrrConfig } from './frr/frr-config.js';
export { readFrr, writeFrr } from './frr/read-frr.js';
export type { InterfaceConfig, InterfacesConfig } from './interfaces/interfaces-config.js';
export { interfacesFacts } from './interfaces/interfaces-facts.js';
export { readInterfaces, writeInterfaces } from './interfaces/read-interfaces.js';
